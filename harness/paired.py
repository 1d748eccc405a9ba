"""Differences between two sets of scores: how large, how sure, and how large one would have to be to be seen.

Plain functions on numbers, each with its formula, source and edge cases. scipy does the distributions and the tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from harness.results import Estimate
from harness.statistics import Z95, Contribution, squared_error, wilson

POWER = 0.8
_RESAMPLES = 9_999
_SEED = 20_240_101
_ROOT_STEPS = 100


@dataclass(frozen=True)
class Pair:
    """One sample's scores on both sides, in [0, 1], and the cluster that it belongs to."""

    ours: float
    theirs: float
    cluster: str


@dataclass(frozen=True)
class Difference:
    """Ours minus theirs with its 95 % interval, the two-sided p-value of "no difference", and how both were made.

    ``n`` counts pairs, or our samples where nothing is paired; ``error`` is the standard error. Of pairs: how many were
    won, lost and tied.
    """

    value: float
    low: float
    high: float
    p: float
    n: int
    method: str
    error: float
    won: int = 0
    lost: int = 0
    tied: int = 0


def clopper_pearson(successes: int, n: int) -> tuple[float, float]:
    """The exact 95 % interval of a proportion (Clopper and Pearson 1934), by quantiles of beta distributions.

    Never covers less than it says, and mostly more. ``n = 0`` says nothing: (0, 1).

    Raises:
        ValueError: successes outside 0..n.
    """
    from scipy.stats import beta

    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes out of {n}")
    low = float(beta.ppf(0.025, successes, n - successes + 1)) if successes else 0.0
    high = float(beta.ppf(0.975, successes + 1, n - successes)) if successes < n else 1.0
    return low, high


def paired(pairs: Sequence[Pair]) -> Difference:
    """The mean difference over pairs.

    Clusters of several pairs: value ± t·SE with the clustered error and one degree of freedom less than clusters
    (Miller 2024, arXiv 2411.00640, section 4), p by the same t. Otherwise, where all scores are 0 or 1: Tango's score
    interval (Tango 1998, eq. 7) and the exact McNemar test, a sign test on the pairs that differ. Otherwise: bootstrap
    BCa (Efron 1987) and Wilcoxon's signed-rank test. Pairs that never differ tell no error: p is 1, and the interval is
    Tango's, whatever the scores.

    Raises:
        ValueError: no pairs.
    """
    if not pairs:
        raise ValueError("no pairs to compare")
    n = len(pairs)
    gaps = [pair.ours - pair.theirs for pair in pairs]
    value = sum(gaps) / n
    won, lost = sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)
    contributions = [Contribution("", pair.cluster, (gap - value) / n) for pair, gap in zip(pairs, gaps, strict=True)]
    clusters = len({pair.cluster for pair in pairs})
    error = sqrt(squared_error(contributions) or 0.0)
    binary = all(score in (0.0, 1.0) for pair in pairs for score in (pair.ours, pair.theirs))
    if not won and not lost:
        low, high, p, method = *tango(0, 0, min(n, clusters)), 1.0, "score"
    elif clusters < n:
        low, high, p, method = *_by_t(value, error, clusters), "clustered"
    elif binary:
        low, high, p, method = *tango(won, lost, n), mcnemar(won, lost), "score, McNemar"
    else:
        low, high, p, method = *_bca(gaps), _wilcoxon(gaps), "BCa, Wilcoxon"
    return Difference(value, low, high, p, n, method, error, won, lost, n - won - lost)


def mcnemar(won: int, lost: int) -> float:
    """The exact two-sided McNemar test: is a pair that differs as likely won as lost? (McNemar 1947; binomial.)"""
    from scipy.stats import binomtest

    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def tango(won: int, lost: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of (won - lost) / n, n pairs of zeros and ones (Tango 1998, eq. 7).

    The differences d with |won - lost - n·d| = z·sqrt(n·(2·q + d·(1 - d))), where q is the likeliest chance to lose
    given d; found by bisection. Unlike value ± 1.96·SE it keeps its coverage when few pairs differ.
    """

    def score(d: float) -> float:
        a, b, c = 2 * n, -won - lost + (2 * n - won + lost) * d, -lost * d * (1 - d)
        q = (sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
        variance = n * (2 * q + d * (1 - d))
        gap = won - lost - n * d
        return gap / sqrt(variance) if variance > 0 else (0.0 if gap == 0 else gap * float("inf"))

    def root(low: float, high: float, target: float) -> float:
        for _ in range(_ROOT_STEPS):  # the score falls as d grows
            middle = (low + high) / 2
            low, high = (middle, high) if score(middle) > target else (low, middle)
        return (low + high) / 2

    value = (won - lost) / n
    return root(-1.0, value, Z95), root(value, 1.0, -Z95)


def unpaired(ours: Estimate, theirs: Estimate) -> Difference:
    """The difference of two independent proportions, each with its own 95 % interval.

    Square and add: low = d - sqrt((p1 - l1)² + (u2 - p2)²), high likewise (Newcombe 1998, method 10, for Wilson's
    intervals; Zou and Donner 2008 for any, clustered ones among them). p is that of a normal deviate whose error is the
    half of the interval on the side of 0, over 1.96: it is below 0.05 where the interval leaves 0 out.
    """
    from scipy.stats import norm

    value = ours.value - theirs.value
    low = value - sqrt((ours.value - ours.low) ** 2 + (theirs.high - theirs.value) ** 2)
    high = value + sqrt((ours.high - ours.value) ** 2 + (theirs.value - theirs.low) ** 2)
    error = ((value - low) if value > 0 else (high - value)) / Z95
    p = float(2 * norm.sf(abs(value) / error)) if error > 0 else 1.0
    return Difference(value, low, high, p, ours.n, "square and add", (high - low) / (2 * Z95))


def published(score: float, n: int) -> Estimate:
    """A published proportion with Wilson's interval at its ``n``."""
    return Estimate(score, *wilson(score * n, n), n, "wilson")


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted so that all of them together err with at most their level (Holm 1979).

    Sorted upwards, the k-th of m is multiplied by m - k + 1, is at least the one before it, and at most 1.
    """
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        worst = max(worst, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = worst
    return adjusted


def detectable(error: float, power: float = POWER) -> float:
    """The least true difference that a two-sided test at 5 % finds with chance ``power``, given the standard error.

    (z_0.975 + z_power) · SE (Miller 2024, section 5).
    """
    return (Z95 + _z(power)) * error


def samples_needed(error: float, n: int, difference: float, power: float = POWER) -> int:
    """How many samples would find ``difference`` with chance ``power``, when ``n`` gave this standard error.

    n · ((z_0.975 + z_power) · SE / difference)²: the error falls with the root of n.

    Raises:
        ValueError: a difference of 0 is never found.
    """
    if difference == 0:
        raise ValueError("no number of samples finds a difference of 0")
    return max(1, ceil(n * (detectable(error, power) / abs(difference)) ** 2))


def _by_t(value: float, error: float, clusters: int) -> tuple[float, float, float]:
    from scipy.stats import t

    if clusters < 2 or error == 0.0:
        return -1.0, 1.0, 1.0
    half = float(t.ppf(0.975, clusters - 1)) * error
    return max(-1.0, value - half), min(1.0, value + half), float(2 * t.sf(abs(value) / error, clusters - 1))


def _bca(gaps: Sequence[float]) -> tuple[float, float]:
    import numpy
    from scipy.stats import bootstrap

    if len(set(gaps)) == 1:  # no spread to draw from
        return -1.0, 1.0
    generator = numpy.random.default_rng(_SEED)
    found = bootstrap((list(gaps),), numpy.mean, n_resamples=_RESAMPLES, method="BCa", rng=generator)
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def _wilcoxon(gaps: Sequence[float]) -> float:
    from scipy.stats import wilcoxon

    return float(wilcoxon(gaps, zero_method="wilcox", method="approx").pvalue)


def _z(probability: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(probability))
