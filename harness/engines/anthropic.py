"""The engine for a server that speaks Anthropic's Messages protocol: Claude, a gateway to it, or a vLLM."""

import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import anthropic
from anthropic import AsyncAnthropic

from harness.engines.model import Model
from harness.engines.remote import RETRIES, Caller, RemoteEngine, checked, tokens_of
from harness.entries import Endpoint
from harness.errors import EngineError, NoLogProbabilitiesError, UsageError
from harness.records import Answer, Choice, Message, Sampling


class AnthropicEngine(RemoteEngine):
    """Answers with the model that the server calls ``model.served_name``; it knows conversations only.

    ``settings.base_url`` may end in /v1, which the protocol's own paths repeat.
    """

    def __init__(self, model: Model, settings: Endpoint, key: str) -> None:
        """Checks the address; contacts nobody.

        Raises:
            UsageError: the address is none, or holds a user name or key.
        """
        self._name, self._settings = model.served_name, settings
        self._base_url = checked(settings.base_url)
        self._caller = Caller(anthropic, settings, key)
        self._client = AsyncAnthropic(
            api_key=key or "none",
            default_headers={"Authorization": f"Bearer {key or 'none'}"},  # what gateways and vLLM read
            base_url=self._base_url.rstrip("/").removesuffix("/v1"),
            max_retries=RETRIES,
            timeout=settings.timeout_seconds,
        )

    async def models(self) -> dict[str, Any]:
        """What the server says of each model it has, by name; raises as :meth:`Caller.call` does."""
        return await self._caller.call(self._listed)

    async def complete(self, text: str, sampling: Sampling, stream: bool = False) -> Answer:
        """Raises UsageError: the protocol has no completions."""
        raise UsageError(
            f"{self._base_url}: the Anthropic protocol cannot continue a plain text",
            "leave out the benchmark that asks for it, or use a server with --protocol openai",
        )

    async def chat(self, messages: tuple[Message, ...], sampling: Sampling, stream: bool = False) -> Answer:
        """Writes the next assistant turn; system messages go where the protocol has them."""
        arguments = self._arguments(messages, sampling)
        started = time.monotonic()
        first = None
        tokens = tokens_of(messages) + sampling.max_tokens
        if stream:
            found, first = await self._caller.call(lambda: self._streamed(arguments, started), tokens)
        else:
            found = await self._caller.call(lambda: self._client.messages.create(**arguments), tokens)
        if not found.stop_reason or not found.usage:
            raise EngineError("the server sent an answer without its end")
        return Answer(
            text="".join(block.text for block in found.content or () if block.type == "text"),
            finish_reason="length" if found.stop_reason == "max_tokens" else "stop",
            prompt_tokens=found.usage.input_tokens,
            answer_tokens=found.usage.output_tokens,
            seconds=round(time.monotonic() - started, 4),
            first_token_seconds=None if first is None else round(first, 4),
        )

    async def choose(self, prompt: Choice) -> Answer:
        """Raises NoLogProbabilitiesError: the protocol has none."""
        raise NoLogProbabilitiesError(self._base_url, "the Anthropic protocol has none")

    def describe(self) -> Mapping[str, Any]:
        """The server's address and its name for the model."""
        return {
            "engine": "endpoint",
            "protocol": "anthropic",
            "anthropic": version("anthropic"),
            "base_url": self._base_url,
            "model": self._name,
        }

    async def _listed(self) -> dict[str, Any]:
        # The first request of a run: an address that is wrong is said at once.
        return {each.id: each async for each in self._client.with_options(max_retries=1).models.list()}

    def _arguments(self, messages: tuple[Message, ...], sampling: Sampling) -> dict[str, Any]:
        system = "\n\n".join(message.content for message in messages if message.role == "system")
        turns = [{"role": message.role, "content": message.content} for message in messages if message.role != "system"]
        given = {
            "model": self._name,
            "messages": turns,
            "max_tokens": sampling.max_tokens,
            "system": system or None,
            "stop_sequences": [stop for stop in sampling.stop if stop.strip()] or None,
        }
        # The SDK has no parameters for these from 2.0 on; the protocol still has.
        body = {
            "temperature": sampling.temperature,
            # Newer models refuse temperature and top_p together; 1 means no limit, which is what leaving it out means.
            "top_p": sampling.top_p if sampling.top_p < 1 else None,
        }
        return self._wanted(given) | {"extra_body": self._wanted(body) | dict(self._settings.extra)}

    def _wanted(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in given.items() if value is not None and name not in self._settings.omit}

    async def _streamed(self, arguments: dict[str, Any], started: float) -> tuple[Any, float | None]:
        """The whole message of a stream, and the seconds to its first text."""
        first = None
        async with self._client.messages.stream(**arguments) as stream:
            async for _ in stream.text_stream:
                first = first or time.monotonic() - started
            return await stream.get_final_message(), first
