"""Results for lm-eval's viewers, read by lm-eval's own code."""

import json
from pathlib import Path

import pytest
from conftest import Evaluate
from export_runs import rich_run
from lm_eval.result_schema import EvalResults
from lm_eval.utils import get_file_datetime, get_results_filenames, make_table, sanitize_model_name
from run_folders import run_folder

from harness.reporting.export.lm_eval import lm_eval_results
from harness.runs import open_run, summary_of
from harness.statistics import Z95


def test_its_table_shows_our_scores(tmp_path: Path) -> None:
    run = open_run(rich_run(tmp_path, "org--model", passed=6))
    summary = summary_of(run)
    told = json.loads(lm_eval_results(run, summary))
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in make_table(told).splitlines()[2:]]
    found = {line[0]: line for line in cells}
    for row in summary.rows:
        assert row.estimate is not None
        error = (row.estimate.high - row.estimate.low) / (2 * Z95)
        assert found[row.benchmark] == [
            *(row.benchmark, row.version, "none", "0", "pass@1", "↑"),
            *(f"{row.estimate.value:.4f}", "±", f"{error:.4f}"),
        ]


def test_its_table_shows_a_benchmarks_parts_below_it(tmp_path: Path) -> None:
    run = open_run(rich_run(tmp_path, "org--model", passed=6))
    told = json.loads(lm_eval_results(run, summary_of(run)))
    names = [line.split("|")[1].rstrip() for line in make_table(told).splitlines()[2:]]
    assert names == ["bigcodebench", "mbpp", " - go", " - python", " - ruby"]
    assert told["group_subtasks"] == {"mbpp": ["mbpp_go", "mbpp_python", "mbpp_ruby"], "bigcodebench": []}
    assert told["groups"] == {"mbpp": told["results"]["mbpp"]}
    assert told["n-samples"]["mbpp_ruby"] == {"original": 4, "effective": 4}
    assert told["results"]["mbpp_ruby"]["pass@1,none"] == 0.5


def test_its_fields_are_of_lm_evals_schema(tmp_path: Path) -> None:
    run = open_run(rich_run(tmp_path, "org--model", passed=6))
    told = json.loads(lm_eval_results(run, summary_of(run)))
    assert told.keys() - EvalResults.__annotations__.keys() == {"duo_model_evaluation"}
    assert told["n-samples"]["mbpp"] == {"original": 12, "effective": 11}
    assert told["config"]["model"] == told["model_source"] == "vllm"
    assert told["model_name_sanitized"] == sanitize_model_name(told["model_name"])
    assert told["git_hash"] == "c0ffee"
    assert told["date"] == pytest.approx(1767225600.25)
    assert told["task_hashes"]["mbpp"] == "a" * 64
    assert told["duo_model_evaluation"]["complete"] is False


def test_its_readers_find_the_file_by_its_name(tmp_path: Path, evaluate: Evaluate) -> None:
    folder = rich_run(tmp_path, "model", passed=6)
    shown = evaluate("export", folder, "--format", "lm-eval")
    assert shown.returncode == 0
    place = shown.stdout.strip()
    assert get_results_filenames([place]) == [place]
    assert get_file_datetime(Path(place).stem) == "2026-01-01T00-00-00.250"
    assert json.loads(Path(place).read_text())["results"]["mbpp"]["pass@1,none"] == pytest.approx(6 / 11)


def test_a_filter_stays_one_and_what_has_no_score_is_left_out(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, "model", {"mbpp": [1.0], "bigcodebench": []}, shots=3)
    run = open_run(folder)
    summary = summary_of(run)
    one = json.loads(lm_eval_results(run, summary))
    assert list(one["results"]) == ["mbpp"]
    assert one["n-shot"] == {"mbpp": 3}
    text = (folder / "summary.json").read_text().replace('"pass@1"', '"exact_match,strict-match"')
    (folder / "summary.json").write_text(text)
    run = open_run(folder)
    scores = json.loads(lm_eval_results(run, summary_of(run)))["results"]["mbpp"]
    assert {"exact_match,strict-match", "exact_match_stderr,strict-match"} <= scores.keys()
