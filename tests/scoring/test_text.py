"""How alike two texts are, against a plain table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.text import edit_distance, edit_similarity

TEXT = st.text("ab\u00e9\n ", max_size=80)


def by_the_table(one: str, other: str) -> int:
    """Wagner and Fischer 1974."""
    row = list(range(len(other) + 1))
    for at, character in enumerate(one, 1):
        below = [at]
        for column, against in enumerate(other, 1):
            below.append(min(row[column] + 1, below[-1] + 1, row[column - 1] + (character != against)))
        row = below
    return row[-1]


@given(one=TEXT, other=TEXT)
def test_the_distance_is_that_of_the_table(one: str, other: str) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == by_the_table(one, other)


@given(one=TEXT, other=TEXT)
def test_a_similarity_is_between_0_and_1_and_1_for_equals_alone(one: str, other: str) -> None:
    assert 0 <= edit_similarity(one, other) <= 1
    assert (edit_similarity(one, other) == 1) == (one == other)


@pytest.mark.parametrize(
    ("one", "other", "similarity"),
    [("", "", 1.0), ("", "a", 0.0), ("kitten", "sitting", 1 - 3 / 7), ("abc", "xyz", 0.0), ("ab", "abcd", 0.5)],
)
def test_known_similarities(one: str, other: str, similarity: float) -> None:
    assert edit_similarity(one, other) == pytest.approx(similarity)
