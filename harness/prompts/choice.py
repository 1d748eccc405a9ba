"""Multiple choice for models that tell no log-probabilities: a question to be answered with a letter."""

import re
from string import ascii_uppercase

from harness.records import Choice, Message

VERSION = "1"
"""Of the wording below; part of a run's settings."""

_INSTRUCTION = "Choose the one option that continues the text best. Answer with its letter alone."


def as_chat(choice: Choice) -> tuple[Message, ...]:
    """The choice as a conversation. Options that are letters already are not lettered again."""
    if _letters(choice) == [option.strip() for option in choice.options]:
        listed = f"Options: {', '.join(_letters(choice))}"
    else:
        pairs = zip(_letters(choice), choice.options, strict=True)
        listed = "\n".join(f"{letter}. {option.strip()}" for letter, option in pairs)
    return Message("system", _INSTRUCTION), Message("user", f"{choice.text}\n\n{listed}")


def chosen(text: str, choice: Choice) -> int | None:
    """Which option an answer names: the first letter that stands alone and is no word ("A cat"); None without one."""
    # Of the letters only A and I are words, and "A is" does not begin with one.
    found = re.search(rf"\b([{''.join(_letters(choice))}])\b(?!(?<=[AI]) (?!is\b)[a-z])", text)
    return ascii_uppercase.index(found[1]) if found else None


def _letters(choice: Choice) -> list[str]:
    return list(ascii_uppercase[: len(choice.options)])
