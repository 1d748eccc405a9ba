"""Multiple choice by a generated letter: how it is asked, and which option an answer names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.prompts.choice import as_chat, chosen
from harness.records import Choice

FOUR = Choice("What is 2 + 2?", (" three", " four", " five", " six"))
LETTERS = Choice("What is 2 + 2?\nA. three\nB. four\nAnswer:", (" A", " B"))


def test_options_are_lettered_below_the_question() -> None:
    system, user = as_chat(FOUR)
    assert "letter alone" in system.content
    assert user.content == "What is 2 + 2?\n\nA. three\nB. four\nC. five\nD. six"


def test_options_that_are_letters_already_are_not_lettered_again() -> None:
    assert as_chat(LETTERS)[1].content == f"{LETTERS.context}\n\nOptions: A, B"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B", 1),
        (" B\n", 1),
        ("B.", 1),
        ("B)", 1),
        ("(C)", 2),
        ("[D]", 3),
        ("**B**", 1),
        ("`A`", 0),
        ("B. four", 1),
        ("B: four", 1),
        ("Answer: A", 0),
        ("The answer is D", 3),
        ("The answer is D.", 3),
        ("The correct option is (B) four.", 1),
        ("B is correct", 1),
        ("Option C fits best", 2),
        ("A is the right one", 0),
        ("C, because A cat is no number", 2),
        ("A cat sat. B", 1),
        ("\n\nB\n\nBecause two and two are four.", 1),
        ("A cat", None),
        ("", None),
        ("none", None),
        ("four", None),
        ("E", None),
        ("Beautiful", None),
        ("ABCD", None),
        ("b", None),
    ],
)
def test_the_option_that_an_answer_names(text: str, expected: int | None) -> None:
    assert chosen(text, FOUR) == expected


def test_a_letter_beyond_the_options_names_none() -> None:
    assert chosen("C", LETTERS) is None
    assert chosen("B", LETTERS) == 1


@given(st.text())
def test_any_answer_names_one_of_the_options_or_none(text: str) -> None:
    assert chosen(text, FOUR) in (None, 0, 1, 2, 3)


@given(st.lists(st.text(), min_size=1, max_size=26), st.data())
def test_a_letter_alone_names_its_option_however_many_there_are(options: list[str], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(options) - 1))
    assert chosen("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number], Choice("Which?", tuple(options))) == number
