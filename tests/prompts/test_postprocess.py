"""What an editor makes of an answer: awkward ones as data, and what must hold for all."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from completion_rows import ROWS
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.code_completion import CodeCompletion
from harness.prompts.postprocess import STEPS, Place, Processed, processed
from harness.shipped import shipped

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
    assert switches == dict.fromkeys(STEPS, True) | {"cosine": False}


AMBIGUOUS = ("php/schema_diff:arguments-72",)
"""What follows on the gap is ``);``, with which the gap could end as well: nothing tells that it was repeated."""


def gaps() -> list[dict[str, Any]]:
    """The gaps of the tests, and those of the data set where it is there."""
    files = sorted((shipped("datasets") / "code_completion").glob("*.jsonl"))
    return [*ROWS, *(json.loads(line) for file in files for line in file.read_text().split("\n") if line)]


@pytest.mark.parametrize("gap", gaps(), ids=lambda gap: gap["id"])
def test_what_is_repeated_around_a_right_answer_goes_and_the_answer_stays(gap: dict[str, Any]) -> None:
    prefix, middle, suffix, language = gap["prefix"], gap["middle"], gap["suffix"], gap["language"]
    place, line, after = Place(prefix, suffix, language), prefix.rpartition("\n")[2], suffix.splitlines(keepends=True)
    assert processed(middle, place, chat=False, torn=False).text.rstrip() == middle.rstrip()
    for count in range(1, 7):
        answer = middle + "".join(after[:count])
        assert processed(answer, place, chat=False, torn=False).text.rstrip() == middle.rstrip()
    rest = after[0].rstrip() if after else ""
    if gap["id"] in AMBIGUOUS:
        return
    for shown in (middle, line + middle, line.lstrip() + middle, line + middle + rest, f"{prefix}{middle}{suffix}"):
        ended = shown if shown.endswith("\n") else f"{shown}\n"
        answer = f"This belongs there:\n```{language}\n{ended}```\n"
        assert processed(answer, place, chat=True, torn=False).text.strip() == middle.strip(), shown


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
