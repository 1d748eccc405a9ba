"""Duo Code Review: a merge request's title, description and diff; which defects does it bring in, and on which lines?

The reply ends with a JSON object; f1: precision and recall of its findings, of each merge request by itself. A finding
hits a defect in the same file at most two lines from an accepted one. Rows: datasets/chat/README.md.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from benchmarks.conversation import Turn, sample_of
from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.prompts.instructions import Instruction, instruction
from harness.prompts.markdown import fenced
from harness.quality.known import Known
from harness.records import Answer, Outcome, Sample, Score
from harness.scoring.answers import first_number, json_answer

SLACK = 2
"""Lines between a finding and what it is about."""
MOST = 20
"""Findings that count; those after them are left out."""
RECALL, ALARMS = "recall", "false alarms"


@dataclass(frozen=True)
class Defect:
    """What is wrong, on any of ``lines`` of the new file; ``what`` is for readers."""

    file: str
    lines: Annotated[list[int], Field(min_length=1)]
    what: str

    def hit(self, finding: Any) -> bool:
        """Whether a finding is about this."""
        if not isinstance(finding, dict) or not isinstance(finding.get("file"), str):
            return False
        line = first_number(finding.get("line"))
        near = line is not None and any(abs(line - each) <= SLACK for each in self.lines)
        return near and finding["file"].strip().removeprefix("./").removeprefix("b/") == self.file


@dataclass(frozen=True)
class Row:
    """One merge request; one without defects is clean."""

    id: str
    language: str
    difficulty: Literal["easy", "medium", "hard"]
    topics: list[str]
    history: list[Turn]
    title: str
    description: str
    diff: str
    defects: list[Defect]
    wrong: Annotated[list[dict[str, Any]], Field(min_length=2)]


@dataclass(frozen=True)
class CodeReview:
    """The benchmark; its one setting is the system's turn, which --prompts-dir replaces."""

    instruction: Instruction = field(default_factory=lambda: instruction("code-review"))

    name: ClassVar[str] = "code-review"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "f1"
    metrics: ClassVar[tuple[Metric, ...]] = (
        Mean("f1"),
        Mean(RECALL, where={"change": "defective"}, by=()),
        Mean(ALARMS, bounded=False, by=()),
    )
    max_tokens: ClassVar[int] = 1024
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All merge requests."""
        return [
            sample_of(
                row,
                self.instruction,
                _asked(row),
                {"language": row.language, "change": "defective" if row.defects else "clean"},
            )
            for row in read("code_review", Row)
        ]

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here, for the data's validation."""
        row: Row = sample.target
        right = [{"file": defect.file, "line": defect.lines[0], "problem": defect.what} for defect in row.defects]
        return Known((json.dumps({"findings": right}),), tuple(map(json.dumps, row.wrong)))

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """How well the findings and the defects agree."""
        row: Row = sample.target
        findings = json_answer(answer.text).get("findings")
        if not isinstance(findings, list):
            none = {self.metric: 0.0, RECALL: 0.0, ALARMS: 0.0}
            return Score(Outcome.NO_ANSWER, none, {"reason": "no list of findings in the reply"})
        findings = findings[:MOST]
        found = hits(row.defects, findings)
        whole = len(findings) + len(row.defects)
        f1 = 2 * found / whole if whole else 1.0
        scores = {self.metric: f1, ALARMS: float(len(findings) - found)}
        if row.defects:
            scores[RECALL] = found / len(row.defects)
        return Score(Outcome.PASSED if f1 == 1 else Outcome.FAILED, scores)


def hits(defects: Sequence[Defect], findings: Sequence[Any]) -> int:
    """The most defects that can be told with a finding of its own for each."""
    if not defects:
        return 0
    first, *rest = defects
    tries = [
        1 + hits(rest, [*findings[:at], *findings[at + 1 :]])
        for at, finding in enumerate(findings)
        if first.hit(finding)
    ]
    return max([hits(rest, findings), *tries])


def _asked(row: Row) -> str:
    return f"Merge request: {row.title}\n\n{row.description}\n\nIts diff:\n{fenced(row.diff, 'diff')}"
