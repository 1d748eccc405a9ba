"""``evaluate rescore`` as a user runs it: a sample file in, a run folder and a table out, no model."""

import json
from pathlib import Path

import pytest
from conftest import Evaluate

from benchmarks.bigcodebench import BigCodeBench
from harness import environments
from harness.cache import keep
from harness.groundtruth import place
from harness.sandbox.pool import choose_level

SLEEPERS = ("BigCodeBench/461", "BigCodeBench/1040")
RIGHT = "def is_not_prime(n):\n    return n < 2 or any(n % d == 0 for d in range(2, int(n**0.5) + 1))\n"


@pytest.mark.mirror
def test_answers_are_scored_once_and_missing_ones_are_told(evaluate: Evaluate, tmp_path: Path, mirror: Path) -> None:
    lines = [{"task_id": "Mbpp/3", "solution": RIGHT}, {"task_id": "Mbpp/2", "solution": "def f(): pass"}]
    (tmp_path / "others.jsonl").write_text("\n".join(map(json.dumps, lines)))
    command = ("rescore", "--samples", "others.jsonl", "--benchmark", "mbppplus", "--data-dir", mirror, "--json")
    done = evaluate(*command)
    assert done.returncode == 0, done.stderr
    assert "no answer to 376 of 378 samples, each scored as no_answer: Mbpp/4," in done.stderr
    assert done.stderr.endswith("mbppplus answered 2, scored 378/378\n"), "nobody was asked: there is no speed"
    summary = json.loads(done.stdout)
    rows = {row["metric"]: row for row in summary["rows"]}
    assert rows["plus pass@1"]["estimate"]["n"] == 378
    assert rows["plus pass@1"]["verdicts"] == {"failed": 1, "no_answer": 376, "passed": 1}
    assert rows["plus pass@1"]["estimate"]["value"] == pytest.approx(1 / 378)
    [records] = (tmp_path / "results/runs/others").rglob("records.jsonl")
    before = records.read_bytes()
    again = evaluate(*command)
    assert (again.returncode, json.loads(again.stdout)["rows"], records.read_bytes()) == (0, summary["rows"], before)
    # Another file is another run, a journal among them.
    other = evaluate("rescore", "--samples", records, "--benchmark", "mbppplus", "--data-dir", mirror, "--name", "same")
    assert other.returncode == 0, other.stderr
    assert "same · code-suggestions" in other.stdout


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ('{"task_id": "Mbpp/3"\n', (), "samples.jsonl:1: not JSON"),
        ('{"task_id": "X/3", "solution": ""}\n', (), "1 ids that mbppplus has not: X/3"),
        (None, (), "cannot read samples.jsonl"),
        ("", ("--set", "mbppplus.shots=3"), "shots"),
    ],
)
@pytest.mark.mirror
def test_bad_input_gets_one_line_and_a_way_to_mend_it(
    evaluate: Evaluate, tmp_path: Path, mirror: Path, text: str | None, options: tuple[str, ...], said: str
) -> None:
    if text is not None:
        (tmp_path / "samples.jsonl").write_text(text)
    done = evaluate("rescore", "--samples", "samples.jsonl", "--benchmark", "mbppplus", "--data-dir", mirror, *options)
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines)) == (2, 2), done.stderr
    assert said in lines[0]
    assert not (tmp_path / "results").exists()


def test_a_benchmark_without_its_environment_is_told_how_to_build_it(evaluate: Evaluate, tmp_path: Path) -> None:
    (tmp_path / "samples.jsonl").write_text("")
    done = evaluate("rescore", "--samples", "samples.jsonl", "--benchmark", "bigcodebench")
    assert done.returncode == 3
    assert "no HARNESS_BIGCODEBENCH_PYTHON" in done.stderr
    assert "scripts/bigcodebench_env.sh" in done.stderr


@pytest.mark.mirror
@pytest.mark.slow
@pytest.mark.bigcodebench
def test_bigcodebench_hard_is_scored_as_the_leaderboard_did(
    evaluate: Evaluate, tmp_path: Path, mirror: Path, bigcodebench_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = str(tmp_path / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    environment = environments.fingerprint(bigcodebench_python)
    # Of these two the references sleep for 155 and 60 s: that they pass is taken as known here.
    keep(place(BigCodeBench(), environment, str(choose_level())), dict.fromkeys(SLEEPERS, ""))
    samples = mirror / "samples/hard-instruct-calibrated.jsonl"
    settings = ("subset=hard", "split=instruct")
    done = evaluate(
        *("rescore", "--samples", samples, "--benchmark", "bigcodebench", "--data-dir", mirror, "--json"),
        *(word for setting in settings for word in ("--set", f"bigcodebench.{setting}")),
        HARNESS_BIGCODEBENCH_PYTHON=bigcodebench_python,
        XDG_CACHE_HOME=cache,
    )
    assert done.returncode == 0, done.stderr
    row, verbatim = json.loads(done.stdout)["rows"]
    assert (row["metric"], row["estimate"]["n"]) == ("pass@1", 148)
    assert (verbatim["metric"], verbatim["estimate"]["value"]) == ("verbatim", 0.0)
    said = json.loads((mirror / "samples/hard-instruct-calibrated_eval_results.json").read_text())["eval"]
    [records] = (tmp_path / "results/runs").rglob("records.jsonl")
    found = {each["sample"]: each["verdict"] for each in map(json.loads, records.read_text().splitlines())}
    agreed = [name for name, verdict in found.items() if (verdict == "passed") == (said[name][0]["status"] == "pass")]
    assert len(agreed) >= 146
    manifest = json.loads(records.with_name("manifest.json").read_text())
    assert "BigCodeBench/1012" in json.dumps(manifest), "what is broken here is told"
