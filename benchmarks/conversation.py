"""What the benchmarks of Duo Chat have in common: a system's turn, what was said before, and the user's turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

from harness.prompts.extract import without_chat_junk
from harness.prompts.instructions import Instruction
from harness.prompts.markdown import fenced_blocks
from harness.records import Chat, Message, Sample


@dataclass(frozen=True)
class Turn:
    """One turn of what was said before."""

    role: Literal["user", "assistant"]
    content: str


def conversation(instruction: Instruction, history: Sequence[Turn], text: str) -> Chat:
    """The prompt: the user's last turn is ``text``."""
    before = (Message(turn.role, turn.content) for turn in history)
    return Chat((Message("system", instruction.system), *before, Message("user", text)))


class Asked(Protocol):
    """What rows of all these benchmarks have."""

    @property
    def id(self) -> str: ...  # noqa: D102

    @property
    def difficulty(self) -> str: ...  # noqa: D102

    @property
    def history(self) -> Sequence[Turn]: ...  # noqa: D102


def sample_of(
    row: Asked, instruction: Instruction, text: str, tags: Mapping[str, str] = MappingProxyType({}), language: str = ""
) -> Sample:
    """``row`` asked in a conversation that ends with ``text``; ``language`` is that of the code that is run for it."""
    told = {**tags, "difficulty": row.difficulty, "turns": "several" if row.history else "one"}
    return Sample(row.id, conversation(instruction, row.history, text), row, row.id, language, told)


def spoken(sample: Sample) -> str:
    """What was said in a sample's conversation, but for the system's turn."""
    assert isinstance(sample.prompt, Chat)
    turns = [turn for turn in sample.prompt.messages if turn.role != "system"]
    return turns[0].content if len(turns) == 1 else "\n\n".join(f"{turn.role}: {turn.content}" for turn in turns)


def last_block(reply: str, *languages: str) -> str:
    """The content of a reply's last fenced block that is in one of ``languages`` or does not say; "" if it has none."""
    blocks = [block for block in fenced_blocks(without_chat_junk(reply)) if block.code.strip()]
    return next((block.code for block in reversed(blocks) if block.language in ("", *languages)), "")
