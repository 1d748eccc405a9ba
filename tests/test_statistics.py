"""Statistics against reference implementations, and their properties."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from harness.statistics import pass_at_k, proportion, wilson

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
