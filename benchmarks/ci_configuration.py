"""Duo Chat's requests for a .gitlab-ci.yml: the file in the reply is held against GitLab's schema and what was asked.

acc: it parses, is valid by GitLab's CI schema, and all facts hold. Each is told beside it, of the facts the share that
holds. Rows: datasets/chat/README.md; facts: harness/scoring/ci_facts.py.
"""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from benchmarks.conversation import Turn, last_block, sample_of
from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.prompts.instructions import Instruction, instruction
from harness.prompts.markdown import fenced
from harness.quality.known import Known
from harness.records import Answer, Outcome, Sample, Score
from harness.scoring.ci import Ci
from harness.scoring.ci_facts import Fact, held
from harness.scoring.ci_text import CiError, parse, schema_fault, unavailable
from harness.scoring.program import no_code

PARSES, VALID, FACTS = "parses", "valid", "facts"


@dataclass(frozen=True)
class Row:
    """One request. ``current`` is the file that there is, "" where there is none; ``accepted`` one that is right."""

    id: str
    difficulty: Literal["easy", "medium", "hard"]
    topics: list[str]
    history: list[Turn]
    request: str
    current: str
    facts: Annotated[list[Fact], Field(min_length=3)]
    accepted: str
    wrong: Annotated[list[str], Field(min_length=2)]


@dataclass(frozen=True)
class CiConfiguration:
    """The benchmark; its one setting is the system's turn, which --prompts-dir replaces."""

    instruction: Instruction = field(default_factory=lambda: instruction("ci-configuration"))

    name: ClassVar[str] = "ci-configuration"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "acc"
    metrics: ClassVar[tuple[Metric, ...]] = (Mean("acc"), *(Mean(name, by=()) for name in (PARSES, VALID, FACTS)))
    max_tokens: ClassVar[int] = 2048
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All requests.

        Raises:
            UnavailableError: GitLab's schema is not installed.
        """
        if missing := unavailable():
            raise missing
        return [sample_of(row, self.instruction, _asked(row)) for row in read("ci_configuration", Row)]

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here, for the data's validation: to leave the file as it is is wrong as well."""
        row: Row = sample.target
        current = (row.current,) if row.current else ()
        return Known((fenced(row.accepted, "yaml"),), tuple(fenced(each, "yaml") for each in (*current, *row.wrong)))

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """What holds of the file in the reply's last block."""
        row: Row = sample.target
        text = last_block(answer.text, "yaml", "yml", "gitlab-ci")
        if not text:
            return no_code(*(metric.name for metric in self.metrics))
        scores = {metric.name: 0.0 for metric in self.metrics}
        try:
            content = parse(text)
        except CiError as error:
            return Score(Outcome.FAILED, scores, {"reason": str(error)})
        scores[PARSES] = 1.0
        fault = schema_fault(content)
        scores[VALID] = float(not fault)
        try:
            found = held(row.facts, Ci(content))
        except CiError as error:
            return Score(Outcome.FAILED, scores, {"reason": fault or str(error)})
        scores[FACTS] = found.share
        passed = not fault and not found.fault
        scores[self.metric] = float(passed)
        reason = {"reason": fault or found.fault} if not passed else {}
        return Score(Outcome.PASSED if passed else Outcome.FAILED, scores, reason)


def _asked(row: Row) -> str:
    current = f"The project's .gitlab-ci.yml:\n{fenced(row.current, 'yaml')}\n\n" if row.current else ""
    return f"{current}{row.request}"
