"""Fill-in-the-middle: a place in a file in a family's own tokens, or as a chat for models that have none.

A prompt is made of pieces: tokens of the family, and texts of the user. Where the model's tokenizer is at hand each
piece becomes token ids by itself, so that code which happens to spell a token stays code; where a server reads text,
such a word in the code is broken up (:func:`escaped`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Literal

from harness.records import Infill, Message

CURSOR = "<|cursor|>"
VERSION = "2"
"""Of the layout below; part of a run's settings."""

_BREAK = "\u200b"
"""A space without width: what breaks up a word of the code that a server would read as a token."""


@dataclass(frozen=True)
class Sentinel:
    """A token of a family, as the tokenizer's vocabulary spells it."""

    token: str


Piece = Sentinel | str


@dataclass(frozen=True)
class FilesFormat:
    """How a family marks other files of the repository; see configs/infill.yaml for each field."""

    other: str
    here: str = ""
    inside: str = ""
    where: Literal["front", "prefix"] = "front"
    token: str = ""
    repository: str = ""
    repository_token: str = ""


@dataclass(frozen=True)
class InfillFormat:
    """A family's way to mark the place; see configs/infill.yaml for each field."""

    name: str
    models: tuple[str, ...]
    order: Literal["PSM", "SPM"]
    prefix: str
    suffix: str
    middle: str = ""
    stop: tuple[str, ...] = ()
    turn: bool = False
    begin: str = ""
    text: str = ""
    files: FilesFormat | None = None

    def sentinels(self, with_files: bool = False) -> tuple[str, ...]:
        """The tokens that a prompt is made of."""
        marks = [self.prefix, self.suffix, self.middle]
        if with_files and self.files:
            marks += [self.files.token, self.files.repository_token]
        return tuple(filter(None, marks))

    def pieces(self, prompt: Infill) -> list[Piece]:
        """The prompt as tokens and texts, in order; other files are left out where the family cannot mark them."""
        front, inside = self._files(prompt)
        front += _filled(self.begin, {"path": prompt.path, "language": prompt.language})
        prefix: list[Piece] = [Sentinel(self.prefix), *inside, prompt.prefix]
        suffix: list[Piece] = [Sentinel(self.suffix), prompt.suffix]
        parts = [prefix, suffix] if self.order == "PSM" else [suffix, prefix]
        middle = [Sentinel(self.middle)] if self.middle else []
        return _joined([*front, *parts[0], *parts[1], *middle])

    def as_text(self, prompt: Infill) -> tuple[str, int]:
        """The prompt as one text, and how many words of the code had to be broken up in it."""
        words = self._words()
        texts = [piece if isinstance(piece, Sentinel) else escaped(piece, words) for piece in self.pieces(prompt)]
        broken = sum(each[1] for each in texts if isinstance(each, tuple))
        if self.text:
            prefix, suffix = escaped(prompt.prefix, words)[0], escaped(prompt.suffix, words)[0]
            return "".join(map(str, _filled(self.text, {"prefix": prefix, "suffix": suffix}))), broken
        return "".join(each.token if isinstance(each, Sentinel) else each[0] for each in texts), broken

    def _words(self) -> tuple[str, ...]:
        """What a tokenizer would read as a token of the family, or as the end of the text."""
        marks = (*self.sentinels(with_files=True), *self.stop)
        return tuple(dict.fromkeys(mark.lstrip("\u2581") for mark in marks if not mark[0].isspace()))

    def _files(self, prompt: Infill) -> tuple[list[Piece], list[Piece]]:
        """What tells of the other files: before the family's tokens, and at the beginning of the prefix."""
        form = self.files
        if form is None or not prompt.files:
            return [], []
        path = {"path": prompt.path}
        told: list[Piece] = []
        if prompt.repository:
            told += _filled(form.repository, {"name": prompt.repository}, form.repository_token)
        for file in prompt.files:
            content = file.content.rstrip("\n") + "\n"
            told += _filled(form.other, {"path": file.path, "content": content}, form.token)
        told += _filled(form.here, path, form.token)
        inside = _filled(form.inside, path, form.token)
        return (told, inside) if form.where == "front" else ([], told + inside)


def matching(model: str, formats: Iterable[InfillFormat]) -> InfillFormat | None:
    """The first format whose family ``model`` (a name, a folder or a repository) belongs to."""
    name = model.lower().rstrip("/")
    return next((each for each in formats if any(fnmatch(name, pattern) for pattern in each.models)), None)


def escaped(text: str, words: Sequence[str]) -> tuple[str, int]:
    """``text`` with each of ``words`` in it broken up by a space without width, and how many were."""
    if not words:
        return text, 0
    pattern = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.subn(pattern, lambda found: found[0][0] + _BREAK + found[0][1:], text)


def as_chat(prompt: Infill) -> tuple[Message, ...]:
    """The prompt as a conversation, for a model without tokens for infilling; the answer comes in a fence."""
    system = (Message("system", prompt.instruction),) if prompt.instruction else ()
    shown = [_fenced(file.path, "", file.content) for file in prompt.files]
    shown.append(_fenced(prompt.path, prompt.language, f"{prompt.prefix}{CURSOR}{prompt.suffix}"))
    return *system, Message("user", "\n\n".join(shown))


def _fenced(path: str, language: str, code: str) -> str:
    heading = f"File {path}:\n" if path else ""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    return f"{heading}{fence}{language}\n{code}\n{fence}"


def _filled(template: str, values: Mapping[str, str], token: str = "") -> list[Piece]:
    """``template`` with what stands for its {names}; a value's own braces are text like any other."""
    pieces: list[Piece] = []
    for part in re.split(r"(\{\w+\})", template):
        name = part[1:-1] if part.startswith("{") else ""
        pieces.append(Sentinel(token) if name == "token" else values.get(name, part))
    return pieces


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """``pieces`` without empty texts, and neighbouring texts as one."""
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    return found
