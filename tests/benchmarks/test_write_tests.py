"""Tests that a model wrote: run on what is right and on what is not, by the real frameworks."""

import asyncio
from collections.abc import Iterator

import pytest

from benchmarks.write_tests import PASSES, TRUE, Edit, Row, WriteTests
from harness.benchmark import Tools
from harness.prompts.markdown import fenced
from harness.records import Answer, Chat, Message, Outcome, Sample, Score
from harness.sandbox.pool import Sandbox, choose_level

CODE = """def clamp(value, low, high):
    \"\"\"value, but not below low nor above high; ValueError where low is above high.\"\"\"
    if low > high:
        raise ValueError("low is above high")
    return max(low, min(value, high))
"""
ALSO = """def clamp(value, low, high):
    if low > high:
        raise ValueError
    if value < low:
        return low
    return high if value > high else value
"""
MUTANTS = [
    Edit("if low > high", "if low >= high"),
    Edit("if low > high", "if low < high"),
    Edit("if low > high", "if low - 1 > high"),
    Edit("raise ValueError(", "raise KeyError("),
    Edit("max(low", "min(low"),
    Edit("min(value", "max(value"),
]
HEAD = "import unittest\nfrom clamp import clamp\n\n\nclass TestClamp(unittest.TestCase):\n"
MIDDLE = "    def test_middle(self):\n        self.assertEqual(clamp(5, 1, 9), 5)\n"
EDGES = """
    def test_edges(self):
        self.assertEqual([clamp(0, 1, 9), clamp(10, 1, 9), clamp(4, 4, 4)], [1, 9, 4])

    def test_error(self):
        with self.assertRaises(ValueError):
            clamp(1, 3, 2)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(choose_level(), slots=2) as opened:
        yield opened


def scored(tests: str, sandbox: Sandbox) -> Score:
    row = Row("x", "python", "lib/clamp.py", "easy", [], [], CODE, "Test it.", [ALSO], MUTANTS, "", ["", ""])
    sample = Sample("x", Chat((Message("user", "test it"),)), row, "x")
    answer = Answer(fenced(tests, "python") if tests else "", "stop", 1, 1, 0.1)
    return asyncio.run(WriteTests().score(sample, answer, Tools(sandbox.run_async)))


def test_tests_that_find_every_fault_have_all(sandbox: Sandbox) -> None:
    score = scored(HEAD + MIDDLE + EDGES, sandbox)
    assert (score.outcome, score.scores) == (Outcome.PASSED, {"kill rate": 1.0, PASSES: 1.0, TRUE: 1.0})


def test_tests_of_the_happy_path_alone_find_too_little(sandbox: Sandbox) -> None:
    score = scored(HEAD + MIDDLE, sandbox)
    assert score.outcome is Outcome.FAILED
    assert score.scores == {"kill rate": 0.5, PASSES: 0.0, TRUE: 1.0}
    assert score.detail["missed"] == [0, 2, 3]


@pytest.mark.parametrize(
    "tests",
    [
        HEAD + MIDDLE.replace(", 5)", ", 6)"),
        HEAD + "    def test_message(self):\n        with self.assertRaisesRegex(ValueError, 'above'):\n"
        "            clamp(1, 3, 2)\n",
        "from clamps import clamp\n",
        "import sys\nsys.exit(1)\n",
    ],
    ids=["false", "of one version alone", "another name", "always fails"],
)
def test_tests_that_fail_on_what_is_right_have_nothing(tests: str, sandbox: Sandbox) -> None:
    score = scored(tests, sandbox)
    assert score.scores == {"kill rate": 0.0, PASSES: 0.0, TRUE: 0.0}
    assert score.detail["message"]


def test_tests_that_always_pass_find_nothing(sandbox: Sandbox) -> None:
    assert scored("import os\nos._exit(0)\n", sandbox).scores == {"kill rate": 0.0, PASSES: 0.0, TRUE: 1.0}


def test_a_reply_without_code_is_no_answer(sandbox: Sandbox) -> None:
    assert scored("", sandbox).outcome is Outcome.NO_ANSWER
