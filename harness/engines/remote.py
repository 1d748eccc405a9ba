"""What engines behind an HTTP API share: a checked address, a key that goes nowhere, paced requests, clear errors.

The SDKs of OpenAI and Anthropic retry with jitter and wait as Retry-After says; their errors have the same names.
"""

import asyncio
import importlib
import re
import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from importlib.util import find_spec
from types import ModuleType, TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from harness.engines.base import Engine
from harness.engines.infilling import NOT_CHECKED
from harness.entries import Endpoint
from harness.errors import (
    EngineError,
    NoLogProbabilitiesError,
    PromptTooLongError,
    RefusedError,
    UnknownNameError,
    UsageError,
    first_line,
)
from harness.records import Message

RETRIES = 4
"""Of the client itself; the pipeline tries again on top of these."""
CHARACTERS_A_TOKEN = 3.5
"""For estimates before a request: code and English lie between 3 and 4.5 with the vocabularies of today."""

T = TypeVar("T")


def checked(base_url: str) -> str:
    """The address itself.

    Raises:
        UsageError: it is no http(s) address, or holds a user name or key.
    """
    url = urlsplit(base_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise UsageError(f'--base-url "{base_url}" is no address', "e.g. --base-url http://127.0.0.1:8000/v1")
    if url.username or url.password or url.query:
        raise UsageError("--base-url must hold no key", "put the key in a variable and name it with --api-key-env")
    return base_url


def tokens_of(messages: tuple[Message, ...]) -> int:
    """About how many tokens a conversation is."""
    return int(sum(len(message.content) for message in messages) / CHARACTERS_A_TOKEN)


class Pace:
    """Lets at most ``per_minute`` units a minute through, evenly spaced: no burst that a server would refuse."""

    def __init__(self, per_minute: float | None) -> None:
        self._seconds_a_unit = 60 / per_minute if per_minute else 0.0
        self._free_at = 0.0

    async def wait(self, units: float = 1) -> None:
        """Waits for the turn of ``units``."""
        now = time.monotonic()
        turn = max(now, self._free_at)
        self.take(units)
        if turn > now:
            await asyncio.sleep(turn - now)

    def take(self, units: float) -> None:
        """Counts ``units`` that nobody waited for; a negative number gives some back."""
        self._free_at = max(time.monotonic(), self._free_at) + units * self._seconds_a_unit


class Caller:
    """Sends requests through an SDK: paced, with the SDK's errors as the harness's and without the key in any text."""

    def __init__(self, sdk: ModuleType, settings: Endpoint, key: str) -> None:
        self._sdk, self._url, self._key = sdk, settings.base_url, key
        # The SDKs' HTTP library (its name depends on their version): a stream that breaks is one of its errors.
        self._broken = tuple(importlib.import_module(name).HTTPError for name in ("httpx", "httpx2") if find_spec(name))
        self._requests, self._tokens = Pace(settings.requests_per_minute), Pace(settings.tokens_per_minute)

    async def call(self, request: Callable[[], Awaitable[T]], tokens: int = 0) -> T:
        """Sends one request of about ``tokens`` tokens, prompt and answer together.

        Raises:
            UsageError: the server refuses the key, or has no such route or model.
            PromptTooLongError: the prompt does not fit the model's context.
            EngineError: anything else that went wrong; trying again may help.
        """
        await self._requests.wait()
        await self._tokens.wait(tokens)
        sdk: Any = self._sdk
        try:
            found = await request()
        except (sdk.AuthenticationError, sdk.PermissionDeniedError) as error:
            raise UsageError(f"{self._url} refuses the key: {self.said(error)}", "mend --api-key-env") from None
        except sdk.NotFoundError as error:
            mend = "check --base-url (most end in /v1), --model and --protocol"
            raise UsageError(f"{self._url}: not found: {self.said(error)}", mend) from None
        except sdk.BadRequestError as error:
            raise self._refused(self.said(error)) from None
        except (sdk.APIError, *self._broken, IndexError, AttributeError, ValueError, TypeError) as error:
            raise EngineError(f"{type(error).__name__}: {self.said(error)}") from None
        usage = getattr(found, "usage", None)
        spent = getattr(usage, "total_tokens", None)
        self._tokens.take((spent or tokens) - tokens)
        return found

    def _refused(self, said: str) -> EngineError | UsageError:
        if re.search(r"context|max_model_len|too long|maximum.{0,20}tokens", said, re.IGNORECASE):
            return PromptTooLongError(f"prompt too long: {said}")
        if "logprobs" in said:
            return NoLogProbabilitiesError(self._url, said)
        return RefusedError(f"the server refuses the request: {said}")

    def said(self, error: Exception) -> str:
        """The error's first line, without the key, which a server may send back."""
        text = first_line(error)[:300]
        return text.replace(self._key, "[key]") if self._key else text


class RemoteEngine(Engine):
    """An engine that asks the server at ``_base_url``, through an SDK's ``_client``, for the model called ``_name``."""

    concurrency = 32
    _client: Any
    _name: str
    _base_url: str

    @abstractmethod
    async def models(self) -> Mapping[str, Any]:
        """What the server says of each model it has, by name; raises as :meth:`Caller.call` does."""

    async def __aenter__(self) -> Self:
        """Asks which models the server has.

        Raises:
            UsageError: it cannot be reached, or refuses the key.
            UnknownNameError: it does not have this model.
        """
        try:
            served = await self.models()
            if served and self._name not in served:
                raise UnknownNameError(f"model of {self._base_url}", self._name, served)
        except EngineError as error:
            await self._client.close()
            raise UsageError(
                f"{self._base_url}: {error.message}", "check --base-url and that the server runs"
            ) from None
        except BaseException:
            await self._client.close()
            raise
        self.sentinels = NOT_CHECKED if self.expects_infills and self.infill_format else ""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()
