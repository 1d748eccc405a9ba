"""What an engine is: something that answers prompts, many at a time; and the settings that say which one, and how."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from harness.engines import infilling
from harness.entries import Endpoint
from harness.errors import EngineError, PromptTooLongError, UnavailableError, UsageError
from harness.prompts import choice as choices
from harness.prompts.infill import InfillFormat
from harness.records import Answer, Chat, Choice, FewShot, Infill, Likelihood, Message, Passage, Prompt, Sampling, plain

S = TypeVar("S", Choice, FewShot, Likelihood)

if TYPE_CHECKING:
    from harness.engines.tokens import Tokens


@dataclass(frozen=True)
class Serving:
    """How the engine "vllm" serves the model.

    ``python`` is the interpreter of the environment that holds vLLM ("" for this one); ``lora`` a folder with an
    adapter; ``arguments`` go to the server as they are; ``silence_seconds`` is how long it may say nothing while it
    starts.
    """

    python: str = ""
    tensor_parallel: int = 1
    pipeline_parallel: int = 1
    data_parallel: int = 1
    quantization: str = ""
    lora: Path | None = None
    trust_remote_code: bool = False
    arguments: tuple[str, ...] = ()
    port: int = 0
    silence_seconds: float = 600.0


@dataclass(frozen=True)
class EngineSettings:
    """Which engine, and how. ``max_model_len`` is the context in tokens (None: the model's own).

    ``choices`` says how multiple choice is asked: by log-probabilities of the options, or by a generated letter.
    ``concurrency`` is the most prompts in flight (None: the engine's own number).
    """

    name: str = "transformers"
    dtype: str = "auto"
    max_model_len: int | None = None
    choices: Literal["logprobs", "generated"] = "logprobs"
    concurrency: int | None = None
    serving: Serving = field(default_factory=Serving)
    endpoint: Endpoint = field(default_factory=Endpoint)

    def changing_scores(self) -> dict[str, Any]:
        """What of these may change a score: part of the settings hash."""
        kept: dict[str, Any] = {"name": self.name, "choices": self.choices}
        if self.name == "endpoint":
            told = asdict(self.endpoint)
            return kept | {name: told[name] for name in ("base_url", "model", "protocol", "omit", "extra")}
        kept |= {"dtype": self.dtype, "max_model_len": self.max_model_len}
        if self.name == "vllm":
            serving = self.serving
            kept |= {"quantization": serving.quantization, "arguments": list(serving.arguments)}
        return kept


class Engine(ABC):
    """Answers prompts; an async context manager that holds the model while it is open.

    Every method may be awaited many times at once; an engine batches what is in flight. ``concurrency`` is the number
    of prompts in flight beyond which it gains nothing; ``infill_format`` the model's own way to be asked for an
    infill, None where it has none; ``context`` how many tokens prompt and answer may have together, 0 where that is
    not known. ``stream`` asks for the answer token by token, so that the time to the first one is known.

    Where ``expects_infills`` is set before it is opened, it checks that the model knows the tokens of its family, and
    ``sentinels`` says what came of that.
    """

    concurrency: int
    infill_format: InfillFormat | None = None
    context: int = 0
    expects_infills: bool = False
    sentinels: str = ""

    @property
    def vocabulary(self) -> "Tokens | None":
        """The model's tokenizer, where it is at hand: prompts can then be sent as token ids."""
        return None

    @property
    def converses(self) -> bool:
        """Whether the model has a chat template; of one that another server has it is taken for granted."""
        return True

    @abstractmethod
    async def __aenter__(self) -> Self:
        """Loads the model or reaches the server."""

    @abstractmethod
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Lets go of it, on every way out."""

    @abstractmethod
    async def complete(self, text: str, sampling: Sampling, stream: bool = False) -> Answer:
        """Continues ``text``.

        Raises:
            PromptTooLongError: text and answer do not fit the context.
            EngineError: the engine failed on this prompt; trying again may help.
        """

    @abstractmethod
    async def chat(self, messages: tuple[Message, ...], sampling: Sampling, stream: bool = False) -> Answer:
        """Writes the next assistant turn, in the model's own chat template; raises as :meth:`complete` does."""

    @abstractmethod
    async def choose(self, prompt: Choice) -> Answer:
        """How likely each option is as the continuation of what stands before it: their log-probabilities, in order.

        Raises:
            NoLogProbabilitiesError: the server tells none.
            PromptTooLongError, EngineError: as :meth:`complete` does.
        """

    async def likelihood(self, prompt: Likelihood) -> Answer:
        """The exact log-probability of each option, and whether it is what the model would write (``greedy``).

        Raises:
            UnavailableError: this engine cannot tell.
            PromptTooLongError, EngineError: as :meth:`complete` does.
        """
        raise cannot_score(self, "options that it is given")

    async def passage(self, prompt: Passage) -> Answer:
        """The log-probability of a text, in windows of the model's context where it is longer.

        Each token is read once: after all that stands before it in its window, and at least after one token.

        Raises:
            UnavailableError: this engine cannot tell.
            EngineError: as :meth:`complete` does.
        """
        raise cannot_score(self, "whole texts")

    @abstractmethod
    def describe(self) -> Mapping[str, Any]:
        """What answered, for the manifest: versions, dtype, context, hardware. No secret."""

    async def usage(self) -> Mapping[str, float]:
        """What the server counts itself (prefix-cache hits, tokens), growing; empty where it tells nothing."""
        return {}

    async def resume(
        self, ids: list[int], sampling: Sampling, stream: bool = False, ends: frozenset[int] = frozenset()
    ) -> Answer:
        """Continues what these tokens say, up to one of ``ends``; for engines with a ``vocabulary``.

        Raises as :meth:`complete` does.
        """
        raise NotImplementedError

    async def infill(self, prompt: Infill, sampling: Sampling, stream: bool = False) -> Answer:
        """Writes what belongs between prefix and suffix; by chat where the model has no tokens for it."""
        return await infilling.infill(self, prompt, sampling, stream)

    async def pick(self, prompt: Choice, sampling: Sampling) -> Answer:
        """:meth:`choose` by a generated letter: the named option has log-probability 0, the others None."""
        answer = await self.chat(choices.as_chat(prompt), sampling)
        named = choices.chosen(answer.text, prompt)
        options = tuple(0.0 if number == named else None for number in range(len(prompt.options)))
        return replace(answer, options=options, fallback=True)


async def ask(engine: Engine, prompt: Prompt, sampling: Sampling, generated: bool = False) -> Answer:
    """Sends one prompt by the method of its kind (a choice by a letter where ``generated``); raises as those do.

    Raises:
        UsageError: a likelihood where ``generated``, or a conversation with a model that has no chat template.
    """
    match prompt:
        case Chat():
            return await converse(engine, prompt, sampling)
        case Infill():
            return await engine.infill(prompt, sampling)
        case Choice():
            choose = engine.choose if not generated else lambda prompt: engine.pick(prompt, sampling)
            return await _shortened(prompt, choose)
        case FewShot():
            return await proceed(engine, prompt, sampling)
        case Likelihood() | Passage() if generated:
            raise UsageError("the likelihood of a given text cannot be generated", "leave out --choices generated")
        case Likelihood():
            _check_converses(engine, prompt)
            return await _shortened(prompt, engine.likelihood)
        case Passage():
            return await engine.passage(prompt)
        case _:
            return await engine.complete(prompt.text, sampling)


async def converse(engine: Engine, prompt: Chat, sampling: Sampling, stream: bool = False) -> Answer:
    """Writes the next turn; a model without a chat template continues the prompt's plain form where it has one."""
    if prompt.plain and not engine.converses:
        stop = (*sampling.stop, *prompt.plain_stop)
        answer = await engine.complete(prompt.plain, replace(sampling, stop=stop), stream)
        return replace(answer, form="continuation")
    return await engine.chat(prompt.messages, sampling, **({"stream": True} if stream else {}))


async def proceed(engine: Engine, prompt: FewShot, sampling: Sampling, stream: bool = False) -> Answer:
    """Goes on from solved examples and a question, as text or as conversation; raises as :func:`ask` does."""
    _check_converses(engine, prompt)

    async def send(prompt: FewShot) -> Answer:
        if prompt.chat:
            return await engine.chat(prompt.turns, sampling, stream)
        return await engine.complete(plain(prompt.turns), sampling, stream)

    return await _shortened(prompt, send)


def _check_converses(engine: Engine, prompt: FewShot | Likelihood) -> None:
    if prompt.chat and not engine.converses:
        raise UsageError("the model has no chat template", "leave out the setting chat=true")


async def _shortened(prompt: S, send: Callable[[S], Awaitable[Answer]]) -> Answer:
    """Sent with all solved examples, or with as many of the last ones as fit the context."""
    for dropped in range(len(prompt.shots) + 1):
        shorter = replace(prompt, shots=prompt.shots[dropped:])
        try:
            answer = await send(shorter)
        except PromptTooLongError as error:
            too_long = error
        else:
            return replace(answer, dropped_shots=dropped)
    raise too_long


def cannot_score(engine: Engine, what: str) -> UnavailableError:
    """That an engine tells no likelihood of ``what``, and which ones do."""
    name = engine.describe()["engine"]
    mend = "ask with --engine vllm or transformers, or leave out the benchmark"
    return UnavailableError(f"the engine {name} tells no log-probabilities of {what}", mend)


def check_context(prompt: int, answer: int, context: int) -> None:
    """Raises PromptTooLongError where so many tokens of prompt and answer do not fit the context (0: unknown)."""
    if context and prompt + answer > context:
        raise PromptTooLongError(f"prompt too long: {prompt} tokens + {answer} for the answer > {context}")


def whole(text: str | None) -> str:
    """The text of an answer.

    Raises:
        EngineError: the server sent none, which says nothing about the model.
    """
    if text is None:
        raise EngineError("the server sent an answer without text")
    return text
