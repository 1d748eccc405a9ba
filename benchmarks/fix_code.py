"""Duo Chat's /fix: a file that misbehaves, and what goes wrong; the reply gives the whole corrected file.

pass@1: hidden cases of what was broken and of what worked all hold. Each half is told beside it. Rows:
datasets/chat/README.md; how cases are run: datasets/code_generation/README.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from benchmarks.code_generation import Spoken
from benchmarks.conversation import Turn, conversation, fenced, turns
from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.prompts.extract import extract_code
from harness.prompts.instructions import Instruction, instruction
from harness.quality.known import Known
from harness.records import Answer, Outcome, Sample, Score
from harness.sandbox.program import Calls, Case, Program
from harness.scoring.program import no_code, score_program

MENDED, KEPT = "mended", "kept"
Cases = Annotated[list[Case], Field(min_length=1)]


@dataclass(frozen=True)
class Row:
    """One file: ``failing`` cases fail on it, ``working`` ones hold; both hold on the reference."""

    id: str
    language: Spoken
    path: str
    difficulty: Literal["easy", "medium", "hard"]
    topics: list[str]
    history: list[Turn]
    code: str
    complaint: str
    failing: Cases
    working: Cases
    reference: str
    wrong: Annotated[list[str], Field(min_length=2)]

    def program(self, source: str, cases: Sequence[Case]) -> Program:
        """``source`` as the whole file, with these cases."""
        return Program(self.language, source, Calls(tuple(cases)), self.path)


@dataclass(frozen=True)
class FixCode:
    """The benchmark; its one setting is the system's turn, which --prompts-dir replaces."""

    instruction: Instruction = field(default_factory=lambda: instruction("fix-code"))

    name: ClassVar[str] = "fix-code"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "pass@1"
    metrics: ClassVar[tuple[Metric, ...]] = (Mean("pass@1"), Mean(MENDED, by=()), Mean(KEPT, by=()))
    max_tokens: ClassVar[int] = 2048
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All files."""
        return [
            Sample(
                id=row.id,
                prompt=conversation(self.instruction, row.history, _asked(row)),
                target=row,
                cluster=row.id,
                language=row.language,
                tags={"language": row.language, "difficulty": row.difficulty, **turns(row.history)},
            )
            for row in read("fix_code", Row)
        ]

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here, for the data's validation: the broken file is wrong as well."""
        row: Row = sample.target
        wrong = tuple(fenced(each, row.language) for each in (row.code, *row.wrong))
        return Known((fenced(row.reference, row.language),), wrong, row.program(row.code, row.working))

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Runs the corrected file with both halves of the cases."""
        row: Row = sample.target
        code = extract_code(answer.text, row.language)
        if not code:
            return no_code(*(metric.name for metric in self.metrics))
        mended = await score_program(MENDED, row.program(code, row.failing), tools.run)
        kept = await score_program(KEPT, row.program(code, row.working), tools.run)
        for half in (mended, kept):
            if half.outcome is Outcome.INFRA_ERROR:
                return half
        worse = next((half for half in (mended, kept) if half.outcome is not Outcome.PASSED), mended)
        whole = {self.metric: min(mended.scores[MENDED], kept.scores[KEPT])}
        return Score(worse.outcome, {**whole, **mended.scores, **kept.scores}, worse.detail)


def _asked(row: Row) -> str:
    return f"File {row.path}:\n{fenced(row.code, row.language)}\n\nWhat goes wrong: {row.complaint}"
