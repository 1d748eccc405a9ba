"""Programs that try to pass without being right, to get out, or to stay: none does, and the next one is judged as ever.

Each file in hostile/ says in its first line what it tries. Where it tries to get out it defines a right answer after
that, so that "passed" would mean that it got out.
"""

import os
import socket
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

from harness.records import Outcome
from harness.sandbox.pool import Sandbox
from harness.sandbox.program import Asserts, Limits, Program, Tests, Unittest

HOSTILE = sorted((Path(__file__).parent / "hostile").glob("*.py"))
LIMITS = Limits(cpu_seconds=1, wall_seconds=3.0, memory_bytes=512 << 20)
WAYS: dict[str, Tests] = {
    "asserts": Asserts(("assert solve(3) == 9", "assert solve(0) == 0")),
    "unittest": Unittest(
        "import unittest\n"
        "class TestCases(unittest.TestCase):\n"
        "    def test_square(self):\n"
        "        self.assertEqual(solve(3), 9)\n"
        "    def test_zero(self):\n"
        "        self.assertTrue(solve(0) == 0)\n"
    ),
}
GOOD = "def solve(n):\n    return n * n\n"


def test_there_are_enough_and_each_says_what_it_tries() -> None:
    assert len(HOSTILE) >= 40
    assert all(path.read_text().startswith("# ") for path in HOSTILE)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_a_hostile_program_does_not_pass_and_the_next_one_does(
    sandbox: Sandbox, path: Path, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "SECRET")
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    with socket.create_server(("127.0.0.1", 0)) as server:
        names = {"PORT": server.getsockname()[1], "PARENT": os.getpid(), "SECRET": str(secret), "ROOT": str(ROOT)}
        head = "".join(f"{name} = {value!r}\n" for name, value in names.items())
        verdict = sandbox.run(Program("python", head + path.read_text(), WAYS[way], limits=LIMITS))
    assert verdict.outcome not in (Outcome.PASSED, Outcome.INFRA_ERROR), verdict
    good = sandbox.run(Program("python", GOOD, WAYS[way], limits=LIMITS))
    assert good.outcome is Outcome.PASSED, good


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left_behind_by_any_of_them(sandbox: Sandbox, way: str) -> None:
    before = traces()
    names = {"PORT": 1, "PARENT": os.getpid(), "SECRET": "/nowhere", "ROOT": str(ROOT)}
    head = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    chosen = ("daemon", "server_left_behind", "unclosable_folder", "fork_bomb", "take_memory_in_parts", "fill_disk")
    for path in HOSTILE:
        if path.stem in chosen:
            sandbox.run(Program("python", head + path.read_text(), WAYS[way], limits=LIMITS))
    assert sandbox.run(Program("python", GOOD, WAYS[way])).outcome is Outcome.PASSED
    assert traces() == before


def traces() -> tuple[int, int, int]:
    """How many processes this one has below it, how many sockets listen here, how many of our folders are in /tmp."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in (line.split() for line in listing.splitlines())}
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    listening = sum(line.split()[3] == "0A" for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return len(below), listening, len(list(Path("/tmp").glob("harness-*")))
