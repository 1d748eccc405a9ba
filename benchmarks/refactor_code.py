"""Duo Chat's /refactor: a file that works, and a measurable aim; the reply gives the whole file in its new shape.

pass@1: hidden cases of its behaviour hold as before, and its syntax tree meets the aim (harness/scoring/shape.py). Each
is told beside it. Rows: datasets/chat/README.md; how cases are run: datasets/code_generation/README.md.
"""

import asyncio
from dataclasses import dataclass, field
from typing import ClassVar

from benchmarks.whole_file import FileRow
from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.prompts.extract import extract_code
from harness.prompts.instructions import Instruction, instruction
from harness.quality.known import Known
from harness.records import Answer, Outcome, Sample, Score
from harness.scoring.program import no_code, score_program
from harness.scoring.shape import Shape, misses

KEPT, AIM = "kept", "aim met"


@dataclass(frozen=True)
class Row(FileRow):
    """One file: the ``working`` cases hold on it and on the reference, which alone has the ``shape`` that is asked."""

    aim: str
    shape: Shape


@dataclass(frozen=True)
class RefactorCode:
    """The benchmark; its one setting is the system's turn, which --prompts-dir replaces."""

    instruction: Instruction = field(default_factory=lambda: instruction("refactor-code"))

    name: ClassVar[str] = "refactor-code"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "pass@1"
    metrics: ClassVar[tuple[Metric, ...]] = (Mean("pass@1"), Mean(KEPT, by=()), Mean(AIM, by=()))
    max_tokens: ClassVar[int] = 2048
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All files."""
        return [row.sample(self.instruction, row.aim) for row in read("refactor_code", Row)]

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here, for the data's validation."""
        row: Row = sample.target
        return row.known()

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Runs the file as it is now, and measures it."""
        row: Row = sample.target
        code = extract_code(answer.text, row.language)
        if not code:
            return no_code(self.metric, KEPT, AIM)
        ran = await score_program(KEPT, row.program(code, row.working), tools.run)
        if ran.outcome is Outcome.INFRA_ERROR:
            return ran
        missed = await asyncio.to_thread(misses, code, row.language, row.shape)
        scores = {self.metric: min(ran.scores[KEPT], float(not missed)), **ran.scores, AIM: float(not missed)}
        if missed and ran.outcome is Outcome.PASSED:
            return Score(Outcome.FAILED, scores, {"message": "; ".join(missed)})
        return Score(ran.outcome, scores, ran.detail)
