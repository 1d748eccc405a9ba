"""Duo Chat's /troubleshoot: the log of a failed CI job; which command failed, in which file and line, with which error?

The reply ends with a JSON object; acc: all four fields are right, each is told beside it. A null is right exactly where
the log names none. Rows: datasets/chat/README.md.
"""

import json
import re
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
from harness.scoring.answers import json_answer, same, score_fields

_LABEL = re.compile(r"^\s*(?:\$ |(?:fatal|error)(?:\[\w+\])?: )", re.IGNORECASE)
"""What a log puts before a command or an error, which a reply may leave out or not."""
FIELDS = ("step", "file", "line", "error")


@dataclass(frozen=True)
class Row:
    """One log, with the accepted forms of what is asked; ``cause`` is for readers."""

    id: str
    difficulty: Literal["easy", "medium", "hard"]
    topics: list[str]
    history: list[Turn]
    log: str
    step: Annotated[list[str], Field(min_length=1)]
    file: list[str]
    line: int | None
    error: Annotated[list[str], Field(min_length=1)]
    cause: str
    wrong: Annotated[list[dict[str, Any]], Field(min_length=2)]

    def accepted(self, name: str) -> list[str]:
        """The accepted forms of a field; none where null is right."""
        value = getattr(self, name)
        return value if isinstance(value, list) else [] if value is None else [str(value)]


@dataclass(frozen=True)
class TroubleshootJob:
    """The benchmark; its one setting is the system's turn, which --prompts-dir replaces."""

    instruction: Instruction = field(default_factory=lambda: instruction("troubleshoot-job"))

    name: ClassVar[str] = "troubleshoot-job"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "acc"
    metrics: ClassVar[tuple[Metric, ...]] = (Mean("acc"), *(Mean(name, by=()) for name in FIELDS))
    max_tokens: ClassVar[int] = 768
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All logs."""
        return [
            sample_of(row, self.instruction, f"The job's log:\n{fenced(row.log, '')}")
            for row in read("troubleshoot_job", Row)
        ]

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here, for the data's validation."""
        row: Row = sample.target
        right = {name: next(iter(row.accepted(name)), None) for name in FIELDS}
        return Known((json.dumps(right),), tuple(map(json.dumps, row.wrong)))

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Which of the fields are right."""
        row: Row = sample.target
        said = json_answer(answer.text)
        return score_fields(self.metric, {name: right(said.get(name), row.accepted(name)) for name in FIELDS if said})


def right(value: Any, accepted: list[str]) -> bool:
    """Whether a field's value is an accepted form, or null where there is none."""
    if value is None or value == "":
        return not accepted
    return same(_LABEL.sub("", str(value)), accepted)
