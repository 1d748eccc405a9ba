"""What a GGUF file says of itself, read with bounds: every length in it may lie.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Only texts are kept; all else is passed over.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value by its type's number."""
_STRING, _ARRAY = 8, 9
_MOST_KEYS = 10_000
_MOST_ITEMS = 2_000_000
_LONGEST_KEY = 65_535


class BadGgufError(ValueError):
    """The file's header contradicts itself."""


@dataclass
class _Reader:
    file: BinaryIO
    size: int
    longest: int
    items: int = 0
    """Items of arrays met so far; their number is bounded, as each costs a step."""

    def number(self, layout: str) -> int:
        raw = self.file.read(struct.calcsize(layout))
        if len(raw) < struct.calcsize(layout):
            raise BadGgufError("it ends within its header")
        return int(struct.unpack(layout, raw)[0])

    def skip(self, count: int) -> None:
        if self.file.tell() + count > self.size:
            raise BadGgufError("a length in it is greater than the file")
        self.file.seek(count, os.SEEK_CUR)

    def text(self, longest: int) -> str:
        length = self.number("<Q")
        if length > longest:
            self.skip(length)
            raise BadGgufError(f"a text in it has {length} bytes")
        raw = self.file.read(length)
        if len(raw) < length:
            raise BadGgufError("it ends within its header")
        return raw.decode("utf-8", "replace")

    def value(self, kind: int, wanted: bool) -> str:
        if kind == _STRING:
            if wanted:
                return self.text(self.longest)
            self.skip(self.number("<Q"))
        elif kind == _ARRAY:
            inner, count = self.number("<I"), self.number("<Q")
            self.items += 0 if inner in _SIZES else count
            if self.items > _MOST_ITEMS or inner == _ARRAY:
                raise BadGgufError(f"a list in it has {count} items, or lists within")
            if inner in _SIZES:
                self.skip(_SIZES[inner] * count)
            else:
                for _ in range(count):
                    self.value(inner, wanted=False)
        elif kind in _SIZES:
            self.skip(_SIZES[kind])
        else:
            raise BadGgufError(f"a value in it is of the unknown type {kind}")
        return ""


def read_texts(path: Path, longest: int) -> dict[str, str]:
    """Licence and chat templates by key; ``longest`` bounds each text, in bytes.

    Raises:
        BadGgufError: it is no GGUF file, or its lengths contradict its size.
    """
    found: dict[str, str] = {}
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise BadGgufError("it does not begin as a GGUF file")
        reader = _Reader(file, path.stat().st_size, longest)
        version = reader.number("<I")
        if version not in (2, 3):
            raise BadGgufError(f"its version is {version}")
        reader.number("<Q")  # how many tensors
        keys = reader.number("<Q")
        if keys > _MOST_KEYS:
            raise BadGgufError(f"it has {keys} keys")
        for _ in range(keys):
            key = reader.text(_LONGEST_KEY)
            kind = reader.number("<I")
            wanted = kind == _STRING and (key == "general.license" or key.startswith("tokenizer.chat_template"))
            if value := reader.value(kind, wanted):
                found[key] = value
    return found
