"""The engine for a server that already runs and speaks OpenAI's protocol: a foundational model, a gateway, a vLLM.

The key comes from an environment variable and goes nowhere but into the request's header.
"""

import functools
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import Any, TypeVar

import openai
from openai import AsyncOpenAI

from harness.catalog import Endpoint
from harness.engines.base import whole
from harness.engines.model import Model
from harness.engines.remote import CHARACTERS_A_TOKEN, RETRIES, Caller, RemoteEngine, checked, tokens_of
from harness.errors import EngineError, NoLogProbabilitiesError, UsageError
from harness.records import Answer, Message, Sampling

TOP_LOGPROBS = (20, 5)
"""How many of the likeliest tokens are asked for: what vLLM allows, then what OpenAI's completions allow."""
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
        return await self._completion(text, int(len(text) / CHARACTERS_A_TOKEN), sampling, stream)

    async def chat(self, messages: tuple[Message, ...], sampling: Sampling, stream: bool = False) -> Answer:
        """Writes the next assistant turn; the server applies its own chat template."""
        turns = [{"role": message.role, "content": message.content} for message in messages]
        arguments = {"messages": turns} | self._arguments(sampling)
        if limit := arguments.pop("max_tokens", None):
            arguments[self._settings.max_tokens_name] = limit
        return await self._answer(_chat, arguments, tokens_of(messages) + sampling.max_tokens, stream)

    async def choose(self, context: str, options: tuple[str, ...]) -> Answer:
        """Log-probabilities of options that are one token each, as far as they are among the likeliest tokens.

        A server's tokens are compared by their text, because it tells no ids; an option that is not among those it
        reports has None.
        """
        started = time.monotonic()
        found = await self._likeliest(context)
        choice = found.choices[0]
        top = choice.logprobs.top_logprobs if choice.logprobs else None
        if not top or not top[0]:
            raise NoLogProbabilitiesError(self._base_url, "no log-probabilities in its answer")
        likely = {token.strip(): value for token, value in sorted(top[0].items(), key=lambda pair: pair[1])}
        return Answer(
            text="",
            finish_reason="length",
            prompt_tokens=found.usage.prompt_tokens if found.usage else 0,
            answer_tokens=1,
            seconds=round(time.monotonic() - started, 4),
            options=tuple(likely.get(option.strip()) for option in options),
        )

    def describe(self) -> Mapping[str, Any]:
        """The server's address and its name for the model."""
        return {
            "engine": "endpoint",
            "protocol": "openai",
            "openai": version("openai"),
            "base_url": self._base_url,
            "model": self._name,
            "infill": self.infill_format.name if self.infill_format else None,
        }

    async def _likeliest(self, context: str) -> Any:
        """The answer to one completion of one token with as many log-probabilities as the server gives."""
        arguments = self._arguments(Sampling(max_tokens=1)) | {"prompt": context}
        for count in TOP_LOGPROBS:
            try:
                request = functools.partial(_completion, **arguments, logprobs=count)
                return await self._send(request, int(len(context) / CHARACTERS_A_TOKEN) + 1)
            except NoLogProbabilitiesError as error:
                refusal = error
            except UsageError as error:
                if "not found" not in error.message:
                    raise
                raise NoLogProbabilitiesError(self._base_url, "it has no /completions") from None
        raise refusal

    async def _completion(
        self, prompt: str | list[int], tokens: int, sampling: Sampling, stream: bool, **extra: Any
    ) -> Answer:
        arguments = {"prompt": prompt} | self._arguments(sampling) | extra
        return await self._answer(_completion, arguments, tokens + sampling.max_tokens, stream)

    def _arguments(self, sampling: Sampling) -> dict[str, Any]:
        given = {
            "model": self._name,
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "stop": list(sampling.stop) or None,
            "seed": sampling.seed,
        }
        kept = {name: value for name, value in given.items() if name not in self._settings.omit}
        return kept | ({"extra_body": dict(self._settings.extra)} if self._settings.extra else {})

    async def _answer(self, create: Create, arguments: dict[str, Any], tokens: int, stream: bool) -> Answer:
        started = time.monotonic()
        if stream:
            return await self._send(lambda client: _streamed(create(client, **arguments, **STREAM), started), tokens)
        found = await self._send(functools.partial(create, **arguments), tokens)
        if not found.choices:
            raise EngineError("the server sent an answer without a choice")
        usage, choice = found.usage, found.choices[0]
        return Answer(
            text=whole(choice.message.content if hasattr(choice, "message") else choice.text),
            finish_reason="length" if choice.finish_reason == "length" else "stop",
            prompt_tokens=usage.prompt_tokens if usage else 0,
            answer_tokens=usage.completion_tokens if usage else 0,
            seconds=round(time.monotonic() - started, 4),
        )


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
