"""Mutants of an answer, the laziest answer, and near duplicates."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.prompts import syntax
from harness.quality.duplicates import WIDTH, ngrams, overlaps
from harness.quality.mutants import mutants
from harness.quality.stubs import stub
from harness.statistics import spread

PREFIX = "def clamp(x, low, high):\n"
ANSWER = "    if x < low:\n        return low\n    return min(x, high) + 0\n"


def test_an_answer_is_changed_in_every_way_and_place() -> None:
    changes = {(each.line, each.change) for each in mutants(PREFIX, ANSWER, "", "python")}
    assert changes == {
        (1, "< -> <="),
        (1, "not: x < low"),
        (1, "gone: if x < low: return low"),
        (2, "gone: return low"),
        (3, "+ -> -"),
        (3, "0 -> 1"),
        (3, "gone: return min(x, high) + 0"),
    }


def test_nothing_outside_of_the_answer_is_changed() -> None:
    whole = PREFIX + ANSWER
    found = mutants("", whole, "", "python")
    assert {each.text for each in mutants(PREFIX, ANSWER, "", "python")} == {
        each.text.removeprefix(PREFIX) for each in found if each.text.startswith(PREFIX)
    }


def test_a_choice_is_spread_over_the_answer() -> None:
    every = mutants(PREFIX, ANSWER, "", "python")
    assert [each.line for each in spread(every, 3)] == [1, 1, 3]
    assert spread(every, 100) == every


IN_EVERY_LANGUAGE: Mapping[str, tuple[str, str, str, str, str]] = {
    # prefix, answer, suffix, a change of an operator, the stub
    "javascript": ("function f(a) {\n", "  return a < 1;\n", "}\n", "< -> <=", "  return 0;\n"),
    "typescript": ("function f(a: number): boolean {\n", "  return a < 1;\n", "}\n", "< -> <=", "  return 0;\n"),
    "ruby": ("def f(a)\n", "  a < 1\n", "end\n", "< -> <=", "  0\n"),
    "go": ("package main\n\nfunc f(a int) bool {\n", "\treturn a < 1\n", "}\n", "< -> <=", "\treturn false\n"),
    "java": ("class A {\nboolean f(int a) {\n", "  return a < 1;\n", "}\n}\n", "< -> <=", "  return false;\n"),
    "rust": ("fn f(a: i64) -> bool {\n", "    a < 1\n", "}\n", "< -> <=", "    false\n"),
    "cpp": ("bool f(int a) {\n", "  return a < 1;\n", "}\n", "< -> <=", "  return false;\n"),
    "php": ("<?php\nfunction f($a) {\n", "    return $a < 1;\n", "}\n", "< -> <=", "    return 0;\n"),
    "bash": ("f() {\n", "  [[ $1 -lt 1 ]] && echo yes\n", "}\n", "-lt -> -le", "  echo 0\n"),
}  # fmt: skip


@pytest.mark.parametrize("language", IN_EVERY_LANGUAGE)
def test_every_language_has_mutants_and_a_stub(language: str) -> None:
    prefix, answer, suffix, change, lazy = IN_EVERY_LANGUAGE[language]
    found = mutants(prefix, answer, suffix, language)
    assert change in {each.change for each in found}
    assert all(syntax.parses(prefix + each.text + suffix, language) for each in found)
    assert stub(prefix, answer, suffix, language) == lazy


def test_a_stub_keeps_what_a_whole_definition_is_called() -> None:
    answer = (
        "class Stack:\n    def __init__(self):\n        self.x = []\n\n    def pop(self):\n        return self.x[0]\n"
    )
    lazy = stub("", answer, "", "python")
    assert lazy == "class Stack:\n    def __init__(self):\n        return 0\n\n    def pop(self):\n        return 0\n"
    go = "func f(a int) (string, error) {\n\treturn strconv.Itoa(a), nil\n}\n"
    assert stub("package main\n", go, "", "go") == 'func f(a int) (string, error) { return "", nil }\n'


def test_near_duplicates_are_found_whatever_the_white_space() -> None:
    one = "def add(first, second):\n    return first + second * 2\n"
    texts = {
        "a": one,
        "b": one.replace("    ", "\t").replace("\n", "\n\n"),
        "c": "def other():\n    return [1, 2, 3]\n",
    }
    (pair,) = [pair for pair in overlaps(texts) if pair.share > 0.5]
    assert (pair.one, pair.other, pair.share) == ("a", "b", 1.0)
    assert overlaps({"x": one}, {"y": one})[0].share == 1.0
    assert overlaps({"x": "short"}) == []


@given(st.text(max_size=80))
def test_ngrams_are_as_many_as_the_tokens_allow(text: str) -> None:
    assert all(len(gram) == WIDTH for gram in ngrams(text))


@given(st.sampled_from(list(IN_EVERY_LANGUAGE)), st.text(max_size=60), st.text(max_size=60))
def test_nothing_is_raised_whatever_the_text(language: str, answer: str, suffix: str) -> None:
    for mutant in mutants("", answer, suffix, language):
        assert mutant.text != answer
