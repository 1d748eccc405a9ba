"""The engine for a server that already runs: anything that speaks OpenAI's protocol, a foundational model or a vLLM.

The key comes from an environment variable and goes nowhere but into the request's header.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import openai
from openai import AsyncOpenAI

from harness.engines.model import Model
from harness.errors import EngineError, PromptTooLongError, UnknownNameError, UsageError, first_line
from harness.records import Answer, Message, Sampling

RETRIES = 2
"""Of the client itself, with jitter and as Retry-After says; the pipeline tries again on top of these."""
TIMEOUT_SECONDS = 600.0

T = TypeVar("T")


class EndpointEngine:
    """Answers with the model that the server at ``base_url`` (it ends in /v1) calls ``model.served_name``."""

    concurrency = 32

    def __init__(self, model: Model, base_url: str, key: str) -> None:
        """Checks the address; contacts nobody.

        Raises:
            UsageError: ``base_url`` is no http(s) address, or holds a user name or key.
        """
        url = urlsplit(base_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise UsageError(f'--base-url "{base_url}" is no address', "e.g. --base-url http://127.0.0.1:8000/v1")
        if url.username or url.password or url.query:
            raise UsageError("--base-url must hold no key", "put the key in a variable and name it with --api-key-env")
        self._name, self._base_url, self._key = model.served_name, base_url, key
        self._client = AsyncOpenAI(
            api_key=key or "none", base_url=base_url, max_retries=RETRIES, timeout=TIMEOUT_SECONDS
        )

    async def __aenter__(self) -> Self:
        """Asks which models the server has.

        Raises:
            UsageError: it cannot be reached, or refuses the key.
            UnknownNameError: it does not have this model.
        """
        try:
            served = [each.id async for each in await self._call(self._client.models.list)]
        except EngineError as error:
            await self._client.close()
            raise UsageError(
                f"{self._base_url}: {error.message}", "check --base-url and that the server runs"
            ) from None
        except UsageError:
            await self._client.close()
            raise
        if served and self._name not in served:
            await self._client.close()
            raise UnknownNameError(f"model of {self._base_url}", self._name, served)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def complete(self, text: str, sampling: Sampling) -> Answer:
        """Continues ``text``; see :class:`harness.engines.base.Engine`."""
        started = time.monotonic()
        found = await self._call(lambda: self._client.completions.create(prompt=text, **self._settings(sampling)))
        return self._answer(found, found.choices[0].text, started)

    async def chat(self, messages: tuple[Message, ...], sampling: Sampling) -> Answer:
        """Writes the next assistant turn; the server applies its own chat template."""
        turns: Any = [{"role": message.role, "content": message.content} for message in messages]
        started = time.monotonic()
        found = await self._call(
            lambda: self._client.chat.completions.create(messages=turns, **self._settings(sampling))
        )
        return self._answer(found, found.choices[0].message.content or "", started)

    def describe(self) -> Mapping[str, Any]:
        """The server's address and its name for the model."""
        return {
            "engine": "endpoint",
            "openai": version("openai"),
            "base_url": self._base_url,
            "model": self._name,
        }

    def _settings(self, sampling: Sampling) -> dict[str, Any]:
        return {
            "model": self._name,
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "stop": list(sampling.stop) or None,
            "seed": sampling.seed,
        }

    def _answer(self, found: Any, text: str, started: float) -> Answer:
        usage = found.usage
        return Answer(
            text=text,
            finish_reason="length" if found.choices[0].finish_reason == "length" else "stop",
            prompt_tokens=usage.prompt_tokens if usage else 0,
            answer_tokens=usage.completion_tokens if usage else 0,
            seconds=round(time.monotonic() - started, 4),
        )

    async def _call(self, request: Callable[[], Awaitable[T]]) -> T:
        """Sends one request; the client's errors become the harness's."""
        try:
            return await request()
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise UsageError(f"{self._base_url} refuses the key: {self._said(error)}", "mend --api-key-env") from None
        except openai.BadRequestError as error:
            said = self._said(error)
            raise (PromptTooLongError(f"prompt too long: {said}") if "context" in said else EngineError(said)) from None
        except (openai.OpenAIError, IndexError, AttributeError, ValueError) as error:
            raise EngineError(f"{type(error).__name__}: {self._said(error)}") from None

    def _said(self, error: Exception) -> str:
        """The error's first line, without the key, which a server may send back."""
        text = first_line(error)[:300]
        return text.replace(self._key, "[key]") if self._key else text
