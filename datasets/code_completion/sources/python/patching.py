"""Reads unified diffs and applies them to texts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(?: (.*))?")
_MAX_DRIFT = 50


class PatchError(ValueError):
    """A diff cannot be read or applied."""


@dataclass
class Hunk:
    """A group of changed lines with the lines around them."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    heading: str = ""
    lines: list[str] = field(default_factory=list)

    def side(self, signs: str) -> list[str]:
        """Return the lines that have one of the signs, without them."""
        return [line[1:] for line in self.lines if line[0] in signs]

    @property
    def before(self) -> list[str]:
        return self.side(" -")

    @property
    def after(self) -> list[str]:
        return self.side(" +")

    def reversed(self) -> "Hunk":
        """Return the hunk that takes this one back."""
        swap = {"+": "-", "-": "+", " ": " "}
        return Hunk(
            self.new_start,
            self.new_count,
            self.old_start,
            self.old_count,
            self.heading,
            [swap[line[0]] + line[1:] for line in self.lines],
        )


@dataclass
class FilePatch:
    """The changes of one file; a path of None means that there is no such file."""

    old_path: str | None
    new_path: str | None
    hunks: list[Hunk] = field(default_factory=list)

    @property
    def kind(self) -> str:
        if self.old_path is None:
            return "added"
        if self.new_path is None:
            return "removed"
        return "changed" if self.old_path == self.new_path else "renamed"

    def stat(self) -> tuple[int, int]:
        """Return how many lines are added and removed."""
        return (
            sum(len(hunk.side("+")) for hunk in self.hunks),
            sum(len(hunk.side("-")) for hunk in self.hunks),
        )

    def apply(self, text: str) -> str:
        """Return the text after the patch.

        A hunk whose lines are not where it says may be found up to 50 lines away from there,
        the nearest place first, but not before the end of the hunk above it.
        """
        lines = text.split("\n")
        result: list[str] = []
        position = 0
        drift = 0
        for hunk in self.hunks:
            expected = hunk.old_start - (hunk.old_count > 0) + drift
            found = _locate(lines, hunk.before, expected, position)
            if found is None:
                raise PatchError(f"{self.old_path}: hunk at line {hunk.old_start} does not fit")
            drift += found - expected
            result += lines[position:found] + hunk.after
            position = found + len(hunk.before)
        return "\n".join(result + lines[position:])

    def reversed(self) -> "FilePatch":
        """Return the patch that takes this one back."""
        return FilePatch(self.new_path, self.old_path, [hunk.reversed() for hunk in self.hunks])


def _locate(lines: list[str], wanted: list[str], expected: int, lowest: int) -> int | None:
    for distance in range(_MAX_DRIFT + 1):
        for start in (expected - distance, expected + distance):
            if start >= lowest and lines[start : start + len(wanted)] == wanted:
                return start
    return None


def parse_patches(diff: str) -> list[FilePatch]:
    """Read a diff of any number of files."""
    patches: list[FilePatch] = []
    lines = iter(diff.splitlines())
    old_path = None
    for line in lines:
        if line.startswith("--- "):
            old_path = _path(line)
        elif line.startswith("+++ "):
            patches.append(FilePatch(old_path, _path(line)))
        elif match := _HUNK.fullmatch(line):
            if not patches:
                raise PatchError("hunk before any file")
            patches[-1].hunks.append(_read_hunk(match, lines))
    return patches


def _path(line: str) -> str | None:
    path = line[4:].split("\t")[0]
    return None if path == "/dev/null" else re.sub(r"^[ab]/", "", path)


def _read_hunk(match: re.Match, lines: Iterator[str]) -> Hunk:
    old_start, old_count, new_start, new_count = (
        int(number) if number else 1 for number in match.groups()[:4]
    )
    hunk = Hunk(old_start, old_count, new_start, new_count, match[5] or "")
    while old_count > 0 or new_count > 0:
        line = next(lines, None)
        if line is None or line[:1] not in ("", " ", "-", "+", "\\"):
            raise PatchError(f"hunk at line {old_start} is cut off")
        if line.startswith("\\"):
            continue
        hunk.lines.append(line or " ")
        old_count -= line[:1] != "+"
        new_count -= line[:1] != "-"
    return hunk
