"""The words of the project as types: what is asked, what comes back, what is written down. Imports nothing of ours."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Literal

SUMMARY_SCHEMA = 1
"""Version of summary.json; raised when a field changes its meaning or goes away."""


# -- asking -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Message:
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Completion:
    """A prompt that is plain text to be continued."""

    text: str
    kind: Literal["completion"] = "completion"


@dataclass(frozen=True)
class Chat:
    """A prompt that is a conversation; the model writes the next assistant turn."""

    messages: tuple[Message, ...]
    kind: Literal["chat"] = "chat"


Prompt = Completion | Chat


def prompt_sha256(prompt: Prompt) -> str:
    """SHA-256 (hex) of the prompt's canonical JSON: equal prompts, and only they, have equal hashes."""
    return canonical_sha256(asdict(prompt))


def canonical_sha256(value: Any) -> str:
    """SHA-256 (hex) of ``value`` as JSON with sorted keys and no spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Sampling:
    """How an answer is drawn: greedy at temperature 0. ``seed`` alone decides what is drawn for one prompt."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Answer:
    """What an engine returned. ``text`` holds neither the stop string nor special tokens."""

    text: str
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int
    answer_tokens: int
    seconds: float
    first_token_seconds: float | None = None


# -- judging ----------------------------------------------------------------------------------------------------------


class Outcome(StrEnum):
    """What running or judging said. ``infra_error`` says nothing about the model and is never a score of 0."""

    PASSED = "passed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    NO_ANSWER = "no_answer"
    INFRA_ERROR = "infra_error"


@dataclass(frozen=True)
class Verdict:
    """What the sandbox says of one program; ``test`` and ``message`` name the first test that did not pass."""

    outcome: Outcome
    test: str = ""
    message: str = ""
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_memory_bytes: int = 0
    output: str = ""


@dataclass(frozen=True)
class Sample:
    """One question, with what is needed to score it.

    ``id`` is the data set's own; samples that stand or fall together share a ``cluster``; ``language`` is the
    programming language whose toolchain scoring needs; ``tags`` name the groups a report breaks scores down by.
    """

    id: str
    prompt: Prompt
    target: Any
    cluster: str
    language: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Score:
    """How a benchmark judged one answer: the outcome, its numbers by metric, and what a reader wants to see."""

    outcome: Outcome
    scores: Mapping[str, float]
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """One line of records.jsonl: one attempt at one sample, asked and scored."""

    benchmark: str
    version: str
    sample: str
    attempt: int
    cluster: str
    tags: Mapping[str, str]
    prompt_sha256: str
    answer: Answer | None
    verdict: Outcome
    scores: Mapping[str, float]
    detail: Mapping[str, Any]
    finished_at: str

    @property
    def key(self) -> tuple[str, str, int]:
        """What makes a record unique in its run: benchmark, sample, attempt."""
        return (self.benchmark, self.sample, self.attempt)


# -- summing up -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Estimate:
    """A score with its 95 % interval over ``n`` samples; ``method`` names how the interval was made."""

    value: float
    low: float
    high: float
    n: int
    method: str


@dataclass(frozen=True)
class SummaryRow:
    """One benchmark and metric of a run.

    ``estimate`` is None when nothing could be scored. ``samples`` counts those planned, ``records`` the attempts
    written down; ``verdicts`` counts these by outcome. ``seconds`` is the time spent from the first to the last
    record in this run's own clock, idle time between interrupted sessions left out. ``groups`` holds estimates by
    tag and value, e.g. ``groups["language"]["python"]``.
    """

    use_case: str
    benchmark: str
    version: str
    metric: str
    estimate: Estimate | None
    samples: int
    records: int
    attempts: int
    verdicts: Mapping[str, int]
    seconds: float
    groups: Mapping[str, Mapping[str, Estimate]]


@dataclass(frozen=True)
class LeftOut:
    """Samples that were planned but cannot be scored here, and how to change that."""

    benchmark: str
    what: str
    samples: int
    reason: str
    mend: str
    requested: bool
    """True when the user asked for them by name: then the run is incomplete without them."""


@dataclass(frozen=True)
class Missing:
    """A benchmark that could not be run at all, and how to change that."""

    benchmark: str
    use_case: str
    reason: str
    mend: str


@dataclass(frozen=True)
class Summary:
    """The whole of summary.json: derived from manifest.json and records.jsonl alone, rebuildable at any time."""

    schema: int
    model: str
    feature: str
    settings_hash: str
    rows: tuple[SummaryRow, ...]
    left_out: tuple[LeftOut, ...]
    unavailable: tuple[Missing, ...]
    complete: bool
    """False when something asked for could not be run, is not finished, or ended in infra errors."""
