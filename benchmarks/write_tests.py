"""Duo Chat's /tests: a file, for which the reply gives tests in the framework that comes with the language.

kill rate: the share of prepared faulty versions of the file on which the tests fail (mutation score, DeMillo et al.
1978); 0 where they fail on the file itself or on another right version of it. From 0.6 on a sample counts as passed.
Rows: datasets/chat/README.md.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from benchmarks.conversation import Turn, sample_of
from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.prompts.extract import extract_code
from harness.prompts.instructions import Instruction, instruction
from harness.prompts.markdown import fenced
from harness.quality.known import Known
from harness.records import Answer, Outcome, Sample, Score, Verdict
from harness.sandbox.program import Program, Suite
from harness.scoring.program import no_code

LEAST = 0.6
"""The share of faulty versions that tests must find."""
TRUE, PASSES = "true of the code", "pass@1"
Tested = Literal["python", "javascript", "typescript", "ruby", "go", "rust"]
"""The languages that come with a test framework."""


@dataclass(frozen=True)
class Edit:
    """A fault: ``old``, which is in the code once, becomes ``new``."""

    old: str
    new: str


@dataclass(frozen=True)
class Row:
    """One file; ``also`` are other right versions, ``reference`` and ``wrong`` are files of tests."""

    id: str
    language: Tested
    path: str
    difficulty: Literal["easy", "medium", "hard"]
    topics: list[str]
    history: list[Turn]
    code: str
    ask: str
    also: Annotated[list[str], Field(min_length=1)]
    mutants: Annotated[list[Edit], Field(min_length=8)]
    reference: str
    wrong: Annotated[list[str], Field(min_length=2)]

    @property
    def right(self) -> list[str]:
        """The versions of the file on which tests must pass."""
        return [self.code, *self.also]

    @property
    def faulty(self) -> list[str]:
        """The versions of the file on which they should fail."""
        return [self.code.replace(edit.old, edit.new, 1) for edit in self.mutants]


@dataclass(frozen=True)
class WriteTests:
    """The benchmark; its one setting is the system's turn, which --prompts-dir replaces."""

    instruction: Instruction = field(default_factory=lambda: instruction("write-tests"))

    name: ClassVar[str] = "write-tests"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "kill rate"
    metrics: ClassVar[tuple[Metric, ...]] = (Mean("kill rate"), Mean(PASSES, by=()), Mean(TRUE, by=()))
    max_tokens: ClassVar[int] = 2048
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All files."""
        return [
            sample_of(row, self.instruction, _asked(row), {"language": row.language}, row.language)
            for row in read("write_tests", Row)
        ]

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here: the reference finds every fault, the others too few, or what is none."""
        row: Row = sample.target
        wrong = tuple(fenced(each, row.language) for each in row.wrong)
        return Known((fenced(row.reference, row.language),), wrong, full=(self.metric,), missed=(PASSES,))

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Runs the tests on right versions of the file, and on faulty ones if they pass there."""
        row: Row = sample.target
        tests = extract_code(answer.text, row.language)
        if not tests:
            return no_code(self.metric, PASSES, TRUE)

        async def run(versions: Sequence[str]) -> list[Verdict]:
            programs = (Program(row.language, version, Suite(tests), row.path) for version in versions)
            return await asyncio.gather(*map(tools.run, programs))

        for verdict in await run(row.right):
            if verdict.outcome is Outcome.INFRA_ERROR:
                return Score(verdict.outcome, {}, {"reason": verdict.message})
            if verdict.outcome is not Outcome.PASSED:
                return Score(verdict.outcome, {self.metric: 0.0, PASSES: 0.0, TRUE: 0.0}, {"message": verdict.message})
        ran = await run(row.faulty)
        broken = next((verdict for verdict in ran if verdict.outcome is Outcome.INFRA_ERROR), None)
        if broken:
            return Score(broken.outcome, {}, {"reason": broken.message})
        missed = [number for number, verdict in enumerate(ran) if verdict.outcome is Outcome.PASSED]
        killed = 1 - len(missed) / len(ran)
        scores = {self.metric: killed, PASSES: float(killed >= LEAST), TRUE: 1.0}
        return Score(Outcome.PASSED if killed >= LEAST else Outcome.FAILED, scores, {"missed": missed})


def _asked(row: Row) -> str:
    return f"File {row.path}:\n{fenced(row.code, row.language)}\n\n{row.ask}"
