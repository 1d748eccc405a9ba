"""How far raters agree beyond chance."""

from collections import Counter
from collections.abc import Sequence
from itertools import permutations


def krippendorff_alpha(units: Sequence[Sequence[int | None]], ordinal: bool = True) -> float | None:
    """Krippendorff's alpha of ``units``, each with one rating by each rater (None: not rated).

    1 is full agreement, 0 what chance gives, below 0 worse than chance. alpha = 1 - D_o / D_e, the observed and the
    expected disagreement over all pairs of ratings of a unit, and of any units. The distance between two values is
    squared: for ``ordinal`` ones the number of ratings from one to the other, half of those at either end; otherwise 1
    (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, sections C and D). Units with fewer than two ratings
    tell nothing. None where all ratings are the same, or there are none: then nothing could disagree.
    """
    rated = [found for unit in units if len(found := [value for value in unit if value is not None]) > 1]
    weights: dict[tuple[int, int], float] = {}
    for unit in rated:
        for pair in permutations(unit, 2):
            weights[pair] = weights.get(pair, 0.0) + 1 / (len(unit) - 1)
    totals = Counter(value for unit in rated for value in unit)
    count = sum(totals.values())
    if len(totals) < 2:
        return None

    def distance(one: int, other: int) -> float:
        if not ordinal:
            return float(one != other)
        low, high = sorted((one, other))
        between = sum(number for value, number in totals.items() if low <= value <= high)
        return (between - (totals[low] + totals[high]) / 2) ** 2

    observed = sum(weight * distance(*pair) for pair, weight in weights.items()) / count
    expected = sum(
        totals[one] * totals[other] * distance(one, other) for one in totals for other in totals if one != other
    ) / (count * (count - 1))
    return 1 - observed / expected


def confusion(known: Sequence[int], told: Sequence[int | None], values: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """How often each known value (row) was told as each value (column), in the order of ``values``."""
    seen = Counter(zip(known, told, strict=True))
    return tuple(tuple(seen[row, column] for column in values) for row in values)
