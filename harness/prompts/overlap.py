"""What an answer repeats of the code around the cursor.

Text that stands at both sides of the cursor is no proof of a repetition: ``g(x)`` before ``)`` is right as it is. What
is dropped must be whole lines or, within the cursor's own line, whole words. Unless a line of it says enough to be no
coincidence, dropping it must leave brackets and quotes of the whole file no worse paired than they were.
"""

import re
from collections import Counter
from collections.abc import Iterator

_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"))
_QUOTES = "\"'`"
_CLOSES = re.compile(r"[\s)\]};,]*[)\]}][\s)\]};,]*")
TELLING = 10
"""So many letters and digits in a line, and it does not stand at both sides of the cursor by chance."""


def without_head(answer: str, prefix: str) -> str:
    """``answer`` without a beginning that repeats the end of ``prefix`` from the start of one of its lines on."""
    for length in range(min(len(answer), len(prefix)), 0, -1):
        start = len(prefix) - length
        if prefix.endswith(answer[:length]) and _starts_line(prefix, start) and not _within_word(answer, length):
            return answer[length:]
    return answer


def without_tail(answer: str, prefix: str, suffix: str, torn: bool = False) -> str:
    """``answer`` up to where it repeats the beginning of ``suffix``.

    That is at its end, or in its midst: two lines of the suffix, or its first one where that says enough or closes
    what was opened before the cursor. White space at the end of the answer does not hide a repetition; ``torn`` says
    that the answer may end within a line of it.
    """
    while (found := _once(answer, prefix, suffix, torn)) != answer:
        answer, torn = found, False
    return answer


def _once(answer: str, prefix: str, suffix: str, torn: bool) -> str:
    for text in (answer, answer.rstrip()):
        for length in range(min(len(text), len(suffix)), 0, -1):
            kept = text[: len(text) - length]
            if text.endswith(suffix[:length]) and _is_repetition(kept, prefix, suffix, length, torn):
                return kept
    return _before_second_suffix(answer, prefix, suffix)


def _is_repetition(kept: str, prefix: str, suffix: str, length: int, torn: bool) -> bool:
    repeated, rest = suffix[:length], suffix[length:]
    if not repeated.strip():
        return True
    if kept[-1:] in ("", "\n") or repeated[0] == "\n":
        placed = torn or not rest or rest[0] == "\n" or repeated[-1] == "\n"
    else:
        within_line = not _starts_line(prefix, len(prefix)) and suffix[0] != "\n"
        placed = within_line and not _within_word(kept + repeated, len(kept)) and not _within_word(suffix, length)
    if not placed:
        return False
    return _tells(repeated) or _unpaired(prefix, kept, suffix) <= _unpaired(prefix, kept, repeated, suffix)


def _before_second_suffix(answer: str, prefix: str, suffix: str) -> str:
    """``answer`` up to where the suffix stands in its midst."""
    lines = suffix.split("\n")
    heads = ["\n".join(lines[: row + 1]) for row, line in enumerate(lines) if line.strip()][:2]
    if not heads:
        return answer
    first, last = heads[0], heads[-1]
    if _CLOSES.fullmatch(first.strip()) and (first[0] == "\n" or _starts_line(prefix, len(prefix))):
        for at in _places(first, answer, prefix):
            if _unpaired(answer[:at]) == 0:
                return answer[:at]
    if first[0] == "\n" and _tells(first):
        last = first
    elif len(heads) < 2:
        return answer
    for at in _places(last, answer, prefix):
        kept = answer[:at]
        if _tells(last) or _unpaired(prefix, kept, suffix) <= _unpaired(prefix, answer, suffix):
            return kept
    return answer


def _places(head: str, answer: str, prefix: str) -> Iterator[int]:
    """Where the suffix's first lines stand in the answer: from the start of a line, or a word of the cursor's line."""
    within_line = not _starts_line(prefix, len(prefix))
    for found in re.finditer(re.escape(head) + r"(?=\n|\Z)", answer):
        at = found.start()
        if head[0] == "\n" or answer[at - 1 : at] in ("", "\n") or (within_line and not _within_word(answer, at)):
            yield at


def _tells(repeated: str) -> bool:
    """Whether a whole line of a repetition, after what may be the rest of the cursor's, is more than a coincidence."""
    return any(sum(map(str.isalnum, line)) >= TELLING for line in repeated.split("\n")[1:])


def _within_word(text: str, at: int) -> bool:
    """Whether position ``at`` is inside a word of ``text``."""
    return 0 < at < len(text) and all(each.isalnum() or each == "_" for each in text[at - 1 : at + 1])


def _starts_line(text: str, at: int) -> bool:
    """Whether nothing but white space stands before position ``at`` in its line."""
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _unpaired(*texts: str) -> int:
    """How many brackets and quotes of the texts together have no partner, by their numbers alone."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(re.findall(r"[()\[\]{}\"'`]", text))
    brackets = sum(abs(counts[opening] - counts[closing]) for opening, closing in _PAIRS)
    return brackets + sum(counts[quote] % 2 for quote in _QUOTES)
