"""The code around a cursor, cut so that the prompt fits the model's context.

Other files go first, the last one before the others. Then whole lines go, those farthest from the cursor first; the
cursor's own line is never cut. The prefix may fill three quarters of the room, and what one side leaves unused is the
other's. The same prompt and room always give the same cut.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from itertools import accumulate, takewhile

from harness.errors import PromptTooLongError
from harness.records import Cut, Infill

PREFIX_SHARE = 0.75


def fit(
    prompt: Infill, room: int | None, measure: Callable[[Infill], int], count: Callable[[str], int]
) -> tuple[Infill, Cut | None]:
    """``prompt`` so that ``measure`` of it is at most ``room`` (None: without limit), and what was left out of it.

    ``measure`` is exact and decides; ``count`` is about what a line adds to it and may be off.

    Raises:
        PromptTooLongError: the cursor's line alone does not fit.
    """
    if room is None or measure(prompt) <= room:
        return prompt, None
    for kept in range(len(prompt.files) - 1, -1, -1):
        shorter = replace(prompt, files=prompt.files[:kept])
        if measure(shorter) <= room:
            return shorter, _difference(prompt, shorter)
    before, (left, right), after = _lines(prompt)
    line = replace(prompt, prefix=left, suffix=right, files=())
    budget = room - measure(line)
    if budget < 0:
        raise PromptTooLongError(f"prompt too long: the cursor's line alone takes {-budget} tokens more than there are")
    count = cache(count)
    shorter = line
    while budget > 0:
        above, below = _nearest(before, after, budget, count)
        longer = replace(line, prefix="".join(above) + left, suffix=right + "".join(below))
        excess = measure(longer) - room
        if excess <= 0:
            shorter = longer
            break
        budget -= excess  # lines by themselves were counted for less than they take together
    return shorter, _difference(prompt, shorter)


def without_files(prompt: Infill, cut: Cut | None) -> Cut | None:
    """``cut`` with all of the prompt's other files added, for a format that has no place for them."""
    return replace(cut or Cut(), files=len(prompt.files)) if prompt.files else cut


def _lines(prompt: Infill) -> tuple[list[str], tuple[str, str], list[str]]:
    """Whole lines above the cursor's, the two parts of its own, and whole lines below it, each with its line end."""
    *before, left = prompt.prefix.split("\n")
    right, found, rest = prompt.suffix.partition("\n")
    *after, last = rest.split("\n")
    below = [f"{line}\n" for line in after] + ([last] if last else [])
    return [f"{line}\n" for line in before], (left, right + found), below


def _nearest(
    before: list[str], after: list[str], budget: int, count: Callable[[str], int]
) -> tuple[list[str], list[str]]:
    """As many lines of both sides as ``budget`` allows, nearest the cursor first."""
    reserved = _taken(after, budget - int(PREFIX_SHARE * budget), count)
    above = _taken(reversed(before), budget - sum(map(count, reserved)), count)
    below = _taken(after, budget - sum(map(count, above)), count)
    return above[::-1], below


def _taken(lines: Iterable[str], budget: int, count: Callable[[str], int]) -> list[str]:
    lines = list(lines)
    fitting = sum(1 for _ in takewhile(lambda total: total <= budget, accumulate(map(count, lines))))
    return lines[:fitting]


def _difference(whole: Infill, part: Infill) -> Cut:
    above = whole.prefix[: len(whole.prefix) - len(part.prefix)]
    below = whole.suffix[len(part.suffix) :]
    return Cut(
        prefix_characters=len(above),
        prefix_lines=above.count("\n"),
        suffix_characters=len(below),
        suffix_lines=below.count("\n") + (below != "" and not below.endswith("\n")),
        files=len(whole.files) - len(part.files),
    )
