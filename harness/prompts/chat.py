"""Conversations for models that know none."""

from collections.abc import Iterable

from harness.records import Message

NEXT_TURN = "\n### Request"
"""Where a base model that continues :func:`plain_text` has ended its turn: it must stop there."""

_HEADINGS = {"system": "", "user": f"{NEXT_TURN[1:]}\n", "assistant": "### Answer\n"}


def plain_text(messages: Iterable[Message]) -> str:
    """The conversation as a document that a base model continues with the assistant's next turn."""
    turns = [f"{_HEADINGS[message.role]}{message.content.strip()}\n\n" for message in messages]
    return "".join(turns) + _HEADINGS["assistant"]
