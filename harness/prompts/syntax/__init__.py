"""What the parsers (``ast`` for Python, tree-sitter for the rest) say about a text that may hold code.

No function raises, whatever the text: NUL bytes, lone surrogates and nesting beyond a parser's limits are errors in
the text like any other. Rows count from 0.
"""

import itertools
import textwrap
import warnings
from functools import lru_cache

from harness.prompts.syntax import python, treesitter
from harness.prompts.syntax.grammars import GRAMMARS, tree
from harness.prompts.syntax.types import Definition, Statement

__all__ = [
    "Definition",
    "Statement",
    "code_ranges",
    "compiles",
    "definitions",
    "flush_left",
    "is_fragment",
    "margin",
    "parses",
    "parsing_lines",
    "statements",
    "trimmed",
]

_FRAGMENT = 2000  # lines: the longest suggestion that is tried as the middle of a file
_PATIENCE = 40  # parse errors to cut at before a line is given up as the start of code
_WINDOW = 200  # lines to parse from a line that may start code, after the first stumbles over a short run or none
_STUMBLES = (3, 300)  # how many it takes until the rest is parsed by windows, and until it is given up


def statements(code: str, language: str) -> tuple[Statement, ...] | None:
    """The top-level statements; None if ``code`` does not parse."""
    outcome = _parsed(code, language)
    return None if isinstance(outcome, int) else outcome


@lru_cache(maxsize=32)
def _parsed(code: str, language: str) -> tuple[Statement, ...] | int:
    """The top-level statements, or the row of the first error."""
    if language != "python":
        return treesitter.statements(code, language)
    module = python.tree(code)
    return module if isinstance(module, int) else tuple(python.statements(module, code))


def parses(code: str, language: str) -> bool:
    """Whether a whole file is free of syntax errors."""
    return statements(code, language) is not None if language == "python" else not tree(code, language).has_error


def definitions(code: str, language: str) -> list[Definition]:
    """Every function and class of ``code``, in order; none if it does not parse."""
    if statements(code, language) is None:
        return []
    found = python.definitions(code) if language == "python" else treesitter.definitions(code, language)
    return sorted(found, key=lambda definition: definition.first)


def compiles(code: str, language: str) -> bool:
    """Whether ``code`` parses and, in Python, keeps the rules that its grammar leaves to the compiler."""
    if language != "python":
        return statements(code, language) is not None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(code, "<spliced>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
    return True


def flush_left(code: str, language: str) -> str:
    """``code`` if it parses, otherwise ``code`` moved to the left margin if it then does, otherwise "".

    A body written from an indented cursor has an unindented first line and an indented rest; that is moved as well.
    """
    forms = [code]
    if language == "python":
        margins = _margins(code)[1:]
        forms += [textwrap.dedent(code), textwrap.dedent(" " * min(margins, default=0) + code)]
    return next((form for form in forms if statements(form, language)), "")


def is_fragment(code: str, language: str) -> bool:
    """Whether ``code`` fits into a file although it does not parse by itself: it ends blocks that it does not begin."""
    if code.count("\n") > _FRAGMENT:
        return False
    frames = list(GRAMMARS[language].frames)
    if language == "python":
        code = textwrap.dedent(code)
        margins = _margins(code)
        outer = sorted({width for width in margins if width < margins[0]})
        frames = ["".join(f"{'':{width}}if 1:\n" for width in outer) + "{}", "if 1:\n pass\n{}", "try:\n pass\n{}"]
    found = (statements(frame.replace("{}", code), language) for frame in frames)
    return any(framed and all(statement.kind != "words" for statement in framed) for framed in found)


def code_ranges(text: str, language: str) -> list[tuple[int, int]]:
    """The rows (first, last) of every run of lines that parses, states something and holds no prose."""
    lines = text.split("\n")
    ranges: list[tuple[int, int]] = []
    row = stumbles = 0
    while row < len(lines) and stumbles < _STUMBLES[1]:
        if not _may_start(lines[row], language):
            row += 1
            continue
        code = parsing_lines(lines[row : row + (_WINDOW if stumbles > _STUMBLES[0] else len(lines))], language)
        stumbles += len(code) < _WINDOW // 2
        found = statements("\n".join(code), language) or ()
        for is_prose, run in itertools.groupby(found, key=lambda statement: statement.kind == "words"):
            members = list(run)
            if not is_prose and any(member.kind in ("definition", "setup", "code") for member in members):
                ranges.append((row + members[0].first, row + members[-1].last))
        row += max(len(code), 1)
    return ranges


def _may_start(line: str, language: str) -> bool:
    """Whether ``line`` begins a statement, as far as one line shows."""
    line = line.strip()
    opens = sum(map(line.count, "([{")) > sum(map(line.count, ")]}"))
    if opens or line.startswith(("@", "/*")) or any(line.count(quote) % 2 for quote in ('"""', "'''")):
        return True
    tails = list(GRAMMARS[language].tails)
    if language == "python" and ":" in line:
        tails += ["\n pass", "\n pass\nfinally: pass", "\n case _: pass"]
    found = (statements(line + tail, language) for tail in tails)
    return any(parsed and parsed[0].kind != "words" for parsed in found)


def parsing_lines(lines: list[str], language: str) -> list[str]:
    """As many of the first ``lines`` as parse, moved to the left margin."""
    edge = margin(lines[0])
    piece = [line[edge:] for line in itertools.takewhile(lambda line: not line[:edge].strip(), lines)]
    for attempt in range(_PATIENCE):
        error = _parsed("\n".join(piece), language)
        if not isinstance(error, int):
            return piece
        cut = min(error, len(piece) - 1)
        depth = margin(piece[cut])
        if attempt > _PATIENCE // 2:  # a long block that misses its end, such as a try: leave all of it out
            while cut and depth and (margin(piece[cut]) >= depth or not piece[cut].strip()):
                cut -= 1
        del piece[cut:]
    return []


def margin(line: str) -> int:
    """How many characters ``line`` is indented by."""
    return len(line) - len(line.lstrip())


def _margins(code: str) -> list[int]:
    return [margin(line) for line in code.split("\n") if line.strip()]


def trimmed(text: str) -> str:
    """``text`` without blank lines before and after, ending with one newline unless nothing is left."""
    text = text.rstrip()
    start = text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1
    return text[start:] + "\n" if text else ""
