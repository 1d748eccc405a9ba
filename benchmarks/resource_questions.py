"""Duo Chat on an issue, epic, merge request or commit: a question about a resource that is given as JSON.

The reply ends with "Answer: ..."; acc: the answer is one of the accepted spellings, which may be that the resource does
not say. Rows: datasets/chat/README.md.
"""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from benchmarks.conversation import Turn, sample_of
from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.prompts.instructions import Instruction, instruction
from harness.prompts.markdown import fenced
from harness.quality.known import Known
from harness.records import Answer, Sample, Score
from harness.scoring.answers import UNKNOWN, final_answer, replies, score_short


@dataclass(frozen=True)
class Row:
    """One question about one resource."""

    id: str
    kind: Literal["issue", "epic", "merge_request", "commit"]
    difficulty: Literal["easy", "medium", "hard"]
    history: list[Turn]
    resource: dict[str, Any]
    question: str
    accepted: Annotated[list[str], Field(min_length=1)]
    wrong: Annotated[list[str], Field(min_length=2)]


@dataclass(frozen=True)
class ResourceQuestions:
    """The benchmark; its one setting is the system's turn, which --prompts-dir replaces."""

    instruction: Instruction = field(default_factory=lambda: instruction("resource-questions"))

    name: ClassVar[str] = "resource-questions"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "acc"
    metrics: ClassVar[tuple[Metric, ...]] = (Mean("acc"),)
    max_tokens: ClassVar[int] = 512
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All questions."""
        return [
            sample_of(
                row,
                self.instruction,
                _asked(row),
                {"kind": row.kind, "known": "no" if row.accepted == [UNKNOWN] else "yes"},
            )
            for row in read("resource_questions", Row)
        ]

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here, for the data's validation."""
        row: Row = sample.target
        return Known(replies(row.accepted), replies(row.wrong))

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Whether the answer is right."""
        return score_short(self.metric, final_answer(answer.text), sample.target.accepted)


def _asked(row: Row) -> str:
    resource = json.dumps(row.resource, indent=2, ensure_ascii=False)
    return f"The {row.kind.replace('_', ' ')}:\n{fenced(resource, 'json')}\n\n{row.question}"
