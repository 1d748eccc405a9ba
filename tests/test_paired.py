"""Differences between two sets of scores, against scipy, statsmodels and published examples."""

import gc
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.paired import (
    Difference,
    Pair,
    clopper_pearson,
    detectable,
    holm,
    mcnemar,
    paired,
    published,
    samples_needed,
    tango,
    unpaired,
)
from harness.results import Estimate

scores = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


def pairs(*both: tuple[float, float], clusters: Sequence[str] = ()) -> list[Pair]:
    names = clusters or [str(number) for number in range(len(both))]
    return [Pair(float(ours), float(theirs), name) for (ours, theirs), name in zip(both, names, strict=True)]


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (10, 10), (3, 10), (1, 148), (500, 1140)])
def test_clopper_pearson_is_what_statsmodels_says(successes: int, n: int) -> None:
    from statsmodels.stats.proportion import proportion_confint

    assert clopper_pearson(successes, n) == pytest.approx(proportion_confint(successes, n, method="beta"))


def test_clopper_pearson_of_nothing_says_nothing_and_refuses_what_cannot_be() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="11 successes out of 10"):
        clopper_pearson(11, 10)


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (5, 0), (1, 9), (12, 12), (40, 21)])
def test_mcnemar_is_exact(won: int, lost: int) -> None:
    from statsmodels.stats.contingency_tables import mcnemar as reference

    assert mcnemar(won, lost) == pytest.approx(reference([[7, won], [lost, 3]], exact=True).pvalue)


@pytest.mark.parametrize(("won", "lost", "n"), [(1, 0, 44), (0, 0, 30), (9, 9, 18), (30, 2, 148)])
def test_tango_is_symmetric_and_has_a_width_even_where_nothing_differs(won: int, lost: int, n: int) -> None:
    low, high = tango(won, lost, n)
    assert low < (won - lost) / n < high
    assert tango(lost, won, n) == pytest.approx((-high, -low), abs=1e-9)


def test_tango_solves_its_own_equation_by_another_way() -> None:
    """The bounds are where the score statistic is z: the nuisance chance is found by brute force here."""
    won, lost, n = 13, 4, 60

    def statistic(d: float) -> float:
        def likelihood(q: float) -> float:  # q: chance to lose; q + d: to win
            chances = (q + d, won), (q, lost), (1 - 2 * q - d, n - won - lost)
            return sum(count * math.log(chance) if chance > 0 else -math.inf for chance, count in chances if count)

        grid = [step / 20_000 for step in range(1, 20_000)]
        q = max((each for each in grid if each + d > 0 and 1 - 2 * each - d > 0), key=likelihood)
        return (won - lost - n * d) / math.sqrt(n * (2 * q + d - d * d))

    low, high = tango(won, lost, n)
    assert statistic(low) == pytest.approx(1.96, abs=0.01)
    assert statistic(high) == pytest.approx(-1.96, abs=0.01)


@given(scores)
def test_a_paired_difference_is_between_its_bounds_and_turns_with_its_sides(both: list[tuple[bool, bool]]) -> None:
    found = paired(pairs(*both))
    back = paired(pairs(*((theirs, ours) for ours, theirs in both)))
    assert -1 <= found.low <= found.value + 1e-9 <= found.high + 2e-9 <= 1 + 2e-9
    assert (back.value, back.p) == pytest.approx((-found.value, found.p))
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low), abs=1e-6)
    assert found.won + found.lost + found.tied == found.n == len(both)


def test_pairs_that_never_differ_leave_room_for_what_was_not_seen() -> None:
    same = paired(pairs(*[(1, 1)] * 30))
    assert (same.value, same.p) == (0.0, 1.0)
    assert -0.15 < same.low < 0 < same.high < 0.15
    few = paired(pairs(*[(1, 1)] * 30, clusters=["a"] * 15 + ["b"] * 15))
    assert few.low < same.low


def test_clusters_widen_the_interval_of_pairs_that_go_together() -> None:
    both = [(1.0, 0.0)] * 10 + [(0.0, 0.0)] * 30
    alone = paired(pairs(*both))
    together = paired(pairs(*both, clusters=[str(number // 5) for number in range(40)]))
    assert together.method == "clustered"
    assert together.high - together.low > alone.high - alone.low
    assert together.p > alone.p


def test_the_clustered_error_is_that_of_a_regression_with_clusters() -> None:
    import numpy
    import statsmodels.api as sm

    gaps = [0.2, 0.4, -0.1, 0.0, 0.3, 0.3, 0.5, -0.2]
    clusters = ["a", "a", "b", "b", "b", "c", "d", "d"]
    found = paired(pairs(*((gap, 0.0) if gap >= 0 else (0.0, -gap) for gap in gaps), clusters=clusters))
    numbers = numpy.unique(clusters, return_inverse=True)[1]
    fit = sm.OLS(gaps, [1.0] * len(gaps)).fit(
        cov_type="cluster", cov_kwds={"groups": numbers, "use_correction": False}, use_t=True
    )
    assert found.value == pytest.approx(fit.params[0])
    assert found.error == pytest.approx(fit.bse[0] * math.sqrt(4 / 3))


def test_other_scores_are_resampled_and_ranked() -> None:
    from scipy.stats import wilcoxon

    both = [(0.1 * number % 1, 0.07 * number % 1) for number in range(1, 41)]
    found = paired(pairs(*both))
    assert found.method == "BCa, Wilcoxon"
    assert found.p == pytest.approx(wilcoxon([a - b for a, b in both], method="approx").pvalue)
    assert found.low < found.value < found.high
    assert found == paired(pairs(*both)), "the same every time"


def test_scores_with_one_gap_alone_tell_no_error() -> None:
    found = paired(pairs((0.5, 0.25), (0.75, 0.5)))
    assert (found.low, found.high) == (-1.0, 1.0)


def test_no_pairs_are_no_difference() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        paired([])


@pytest.mark.parametrize(
    ("k1", "n1", "k2", "n2"), [(56, 70, 48, 80), (9, 10, 3, 10), (0, 148, 20, 148), (10, 10, 0, 20)]
)
def test_independent_proportions_are_compared_as_newcombe_does(k1: int, n1: int, k2: int, n2: int) -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep

    found = unpaired(published(k1 / n1, n1), published(k2 / n2, n2))
    low, high = confint_proportions_2indep(k1, n1, k2, n2, method="newcomb")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert (found.p < 0.05) == (low > 0 or high < 0)


def test_a_wider_interval_on_one_side_widens_the_difference() -> None:
    theirs = published(0.5, 400)
    narrow = unpaired(Estimate(0.6, 0.55, 0.65, 400, "wilson"), theirs)
    wide = unpaired(Estimate(0.6, 0.45, 0.75, 400, "clustered"), theirs)
    assert narrow.p < 0.05 < wide.p
    assert isinstance(wide, Difference)


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_is_what_statsmodels_says(p_values: list[float]) -> None:
    from statsmodels.stats.multitest import multipletests

    gc.freeze()  # multipletests collects garbage at every call, and there is much by now
    expected = list(multipletests(p_values, method="holm")[1]) if p_values else []
    assert holm(p_values) == pytest.approx(expected)


def test_the_detectable_difference_is_millers() -> None:
    # Miller 2024, section 5: (z_0.975 + z_0.8)² is 7.849
    assert detectable(1.0) ** 2 == pytest.approx(7.849, abs=1e-3)
    assert samples_needed(0.05, 100, 0.05) == math.ceil(100 * 7.84888)
    assert samples_needed(0.01, 100, -0.5) == 1
    with pytest.raises(ValueError, match="difference of 0"):
        samples_needed(0.1, 10, 0.0)
