"""The engine for a server that already runs and speaks OpenAI's protocol: a foundational model, a gateway, a vLLM.

The key comes from an environment variable and goes nowhere but into the request's header.
"""

import functools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any, TypeVar

import openai
from openai import AsyncOpenAI

from harness.engines.base import cannot_score, whole
from harness.engines.likeliest import chat_request, echoed, likeliest
from harness.engines.model import Model
from harness.engines.remote import CHARACTERS_A_TOKEN, RETRIES, Caller, RemoteEngine, checked, tokens_of
from harness.engines.stems import Likely
from harness.entries import Endpoint
from harness.errors import EngineError, NoLogProbabilitiesError, RefusedError, UsageError
from harness.records import Answer, Choice, Likelihood, Message, Sampling, plain

TOP_LOGPROBS = (20, 5)
"""How many of the likeliest tokens are asked for: what vLLM allows, then what OpenAI's completions allow."""
MOST_STOPS = 4
"""So many stop strings OpenAI's API takes, and vLLM since 0.32. Others end an answer here, after it was written."""
STREAM = {"stream": True, "stream_options": {"include_usage": True}}

T = TypeVar("T")
Create = Callable[..., Awaitable[Any]]


class EndpointEngine(RemoteEngine):
    """Answers with the model that the server at ``settings.base_url`` calls ``model.served_name``."""

    def __init__(self, model: Model, settings: Endpoint, key: str) -> None:
        """Checks the address; contacts nobody.

        Raises:
            UsageError: the address is none, or holds a user name or key.
        """
        self.infill_format = model.infill
        self._name, self._settings, self._base_url = model.served_name, settings, checked(settings.base_url)
        self._connect(key)

    _echoes = True  # until the server shows that it does not

    def _connect(self, key: str, retries: int = RETRIES) -> None:
        self._caller = Caller(openai, self._settings, key)
        self._client = AsyncOpenAI(
            api_key=key or "none",
            base_url=self._base_url,
            max_retries=retries,
            timeout=self._settings.timeout_seconds,
        )

    async def _send(self, request: Callable[[AsyncOpenAI], Awaitable[T]], tokens: int = 0) -> T:
        """Sends one request; raises as :meth:`Caller.call` does."""
        return await self._caller.call(lambda: request(self._client), tokens)

    async def models(self) -> dict[str, dict[str, Any]]:
        """What the server says of each model it has, by name; raises as :meth:`Caller.call` does."""
        found = await self._send(_list)
        return {each.id: each.model_dump() for each in found.data}

    async def complete(self, text: str, sampling: Sampling, stream: bool = False) -> Answer:
        """Continues ``text``; see :class:`harness.engines.base.Engine`."""
        return await self._completion(text, _about(text), sampling, stream)

    async def chat(self, messages: tuple[Message, ...], sampling: Sampling, stream: bool = False) -> Answer:
        """Writes the next assistant turn; the server applies its own chat template."""
        if messages[-1].role == "assistant":
            raise UsageError("an OpenAI-style server does not go on from a turn that is begun", "switch prefilling off")
        turns = [{"role": message.role, "content": message.content} for message in messages]
        arguments = {"messages": turns} | self._arguments(sampling)
        if limit := arguments.pop("max_tokens", None):
            arguments[self._settings.max_tokens_name] = limit
        return await self._answer(_chat, arguments, tokens_of(messages), sampling, stream)

    async def choose(self, prompt: Choice) -> Answer:
        """Log-probabilities of options, by the cheapest way that the server offers.

        Options of one word are looked for among the likeliest next tokens, compared by text because a server tells no
        ids; one that is not among them has None. Options of several words, or of which none is among those, are
        exact: the server echoes each with its tokens' log-probabilities.

        Raises:
            NoLogProbabilitiesError: the server offers neither.
        """
        started = time.monotonic()
        told: tuple[float | None, ...] = ()
        tokens = 0
        several = any(len(option.split()) > 1 for option in prompt.options)
        if not several or prompt.chat:
            likely, tokens = await self._likeliest(prompt)
            told = tuple(likely.get(option.strip()) for option in prompt.options)
        if all(value is None for value in told) and not prompt.chat and self._echoes:
            found = await self._echoed([(prompt.text, option) for option in prompt.options])
            told, tokens = (tuple(each.value for each in found[0]), found[1]) if found else (told, tokens)
        if several and not any(value is not None for value in told):
            raise NoLogProbabilitiesError(self._base_url, "options of several tokens, and it does not echo them")
        seconds = round(time.monotonic() - started, 4)
        return Answer("", "length", prompt_tokens=tokens, answer_tokens=1, seconds=seconds, options=told)

    async def likelihood(self, prompt: Likelihood) -> Answer:
        """Exact log-probabilities of options that the server echoes; a conversation's template is the server's own."""
        started = time.monotonic()
        texts = [(plain(prompt.before(question)), option) for question, option in prompt.of_each]
        found = None if prompt.chat or not self._echoes else await self._echoed(texts)
        if not found:
            raise cannot_score(self, "options that it is given")
        likely, tokens = found
        values, greedy = tuple(each.value for each in likely), tuple(each.greedy for each in likely)
        return Answer("", "length", tokens, 1, round(time.monotonic() - started, 4), options=values, greedy=greedy)

    def describe(self) -> Mapping[str, Any]:
        """The server's address and its name for the model."""
        return {
            "engine": "endpoint",
            "protocol": "openai",
            "openai": version("openai"),
            "base_url": self._base_url,
            "model": self._name,
            "infill": self.infill_format.name if self.infill_format else None,
            "sentinels": self.sentinels,
        }

    async def _likeliest(self, prompt: Choice) -> tuple[dict[str, float], int]:
        """Log-probabilities of as many next tokens as the server tells, by their stripped text; the prompt's tokens."""
        refusal: NoLogProbabilitiesError | None = None
        for count in TOP_LOGPROBS:
            request = chat_request(prompt, count) if prompt.chat else {"prompt": prompt.text, "logprobs": count}
            arguments = self._arguments(Sampling(max_tokens=1)) | request
            create = _chat if prompt.chat else _completion
            try:
                found = await self._send(functools.partial(create, **arguments), _about(prompt.text) + 1)
            except NoLogProbabilitiesError as error:
                refusal = error
                continue
            except UsageError as error:
                if "not found" not in error.message:
                    raise
                raise NoLogProbabilitiesError(self._base_url, "it has no /completions") from None
            likely = likeliest(found.choices[0])
            if not likely:
                raise NoLogProbabilitiesError(self._base_url, "no log-probabilities in its answer")
            return likely, found.usage.prompt_tokens if found.usage else 0
        assert refusal is not None
        raise refusal

    async def _echoed(self, pairs: Sequence[tuple[str, str]]) -> tuple[list[Likely], int] | None:
        """How likely each option is, as the server tells it of a text that it is sent; None where it does not.

        ``pairs`` are what stands before each option, and the option.

        The same convention as :meth:`harness.engines.tokens.Tokens.choice`: white space before an option is the
        option's, and so is a token that spans the join.
        """
        texts = [before + option for before, option in pairs]
        arguments = self._arguments(Sampling(max_tokens=1)) | {"prompt": texts, "echo": True, "logprobs": 1}
        try:
            found = await self._send(functools.partial(_completion, **arguments), sum(map(_about, texts)))
        except (NoLogProbabilitiesError, RefusedError):
            self._echoes = False
            return None
        by_index = {choice.index: choice for choice in found.choices}
        likely = [
            echoed(by_index.get(number), len(before.rstrip()), before + option)
            for number, (before, option) in enumerate(pairs)
        ]
        told = [each for each in likely if each is not None]
        if len(told) < len(likely):
            self._echoes = False
            return None
        return told, found.usage.prompt_tokens if found.usage else 0

    async def _completion(
        self, prompt: str | list[int], tokens: int, sampling: Sampling, stream: bool, **extra: Any
    ) -> Answer:
        arguments = {"prompt": prompt} | self._arguments(sampling) | extra
        return await self._answer(_completion, arguments, tokens, sampling, stream)

    def _arguments(self, sampling: Sampling) -> dict[str, Any]:
        given = {
            "model": self._name,
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "stop": list(sampling.stop[:MOST_STOPS]) or None,
            "seed": sampling.seed,
        }
        kept = {name: value for name, value in given.items() if name not in self._settings.omit}
        return kept | ({"extra_body": dict(self._settings.extra)} if self._settings.extra else {})

    async def _answer(
        self, create: Create, arguments: dict[str, Any], tokens: int, sampling: Sampling, stream: bool
    ) -> Answer:
        most = tokens + sampling.max_tokens
        started = time.monotonic()
        if stream:
            streamed = await self._send(lambda client: _streamed(create(client, **arguments, **STREAM), started), most)
            return _ended(streamed, sampling.stop)
        found = await self._send(functools.partial(create, **arguments), most)
        if not found.choices:
            raise EngineError("the server sent an answer without a choice")
        usage, choice = found.usage, found.choices[0]
        answer = Answer(
            text=whole(choice.message.content if hasattr(choice, "message") else choice.text),
            finish_reason="length" if choice.finish_reason == "length" else "stop",
            prompt_tokens=usage.prompt_tokens if usage else 0,
            answer_tokens=usage.completion_tokens if usage else 0,
            seconds=round(time.monotonic() - started, 4),
        )
        return _ended(answer, sampling.stop)


def _ended(answer: Answer, stop: Sequence[str]) -> Answer:
    """``answer`` up to the first of ``stop``, of which the server may not have been told all."""
    places = [place for each in stop if (place := answer.text.find(each)) >= 0]
    return replace(answer, text=answer.text[: min(places)], finish_reason="stop") if places else answer


def _about(text: str) -> int:
    return int(len(text) / CHARACTERS_A_TOKEN)


async def _list(client: AsyncOpenAI) -> Any:
    # The first request of a run: an address that is wrong is said at once.
    return await client.with_options(max_retries=1).models.list()


def _completion(client: AsyncOpenAI, **arguments: Any) -> Awaitable[Any]:
    return client.completions.create(**arguments)


def _chat(client: AsyncOpenAI, **arguments: Any) -> Awaitable[Any]:
    return client.chat.completions.create(**arguments)


async def _streamed(opening: Awaitable[Any], started: float) -> Answer:
    """The answer put together from the events of a stream, with the time to its first token."""
    text, first, reason, usage = [], None, "stop", None
    async for event in await opening:
        usage = event.usage or usage
        for choice in event.choices:
            piece = choice.delta.content if hasattr(choice, "delta") else choice.text
            if piece:
                first = first or time.monotonic() - started
                text.append(piece)
            reason = choice.finish_reason or reason
    return Answer(
        text="".join(text),
        finish_reason="length" if reason == "length" else "stop",
        prompt_tokens=usage.prompt_tokens if usage else 0,
        answer_tokens=usage.completion_tokens if usage else 0,
        seconds=round(time.monotonic() - started, 4),
        first_token_seconds=None if first is None else round(first, 4),
    )
