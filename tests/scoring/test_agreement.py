"""Agreement between raters: Krippendorff's own example, its bounds, and what cannot be told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.agreement import confusion, krippendorff_alpha

RATERS = [  # Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section C: four observers, twelve units
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
UNITS = [list(unit) for unit in zip(*RATERS, strict=True)]
ratings = st.lists(st.lists(st.integers(1, 4) | st.none(), min_size=2, max_size=2), min_size=1, max_size=40)


def test_alpha_is_what_its_author_computed() -> None:
    assert krippendorff_alpha(UNITS, ordinal=False) == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(UNITS) == pytest.approx(0.815, abs=5e-4)


def test_full_agreement_is_1_and_ratings_that_avoid_each_other_are_below_0() -> None:
    assert krippendorff_alpha([[1, 1], [2, 2], [4, 4]]) == 1.0
    apart = krippendorff_alpha([[1, 4], [4, 1], [1, 4]])
    assert apart is not None
    assert apart < 0


def test_nothing_can_be_said_where_nothing_could_disagree() -> None:
    assert krippendorff_alpha([]) is None
    assert krippendorff_alpha([[3, 3], [3, 3]]) is None
    assert krippendorff_alpha([[1, None], [None, 4]]) is None


def test_a_near_miss_counts_less_than_a_far_one() -> None:
    agreed = [[1, 1], [2, 2], [3, 3], [4, 4]]
    near, far = krippendorff_alpha([*agreed, [1, 2]]), krippendorff_alpha([*agreed, [1, 4]])
    assert near is not None
    assert far is not None
    assert near > far


@given(ratings)
def test_alpha_does_not_depend_on_who_is_who_and_never_exceeds_1(units: list[list[int | None]]) -> None:
    alpha = krippendorff_alpha(units)
    swapped = krippendorff_alpha([unit[::-1] for unit in units])
    assert (alpha is None) == (swapped is None)
    if alpha is not None:
        assert alpha == pytest.approx(swapped)
        assert alpha <= 1.0
        assert (alpha == 1.0) == all(None in unit or unit[0] == unit[1] for unit in units)


def test_confusion_counts_known_against_told() -> None:
    assert confusion([1, 1, 2, 2], [1, 2, 2, None], (1, 2)) == ((1, 1), (0, 1))
