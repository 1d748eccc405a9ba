"""What an editor makes of an answer before it puts it at the cursor: pure steps in order, each of which may be off.

1. ``cut_at_stop``: the text ends before the first stop string, for servers that do not cut there.
2. ``unfence``: a chat answer is its fenced block, or what is left without prose around it.
3. ``drop_prefix``: a chat answer does not begin with what stands before the cursor.
4. ``drop_suffix``: no answer ends with what stands after the cursor, or goes beyond it.
5. ``drop_torn``: an answer that was cut off by its limit loses its last, unfinished line.

Nothing is indented anew.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.prompts import overlap
from harness.prompts.extract import is_prose, without_chat_junk
from harness.prompts.markdown import split_fences
from harness.prompts.syntax.grammars import GRAMMARS

STEPS = ("cut_at_stop", "unfence", "drop_prefix", "drop_suffix", "drop_torn")

_WITHOUT_BACKTICKS = ("python", "java", "rust", "cpp")
"""Languages in which code between backticks can only be Markdown."""


@dataclass(frozen=True)
class Place:
    """Where an answer goes, and in which language."""

    prefix: str
    suffix: str
    language: str = ""


@dataclass(frozen=True)
class Processed:
    """What is put at the cursor, and the names of the steps that changed something."""

    text: str
    changed: tuple[str, ...]


def processed(
    answer: str,
    place: Place,
    *,
    chat: bool,
    torn: bool,
    stop: tuple[str, ...] = (),
    steps: tuple[str, ...] = STEPS,
) -> Processed:
    """``answer`` after all of ``steps`` that apply to it.

    ``chat`` says that it is a turn of a conversation, ``torn`` that the limit of its length cut it off. What was
    processed is neither, and processing it as such changes nothing.
    """
    changed: list[str] = []

    def apply(step: str, change: Callable[[str], str], text: str) -> str:
        found = change(text) if step in steps else text
        if found != text and step not in changed:
            changed.append(step)
        return found

    text = apply("cut_at_stop", lambda text: _stopped(text, stop), answer)
    if chat:
        code = _code(text, place, torn)
        torn = torn and not (code.whole and "unfence" in steps)
        text = apply("unfence", lambda _: code.text, text)
        text = apply("drop_prefix", lambda text: overlap.without_head(text, place.prefix), text)

    def without_suffix(text: str) -> str:
        return overlap.without_tail(text, place.prefix, place.suffix, torn)

    text = apply("drop_suffix", without_suffix, text)
    if torn and "drop_suffix" not in changed:  # what ran on into the suffix was whole before that
        text = apply("drop_suffix", without_suffix, apply("drop_torn", _without_last_line, text))
    return Processed(text, tuple(changed))


def _stopped(text: str, stop: tuple[str, ...]) -> str:
    return text[: min((at for each in stop if each and (at := text.find(each)) >= 0), default=len(text))]


def _without_last_line(text: str) -> str:
    """The text up to its last line end; one line is all there is, and stays."""
    cut = text.rfind("\n") + 1
    return text[:cut] if text[:cut].strip() else text


@dataclass(frozen=True)
class _Code:
    """The code of a chat answer; ``whole`` says that its fence was closed: if the answer was cut off, then after it."""

    text: str
    whole: bool


def _code(answer: str, place: Place, torn: bool) -> _Code:
    """The code of a chat answer.

    The first block in the file's language, or in none; failing that the first block; without blocks the text itself, or
    what of it is no prose. A fence's last line end belongs to the fence, unless nothing stands in the cursor's line
    before it and code after it: then whole lines are put in before that one.
    """
    text = without_chat_junk(answer)
    blocks, _ = split_fences(text, prefilled=False)
    whole = False
    if blocks:
        written = [block for block in blocks if block.code.strip()] or blocks
        tags = GRAMMARS[place.language].tags if place.language in GRAMMARS else (place.language,)
        wanted = [block for block in written if block.language in ("", *tags)]
        block = (wanted or written)[0]
        code, whole = block.code.rstrip("\n") + "\n" if not block.closed else block.code, block.closed
    elif place.language in _WITHOUT_BACKTICKS and re.fullmatch(r"`[^`\n]+`\n", text):
        code = text.strip("`\n")
    else:
        code = _without_prose(text)
    ends_line = _before_a_line(place) and (whole or not torn)
    return _Code(code if ends_line else code.removesuffix("\n"), whole)


def _before_a_line(place: Place) -> bool:
    line = place.prefix[place.prefix.rfind("\n") + 1 :]
    return not line.strip() and bool(place.suffix.partition("\n")[0].strip())


def _without_prose(text: str) -> str:
    """``text`` without the paragraphs at its beginning and end that are sentences; "" where it is nothing else."""
    paragraphs = text.split("\n\n")
    while paragraphs and _is_words(paragraphs[0]):
        paragraphs.pop(0)
    while paragraphs and _is_words(paragraphs[-1]):
        paragraphs.pop()
    return "\n\n".join(paragraphs)


def _is_words(paragraph: str) -> bool:
    """Whether a paragraph is sentences: what is only words may as well be code."""
    lines = [line for line in paragraph.split("\n") if line.strip()]
    bare = paragraph.strip()
    return bare[:1].isupper() and bare[-1:] in ".:!?" and len(bare.split()) > 3 and all(map(is_prose, lines))
