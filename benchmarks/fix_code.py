"""Duo Chat's /fix: a file that misbehaves, and what goes wrong; the reply gives the whole corrected file.

pass@1: hidden cases of what was broken and of what worked all hold. Each half is told beside it. Rows:
datasets/chat/README.md; how cases are run: datasets/code_generation/README.md.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from benchmarks.whole_file import Cases, FileRow, score_halves
from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.prompts.instructions import Instruction, instruction
from harness.quality.known import Known
from harness.records import Answer, Sample, Score

MENDED, KEPT = "mended", "kept"


@dataclass(frozen=True)
class Row(FileRow):
    """One file: ``failing`` cases fail on it, ``working`` ones hold; both hold on the reference."""

    complaint: str
    failing: Cases


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
        rows = read("fix_code", Row)
        return [row.sample(self.instruction, f"What goes wrong: {row.complaint}") for row in rows]

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here, for the data's validation."""
        row: Row = sample.target
        return row.known()

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Runs the corrected file with both halves of the cases."""
        row: Row = sample.target
        return await score_halves(self.metric, row, {MENDED: row.failing, KEPT: row.working}, answer, tools)
