"""The file that accepted code makes at the cursor.

The code may be an insertion, repeat the lines around the cursor, have another margin, be a new version of the function
that is open at the cursor, or be the whole file. The first reading wins that has no flaw: the file compiles, the open
function has a body, nothing is defined twice, inside itself, or lost, and code stands where the comment above it does.
"""

import itertools
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.prompts import syntax
from harness.prompts.syntax import trimmed
from harness.prompts.syntax.grammars import GRAMMARS

_ENDS = ("end", "fi", "done", "esac")  # of blocks in Ruby and Bash: two in a row are no repetition
_UNPARSED = 1000  # flaws of a file that does not parse: more than any other can have


def splice(answer_code: str, prefix: str, suffix: str, language: str) -> str:
    """The file after ``answer_code`` is accepted at the cursor between ``prefix`` and ``suffix``.

    The plain insertion wins if it has no flaw, and if nothing parses. Then comes the first of ``_readings`` with the
    fewest flaws. Without a parser, the only flaw is a line that stands twice where the code meets the file.
    """
    plain = prefix + answer_code + suffix
    if not answer_code.strip():
        return plain
    code = _lines(answer_code)
    cursor = _cursor(prefix, suffix, language)

    def flaws_of(file: str, before: list[str], middle: list[str], after: list[str]) -> int:
        seams = _stutters(before, middle, after) + (language == "python" and _misplaced(before, middle))
        return _flaws(file, cursor, language) + seams

    best, least = plain, flaws_of(plain, cursor.before, code, cursor.after)
    for lines, middle, after in _readings(code, cursor, language):
        if least == 0:
            break
        file = "\n".join([*lines, *middle, *after])
        flaws = flaws_of(file, lines, middle, after)
        if flaws < min(least, _UNPARSED):
            best, least = file, flaws
    return best


@dataclass(frozen=True)
class _Cursor:
    """The lines around the cursor, the margin due there, and what the file defines without the suggestion.

    ``typed`` stands before the cursor in its line (and in ``before``, unless it is blank); ``open`` is the innermost
    definition that the cursor is in.
    """

    before: list[str]
    typed: str
    after: list[str]
    margin: str = ""
    open: syntax.Definition | None = None
    defined: tuple[syntax.Definition, ...] = ()

    def names(self, after: bool) -> set[str]:
        """The top-level names that are defined before or after the cursor."""
        return {each.name for each in self.defined if not each.scope and (each.first >= len(self.before)) is after}


def _cursor(prefix: str, suffix: str, language: str) -> _Cursor:
    """Tries what may stand at the cursor until the file parses, at best together with the suffix."""
    *before, typed = prefix.split("\n")
    before += [typed] if typed.strip() else []
    after = suffix.split("\n")
    margins = _likely_margins(before, typed) if language == "python" else [""] * 7
    closer = GRAMMARS[language].closer if language in GRAMMARS else ""
    fillers = [margin + '"cursor"' if language == "python" else closer * depth for depth, margin in enumerate(margins)]
    for rest in (after, [""]) if language in GRAMMARS else ():
        for margin, filler in zip(margins, fillers, strict=True):
            file = "\n".join([*before, filler, *rest])
            if syntax.statements(file, language) is not None:
                defined = tuple(syntax.definitions(file, language))
                around = [each for each in defined if each.first < len(before) <= each.last]
                return _Cursor(before, typed, after, margin, around[-1] if around else None, defined)
    return _Cursor(before, typed, after)


def _likely_margins(before: list[str], typed: str) -> list[str]:
    """Margins that a Python line may have after ``before``, likeliest first.

    A comment's own where one asks for the code; else that of the deepest block that goes on.
    """
    written = [line for line in before if line.strip()]
    margins = [line[: syntax.margin(line)] for line in written] or [""]
    if not typed.isspace() and written and written[-1].lstrip().startswith("#"):
        return [margins[-1], *sorted({*margins} - {margins[-1]}, key=len, reverse=True)]
    deepest = margins[-1] + min(filter(None, margins), key=len, default="    ")
    possible = {margin for margin in margins if len(margin) < len(deepest)} | {deepest, ""}
    all_end = len(before) > 1 and not "".join(before[-2:]).strip()
    one_ends = bool(written) and written[-1].split()[0] in ("return", "raise", "break", "continue", "pass")
    likely = sorted(possible, key=len, reverse=not all_end)
    likely.sort(key=lambda margin: one_ends and len(margin) >= len(margins[-1]))
    return [typed, *likely] if typed.isspace() else likely


def _readings(code: list[str], cursor: _Cursor, language: str) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """The files that ``code`` may mean: what stays of the lines before it and of itself, and what comes after.

    First within the line of the cursor, then as it is, then with its margin set to the one due at its place; each time
    as an insertion, as one that repeats the lines before the cursor, or the signature that is open there, as the open
    definition again, the unfinished line again, the whole file; and each of them as one that repeats the lines after
    the cursor: whoever repeats what is before it is taken to repeat what is after it.
    """
    before, after = cursor.before, cursor.after
    if cursor.typed or after[0]:
        inline = (cursor.typed + "\n".join(code).strip() + after[0]).split("\n")
        yield (before[:-1] if cursor.typed.strip() else before), inline, after[1:] or [""]
    moved = syntax.flush_left("\n".join(code), language)
    names = {found.name for found in syntax.definitions(moved, language) if not found.scope}
    places = [(len(before), 0)]  # the row where ``code`` begins, and how many of its lines are there already
    written = len("\n".join(before).rstrip().split("\n"))
    places += [(written - count, count) for count in _repeats(before, code)[:1]]
    if cursor.open:
        row = cursor.open.first
        while row + 1 < len(before) and before[row].lstrip().startswith("@") and not code[0].lstrip().startswith("@"):
            row += 1
        same = (old.strip() == new.strip() for old, new in zip(before[row:], code, strict=False))
        signature = sum(itertools.takewhile(bool, same))
        if signature and (cursor.open.hollow or row + signature == written):
            places.append((row, signature))
        if cursor.open.name in names:
            places.append((row, 0))
    if cursor.typed.strip() and code[0].lstrip().startswith(cursor.typed.strip()):
        places.append((len(before) - 1, 0))
    start, again = ([line.strip() for line in lines if line.strip()][:3] for lines in (before, code))
    if start and (start == again or set() < cursor.names(after=False) <= names):
        places.append((0, 0))
    for attempt in range(3 if language == "python" else 1):
        for row, count in places:
            lines = before if count else before[:row]
            margin = before[row][: syntax.margin(before[row])] if row < len(before) else cursor.margin
            is_placed = row == len(before) or syntax.margin(code[0]) == len(margin) or language != "python"
            middle = _laid_out(code, margin, attempt if is_placed else (1, 0, 2)[attempt])[count:]
            endings = [(_lines("\n".join(middle[:-count])), after) for count in _repeats(middle, after)[:4]]
            endings.insert(0 if row == len(before) else len(endings), (middle, after))
            if not lines or set() < cursor.names(after=True) <= names:
                endings.append((middle, [""]))
            yield from ((lines, body, rest) for body, rest in endings)


def _laid_out(code: list[str], margin: str, layout: int) -> list[str]:
    """``code`` as it is (layout 0), or moved to ``margin``: all of it (1), or the first line to the rest's (2)."""
    if layout == 0:
        return code
    rest = min((syntax.margin(line) for line in code[1:] if line.strip()), default=0) if layout == 2 else 0
    moved = textwrap.dedent(" " * rest + "\n".join(code))
    return [margin + line if line.strip() else line for line in moved.split("\n")]


def _repeats(before: list[str], after: list[str], strip: Callable[[str], str] = str.strip) -> list[int]:
    """How many lines the end of ``before`` and the start of ``after`` may share, most first, blank edges aside."""
    end, start = ([strip(line) for line in _lines("\n".join(lines))] for lines in (before, after))
    return [
        count
        for count in range(min(len(end), len(start)), 0, -1)
        if end[-count] == start[0] and end[-count:] == start[:count]
    ]


def _stutters(before: list[str], code: list[str], after: list[str]) -> bool:
    """Whether a line with a word in it stands at both sides of where the code meets the file."""
    shared = [line for count in _repeats(before, code, str.rstrip) for line in code[:count]]
    shared += [line for count in _repeats(code, after, str.rstrip) for line in code[-count:]]
    return any(map(str.isalnum, "".join(line for line in shared if line.strip() not in _ENDS)))


def _misplaced(before: list[str], code: list[str]) -> bool:
    """Whether code that a comment asks for has another margin than the comment: a method outside of its class."""
    above, first = (next(filter(str.strip, lines), "") for lines in (reversed(before), code))
    return above.lstrip().startswith("#") and syntax.margin(above) != syntax.margin(first)


def _flaws(file: str, cursor: _Cursor, language: str) -> int:
    """How much speaks against ``file``: it does not parse or compile, a body is missing, names are doubled or lost."""
    if language not in GRAMMARS:
        return 0
    if syntax.statements(file, language) is None:
        return _UNPARSED
    found = syntax.definitions(file, language)
    paths, due = {each.path for each in found}, {each.path for each in cursor.defined}
    doubled = (len(found) - len(paths)) - (len(cursor.defined) - len(due))
    lost = due - paths
    hollow = 0
    if cursor.open:
        name, path = cursor.open.name, cursor.open.path
        doubled += sum(each.name == name for each in found) - sum(each.name == name for each in cursor.defined)
        lost = {other for other in lost if other[: len(path)] != path or other == path}
        hollow = sum(each.hollow for each in found if each.path == path)
    return 10 * (not syntax.compiles(file, language)) + max(doubled, 0) + len(lost) + hollow


def _lines(text: str) -> list[str]:
    """The lines of ``text`` without the blank ones before and after."""
    return trimmed(text).split("\n")[:-1]
