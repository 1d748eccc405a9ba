"""Likeness to a reference: real texts, real libraries; published definitions, and what is not installed."""

import asyncio
import sys

import pytest
from conftest import needs_similarity
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import NotInstalledError
from harness.scoring import likeness as module
from harness.scoring.likeness import CHRF, ROUGE_L, likeness
from harness.scoring.similarity import COSINE, CROSS, cross_similarity, elements

REFERENCE = (
    "Add a time limit to every request.\n\n- The client gives up after thirty seconds.\n- The error names the host."
)


def cross(one: str, other: str) -> float:
    return asyncio.run(cross_similarity(one, other))


@needs_similarity
def test_a_text_is_most_like_itself() -> None:
    same = asyncio.run(likeness(REFERENCE, REFERENCE))
    assert same == pytest.approx(dict.fromkeys((COSINE, CROSS, CHRF, ROUGE_L), 1.0), abs=1e-6)
    other = asyncio.run(likeness("Rename a column of the users table.", REFERENCE))
    assert all(other[name] < 0.6 for name in same)


@needs_similarity
def test_a_blank_text_is_like_nothing() -> None:
    assert set(asyncio.run(likeness(" \n", REFERENCE)).values()) == {0.0}


@needs_similarity
def test_rouge_l_is_the_longest_common_subsequence_of_words() -> None:
    # Lin 2004, section 3: "police kill the gunman" has 3 of 4 words in order, "the gunman kill police" 2 of 4.
    reference = "police killed the gunman"
    in_order = asyncio.run(likeness("police kill the gunman", reference))
    out_of_order = asyncio.run(likeness("the gunman kill police", reference))
    assert (in_order[ROUGE_L], out_of_order[ROUGE_L]) == (0.75, 0.5)


@needs_similarity
def test_chrf_is_what_sacrebleu_says_of_one_sentence() -> None:
    from sacrebleu import sentence_chrf

    text = "Every request has a time limit now."
    assert asyncio.run(likeness(text, REFERENCE))[CHRF] == pytest.approx(sentence_chrf(text, [REFERENCE]).score / 100)


@needs_similarity
def test_cross_similarity_does_not_mind_the_order_and_minds_what_is_missing() -> None:
    first, second, third = elements(REFERENCE)
    assert cross(f"{third} {second} {first}", REFERENCE) == pytest.approx(1.0, abs=1e-6)
    assert 0.5 < cross(first, REFERENCE) < 0.95
    assert cross("", REFERENCE) == cross(REFERENCE, "- \n#\n") == 0.0


def test_elements_are_sentences_and_bullets_without_their_marks() -> None:
    assert elements("# Head\n\nOne. Two!\n- three\n 2) four; five\n---\n") == [
        "Head",
        "One.",
        "Two!",
        "three",
        "four;",
        "five",
    ]


@given(st.text(max_size=300))
def test_elements_of_any_text_hold_its_letters_in_order(text: str) -> None:
    letters = "".join(filter(str.isalpha, text))
    assert letters.startswith("".join(filter(str.isalpha, "".join(elements(text)))))


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "evaluate", None)
    module._metric.cache_clear()
    with pytest.raises(NotInstalledError, match="likeness of texts needs"):
        module._metric("chrf")
