"""Estimates with their uncertainty: plain functions on numbers, each with its formula, source and edge cases."""

from collections.abc import Sequence
from math import comb, sqrt
from statistics import quantiles as _quantiles

from harness.records import Estimate, Quantiles

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


def quantiles(values: Sequence[float]) -> Quantiles:
    """Median, 95th and 99th percentile of ``values``, interpolated (definition 7 of Hyndman and Fan 1996).

    Raises:
        ValueError: no values.
    """
    if not values:
        raise ValueError("no values to take quantiles of")
    cuts = _quantiles(values, n=100, method="inclusive") if len(values) > 1 else [values[0]] * 99
    return Quantiles(cuts[49], cuts[94], cuts[98])
