"""kill -9 at any moment: what is written stays, and the same command ends with the records of an unbroken run."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import evaluate_environment

KILLS = 20
SAMPLES = 16


def start(model: Path, folder: Path) -> "subprocess.Popen[bytes]":
    job = ["--feature", "code-suggestions", "--benchmark", "code-generation", "--seed", "3", "--temperature", "0.5"]
    part = ["--language", "python", "--limit", str(SAMPLES)]
    command = [sys.executable, "-m", "harness.cli.main", "--model", str(model), *job, *part]
    return subprocess.Popen(command, cwd=folder, env=evaluate_environment(), stdout=subprocess.DEVNULL)


def journal(folder: Path) -> bytes:
    path = next((folder / "results/runs").glob("*/*/*/records.jsonl"), None)
    return path.read_bytes() if path else b""


def whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def without_times(data: bytes) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Records by key, less what a clock wrote; fails on a key that stands twice."""
    found: dict[tuple[str, str, int], dict[str, Any]] = {}
    for line in data.splitlines():
        record = json.loads(line)
        key = (record["benchmark"], record["sample"], record["attempt"])
        assert key not in found, f"{key} was asked and written twice"
        for name in ("finished_at", "detail"):
            record.pop(name)
        for name in ("seconds", "first_token_seconds"):
            (record["answer"] or {}).pop(name, None)
        found[key] = record
    return found


@pytest.mark.slow
def test_twenty_kills_lose_and_repeat_nothing(tiny_model: Path, tmp_path: Path) -> None:
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    unbroken.mkdir()
    broken.mkdir()
    began = time.monotonic()
    assert start(tiny_model, unbroken).wait(timeout=300) == 0
    whole_run = time.monotonic() - began

    chance, killed, seen = random.Random(20), 0, b""
    while killed < KILLS:
        run = start(tiny_model, broken)
        try:
            # Every part of a run is hit: start-up, the first answers, the last ones.
            code = run.wait(timeout=chance.uniform(0.1, 1.0) * whole_run)
            assert code == 0
            assert len(without_times(journal(broken))) == SAMPLES
            # Finished before its kill: take the last records back, so that the next kill has something to hit.
            path = next((broken / "results/runs").glob("*/*/*/records.jsonl"))
            path.write_bytes(b"".join(journal(broken).splitlines(keepends=True)[: chance.randrange(SAMPLES)]))
            seen = journal(broken)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            killed += 1
            now = journal(broken)
            assert now.startswith(whole_lines(seen)), "a record that was written is gone or changed"
            without_times(whole_lines(now))
            seen = now
    assert start(tiny_model, broken).wait(timeout=300) == 0
    assert journal(broken).startswith(whole_lines(seen))
    assert without_times(journal(broken)) == without_times(journal(unbroken))
    assert len(without_times(journal(broken))) == SAMPLES
