"""Refactorings: behaviour is run and the aim measured, each told by itself."""

import asyncio
from collections.abc import Iterator

import pytest

from benchmarks.refactor_code import AIM, KEPT, RefactorCode, Row
from harness.benchmark import Tools
from harness.prompts.markdown import fenced
from harness.records import Answer, Chat, Message, Outcome, Sample, Score
from harness.sandbox.pool import Sandbox, choose_level
from harness.sandbox.program import Case
from harness.scoring.shape import Shape

CODE = """def grade(points):
    if points is not None:
        if points >= 50:
            if points >= 90:
                return "A"
            return "B"
        return "C"
    raise ValueError("no points")
"""
FLAT = """def grade(points):
    if points is None:
        raise ValueError("no points")
    if points < 50:
        return "C"
    return "A" if points >= 90 else "B"
"""
CASES = [
    Case("grade(90)", "A"),
    Case("grade(50)", "B"),
    Case("grade(0)", "C"),
    Case("grade(None)", raises="ValueError"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(choose_level(), slots=2) as opened:
        yield opened


def scored(code: str, sandbox: Sandbox) -> Score:
    shape = Shape(deepest=1)
    row = Row("x", "python", "a.py", "easy", [], [], CODE, CASES, FLAT, ["", ""], "Flatten it.", shape)
    sample = Sample("x", Chat((Message("user", "flatten it"),)), row, "x")
    answer = Answer(fenced(code, "python") if code else "No.", "stop", 1, 1, 0.1)
    return asyncio.run(RefactorCode().score(sample, answer, Tools(sandbox.run_async)))


@pytest.mark.parametrize(
    ("code", "kept", "aim"),
    [(FLAT, 1.0, 1.0), (CODE, 1.0, 0.0), (FLAT.replace("< 50", "<= 50"), 0.0, 1.0), ("def grade(:\n", 0.0, 0.0)],
    ids=["done", "nothing done", "behaves otherwise", "broken"],
)
def test_behaviour_and_aim_are_each_told(code: str, kept: float, aim: float, sandbox: Sandbox) -> None:
    score = scored(code, sandbox)
    assert score.scores == {"pass@1": min(kept, aim), KEPT: kept, AIM: aim}
    assert (score.outcome is Outcome.PASSED) == (kept == aim == 1.0)


def test_what_keeps_the_aim_from_being_met_is_told(sandbox: Sandbox) -> None:
    assert scored(CODE, sandbox).detail == {"message": "deepest: 3, not 1 or less"}


def test_a_reply_without_code_is_no_answer(sandbox: Sandbox) -> None:
    assert scored("", sandbox).outcome is Outcome.NO_ANSWER
