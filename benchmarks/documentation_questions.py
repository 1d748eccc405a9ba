"""Duo Chat on documentation: a question, and passages of which one answers it, or none.

The reply ends with a JSON object; acc: the answer is an accepted one and the right passage is named. Rows:
datasets/chat/README.md.
"""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from benchmarks.conversation import Turn, sample_of
from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.prompts.instructions import Instruction, instruction
from harness.quality.known import Known
from harness.records import Answer, Sample, Score
from harness.scoring.answers import json_answer, same, score_fields


@dataclass(frozen=True)
class Passage:
    """One passage of documentation."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Row:
    """One question with its passages; ``cites`` are those that answer it."""

    id: str
    difficulty: Literal["easy", "medium", "hard"]
    topics: list[str]
    history: list[Turn]
    passages: Annotated[list[Passage], Field(min_length=2)]
    question: str
    accepted: Annotated[list[str], Field(min_length=1)]
    cites: list[str]
    wrong: Annotated[list[dict[str, Any]], Field(min_length=2)]


@dataclass(frozen=True)
class DocumentationQuestions:
    """The benchmark; its one setting is the system's turn, which --prompts-dir replaces."""

    instruction: Instruction = field(default_factory=lambda: instruction("documentation-questions"))

    name: ClassVar[str] = "documentation-questions"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "acc"
    metrics: ClassVar[tuple[Metric, ...]] = (Mean("acc"), Mean("answer", by=()), Mean("source", by=()))
    max_tokens: ClassVar[int] = 512
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All questions."""
        return [
            sample_of(row, self.instruction, _asked(row), {"known": "yes" if row.cites else "no"})
            for row in read("documentation_questions", Row)
        ]

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here, for the data's validation."""
        row: Row = sample.target
        source = next(iter(row.cites), None)
        right = tuple(json.dumps({"answer": each, "source": source}) for each in row.accepted)
        return Known(right, tuple(map(json.dumps, row.wrong)))

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Whether the answer is right, and whether it comes from where it says."""
        row: Row = sample.target
        said = json_answer(answer.text)
        if not said:
            return score_fields(self.metric, {})
        source = str(said.get("source") or "").strip("[]() ")
        named = same(source, row.cites) if row.cites else source.casefold() in ("", "null", "none")
        return score_fields(self.metric, {"answer": same(str(said.get("answer", "")), row.accepted), "source": named})


def _asked(row: Row) -> str:
    passages = "\n\n".join(f"[{passage.id}] {passage.title}\n{passage.text}" for passage in row.passages)
    return f"{passages}\n\nQuestion: {row.question}"
