"""Near duplicates among tasks: how many runs of eight tokens they share."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

WIDTH = 8
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Overlap:
    """Two texts by name, and which share (0 to 1) of the smaller one's 8-grams the other has."""

    one: str
    other: str
    share: float


def ngrams(text: str) -> frozenset[tuple[str, ...]]:
    """All runs of :data:`WIDTH` tokens; a token is a word or a sign, space does not count."""
    tokens = _TOKEN.findall(text)
    return frozenset(tuple(tokens[start : start + WIDTH]) for start in range(len(tokens) - WIDTH + 1))


def overlaps(texts: Mapping[str, str], others: Mapping[str, str] | None = None) -> list[Overlap]:
    """Pairs that share anything, most first: within ``texts``, or between these and ``others``."""
    grams = {name: ngrams(text) for name, text in texts.items()}
    against = grams if others is None else {name: ngrams(text) for name, text in others.items()}
    places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, found in against.items():
        for gram in found:
            places[gram].append(name)
    shared: dict[tuple[str, str], int] = defaultdict(int)
    for name, found in grams.items():
        for gram in found:
            for other in places.get(gram, ()):
                if others is not None or name < other:
                    shared[name, other] += 1
    pairs = [
        Overlap(one, other, count / min(len(grams[one]), len(against[other]))) for (one, other), count in shared.items()
    ]
    return sorted(pairs, key=lambda pair: (-pair.share, pair.one, pair.other))
