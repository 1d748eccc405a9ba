"""Statistics against reference implementations, and their properties."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from harness.results import Estimate
from harness.statistics import (
    JACKKNIFE_GROUPS,
    Contribution,
    jackknifed,
    pass_at_k,
    proportion,
    wilson,
    with_normal_error,
)

counts = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_agrees_with_statsmodels(count: tuple[int, int]) -> None:
    successes, n = count
    assert wilson(successes, n) == pytest.approx(proportion_confint(successes, n, method="wilson"), abs=1e-12)


@given(counts)
def test_wilson_holds_the_proportion_and_never_has_width_zero(count: tuple[int, int]) -> None:
    successes, n = count
    low, high = wilson(successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    assert low < high


def test_wilson_of_nothing_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5)])
def test_wilson_refuses_impossible_counts(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="out of"):
        wilson(successes, n)


@given(st.integers(1, 8).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_draws_that_hold_a_pass(case: tuple[int, int, int]) -> None:
    n, passed, k = case
    attempts = [number < passed for number in range(n)]
    draws = list(combinations(attempts, k))
    assert pass_at_k(n, passed, k) == pytest.approx(sum(map(any, draws)) / len(draws))


@pytest.mark.parametrize(("n", "passed", "k"), [(3, 1, 4), (3, 4, 1), (3, 1, 0), (3, -1, 1)])
def test_pass_at_k_refuses_what_cannot_be_drawn(n: int, passed: int, k: int) -> None:
    with pytest.raises(ValueError, match="attempts"):
        pass_at_k(n, passed, k)


def test_proportion_of_passes_is_wilson() -> None:
    found = proportion([1.0, 0.0, 0.0, 1.0])
    assert (found.value, found.n, found.method) == (0.5, 4, "wilson")
    assert (found.low, found.high) == wilson(2, 4)


def test_averaged_attempts_that_agree_more_give_a_narrower_interval() -> None:
    spread, close = proportion([0.0, 1.0, 0.0, 1.0, 0.5]), proportion([0.4, 0.6, 0.4, 0.6, 0.5])
    assert spread.value == close.value
    assert close.high - close.low < spread.high - spread.low


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_proportion_is_always_inside_its_interval(values: list[float]) -> None:
    found = proportion(values)
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


def test_proportion_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        proportion([])


def normal(values: list[float]) -> Estimate | None:
    mean = sum(values) / len(values)
    parts = [Contribution("", str(n), (value - mean) / len(values)) for n, value in enumerate(values)]
    return with_normal_error(mean, parts, len(values), "normal")


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=40))
def test_the_jackknife_of_a_mean_is_its_own_error(values: list[float]) -> None:
    """For a mean, and one group a value, it is s / sqrt(n) (Shao and Tu 1995, 1.2)."""
    found = jackknifed(
        [(str(number), value) for number, value in enumerate(values)], lambda part: sum(part) / len(part)
    )
    plain = normal(values)
    assert found
    assert plain
    assert found.n == plain.n == len(values)
    for one, other in ((found.value, plain.value), (found.low, plain.low), (found.high, plain.high)):
        assert one == pytest.approx(other, abs=1e-6)


def test_the_jackknife_leaves_out_whole_clusters_and_few_groups() -> None:
    sizes: list[int] = []

    def function(part: list[int]) -> float:
        sizes.append(len(part))
        return float(len(part))

    assert jackknifed([(str(number // 3), number) for number in range(30)], function)
    assert sizes == [30, *[27] * 10]
    sizes.clear()
    assert jackknifed([(str(number), number) for number in range(200)], function)
    assert sizes == [200, *[196] * JACKKNIFE_GROUPS]


def test_one_cluster_or_what_is_not_finite_tells_no_error() -> None:
    assert jackknifed([("a", 1.0), ("a", 2.0)], sum) is None
    assert jackknifed([("a", 1.0), ("b", float("inf"))], sum) is None
    assert normal([3.0]) is normal([1.0, float("nan")]) is None
