"""What an engine is: something that answers prompts, many at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from harness.records import Answer, Chat, Message, Prompt, Sampling


@dataclass(frozen=True)
class EngineSettings:
    """Which engine, and how: all of it but ``api_key_env`` may change scores.

    ``max_model_len`` is the context in tokens (None: the model's own); ``base_url`` the server of the engine
    "endpoint"; ``api_key_env`` the name of the environment variable that holds its key, never the key.
    """

    name: str = "transformers"
    dtype: str = "auto"
    max_model_len: int | None = None
    base_url: str = ""
    api_key_env: str = ""


class Engine(Protocol):
    """Answers prompts; an async context manager that holds the model while it is open.

    Every method may be awaited many times at once; an engine batches what is in flight. ``concurrency`` is the number
    of prompts in flight beyond which it gains nothing.
    """

    concurrency: int

    async def __aenter__(self) -> Self:
        """Loads the model or reaches the server."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Lets go of it, on every way out."""
        ...

    async def complete(self, text: str, sampling: Sampling) -> Answer:
        """Continues ``text``.

        Raises:
            PromptTooLongError: text and answer do not fit the context.
            EngineError: the engine failed on this prompt; trying again may help.
        """
        ...

    async def chat(self, messages: tuple[Message, ...], sampling: Sampling) -> Answer:
        """Writes the next assistant turn, in the model's own chat template; raises as :meth:`complete` does."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """What answered, for the manifest: versions, dtype, context, hardware. No secret."""
        ...


async def ask(engine: Engine, prompt: Prompt, sampling: Sampling) -> Answer:
    """Sends one prompt by the method of its kind; raises as :meth:`Engine.complete` does."""
    if isinstance(prompt, Chat):
        return await engine.chat(prompt.messages, sampling)
    return await engine.complete(prompt.text, sampling)
