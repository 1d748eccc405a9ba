"""A choice as the fewest texts that a model must read to tell how likely each option is.

The likelihood of an option's last token is read off after everything before it, so options that differ in their last
token alone need one reading between them. Four letters after a question are one; so are MultiRC's "... correct? yes"
and "... correct? no".
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_LABELS = 128
"""The most last tokens of one stem: what vLLM tells at once (``logprob_token_ids``)."""

Pair = tuple[list[int], list[int]]
"""Token ids of a context and of an option after it, at least one of each."""


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


def stems(pairs: Sequence[Pair]) -> Iterator[Stem]:
    """The stems of all options, each option in one of them."""
    found: defaultdict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = defaultdict(list)
    for number, (before, after) in enumerate(pairs):
        found[tuple(before), tuple(after[:-1])].append(number)
    for (start, scored), numbers in found.items():
        for first in range(0, len(numbers), MOST_LABELS):
            part = tuple(numbers[first : first + MOST_LABELS])
            yield Stem((*start, *scored), len(scored), part, tuple(pairs[number][1][-1] for number in part))
