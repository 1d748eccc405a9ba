"""The score of a code review: which findings hit which defects."""

import asyncio
import json
from typing import Any

import pytest

from benchmarks.code_review import ALARMS, MOST, RECALL, CodeReview, Defect, Row
from harness.benchmark import Tools
from harness.records import Answer, Outcome, Sample, Score

TWO = [Defect("a.py", [10, 14], "wrong"), Defect("b.py", [3], "wrong as well")]
NEAR = [Defect("a.py", [10], "one"), Defect("a.py", [13], "another")]


def scored(defects: list[Defect], findings: Any) -> Score:
    row = Row("x", "python", "easy", [], [], "title", "description", "diff", defects, [{}, {}])
    reply = Answer(json.dumps({"findings": findings}), "stop", 1, 1, 0.1)
    return asyncio.run(CodeReview().score(Sample("x", "", row, "x"), reply, Tools(None)))  # type: ignore[arg-type]


def at(file: str, line: Any) -> dict[str, Any]:
    return {"file": file, "line": line, "problem": "is wrong"}


@pytest.mark.parametrize(
    ("defects", "findings", "f1", "recall", "alarms"),
    [
        (TWO, [at("a.py", 10), at("b.py", 3)], 1.0, 1.0, 0),
        (TWO, [at("./a.py", "16"), at("b/b.py", "line 1")], 1.0, 1.0, 0),
        (TWO, [at("a.py", 17), at("b.py", 3)], 0.5, 0.5, 1),
        (TWO, [at("b.py", 10), at("c.py", 3)], 0.0, 0.0, 2),
        (TWO, [at("a.py", 10), at("a.py", 14)], 0.5, 0.5, 1),
        (TWO, [at("a.py", 10)], 2 / 3, 0.5, 0),
        (TWO, [], 0.0, 0.0, 0),
        (TWO, [at("a.py", None), at("a.py", True), {"line": 10}, "a.py:10", None], 0.0, 0.0, 5),
        (NEAR, [at("a.py", 12), at("a.py", 10)], 1.0, 1.0, 0),
        (NEAR, [at("a.py", 12)], 2 / 3, 0.5, 0),
        ([], [], 1.0, None, 0),
        ([], [at("a.py", 1)], 0.0, None, 1),
        ([], [at("a.py", 1)] * 500, 0.0, None, MOST),
    ],
)
def test_findings_are_matched_with_defects(
    defects: list[Defect], findings: list[Any], f1: float, recall: float | None, alarms: int
) -> None:
    score = scored(defects, findings)
    assert score.scores["f1"] == pytest.approx(f1)
    assert score.scores.get(RECALL) == recall
    assert score.scores[ALARMS] == alarms
    assert score.outcome is (Outcome.PASSED if f1 == 1 else Outcome.FAILED)


@pytest.mark.parametrize("findings", [None, "none", {"file": "a.py"}, 3])
def test_what_is_no_list_is_no_answer(findings: Any) -> None:
    score = scored([], findings)
    assert (score.outcome, score.scores["f1"]) == (Outcome.NO_ANSWER, 0.0)
