"""What the benchmarks of Duo Chat have in common: a system's turn, what was said before, and the user's turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.prompts.extract import without_chat_junk
from harness.prompts.instructions import Instruction
from harness.prompts.markdown import fenced_blocks
from harness.records import Chat, Message


@dataclass(frozen=True)
class Turn:
    """One turn of what was said before."""

    role: Literal["user", "assistant"]
    content: str


def conversation(instruction: Instruction, history: Sequence[Turn], text: str) -> Chat:
    """The prompt: the user's last turn is ``text``."""
    before = (Message(turn.role, turn.content) for turn in history)
    return Chat((Message("system", instruction.system), *before, Message("user", text)))


def turns(history: Sequence[Turn]) -> dict[str, str]:
    """The tag that tells single questions from those that follow on others."""
    return {"turns": "several" if history else "one"}


def fenced(code: str, language: str) -> str:
    """``code`` as a block of Markdown, with a fence that is in none of its lines."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def last_block(reply: str, *languages: str) -> str:
    """The content of a reply's last fenced block that is in one of ``languages`` or does not say; "" if it has none."""
    blocks = [block for block in fenced_blocks(without_chat_junk(reply)) if block.code.strip()]
    return next((block.code for block in reversed(blocks) if block.language in ("", *languages)), "")
