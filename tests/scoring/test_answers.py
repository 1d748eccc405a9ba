"""Short answers in replies: where they are found, and which spellings of them are the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.records import Outcome
from harness.scoring.answers import final_answer, json_answer, normalised, replies, same, score_fields, score_short


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("It loops.\n\nAnswer: 42", "42"),
        ("**Answer:** `[1, 2]`", "`[1, 2]`"),
        ("Answer: 1\nNo, wait.\nFinal answer: 2\n", "2"),
        ("### Answer: KeyError", "KeyError"),
        ("> answer : O(n)", "O(n)"),
        ("Answer:\n```json\n[1, 2]\n```", "[1, 2]"),
        ("<think>Answer: 1</think>\nAnswer: 2", "2"),
        ("<think>I never stop. Answer: 1", ""),
        ("KeyError", "KeyError"),
        ("It is\na KeyError", ""),
        ("", ""),
    ],
)
def test_the_answer_is_what_the_reply_ends_with(reply: str, answer: str) -> None:
    assert final_answer(reply) == answer


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("'keyerror'.", "KeyError"),
        ("**Kim  Osei**", "Kim Osei"),
        ("[1,2, 3]", "[1, 2, 3]"),
        ('{"b": 1, "a": null}', '{"a": null, "b": 1}'),
        ("`2.0`", "2.0"),
        ("\u201cmain\u201d", "main"),
    ],
)
def test_spellings_of_the_same(answer: str, accepted: str) -> None:
    assert same(answer, ["other", accepted])


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [("[2, 1]", "[1, 2]"), ("1", "true"), ("1", "1.0"), ("not KeyError", "KeyError"), ("", "x"), ("12", "1")],
)
def test_what_is_not_the_same(answer: str, accepted: str) -> None:
    assert not same(answer, [accepted])


@given(st.text(), st.text(alphabet=st.characters(exclude_categories=["C"]), min_size=1))
def test_whatever_stands_before_it_an_answer_is_found(before: str, answer: str) -> None:
    [reply] = replies([answer])
    if answer.strip() and "answer" not in answer.casefold() and "<think>" not in before:
        assert normalised(final_answer(f"{before}\n{reply}")) == normalised(answer) or normalised(answer) == ""


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none(), min_size=1), st.text())
def test_the_last_object_is_found_in_any_reply(value: dict[str, object], before: str) -> None:
    before = before.replace("{", "(").replace("<think>", "")
    found = json_answer(f'{before} {{"first": 1}} or {{broken\n```json\n{json.dumps(value)}\n```\nThat is it.')
    assert found == {str(key).lower(): each for key, each in value.items()}


@pytest.mark.parametrize("reply", ["", "no object", "{", "[1]", "{'single': 1}", "{" * 5000])
def test_no_object_is_nothing(reply: str) -> None:
    assert json_answer(reply) == {}


def test_scores() -> None:
    assert score_short("acc", "KeyError.", ["keyerror"]).scores == {"acc": 1.0}
    assert score_short("acc", "ValueError", ["KeyError"]).outcome is Outcome.FAILED
    assert score_short("acc", "", ["KeyError"]).outcome is Outcome.NO_ANSWER
    assert score_fields("acc", {"file": True, "line": False}).scores == {"acc": 0.0, "file": 1.0, "line": 0.0}
    assert score_fields("acc", {"file": True}).outcome is Outcome.PASSED
    assert score_fields("acc", {}).outcome is Outcome.NO_ANSWER
