"""Results of other harnesses: as they write them, compared sample by sample, and refused where that cannot be."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Evaluate, evaluate_environment
from peer_results import evalplus
from run_folders import run_folder

from benchmarks.bigcodebench import BigCodeBench
from benchmarks.mbppplus import BASE, PLUS, MbppPlus
from harness.baselines import of_folder
from harness.comparison import compare
from harness.metrics import estimates
from harness.records import Outcome
from harness.summary import read_summary

TOY = """
task: toy
dataset_path: json
dataset_kwargs: {data_files: rows.jsonl}
test_split: train
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{options}}"
doc_to_target: "{{answer}}"
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: f1, aggregation: f1, higher_is_better: true}
metadata: {version: 1.0}
"""
LM_EVAL = """
import sys
from lm_eval.evaluator import simple_evaluate
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

tracker = EvaluationTracker(output_path="out")
results = simple_evaluate(
    "dummy", model_args="pretrained=org/dummy", tasks=["toy"], log_samples=True, bootstrap_iters=0,
    task_manager=TaskManager(include_path=".", include_defaults=False), evaluation_tracker=tracker,
)
samples = results.pop("samples")
tracker.save_results_aggregated(results, samples)
tracker.save_results_samples("toy", samples["toy"])
"""


def test_evalplus_tasks_are_paired_with_a_runs(tmp_path: Path, evaluate: Evaluate) -> None:
    tries: dict[str, list[tuple[str, str | None]]] = {
        "Mbpp/2": [("pass", "pass")],
        "Mbpp/3": [("pass", "fail")],
        "Mbpp/4": [("timeout", "fail")],
    }
    file = evalplus(tmp_path / "org--model_temp_0.0_eval_results.json", tries)
    shown = evaluate("import", file, "-o", tmp_path / "theirs")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines() == [
        "org--model_temp_0.0 mbppplus: 3 samples, 1 attempts each",
        f"{tmp_path}/theirs",
    ]
    theirs = of_folder(tmp_path / "theirs")
    assert theirs.manifest is not None
    assert [record.verdict for record in theirs.records] == [Outcome.PASSED, Outcome.FAILED, Outcome.TIMEOUT]
    assert (theirs.records[0].version, theirs.records[0].finished_at) == (MbppPlus.version, "2026-01-02T03:04:00+00:00")
    found = dict(estimates([each.metric for each in theirs.manifest.jobs[0].metrics], theirs.records))
    assert {name: each.value for name, each in found.items() if each} == {
        PLUS: pytest.approx(1 / 3),
        BASE: pytest.approx(2 / 3),
    }
    summary = read_summary(tmp_path / "theirs")
    assert summary is not None
    assert summary.complete
    evalplus(file, {task: [("pass", "pass")] for task in tries})
    told = evaluate("import", file, "-o", tmp_path / "ours", "--model", "better", "--json")
    assert json.loads(told.stdout) == {
        "folder": f"{tmp_path}/ours",
        "model": "better",
        "feature": "code-suggestions",
        "benchmarks": [{"benchmark": "mbppplus", "samples": 3, "attempts": 1}],
        "left_out": [],
    }
    first = compare(of_folder(tmp_path / "ours"), theirs).rows[0]
    assert (first.metric, first.paired, first.flipped) == (PLUS, True, (("Mbpp/3", "Mbpp/4"), ()))
    text = evaluate("compare", tmp_path / "ours", "--against", tmp_path / "theirs").stdout
    assert "better against org--model_temp_0.0" in text


def test_several_attempts_give_pass_at_k_and_base_tests_alone_no_plus(tmp_path: Path, evaluate: Evaluate) -> None:
    tries: list[tuple[str, str | None]] = [("pass", None)] + [("fail", None)] * 4
    file = evalplus(tmp_path / "m_eval_results.json", {"Mbpp/2": tries, "Mbpp/3": tries})
    assert evaluate("import", file, "-o", tmp_path / "theirs").returncode == 0
    theirs = of_folder(tmp_path / "theirs")
    assert theirs.manifest is not None
    found = dict(estimates([each.metric for each in theirs.manifest.jobs[0].metrics], theirs.records))
    assert {name: each.value for name, each in found.items() if each} == {
        BASE: pytest.approx(0.2),
        "base pass@5": pytest.approx(1.0),
    }


def test_a_run_is_compared_with_bigcodebench_results_and_told_who_scored_them(
    tmp_path: Path, evaluate: Evaluate
) -> None:
    told = {
        "date": "2024-12-25 02:51",
        "eval": {
            f"BigCodeBench/{number}": [{"task_id": "", "solution": "", "status": status, "details": {}}]
            for number, status in enumerate(["pass", "fail", "pass"])
        },
    }
    (tmp_path / "m_eval_results.json").write_text(json.dumps(told))
    (tmp_path / "m_pass_at_k.json").write_text(json.dumps({"model": "org/m", "split": "instruct", "subset": "hard"}))
    assert evaluate("import", tmp_path / "m_pass_at_k.json", "-o", tmp_path / "theirs").returncode == 0
    run = run_folder(tmp_path, "ours", {"bigcodebench": [1.0, 1.0, 0.0]}, version=BigCodeBench.version)
    for name in ("records.jsonl", "summary.json"):
        (run / name).write_text((run / name).read_text().replace('"bigcodebench/', '"BigCodeBench/'))
    shown = evaluate("compare", run, "--against", tmp_path / "theirs", "--json")
    assert shown.returncode == 0, shown.stderr
    (comparison,) = json.loads(shown.stdout)
    (row,) = comparison["rows"]
    assert comparison["theirs"] == "org--m"
    assert row["paired"]
    assert row["flipped"] == [["BigCodeBench/1"], ["BigCodeBench/2"]]
    assert "measured by: None here, BigCodeBench there" in row["notes"]
    assert "split: complete here, instruct there" in row["notes"]


@pytest.mark.mirror
@pytest.mark.parametrize("split", ["complete", "instruct"])
def test_the_leaderboards_own_file_gives_its_own_score(
    tmp_path: Path, evaluate: Evaluate, mirror: Path, split: str
) -> None:
    place = mirror / f"samples/hard-{split}-calibrated"
    assert evaluate("import", f"{place}_eval_results.json", "-o", tmp_path / "theirs").returncode == 0
    summary = read_summary(tmp_path / "theirs")
    assert summary is not None
    assert summary.rows[0].estimate is not None
    said = json.loads(Path(f"{place}_pass_at_k.json").read_text())["pass@1"]
    assert summary.rows[0].estimate.value == pytest.approx(said)
    assert summary.model == "Qwen2.5-Coder-7B-Instruct--main"


@pytest.fixture(scope="module")
def lm_eval_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lm-eval itself writes of a small task and its dummy model; the results file."""
    folder = tmp_path_factory.mktemp("lm_eval")
    (folder / "toy.yaml").write_text(TOY)
    rows = [{"question": f"{n}?", "options": ["yes", "perhaps"], "answer": n % 2} for n in range(12)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    environment = evaluate_environment(HF_HOME=str(folder / "cache"), HF_DATASETS_OFFLINE="1")
    ran = subprocess.run(
        [sys.executable, "-c", LM_EVAL], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stderr
    (found,) = folder.glob("out/*/results_*.json")
    return found


@pytest.mark.slow
def test_lm_evals_samples_are_paired(tmp_path: Path, evaluate: Evaluate, lm_eval_files: Path) -> None:
    told: dict[str, Any] = json.loads(lm_eval_files.read_text())
    shown = evaluate("import", lm_eval_files, "-o", tmp_path / "theirs")
    assert shown.returncode == 3
    assert "left out: toy f1: what was made of the samples is no mean of theirs" in shown.stderr
    assert shown.stdout.startswith("org--dummy lm-eval:toy: 12 samples")
    theirs = of_folder(tmp_path / "theirs")
    assert theirs.manifest is not None
    (job,) = theirs.manifest.jobs
    assert (job.version, [each.metric.name for each in job.metrics]) == (f"1.0/{told['lm_eval_version']}", ["acc"])
    ((name, estimate),) = estimates([each.metric for each in job.metrics], theirs.records)
    assert estimate is not None
    assert (name, estimate.value) == ("acc", pytest.approx(told["results"]["toy"]["acc,none"]))
    (row,) = compare(theirs, theirs).rows
    assert (row.paired, row.difference.value, row.difference.n) == (True, 0.0, 12)


@pytest.mark.slow
def test_lm_evals_means_alone_are_refused(tmp_path: Path, evaluate: Evaluate, lm_eval_files: Path) -> None:
    alone = tmp_path / lm_eval_files.name
    alone.write_bytes(lm_eval_files.read_bytes())
    shown = evaluate("import", alone, "-o", tmp_path / "theirs")
    assert shown.returncode == 2
    assert "means alone cannot be paired" in shown.stderr
    assert "mend: run lm_eval again with --log_samples" in shown.stderr
    assert not (tmp_path / "theirs").exists()
    (samples,) = lm_eval_files.parent.glob("samples_*.jsonl")
    (tmp_path / samples.name).write_text(samples.read_text().replace('"doc_id": 3', '"id": 3'))
    assert f"{samples.name}:4: lacks 'doc_id'" in evaluate("import", alone, "-o", tmp_path / "theirs").stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing", None, "No such file"),
        ("torn.json", '{"eval": {', "not JSON"),
        ("other.json", "[]", "is no results file that is known here"),
        ("m_eval_results.json", '{"eval": {}}', "no benchmark here: none at all"),
        ("m_eval_results.json", '{"eval": {"HumanEval/0": []}}', "no benchmark here: HumanEval"),
        ("m_eval_results.json", '{"eval": {"Mbpp/2": [{"base_status": "oops"}]}}', "Mbpp/2"),
        ("m_eval_results.json", '{"eval": {"Mbpp/2": [{}]}}', '"Mbpp/2" has no status'),
        ("m_eval_results.json", '{"eval": {"Mbpp/2": [{}, {}], "Mbpp/3": [{}]}}', "another number of attempts"),
        ("m_pass_at_k.json", '{"pass@1": 0.5}', "a mean alone, which cannot be paired"),
        ("results_x.json", '{"results": {"a": {}}}', "versions"),
        ("results_x.json", '{"results": {}, "versions": {}}', "has no results"),
    ],
)
def test_bad_input_is_told(tmp_path: Path, evaluate: Evaluate, name: str, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    shown = evaluate("import", tmp_path / name, "-o", tmp_path / "theirs")
    assert shown.returncode == 2
    assert said in shown.stderr
    assert "mend: " in shown.stderr
    assert not (tmp_path / "theirs").exists()


def test_a_folder_of_something_else_is_not_overwritten(tmp_path: Path, evaluate: Evaluate) -> None:
    file = evalplus(tmp_path / "m_eval_results.json", {"Mbpp/2": [("pass", "pass")]})
    run = run_folder(tmp_path, "run", {"mbpp": [1.0]})
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    shown = evaluate("import", file, "-o", run)
    assert shown.returncode == 2
    assert "holds something else" in shown.stderr
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    for _ in range(2):
        assert evaluate("import", file, "-o", tmp_path / "again").returncode == 0
    assert "did you mean" in evaluate("import", file, "-o", tmp_path / "x", "--feature", "caht").stderr
