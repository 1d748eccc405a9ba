"""A choice as the fewest texts that a model must read to tell how likely each option is.

The likelihood of an option's last token is read off after everything before it, so options that differ in their last
token alone need one reading between them. Four letters after a question are one; so are MultiRC's "... correct? yes"
and "... correct? no".
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.records import Answer

MOST_LABELS = 128
"""The most last tokens of one stem: what vLLM tells at once (``logprob_token_ids``)."""

Pair = tuple[list[int], list[int]]
"""Token ids of a context and of an option after it, at least one of each."""


class Likely(NamedTuple):
    """An option's log-probability, and whether each of its tokens is the likeliest one."""

    value: float
    greedy: bool


@dataclass(frozen=True)
class Stem:
    """A text to be read, as token ids.

    Its last ``scored`` ids belong to the options numbered ``options``, each of which ends with its own one of
    ``last``.
    """

    ids: tuple[int, ...]
    scored: int
    options: tuple[int, ...]
    last: tuple[int, ...]


Score = Callable[[Stem], Awaitable[Sequence[Likely]]]
"""Tells of each option of a stem how likely it is."""


def stems(pairs: Sequence[Pair]) -> Iterator[Stem]:
    """The stems of all options, each option in one of them."""
    found: defaultdict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = defaultdict(list)
    for number, (before, after) in enumerate(pairs):
        found[tuple(before), tuple(after[:-1])].append(number)
    for (start, scored), numbers in found.items():
        for first in range(0, len(numbers), MOST_LABELS):
            part = tuple(numbers[first : first + MOST_LABELS])
            yield Stem((*start, *scored), len(scored), part, tuple(pairs[number][1][-1] for number in part))


async def scored(pairs: Sequence[Pair], score: Score) -> Answer:
    """What ``score`` says of each option, in their order, as an answer."""
    started = time.monotonic()
    found = await _likely(pairs, score)
    values, greedy = tuple(each.value for each in found), tuple(each.greedy for each in found)
    seconds = round(time.monotonic() - started, 4)
    return Answer("", "length", len(pairs[0][0]), 1, seconds, options=values, greedy=greedy)


async def summed(windows: Sequence[Pair], score: Score) -> Answer:
    """What ``score`` says of a passage's windows, together."""
    started = time.monotonic()
    value = float(sum(each.value for each in await _likely(windows, score)))
    tokens = 1 + sum(len(after) for _, after in windows)
    return Answer("", "length", tokens, 0, round(time.monotonic() - started, 4), options=(value,))


async def _likely(pairs: Sequence[Pair], score: Score) -> list[Likely]:
    asked = list(stems(pairs))
    told = await asyncio.gather(*map(score, asked))
    by_number = {
        number: likely
        for stem, found in zip(asked, told, strict=True)
        for number, likely in zip(stem.options, found, strict=True)
    }
    return [by_number[number] for number in range(len(pairs))]
