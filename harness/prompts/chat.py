"""Conversations for models that know none."""

from collections.abc import Iterable

from harness.records import Message

_HEADINGS = {"system": "", "user": "### Request\n", "assistant": "### Answer\n"}


def plain_text(messages: Iterable[Message]) -> str:
    """The conversation as a document that a base model continues with the assistant's next turn."""
    turns = [f"{_HEADINGS[message.role]}{message.content.strip()}\n\n" for message in messages]
    return "".join(turns) + _HEADINGS["assistant"]
