"""The gate for use-case data: what it lets pass, and what it finds."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT

from harness.cli.main import main
from harness.quality import gate
from harness.quality.duplicates import overlaps
from harness.quality.gate import Task, check, too_near
from harness.sandbox.pool import Sandbox
from harness.sandbox.program import Calls, Case, Program

CASES = (Case("above([10, 11, 13], 10)", 24), Case("above([], 1)", 0), Case("above([2], 1)", 2))


def program(text: str, cases: tuple[Case, ...] = CASES) -> Program:
    return Program("python", f"{GOOD.prefix}{text}", Calls(cases))


GOOD = Task(
    id="above",
    file="above",
    language="python",
    prefix="def above(numbers, limit):\n",
    reference="    total = 0\n    for each in numbers:\n        if each > limit:\n            total += each\n"
    "    return total\n",
    suffix="",
    wrong=("    return sum(numbers)\n",),
    asked="Add up the numbers above the limit.",
    program=program,
)


def faults(task: Task, sandbox: Sandbox) -> tuple[str, ...]:
    (finding,) = check([task], sandbox, most_mutants=20, runs=2)
    return finding.faults


def test_a_good_task_has_no_faults_and_its_mutants_die(sandbox: Sandbox) -> None:
    (finding,) = check([GOOD], sandbox, most_mutants=20, runs=2)
    assert finding.faults == finding.survivors == ()
    assert finding.mutants > 5
    assert finding.score == 1.0


def test_weak_tests_are_found(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "FEW_MUTANTS", 5)
    weak = replace(GOOD, program=lambda text: program(text, CASES[1:2]))
    found = faults(weak, sandbox)
    assert "wrong answer 1 passed" in found
    assert any("mutants pass" in fault for fault in found)
    nothing = replace(GOOD, program=lambda text: program(text, (Case("1", 1),)))
    assert "the stub passed" in faults(nothing, sandbox)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"reference": "    return 0\n"}, "the reference failed: above([10, 11, 13], 10): gave 0, not 24"),
        ({"asked": f"Do this:\n{GOOD.reference}"}, "the prompt holds the answer"),
    ],
)
def test_what_is_wrong_with_a_task_is_said(change: dict[str, str], fault: str, sandbox: Sandbox) -> None:
    assert faults(replace(GOOD, **change), sandbox) == (fault,)  # type: ignore[arg-type]


def test_tests_that_hang_on_chance_are_found(sandbox: Sandbox) -> None:
    chance = replace(
        GOOD,
        program=lambda text: Program(
            "python", f"import random\n{GOOD.prefix}{text}", Calls((Case("random.random() < 0.5", True),))
        ),
    )
    (finding,) = check([chance], sandbox, most_mutants=3, runs=40)
    assert "gave false, not true" in finding.faults[0]


def test_tasks_that_are_alike_are_named() -> None:
    text = GOOD.prefix + GOOD.reference
    assert too_near(overlaps({"a": text, "b": text})) == ["a and b share 100% of their 8-grams"]
    assert too_near(overlaps({"a": text}, {"MBPP 1": "something else entirely, with more than eight tokens"})) == []


def test_the_command_validates_the_shipped_data(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["code-generation", "--language", "python", "--every", "10", "--mutants", "4", "--runs", "1"]
    assert main(["data", "validate", *options]) == 0
    said = capsys.readouterr().out
    assert "3 of 240 tasks examined, 0 faults" in said


@pytest.mark.mirror
def test_tasks_are_compared_with_mbpp_where_it_is_here(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["data", "validate", "code-generation", "--language", "bash", "--every", "20", "--mutants", "0"]
    assert main([*command, "--json", "--data-dir", str(mirror)]) == 0
    nearest = json.loads(capsys.readouterr().out)["code-generation"]["nearest"]
    assert nearest["MBPP"]["other"].startswith("MBPP ")
    assert 0 < nearest["MBPP"]["share"] < gate.MOST_OVERLAP
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert main([*command, "--data-dir", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert "not compared with MBPP" in told.err
    assert "nearest to each other" in told.out
    assert "nearest to MBPP" not in told.out


def test_a_benchmark_without_tasks_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "validate", "mbpp"]) == 2
    assert "mbpp has no tasks to validate" in capsys.readouterr().err


def test_samples_and_cards_are_what_the_files_say() -> None:
    """What scripts/validate_datasets.py checks before it runs any task."""
    options = ["code-generation", "--language", "python", "--every", "30", "--mutants", "0", "--runs", "1"]
    script = ROOT / "scripts/validate_datasets.py"
    done = subprocess.run([sys.executable, str(script), *options], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "would change: nothing" in done.stdout
