"""What an answer repeats of the code around the cursor.

Text that stands at both sides of the cursor is no proof of a repetition: ``g(x)`` before ``)`` is right as it is. What
is dropped must be whole lines or, within the cursor's own line, whole words, and dropping it must leave brackets and
quotes of the whole file no worse paired than they were.
"""

import re
from collections import Counter

_PAIRS = (("(", ")"), ("[", "]"), ("{", "}"))
_QUOTES = "\"'`"


def without_head(answer: str, prefix: str) -> str:
    """``answer`` without a beginning that repeats the end of ``prefix`` from the start of one of its lines on."""
    for length in range(min(len(answer), len(prefix)), 0, -1):
        start = len(prefix) - length
        if prefix.endswith(answer[:length]) and _starts_line(prefix, start) and not _within_word(answer, length):
            return answer[length:]
    return answer


def without_tail(answer: str, prefix: str, suffix: str, torn: bool = False) -> str:
    """``answer`` up to where it repeats the beginning of ``suffix``: at its end, or two lines and whatever follows.

    White space at the end of the answer does not hide a repetition; ``torn`` says that the answer may end within a
    line of it.
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
    return placed and _unpaired(prefix, kept, suffix) <= _unpaired(prefix, kept, repeated, suffix)


def _before_second_suffix(answer: str, prefix: str, suffix: str) -> str:
    """``answer`` up to where the suffix's lines up to the second that is not blank stand in it."""
    lines = suffix.split("\n")
    written = [row for row, line in enumerate(lines) if line.strip()][:2]
    if len(written) < 2:
        return answer
    head = "\n".join(lines[: written[1] + 1])
    at = f"{answer}\n".find(f"{head}\n")
    if at < 0 or not (head[0] == "\n" or _starts_line(prefix + answer, len(prefix) + at) or lines[0].strip()):
        return answer
    kept = answer[:at]
    worse = _unpaired(prefix, kept, suffix) > _unpaired(prefix, answer, suffix)
    return answer if worse or _within_word(answer, at) else kept


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
