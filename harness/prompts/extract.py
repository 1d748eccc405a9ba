"""The code in a chat model's answer:

1. Chat junk goes first: the thinking, what follows an end-of-turn token, a byte order mark, blank edges.
2. An answer that is code throughout is taken whole, whatever fences its strings hold.
3. Fenced blocks tagged with the language, or not at all, are candidates if they parse; one that was never closed
   counts as far as it parses. The first that defines something is joined with later ones that define something else.
   Failing that: a definition saved from a block with an error, or from between the blocks; the first block that
   parses; the first block as it is; the text between the blocks; a block tagged otherwise.
4. Without blocks the code is the largest run of lines that parses. What only looks like code is returned as it is, so
   that its error shows; prose gives "".
"""

import keyword

from harness.prompts import syntax
from harness.prompts.markdown import Block, fenced_blocks, opening_fence, split_fences
from harness.prompts.syntax import trimmed
from harness.prompts.syntax.grammars import GRAMMARS

_END_TOKENS = ("|>", "\uff5c>", "</s>", "<eos>", "<end_of_turn>")  # "|>" ends tokens such as <|im_end|>
_CODE_SYMBOLS = frozenset("=(){}[]<>;\"'`@\\")
_KEYWORDS = {*keyword.kwlist, "case", "catch", "const", "default", "do", "export", "function", "let", "switch", "throw"}


def extract_code(answer: str, language: str) -> str:
    """The code that ``answer`` gives, ending with one newline; "" if there is none.

    Extracts until nothing changes, so that a fence inside a fence is opened, too, and extracting twice does not differ
    from extracting once. It comes to an end because every pass after the first only leaves something out.
    """
    while (code := _extract_once(answer, language)) != answer:
        answer = code
    return code


def _extract_once(answer: str, language: str) -> str:
    text = without_chat_junk(answer)
    if text.startswith("`" if language == "python" else "```") and "\n" not in text.strip("`\n"):
        text = trimmed(text.strip("`\n"))  # one line of inline code
    if language not in GRAMMARS:
        blocks = fenced_blocks(text)
        tagged = [block for block in blocks if block.language == language.lower()]
        return trimmed((tagged or blocks or [Block("", text, True)])[0].code)
    if whole := _whole_code(text, language):
        return whole
    blocks, between = split_fences(text, prefilled=_begins_in_block(text, language))
    if not blocks and GRAMMARS[language].partial and not is_prose(text.partition("\n")[0]):
        return text
    return _from_blocks(blocks, between, language) if blocks else _from_text(text, language)


def without_chat_junk(answer: str) -> str:
    """``answer`` without thinking, without what follows an end-of-turn token, and without blank edges."""
    text = answer.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").rstrip()
    for tag in ("think>", "thinking>"):
        if text.lstrip().startswith("<" + tag):
            text = text.partition("</" + tag)[2]
        elif f"</{tag}\n" in text:  # the prompt began the thinking
            text = text.partition(f"</{tag}\n")[2]
    while token := next((token for token in _END_TOKENS if text.endswith(token)), ""):
        start = max(text.rfind("<|"), text.rfind("<\uff5c")) if len(token) == 2 else len(text) - len(token)
        if start < 0 or len(text[start:].split()) > 1:
            break
        text = text[:start].rstrip()
    return trimmed(text)


def _begins_in_block(text: str, language: str) -> bool:
    """Whether the prompt has opened the first block: a fence without a tag ends what is code from the first line on."""
    lines = text.split("\n")
    for row, line in enumerate(lines):
        if fence := opening_fence(line, in_list=False):
            before = trimmed("\n".join(lines[:row]))
            return not fence.info and (_whole_code(before, language) != "" or _opens_definition(lines[0], language))
    return False


def _from_blocks(blocks: list[Block], between: str, language: str) -> str:
    wanted = [block for block in blocks if block.code.strip() and block.language in ("", *GRAMMARS[language].tags)]
    saved = [_from_text(block.code, language) for block in wanted]
    if wanted and GRAMMARS[language].partial and not syntax.parses(wanted[0].code, language):
        return wanted[0].code
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

    Imports and constants are kept if a definition follows them; usage examples, tests and stubs of what another one
    writes out are not.
    """
    every = [each for code in codes for each in syntax.definitions(code, language) if not each.scope]
    written = {each.name for each in every if not each.hollow}
    kept: list[str] = []
    waiting: list[str] = []
    defined: set[str] = set()
    for code in codes:
        found = syntax.statements(code, language) or ()
        names = {name for statement in found for name in statement.names}
        if any(statement.kind == "definition" for statement in found):
            stubs = {each.name for each in syntax.definitions(code, language) if not each.scope and each.hollow}
            if stubs & written or (kept and all(name.lower().startswith("test") for name in names)):
                continue
            if names & defined:
                break
            kept += [*waiting, code]
            defined |= names
            waiting = []
        elif found and all(statement.kind == "setup" for statement in found):
            waiting.append(code)
    joined = "\n".join(kept)
    return joined if syntax.statements(joined, language) else "".join(kept[:1])


def _from_text(text: str, language: str) -> str:
    """The code in a text without fences."""
    text = trimmed(text)
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
    opening = next((row for row, line in enumerate(lines) if _opens_definition(line, language)), len(lines))
    likely = [line for line in lines if line.strip() and not is_prose(line)]
    defines = _joined_definitions([code], language) or any(
        _opens_definition(line, language) for line in code.split("\n")
    )
    if defines or (code and opening == len(lines) and 2 * len(code.split("\n")) > len(likely)):
        return code
    if not any(map(is_prose, lines)):
        return text
    return "\n".join(lines[opening:])


def _whole_code(text: str, language: str) -> str:
    """``text`` if all of it is code; a body keeps its margin, whole definitions lose it. "" if some of it is prose."""
    moved = syntax.flush_left(text, language)
    found = syntax.statements(moved, language)
    if not found:
        first_line = text.partition("\n")[0]
        return text if text and not is_prose(first_line) and syntax.is_fragment(text, language) else ""
    kinds = {statement.kind for statement in found}
    if "words" in kinds:
        return ""
    return moved if "definition" in kinds and kinds <= {"definition", "setup"} else text


def is_prose(line: str) -> bool:
    """Whether ``line`` is mostly plain words, or has none of the symbols of code; no keyword or comment begins it."""
    words = line.split()
    if not words or line.rstrip().endswith((";", "{")) or words[0].startswith(("#", "//", "/*")):
        return False
    if words[0].rstrip(":;({") in _KEYWORDS:
        return False
    plain = [word for word in words if word.strip(".,:;!?*\"'()`").replace("'", "").replace("-", "").isalpha()]
    return 2 * len(plain) > len(words) or _CODE_SYMBOLS.isdisjoint(line)


def _opens_definition(line: str, language: str) -> bool:
    words = line.replace("(", " (").split()
    words = [word for word in words if word not in ("async", "export", "default")]
    if len(words) < 2 or words[0] not in GRAMMARS[language].openers:
        return False
    return words[1].rstrip(":").isidentifier() and ("(" in line or line.rstrip().endswith("{") or len(words) == 2)
