"""What benchmarks have in common whose reply is a whole corrected file: it is run with two halves of cases.

The first half fails on the file as it was given, the second holds on it; both hold on the reference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from benchmarks.code_generation import Spoken
from benchmarks.conversation import Turn, sample_of
from harness.benchmark import Tools
from harness.prompts.extract import extract_code
from harness.prompts.instructions import Instruction
from harness.prompts.markdown import fenced
from harness.quality.known import Known
from harness.records import Answer, Outcome, Sample, Score
from harness.sandbox.program import Calls, Case, Program
from harness.scoring.program import no_code, score_program

Cases = Annotated[list[Case], Field(min_length=1)]


@dataclass(frozen=True)
class FileRow:
    """One file; ``working`` cases hold on it as it is."""

    id: str
    language: Spoken
    path: str
    difficulty: Literal["easy", "medium", "hard"]
    topics: list[str]
    history: list[Turn]
    code: str
    working: Cases
    reference: str
    wrong: Annotated[list[str], Field(min_length=2)]

    def program(self, source: str, cases: Sequence[Case]) -> Program:
        """``source`` as the whole file, with these cases."""
        return Program(self.language, source, Calls(tuple(cases)), self.path)

    def sample(self, instruction: Instruction, question: str) -> Sample:
        """The file and then ``question``."""
        asked = f"File {self.path}:\n{fenced(self.code, self.language)}\n\n{question}"
        return sample_of(self, instruction, asked, {"language": self.language}, self.language)

    def known(self) -> Known:
        """What is right and wrong here, for the data's validation: the file as it is is wrong as well."""
        wrong = tuple(fenced(each, self.language) for each in (self.code, *self.wrong))
        return Known((fenced(self.reference, self.language),), wrong, self.program(self.code, self.working))


async def score_halves(
    metric: str, row: FileRow, halves: Mapping[str, Sequence[Case]], answer: Answer, tools: Tools
) -> Score:
    """Runs the corrected file with each of ``halves``; ``metric`` is the worst of their scores."""
    code = extract_code(answer.text, row.language)
    if not code:
        return no_code(metric, *halves)
    ran = [await score_program(name, row.program(code, cases), tools.run) for name, cases in halves.items()]
    for half in ran:
        if half.outcome is Outcome.INFRA_ERROR:
            return half
    worse = next((half for half in ran if half.outcome is not Outcome.PASSED), ran[0])
    scores = {name: score for half in ran for name, score in half.scores.items()}
    return Score(worse.outcome, {metric: min(scores.values()), **scores}, worse.detail)
