"""What an editor makes of an answer: awkward ones as data, and what must hold for all."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.code_completion import CodeCompletion
from harness.prompts.postprocess import STEPS, Place, Processed, processed

CASES = [json.loads(line) for line in Path(__file__).with_name("completions.jsonl").read_text().splitlines()]

PIECES = [
    "\n",
    "    ",
    "\t",
    "(",
    ")",
    "{",
    "}",
    "x",
    "foo",
    " = ",
    "```",
    "```python\n",
    '"',
    "'",
    "return x",
    "end\n",
    ",",
]
TEXT = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


def of(case: dict[str, Any], steps: tuple[str, ...] = STEPS) -> Processed:
    place = Place(case["prefix"], case["suffix"], case["language"])
    chat, stop = case["form"] == "chat", tuple(case["stop"])
    return processed(case["answer"], place, chat=chat, torn=case["torn"], stop=stop, steps=steps)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_an_awkward_answer(case: dict[str, Any]) -> None:
    found = of(case)
    assert found.text == case["expected"]
    assert list(found.changed) == case["changed"]


def test_the_table_is_long_and_every_case_has_a_name_of_its_own() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 25
    assert {step for case in CASES for step in case["changed"]} == set(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_off_changes_nothing(step: str) -> None:
    others = tuple(each for each in STEPS if each != step)
    for case in CASES:
        assert step not in of(case, others).changed
    assert all(of(case, ()) == Processed(case["answer"], ()) for case in CASES)


def test_every_step_is_a_setting_of_the_benchmark_that_is_on() -> None:
    switches = {each.name: each.default for each in fields(CodeCompletion) if each.type is bool}
    assert switches == dict.fromkeys(STEPS, True)


@given(answer=TEXT, prefix=TEXT, suffix=TEXT, chat=st.booleans(), torn=st.booleans(), stop=st.sampled_from(["", "foo"]))
def test_it_never_raises_and_what_was_processed_stays_as_it_is(
    answer: str, prefix: str, suffix: str, chat: bool, torn: bool, stop: str
) -> None:
    place = Place(prefix, suffix, "python")
    once = processed(answer, place, chat=chat, torn=torn, stop=(stop,))
    assert set(once.changed) <= set(STEPS)
    assert (once.text != answer) <= bool(once.changed)
    again = processed(once.text, place, chat=False, torn=False, stop=(stop,))
    assert again == Processed(once.text, ())


@given(answer=TEXT, prefix=TEXT, suffix=TEXT)
def test_outside_of_chats_it_only_ever_shortens_the_end(answer: str, prefix: str, suffix: str) -> None:
    assert answer.startswith(processed(answer, Place(prefix, suffix), chat=False, torn=True).text)


MIDDLES, SUFFIXES = ["x", "x, y", "f(x)", "[1]"], [")\n", ")\n    return x\n", ") + 1\n"]


@given(middle=st.sampled_from(MIDDLES), suffix=st.sampled_from(SUFFIXES))
def test_a_right_answer_with_the_rest_of_the_file_is_the_right_answer(middle: str, suffix: str) -> None:
    for length in range(len(suffix) + 1):
        if length in (0, len(suffix)) or not (suffix[length - 1].isalnum() and suffix[length].isalnum()):
            found = processed(middle + suffix[:length], Place("y = foo(", suffix), chat=False, torn=False)
            assert found.text.rstrip() == middle, length
