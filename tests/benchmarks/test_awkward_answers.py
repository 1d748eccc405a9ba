"""What the code benchmarks run of an answer: the shapes that models' answers come in, as data.

Those of a base model are SmolLM2 135M's to MBPP, asked without its chat template.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.records import Answer
from harness.scoring.program import program_of

CASES = [json.loads(line) for line in Path(__file__).with_name("awkward_answers.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_program_of_an_answer(case: dict[str, Any]) -> None:
    answer = Answer(case["answer"], case.get("finish", "stop"), 1, 1, 0.1, form=case["form"])
    assert program_of(answer, "python", case["continued"]) == case["expected"]
