"""The words of the project as types: what is asked, what comes back, what is written down. Imports nothing of ours."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Literal

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
    """A prompt that is a conversation; the model writes the next assistant turn.

    A last message of the assistant's begins that turn, and the model goes on from there. A model without a chat
    template continues ``plain`` instead, up to one of ``plain_stop`` ("": the conversation as plain text).
    """

    messages: tuple[Message, ...]
    plain: str = ""
    plain_stop: tuple[str, ...] = ()
    kind: Literal["chat"] = "chat"


@dataclass(frozen=True)
class File:
    """Another file of the repository."""

    path: str
    content: str


@dataclass(frozen=True)
class Infill:
    """A prompt that is a place in a file: the model writes what belongs between ``prefix`` and ``suffix``.

    ``files`` are others of the repository called ``repository``, the most telling first. ``instruction`` is the
    system's turn for a model that has no tokens for infilling and is asked by chat.
    """

    prefix: str
    suffix: str
    path: str = ""
    language: str = ""
    files: tuple[File, ...] = ()
    repository: str = ""
    instruction: str = ""
    kind: Literal["infill"] = "infill"


@dataclass(frozen=True)
class Choice:
    """A prompt with given continuations: how likely is each of ``options`` (space included) after ``context``?

    ``lead`` and then ``shots`` (solved examples) stand before the context, each with its own line ends. Shots are
    dropped from the front where the whole does not fit the model's context. ``chat``: the lead is the system's turn,
    shots and context are the user's, and the options begin the assistant's.
    """

    # In this order, so that prompts which begin alike also look alike to :func:`prompt_order`.
    lead: str = field(default="", kw_only=True)
    shots: tuple[str, ...] = field(default=(), kw_only=True)
    context: str
    options: tuple[str, ...]
    chat: bool = field(default=False, kw_only=True)
    kind: Literal["choice"] = "choice"

    @property
    def text(self) -> str:
        """All that stands before the options."""
        return "".join((self.lead, *self.shots, self.context))


Turns = tuple[Message, ...]


@dataclass(frozen=True)
class FewShot:
    """A prompt that begins with solved examples and is to be continued.

    Without ``chat`` the turns' texts stand one after the other, whatever their roles; with it they are a conversation
    in the model's chat template, neighbours of one role being one turn. A last turn of the assistant's begins the
    answer. Shots are dropped from the front where the whole does not fit the model's context.
    """

    lead: Turns
    shots: tuple[Turns, ...]
    question: Turns
    chat: bool = False
    kind: Literal["few-shot"] = "few-shot"

    @property
    def turns(self) -> Turns:
        """All of it as turns."""
        return joined((*self.lead, *(turn for shot in self.shots for turn in shot), *self.question))


@dataclass(frozen=True)
class Likelihood:
    """Given texts: how likely is each of ``options`` after its own one of ``questions``, to the last digit?

    ``lead``, ``shots`` and ``chat`` as in :class:`FewShot`. Nothing at all, not even these, stands before an option
    whose question is None.
    """

    lead: Turns
    shots: tuple[Turns, ...]
    questions: tuple[Turns | None, ...]
    options: tuple[str, ...]
    chat: bool = False
    kind: Literal["likelihood"] = "likelihood"

    @property
    def of_each(self) -> Iterator[tuple[Turns | None, str]]:
        """Each option after its question."""
        return zip(self.questions, self.options, strict=True)

    def before(self, question: Turns | None) -> Turns:
        """What stands before the options of ``question``, as turns."""
        return FewShot(self.lead, self.shots, question).turns if question is not None else ()


@dataclass(frozen=True)
class Passage:
    """A text of any length of which the likelihood is wanted, from its first token to its last."""

    text: str
    kind: Literal["passage"] = "passage"


Prompt = Completion | Chat | Infill | Choice | FewShot | Likelihood | Passage

Scored = Choice | Likelihood | Passage
"""Prompts of which a likelihood is the answer: nothing is written."""


def joined(turns: Turns) -> Turns:
    """The turns with neighbours of one role made one."""
    found: list[Message] = []
    for turn in turns:
        if found and found[-1].role == turn.role:
            found[-1] = Message(turn.role, found[-1].content + turn.content)
        else:
            found.append(turn)
    return tuple(found)


def plain(turns: Turns) -> str:
    """The turns' texts one after the other."""
    return "".join(turn.content for turn in turns)


def prompt_sha256(prompt: Prompt) -> str:
    """SHA-256 (hex) of the prompt's canonical JSON: equal prompts, and only they, have equal hashes."""
    return canonical_sha256(asdict(prompt))


def prompt_order(prompt: Prompt) -> str:
    """A text to sort prompts by: those that begin alike stand together, and that beginning is computed once."""
    match prompt:
        case Choice() | Passage():
            return prompt.text
        case FewShot():
            return plain(prompt.turns)
        case Likelihood():
            return plain(prompt.before(prompt.questions[0]))
        case _:
            return repr(prompt)


def prompt_characters(prompt: Prompt) -> int:
    """Length of what is sent, in characters: a rough measure of cost where no tokenizer is at hand."""
    match prompt:
        case Chat():
            return sum(len(message.content) for message in prompt.messages)
        case Infill():
            told = len(prompt.instruction) + sum(len(file.content) for file in prompt.files)
            return len(prompt.prefix) + len(prompt.suffix) + told
        case Choice():
            return len(prompt.text) + sum(map(len, prompt.options))
        case FewShot():
            return len(plain(prompt.turns))
        case Likelihood():
            befores = sum(len(plain(prompt.before(question))) for question in {*prompt.questions})
            return befores + sum(map(len, prompt.options))
        case _:
            return len(prompt.text)


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
class Cut:
    """What an infill was asked without, because it did not fit the model's context or has no place in its format.

    Characters and lines of the file above and below the cursor, and other files of the repository.
    """

    prefix_characters: int = 0
    prefix_lines: int = 0
    suffix_characters: int = 0
    suffix_lines: int = 0
    files: int = 0


@dataclass(frozen=True)
class Answer:
    """What an engine returned. ``text`` holds neither the stop string nor special tokens.

    ``options`` holds the log-probability (natural logarithm, summed over tokens) of each option of a
    :class:`Choice` or :class:`Likelihood` (None for one that the server did not report), or that of a
    :class:`Passage`; ``greedy`` says of each option of a :class:`Likelihood` whether the model, asked to write the
    likeliest, would write just it. ``fallback`` says that the model was asked in another
    way than the prompt's own: an infill by chat, a choice by a generated letter. ``first_token_seconds`` is known where
    the answer was streamed. ``dropped_shots`` counts the solved examples that were left out because the prompt would
    not have fitted the model's context. ``form`` says what the text is: a turn of a conversation, what follows on
    :class:`Chat`'s ``plain``, a whole program that somebody else has taken out of an answer, or what belongs at the
    cursor of an infill that was asked in the tokens of ``family``. ``cut`` says what such a question was asked
    without, ``escaped`` how many words of its code were broken up, because a server would have read them as tokens.
    """

    text: str
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int
    answer_tokens: int
    seconds: float
    first_token_seconds: float | None = None
    options: tuple[float | None, ...] = ()
    fallback: bool = False
    dropped_shots: int = 0
    greedy: tuple[bool, ...] = ()
    form: Literal["reply", "continuation", "program", "infill"] = "reply"
    family: str = ""
    cut: Cut | None = None
    escaped: int = 0


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
    """What the sandbox says of one program; ``test`` and ``message`` name the first test that did not pass.

    ``inside`` says why the tests had to share the program's process, "" where nothing of the program's was near them.
    """

    outcome: Outcome
    test: str = ""
    message: str = ""
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_memory_bytes: int = 0
    output: str = ""
    inside: str = ""


@dataclass(frozen=True)
class Sample:
    """One question, with what is needed to score it.

    ``id`` is the data set's own; samples that stand or fall together share a ``cluster``; ``language`` is the
    programming language whose toolchain scoring needs; ``tags`` name the groups a report breaks scores down by.
    ``max_tokens`` is the limit of its answer where that is not the benchmark's.
    """

    id: str
    prompt: Prompt
    target: Any
    cluster: str
    language: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    max_tokens: int = 0


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
