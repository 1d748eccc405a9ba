"""A small slice of scripts/parity_lm_eval.py for real: lm-eval's own evaluator and ours on the same tiny model."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, evaluate_environment


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
