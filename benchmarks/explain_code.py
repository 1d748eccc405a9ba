"""Duo Chat's /explain: a question about selected code that has one checkable answer.

What a call returns, which error comes, which line does something, how the time grows. The reply ends with a line
"Answer: ..."; acc: the answer is one of the accepted spellings (harness/scoring/answers.py). Rows:
datasets/chat/README.md.
"""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from benchmarks.conversation import Turn, sample_of, spoken
from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.prompts.instructions import Instruction, instruction
from harness.prompts.markdown import fenced
from harness.quality.known import Known
from harness.records import Answer, Sample, Score
from harness.sandbox.program import Calls, Case, Program
from harness.scoring.answers import final_answer, replies, score_short
from harness.scoring.judge import ToJudge


@dataclass(frozen=True)
class Row:
    """One question; ``case`` proves the answer where an expression gives it."""

    id: str
    language: str
    path: str
    difficulty: Literal["easy", "medium", "hard"]
    about: Literal["result", "error", "line", "complexity", "effect"]
    history: list[Turn]
    code: str
    question: str
    accepted: Annotated[list[str], Field(min_length=1)]
    wrong: Annotated[list[str], Field(min_length=2)]
    case: Case | None = None


@dataclass(frozen=True)
class ExplainCode:
    """The benchmark; its one setting is the system's turn, which --prompts-dir replaces."""

    instruction: Instruction = field(default_factory=lambda: instruction("explain-code"))

    name: ClassVar[str] = "explain-code"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "acc"
    metrics: ClassVar[tuple[Metric, ...]] = (Mean("acc"),)
    max_tokens: ClassVar[int] = 1024
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All questions."""
        return [
            sample_of(row, self.instruction, _asked(row), {"about": row.about}, row.language)
            for row in read("explain_code", Row)
        ]

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here, for the data's validation."""
        row: Row = sample.target
        proof = Program(row.language, row.code, Calls((row.case,)), row.path) if row.case else None
        return Known(replies(row.accepted), replies(row.wrong), proof)

    def to_judge(self, sample: Sample, answer: Answer) -> ToJudge:
        """The whole explanation; what it must come to is known."""
        return ToJudge(spoken(sample), answer.text, f"It ends with: {sample.target.accepted[0]}")

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Whether the answer is right."""
        return score_short(self.metric, final_answer(answer.text), sample.target.accepted)


def _asked(row: Row) -> str:
    return f"Selected code in {row.path}:\n{fenced(row.code, row.language)}\n\n{row.question}"
