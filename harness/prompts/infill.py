"""Fill-in-the-middle: a place in a file as text in a family's own tokens, or as a chat for models that have none."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch

from harness.records import Infill, Message

CURSOR = "<|cursor|>"
VERSION = "1"
"""Of the wording below; part of a run's settings."""

_INSTRUCTION = (
    "You complete code while it is being typed. In the file you are given, the cursor is marked. Write exactly the "
    "text that belongs at the cursor, in one fenced code block, and nothing else. Repeat nothing of what stands before "
    "or after it."
)


@dataclass(frozen=True)
class InfillFormat:
    """A family's way to mark the place: ``template`` holds {prefix} and {suffix}; its tokens in an answer end it."""

    name: str
    models: tuple[str, ...]
    template: str
    stop: tuple[str, ...]

    def text(self, prompt: Infill) -> str:
        """The prompt as the text to be continued."""
        return self.template.format(prefix=prompt.prefix, suffix=prompt.suffix)


def matching(model: str, formats: Iterable[InfillFormat]) -> InfillFormat | None:
    """The first format whose family ``model`` (a name, a folder or a repository) belongs to."""
    name = model.lower().rstrip("/")
    return next((each for each in formats if any(fnmatch(name, pattern) for pattern in each.models)), None)


def as_chat(prompt: Infill) -> tuple[Message, ...]:
    """The prompt as a conversation, for a model without tokens for infilling; the answer comes in a fence."""
    heading = f"File {prompt.path}:\n" if prompt.path else ""
    file = f"```{prompt.language}\n{prompt.prefix}{CURSOR}{prompt.suffix}\n```"
    return Message("system", _INSTRUCTION), Message("user", heading + file)
