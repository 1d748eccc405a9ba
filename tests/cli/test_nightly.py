"""A night of evaluations: real runs of a tiny model, broken ones, and what is compared with the last night."""

import json
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from conftest import Evaluate, evaluate_environment
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from run_folders import run_folder

from harness.journal import RECORDS
from harness.nightly import check_night, read_plan
from harness.runs import runs_in

SMALL = ["--suite", "gitlab", "--use-case", "code-generation", "--limit", "1", "--language", "python"]


def plan(path: Path, *models: str, **more: object) -> str:
    runs = [{"model": model, "features": ["code-suggestions"], "options": SMALL} for model in models]
    path.write_text(yaml.safe_dump({"runs": runs} | more))
    return str(path)


def test_a_night_goes_on_past_a_failed_model_and_reports_both(
    evaluate: Evaluate, tiny_model: Path, tmp_path: Path
) -> None:
    file = plan(tmp_path / "plan.yaml", "no-such-model", str(tiny_model))
    shown = evaluate("nightly", file, "--night", "2026-01-01")
    assert shown.returncode == 3, shown.stderr
    night = tmp_path / "results/nights/2026-01-01"
    told = json.loads((night / "night.json").read_text())
    assert [job["code"] for job in told["jobs"]] == [2, 0]
    assert 'unknown model "no-such-model"' in shown.stdout
    assert "no complete run of the same settings" in told["checked"][0]["why"]
    families = list(text_string_to_metric_families((night / "metrics.txt").read_text()))
    assert families
    assert ET.parse(night / "junit.xml").getroot().attrib["failures"] == "0"
    comment = (night / "comment.md").read_text()
    assert "| `no-such-model--code-suggestions` | 2 |" in comment
    assert "code-generation" in comment
    assert (tmp_path / "public/index.html").is_file()

    again = evaluate("nightly", file, "--night", "2026-01-02", "--json")
    assert again.returncode == 3
    assert again.stdout == (tmp_path / "results/nights/2026-01-02/night.json").read_text()
    later = json.loads(again.stdout)["checked"][0]
    assert later["last"].startswith("results/nights/2026-01-01/runs/")
    assert later["verdicts"]
    assert later["regressions"] == []


def test_a_regression_against_the_last_good_run_fails_the_night(evaluate: Evaluate, tmp_path: Path) -> None:
    nights = tmp_path / "results/nights"
    run_folder(nights / "2026-01-01/runs", "tiny", {"mbpp": [1.0] * 40})
    half = run_folder(nights / "2026-01-02/runs", "tiny", {"mbpp": [1.0] * 40}, began="2026-01-02T00:00:00+00:00")
    lines = (half / RECORDS).read_bytes().splitlines(keepends=True)
    (half / RECORDS).write_bytes(b"".join(lines[:20]))  # killed half-way, and so no good run, whatever its summary says
    worse = {"mbpp": [1.0] * 10 + [0.0] * 30}
    run_folder(nights / "2026-01-03/runs", "tiny", worse, began="2026-01-03T00:00:00+00:00")
    best = run_folder(tmp_path, "best", {"mbpp": [1.0] * 40})
    file = plan(tmp_path / "plan.yaml", "no-such-model", against=str(best))
    shown = evaluate("nightly", file, "--night", "2026-01-03")
    assert shown.returncode == 5
    assert "mbpp pass@1: -0.750" in shown.stdout
    night = nights / "2026-01-03"
    assert "2026-01-01" in json.loads((night / "night.json").read_text())["checked"][0]["last"]
    failure = ET.parse(night / "junit.xml").getroot().find(".//testcase[@name='mbpp']/failure")
    assert failure is not None
    assert "worse than" in failure.attrib["message"]
    comment = (night / "comment.md").read_text()
    assert "**worse than the last good run**" in comment
    assert "- `tiny` for `code-suggestions`: **Limited** against `best` (`code-generation` Limited)" in comment


def test_a_run_on_other_data_is_not_compared_and_says_why(tmp_path: Path) -> None:
    run_folder(tmp_path / "one/runs", "tiny", {"mbpp": [1.0] * 40})
    run_folder(tmp_path / "two/runs", "tiny", {"mbpp": [0.0] * 40}, sha256="b", began="2026-01-02T00:00:00+00:00")
    earlier, tonight = (runs_in([tmp_path / name])[0] for name in ("one", "two"))
    [(checked, rows)] = check_night(tonight, earlier, 0.03)
    assert rows == []
    assert "differs between the runs" in checked.why


def test_a_night_that_is_interrupted_ends_its_job_and_goes_on_with_the_same_command(
    evaluate: Evaluate, tiny_model: Path, tmp_path: Path
) -> None:
    file = plan(tmp_path / "plan.yaml", str(tiny_model))
    command = [sys.executable, "-m", "harness.cli.main", "nightly", file, "--night", "n"]
    process = subprocess.Popen(command, cwd=tmp_path, env=evaluate_environment(), stdout=subprocess.DEVNULL)
    log = tmp_path / f"results/nights/n/logs/{tiny_model.name}--code-suggestions.log"
    for _ in range(1200):
        if log.is_file() and log.stat().st_size:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130
    mine = "--out results/nights/n/runs"
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert not [line for line in running.splitlines() if mine in line and str(tiny_model) in line]
    assert evaluate("nightly", file, "--night", "n").returncode == 0


def test_a_dry_run_says_what_would_be_run(evaluate: Evaluate, tmp_path: Path) -> None:
    runs = [
        {"model": "a", "features": ["chat", "code-suggestions"], "group": "gpu"},
        {"model": "b", "features": ["chat"], "group": "cpu", "options": ["--limit", "3"]},
    ]
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump({"runs": runs}))
    shown = evaluate("nightly", "plan.yaml", "--group", "cpu", "--night", "n", "--dry-run")
    assert shown.stdout == "evaluate --model b --feature chat --out results/nights/n/runs --limit 3\n"
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("runs: [", "is not YAML"),
        ("runs: 3", "runs: "),
        ("{}", "runs: Field required"),
        ("runs: []\nmargins: 1", "margins: "),
        ("runs: [{model: a, features: [caht]}]", 'did you mean "chat"?'),
        ("runs: [{model: a, features: [chat]}]", "no run of the plan is of group"),
        (None, "cannot read plan.yaml"),
    ],
)
def test_a_malformed_plan_is_told(evaluate: Evaluate, tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "plan.yaml").write_text(text)
    shown = evaluate("nightly", "plan.yaml", "--group", "tpu")
    assert shown.returncode == 2
    assert said in shown.stderr
    assert not (tmp_path / "results").exists()


def test_the_shipped_plan_is_one() -> None:
    found = read_plan(Path(__file__).parents[2] / "configs/nightly.yaml")
    assert found.runs
