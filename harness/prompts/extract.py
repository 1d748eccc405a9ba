"""The code in a chat model's answer, and the file that it makes at the cursor.

Which code an answer gives (``extract_code``):

1. Chat junk goes first: the thinking, what follows an end-of-turn token, a byte order mark, blank edges.
2. An answer that is code throughout is taken whole, whatever fences its strings hold.
3. Fenced blocks tagged with the language, or not at all, are candidates if they parse; one that was never closed
   counts as far as it parses. The first that defines something is joined with later ones that define something else.
   Failing that: a definition saved from a block with an error, or from between the blocks; the first block that
   parses; the first block as it is; the text between the blocks; a block tagged otherwise.
4. Without blocks the code is the largest run of lines that parses. What only looks like code is returned as it is, so
   that its error shows; prose gives "".

Which file a suggestion makes (``splice``): it may be an insertion, repeat the lines around the cursor, have another
margin, be a new version of the function that is open at the cursor, or be the whole file. The first reading wins that
has no flaw: the file compiles, the open function has a body, and nothing is defined twice, inside itself, or lost.
"""

import itertools
import keyword
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.prompts import syntax

_TAGS = {
    "python": ("", "python", "python2", "python3", "py", "py2", "py3", "ipython", "ipython3"),
    "javascript": ("", "javascript", "js", "jsx", "mjs", "cjs", "node", "nodejs", "ecmascript", "es6"),
}
_END_OF_TURN = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|end_of_text|>", "<|return|>")
_END_OF_TEXT = (*_END_OF_TURN, "</s>", "<eos>", "<end_of_turn>", "<\uff5cend\u2581of\u2581sentence\uff5c>")
_KEYWORDS = {*keyword.kwlist, "case", "catch", "const", "default", "do", "export", "function", "let", "switch", "throw"}
_UNPARSED = 1000  # flaws of a file that does not parse: more than any other can have


@dataclass(frozen=True)
class Block:
    """A fenced block: the first word of its info string in lower case, its content, whether it was closed."""

    language: str
    code: str
    closed: bool


def fenced_blocks(answer: str, prefilled: bool = False) -> list[Block]:
    """The fenced blocks of a Markdown text; ``prefilled`` says that the text begins inside one."""
    return _split(answer, prefilled)[0]


def extract_code(answer: str, language: str) -> str:
    """The code that ``answer`` gives, ending with one newline; "" if there is none.

    Extracts until nothing changes, so that a fence inside a fence is opened, too, and extracting twice does not differ
    from extracting once. It comes to an end because every pass after the first only leaves something out.
    """
    while (code := _extract_once(answer, language)) != answer:
        answer = code
    return code


def _extract_once(answer: str, language: str) -> str:
    text = _without_chat_junk(answer)
    if language not in syntax.LANGUAGES:
        blocks = fenced_blocks(text)
        tagged = [block for block in blocks if block.language == language.lower()]
        return _trimmed((tagged or blocks or [Block("", text, True)])[0].code)
    if whole := _whole_code(text, language):
        return whole
    blocks, between = _split(text, prefilled=_begins_in_block(text, language))
    return _from_blocks(blocks, between, language) if blocks else _from_text(text, language)


def _without_chat_junk(answer: str) -> str:
    text = answer.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    for tag in ("think>", "thinking>"):
        if text.lstrip().startswith("<" + tag):
            text = text.partition("</" + tag)[2]
        elif f"\n</{tag}\n" in text:  # the prompt began the thinking
            text = text.partition(f"\n</{tag}\n")[2]
    for token in _END_OF_TURN:
        text = text.partition(token + "\n")[0]
    text = text.rstrip()
    while token := next((token for token in _END_OF_TEXT if text.endswith(token)), ""):
        text = text.removesuffix(token).rstrip()
    return _trimmed(text)


def _trimmed(text: str) -> str:
    """``text`` without blank lines before and after, ending with one newline unless nothing is left."""
    text = text.rstrip()
    start = text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1
    return text[start:] + "\n" if text else ""


def _lines(text: str) -> list[str]:
    """The lines of ``text`` without the blank ones before and after."""
    return _trimmed(text).split("\n")[:-1]


@dataclass(frozen=True)
class _Fence:
    margin: int
    mark: str
    info: str


def _split(answer: str, prefilled: bool) -> tuple[list[Block], str]:
    """The fenced blocks, and the text between them."""
    blocks: list[Block] = []
    between: list[str] = []
    content: list[str] = []
    fence = _Fence(0, "```", "") if prefilled else None
    in_list = False
    for line in answer.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        margin = syntax.margin(line)
        if fence is None:
            in_list = _item_margin(line) > 0 or (in_list and (margin > 0 or not line))
            fence = _opening_fence(line, in_list)
            between += [line] if fence is None else []
        elif margin <= fence.margin + 3 and set(line.strip()) == {fence.mark[0]} and fence.mark in line:
            blocks.append(Block(_language(fence.info), "".join(content), True))
            fence, content = None, []
        else:
            content.append(line[min(margin, fence.margin) :] + "\n")
    if fence is not None:
        code = "".join(content).rstrip().removesuffix(fence.mark)  # it may hang at the end of the last line of code
        blocks.append(Block(_language(fence.info), _trimmed(code), False))
    return blocks, "\n".join(between)


def _opening_fence(line: str, in_list: bool) -> _Fence | None:
    margin = _item_margin(line) or syntax.margin(line)
    rest = line[margin:].strip()
    mark = rest[: len(rest) - len(rest.lstrip(rest[:1]))]
    info = rest[len(mark) :].strip()
    is_fence = mark[:3] in ("```", "~~~") and "`" not in info and (margin <= 3 or in_list)
    return _Fence(margin, mark, info) if is_fence else None


def _item_margin(line: str) -> int:
    """The column of what follows a list marker; 0 if the line has none."""
    marker, _, rest = line.lstrip().partition(" ")
    numbered = marker[-1:] in (".", ")") and marker[:-1].isdigit()
    return len(line) - len(rest.lstrip()) if numbered or marker in ("-", "*", "+") else 0


def _language(info: str) -> str:
    words = info.lower().translate(str.maketrans("{},:", "    ")).split()
    return words[0].lstrip(".").removeprefix("language-").removeprefix("lang-") if words else ""


def _begins_in_block(text: str, language: str) -> bool:
    """Whether the prompt has opened the first block: a fence without a tag ends what is code from the first line on."""
    lines = text.split("\n")
    for row, line in enumerate(lines):
        if fence := _opening_fence(line, in_list=False):
            before = _trimmed("\n".join(lines[:row]))
            return not fence.info and (_whole_code(before, language) != "" or _opens_definition(lines[0]))
    return False


def _from_blocks(blocks: list[Block], between: str, language: str) -> str:
    wanted = [block for block in blocks if block.code.strip() and block.language in _TAGS[language]]
    saved = [_from_text(block.code, language) for block in wanted]
    parsing = [syntax.flush_left(block.code, language) != "" for block in wanted]
    sound = [
        code
        for block, code, parses in zip(wanted, saved, parsing, strict=True)
        if (parses or not block.closed) and syntax.flush_left(code, language)
    ]
    outside = _from_text(between, language)
    for codes in (sound, saved, [outside]):
        if joined := _joined_definitions(codes, language):
            return joined
    if sound:  # among other blocks even a function's body leaves its margin, so that the result parses
        return sound[0] if len(wanted) == 1 else syntax.flush_left(sound[0], language)
    if any(parsing):
        return ""
    others = (_from_text(block.code, language) for block in blocks if block not in wanted)
    return next(filter(None, [*saved, outside, *others]), "")


def _joined_definitions(codes: list[str], language: str) -> str:
    """The first of ``codes`` that defines something and the later ones up to one that defines a name again.

    Imports and constants are kept if a definition follows them; usage examples and tests are not.
    """
    kept: list[str] = []
    waiting: list[str] = []
    defined: set[str] = set()
    for code in codes:
        found = syntax.statements(code, language) or ()
        names = {name for statement in found for name in statement.names}
        if any(statement.kind == "definition" for statement in found):
            if names & defined:
                break
            if not (kept and all(name.lower().startswith("test") for name in names)):
                kept += [*waiting, code]
                defined |= names
                waiting = []
        elif found and all(statement.kind == "setup" for statement in found):
            waiting.append(code)
    joined = "\n".join(kept)
    return joined if syntax.statements(joined, language) else "".join(kept[:1])


def _from_text(text: str, language: str) -> str:
    """The code in a text without fences."""
    text = _trimmed(text)
    if whole := _whole_code(text, language):
        return whole
    lines = text.split("\n")
    runs = []
    ranges = syntax.code_ranges(text, language)
    outermost = min((syntax.margin(lines[first]) for first, _ in ranges), default=0)
    for first, last in ranges:
        if syntax.margin(lines[first]) > outermost:  # what still parses inside of something broken
            continue
        while first and lines[first - 1].lstrip().startswith(("#", "//")):
            first -= 1
        runs.append(_whole_code("\n".join(lines[first : last + 1]) + "\n", language))
    names = [name for run in runs for statement in syntax.statements(run, language) or () for name in statement.names]
    code = _joined_definitions(runs, language) if len(names) == len(set(names)) else ""
    code = code or max(runs, key=len, default="")
    opening = next((row for row, line in enumerate(lines) if _opens_definition(line)), len(lines))
    likely = [line for line in lines if line.strip() and not _is_prose(line)]
    defines = _joined_definitions([code], language) or any(map(_opens_definition, code.split("\n")))
    if defines or (code and opening == len(lines) and 2 * len(code.split("\n")) > len(likely)):
        return code
    if not any(map(_is_prose, lines)):
        return text
    return "\n".join(lines[opening:])


def _whole_code(text: str, language: str) -> str:
    """``text`` if all of it is code; a body keeps its margin, whole definitions lose it. "" if some of it is prose."""
    moved = syntax.flush_left(text, language)
    found = syntax.statements(moved, language)
    if not found:
        first_line = text.partition("\n")[0]
        return text if text and not _is_prose(first_line) and syntax.is_fragment(text, language) else ""
    kinds = {statement.kind for statement in found}
    if "words" in kinds:
        return ""
    return moved if "definition" in kinds <= {"definition", "setup"} else text


def _is_prose(line: str) -> bool:
    """Whether most of ``line`` is plain words, and no keyword begins it."""
    words = line.split()
    plain = [word for word in words if word.strip(".,:;!?*\"'()`").replace("'", "").replace("-", "").isalpha()]
    is_code = line.lstrip().startswith(("#", "//", "/*")) or (words and words[0].rstrip(":;({") in _KEYWORDS)
    return not is_code and 2 * len(plain) > len(words)


def _opens_definition(line: str) -> bool:
    words = line.replace("(", " (").split()
    words = [word for word in words if word not in ("async", "export", "default")]
    if len(words) < 2 or words[0] not in ("def", "class", "function"):
        return False
    return words[1].rstrip(":").isidentifier() and ("(" in line or line.rstrip().endswith("{") or len(words) == 2)


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
    best, least = plain, _flaws(plain, cursor, language) + _stutters(cursor.before, code, cursor.after)
    for lines, middle, after in _readings(code, cursor, language):
        if least == 0:
            break
        file = "\n".join([*lines, *middle, *after])
        flaws = _flaws(file, cursor, language) + _stutters(lines, middle, after)
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
    fillers = [margin + '"cursor"' if language == "python" else "}" * row for row, margin in enumerate(margins)]
    for rest in (after, [""]) if language in syntax.LANGUAGES else ():
        for margin, filler in zip(margins, fillers, strict=True):
            file = "\n".join([*before, filler, *rest])
            if syntax.statements(file, language) is not None:
                defined = tuple(syntax.definitions(file, language))
                around = [each for each in defined if each.first < len(before) <= each.last]
                return _Cursor(before, typed, after, margin, around[-1] if around else None, defined)
    return _Cursor(before, typed, after)


def _likely_margins(before: list[str], typed: str) -> list[str]:
    """Margins that a Python line may have after ``before``, likeliest first: that of the deepest block that goes on."""
    written = [line for line in before if line.strip()]
    margins = [line[: syntax.margin(line)] for line in written] or [""]
    deepest = margins[-1] + min(filter(None, margins), key=len, default="    ")
    possible = {margin for margin in margins if len(margin) < len(deepest)} | {deepest, ""}
    all_end = len(before) > 1 and not "".join(before[-2:]).strip()
    one_ends = bool(written) and written[-1].split()[0] in ("return", "raise", "break", "continue", "pass")
    likely = sorted(possible, key=len, reverse=not all_end)
    likely.sort(key=lambda margin: one_ends and len(margin) >= len(margins[-1]))
    return [typed] * (typed != "" and not typed.strip()) + likely


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
        while not code[0].lstrip().startswith("@") and before[row].lstrip().startswith("@"):
            row += 1
        same = (old.strip() == new.strip() for old, new in zip(before[row:], code, strict=False))
        signature = sum(itertools.takewhile(bool, same))
        places += [(row, signature)] * (signature > 0) + [(row, 0)] * (cursor.open.name in names)
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
    return [count for count in range(min(len(end), len(start)), 0, -1) if end[-count:] == start[:count]]


def _stutters(before: list[str], code: list[str], after: list[str]) -> bool:
    """Whether a line with a word in it stands at both sides of where the code meets the file."""
    shared = [line for count in _repeats(before, code, str.rstrip) for line in code[:count]]
    shared += [line for count in _repeats(code, after, str.rstrip) for line in code[-count:]]
    return any(map(str.isalnum, "".join(shared)))


def _flaws(file: str, cursor: _Cursor, language: str) -> int:
    if language not in syntax.LANGUAGES:
        return 0
    if syntax.statements(file, language) is None:
        return _UNPARSED
    found = syntax.definitions(file, language)
    paths = {each.path for each in found}
    doubled = len(found) - len(paths)
    lost = {each.path for each in cursor.defined} - paths
    if cursor.open:
        name, path = cursor.open.name, cursor.open.path
        doubled += sum(each.name == name for each in found) - sum(each.name == name for each in cursor.defined)
        lost = {other for other in lost if other[: len(path)] != path or other == path}
    hollow = sum(each.hollow for each in found if cursor.open and each.path == cursor.open.path)
    return 10 * (not syntax.compiles(file, language)) + max(doubled, 0) + len(lost) + hollow
