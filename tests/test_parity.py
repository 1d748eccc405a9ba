"""A small slice of scripts/parity_lm_eval.py for real: lm-eval's own evaluator and ours on the same tiny model."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, evaluate_environment

from harness.records import Answer, Choice, Outcome, Record, Sample
from scripts.parity_lm_eval import differences
from scripts.peers.comparison import Ours, Theirs


@pytest.mark.slow
@pytest.mark.mirror
def test_every_option_is_as_likely_as_lm_eval_finds(mirror: Path, tiny_model: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts/parity_lm_eval.py"), "--model", str(tiny_model)]
    shown = subprocess.run(
        [*command, "--mmlu", "2", "--subjects", "3", "--superglue", "4"],
        cwd=tmp_path,
        env=evaluate_environment(HARNESS_DATA_DIR=str(mirror), PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr
    decoder, text, found = json.JSONDecoder(), shown.stdout, {}
    while text.strip():
        part, end = decoder.raw_decode(text)
        found |= part
        text = text[end:].lstrip()
    assert {name: each["samples"] for name, each in found.items()} == {"mmlu": 6, "super-glue": 28}
    for each in found.values():
        assert each["texts_equal"]
        assert each["chosen_equal"] == 1
        assert each["worst_difference"] < 1e-3
        assert each["missing"] == 0


def test_an_option_without_a_log_probability_is_a_difference() -> None:
    sample = Sample("boolq/0", Choice("Is it?", (" yes", " no")), 0, "boolq/0")
    told = {"contexts": ["Is it?"] * 2, "continuations": [" yes", " no"], "options": [-1.0, -0.25]}

    def compared(*options: float | None) -> dict[str, object]:
        answer = Answer("", "length", 1, 1, 0.0, options=options)
        record = Record("super-glue", "1", sample.id, 0, sample.id, {}, "", answer, Outcome.PASSED, {}, {}, "")
        (found,) = differences(Ours(0.0, [sample], {sample.id: record}), Theirs(0.0, {"boolq": {0: told}}, {}))
        return found

    assert compared(-1.5, -0.25) == {"count": 2, "missing": 0, "difference": 0.5, "chosen": True, "texts": True}
    assert compared(-1.0, None) == {"count": 2, "missing": 1, "difference": 0.0, "chosen": False, "texts": True}
    assert compared(float("nan"), -0.25)["missing"] == 1
