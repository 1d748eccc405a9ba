"""Estimates with their uncertainty: plain functions on numbers, each with its formula, source and edge cases."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import comb, isfinite, sqrt
from statistics import quantiles as _quantiles
from typing import TypeVar

from harness.results import Estimate, Quantiles

T = TypeVar("T")

Z95 = 1.959963984540054
"""The 0.975 quantile of the standard normal distribution."""


def wilson(successes: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Wilson score interval of a proportion ``p = successes / n`` (Wilson 1927; Brown, Cai, DasGupta 2001, eq. 4).

    (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). Never leaves [0, 1] and never has width 0, also at 0 and n
    successes. ``n = 0`` says nothing: (0, 1). Both may be fractions: an effective sample size.

    Raises:
        ValueError: successes outside 0..n.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes out of {n}")
    if n == 0:
        return 0.0, 1.0
    p, shrink = successes / n, 1 + z * z / n
    middle = (p + z * z / (2 * n)) / shrink
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / shrink
    # At the edges the bound equals p exactly; rounding must not put it on the wrong side.
    return max(0.0, min(middle - half, p)), min(1.0, max(middle + half, p))


def spread(items: Sequence[T], count: int) -> list[T]:
    """``count`` of the items, spread evenly over their order, so that a few of them show all of their kinds."""
    there = len(items)
    return list(items) if count >= there else [items[k * there // count] for k in range(count)]


def pass_at_k(n: int, passed: int, k: int) -> float:
    """Unbiased estimate of pass@k from ``passed`` of ``n`` attempts at one sample (Chen et al. 2021, eq. 1).

    1 - C(n-passed, k) / C(n, k): the chance that k attempts drawn without replacement hold at least one that passed.

    Raises:
        ValueError: k attempts cannot be drawn from n.
    """
    if not (0 < k <= n and 0 <= passed <= n):
        raise ValueError(f"pass@{k} from {passed} of {n} attempts")
    return 1.0 - comb(n - passed, k) / comb(n, k)


def proportion(values: Sequence[float]) -> Estimate:
    """Mean of per-sample scores in [0, 1], with a 95 % interval over the samples.

    All scores 0 or 1: Wilson. Otherwise (several attempts averaged per sample) Wilson at the effective sample size
    n·p(1-p)/s², s² the sample variance, so that a score's spread and not its mean alone sets the width; where the
    variance is 0 the plain n is used. One sample or none has no variance to use and takes Wilson as well.

    Raises:
        ValueError: no values.
    """
    n = len(values)
    if n == 0:
        raise ValueError("no values to estimate from")
    mean = sum(values) / n
    if all(value in (0.0, 1.0) for value in values):
        return Estimate(mean, *wilson(sum(values), n), n, "wilson")
    variance = sum((value - mean) ** 2 for value in values) / (n - 1) if n > 1 else 0.0
    effective = n * mean * (1 - mean) / variance if variance > 0 else float(n)
    return Estimate(mean, *wilson(mean * effective, effective), n, "wilson-effective-n")


@dataclass(frozen=True)
class Contribution:
    """What one sample adds to the deviation of an estimate, with the stratum and the cluster that it belongs to."""

    stratum: str
    cluster: str
    value: float


def squared_error(contributions: Iterable[Contribution]) -> float | None:
    """The squared standard error of an estimate, None where fewer than two clusters say nothing of it.

    Sum over strata h of G/(G-1) · sum over its G clusters c of (z_hc - mean z_h)², z_hc the cluster's contributions
    summed (Cochran 1977, chapters 5 and 9A; for one stratum the clustered error of Miller 2024, arXiv 2411.00640, eq.
    4, with G/(G-1)). Strata of a single cluster have no spread of their own and are taken together (collapsed strata,
    Cochran 1977, 5A.12), with the next stratum where there is only one of them.
    """
    totals: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for each in contributions:
        totals[each.stratum][each.cluster] += each.value
    strata = [list(clusters.values()) for clusters in totals.values()]
    lone = [value for clusters in strata if len(clusters) == 1 for value in clusters]
    whole = [clusters for clusters in strata if len(clusters) > 1]
    if len(lone) == 1 and whole:
        lone += whole.pop()
    if len(lone) > 1:
        whole.append(lone)
    if not whole:
        return None
    return sum(
        len(values) / (len(values) - 1) * sum((value - sum(values) / len(values)) ** 2 for value in values)
        for values in whole
    )


def with_error(
    value: float, contributions: Sequence[Contribution], n: int, method: str, most: int | None = None
) -> Estimate:
    """An estimate in [0, 1] with a 95 % interval from its linearised error.

    Wilson's interval at the effective sample size value·(1-value)/SE², at most ``most`` (Kott and Carr 1997; Dean and
    Pagano 2015: it covers better than value ± 1.96·SE in clustered samples, and never leaves [0, 1]). Where the
    contributions have no spread the number of clusters is the sample size.
    """
    squared = squared_error(contributions)
    effective = float(len({(each.stratum, each.cluster) for each in contributions}))
    if squared and 0 < value < 1:
        effective = value * (1 - value) / squared
        effective = min(effective, most) if most else effective
    value = min(1.0, max(0.0, value))
    return Estimate(value, *wilson(value * effective, effective), n, method)


def with_normal_error(value: float, contributions: Sequence[Contribution], n: int, method: str) -> Estimate | None:
    """An estimate of any size, such as a mean length, as value ± 1.96·SE from its linearised error.

    None where it is not finite, or where fewer than two clusters say nothing of the error.
    """
    squared = squared_error(contributions)
    if squared is None or not isfinite(value):
        return None
    half = Z95 * sqrt(squared)
    return Estimate(value, value - half, value + half, n, method)


JACKKNIFE_GROUPS = 50
"""The most groups of a jackknife: a statistic may be slow (BLEU over thousands of texts)."""


def jackknifed(values: Sequence[tuple[str, T]], function: Callable[[list[T]], float]) -> Estimate | None:
    """What ``function`` makes of all values, each with its cluster, ± 1.96 times its error by the jackknife.

    SE² = (G-1)/G · sum over G groups of clusters of (t_g - mean t)², t_g the statistic without group g (Shao and Tu
    1995, 2.3: delete-d, of :data:`JACKKNIFE_GROUPS` groups or of every cluster where these are fewer). None where fewer
    than two clusters tell no error, or where the statistic is not finite.
    """
    numbers = {cluster: number for number, cluster in enumerate(dict.fromkeys(cluster for cluster, _ in values))}
    groups = min(JACKKNIFE_GROUPS, len(numbers))
    if groups < 2:
        return None
    value = function([each for _, each in values])
    without = [
        function([each for cluster, each in values if numbers[cluster] % groups != group]) for group in range(groups)
    ]
    middle = sum(without) / groups
    half = Z95 * sqrt((groups - 1) / groups * sum((each - middle) ** 2 for each in without))
    if not isfinite(value) or not isfinite(half):
        return None
    return Estimate(value, value - half, value + half, len(values), "normal-jackknife")


def quantiles(values: Sequence[float]) -> Quantiles:
    """Median, 95th and 99th percentile of ``values``, interpolated (definition 7 of Hyndman and Fan 1996).

    Raises:
        ValueError: no values.
    """
    if not values:
        raise ValueError("no values to take quantiles of")
    cuts = _quantiles(values, n=100, method="inclusive") if len(values) > 1 else [values[0]] * 99
    return Quantiles(cuts[49], cuts[94], cuts[98])
