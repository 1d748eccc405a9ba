"""What every parser tells of a text: its statements and its definitions. Rows count from 0."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["definition", "setup", "code", "value", "words"]


@dataclass(frozen=True)
class Statement:
    """A top-level statement, the names that no other may define again, and its rows.

    Kinds: a definition names a function or class; setup is an import or a constant; a value is an expression for its
    own sake; words are prose that happens to parse, like ``Sure`` or ``Note: this``; code is all the rest.
    """

    kind: Kind
    names: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True)
class Definition:
    """A function or class at any depth; ``scope`` names those around it; hollow if it has no body yet."""

    name: str
    scope: tuple[str, ...]
    first: int
    last: int
    hollow: bool

    @property
    def path(self) -> tuple[str, ...]:
        """The names from the outermost to its own."""
        return (*self.scope, self.name)


def wordy(text: str) -> bool:
    """Whether ``text`` is words, commas, hyphens and slashes only, as prose is that parses by chance."""
    text = text.strip().lstrip("-*+~ ").rstrip(";")
    return any(map(str.isalpha, text)) and all(char.isalnum() or char in " ,-/\n" for char in text)
