"""From records to estimates: what counts, what does not, and what makes a run complete."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from test_journal import record

from harness.files import write_json
from harness.manifest import MANIFEST, Manifest, PlannedJob, PlannedMetric, Session, read_manifest
from harness.metrics import F1, Average, Mean
from harness.records import Outcome
from harness.results import LeftOut, Missing
from harness.statistics import wilson
from harness.summary import summarise


def manifest(samples: int = 4, attempts: int = 1) -> Manifest:
    job = PlannedJob("code-generation", "mbpp", "1", "pass@1", samples, attempts)
    return Manifest("tiny", "folder:/m", {}, "code-suggestions", {}, "abc", {}, (job,), (), ())


def failed(number: int, verdict: Outcome = Outcome.FAILED):
    return replace(record(number, verdict), scores={"pass@1": 0.0})


def test_pass_at_1_with_its_wilson_interval() -> None:
    row = summarise(manifest(), [record(1), record(2), failed(3), failed(4, Outcome.TIMEOUT)]).rows[0]
    assert row.estimate is not None
    assert (row.estimate.value, row.estimate.n) == (0.5, 4)
    assert (row.estimate.low, row.estimate.high) == wilson(2, 4)
    assert row.verdicts == {"failed": 1, "passed": 2, "timeout": 1}
    assert row.groups["language"]["python"] == row.estimate


def test_no_answer_counts_as_zero_and_an_infra_error_not_at_all() -> None:
    silent = replace(record(2, Outcome.NO_ANSWER), scores={}, answer=None)
    broken = replace(record(3, Outcome.INFRA_ERROR), scores={})
    summary = summarise(manifest(samples=3), [record(1), silent, broken])
    estimate = summary.rows[0].estimate
    assert estimate is not None
    assert (estimate.value, estimate.n) == (0.5, 2)
    assert not summary.complete


def test_attempts_are_averaged_within_a_sample_first() -> None:
    second = replace(record(1), attempt=1, scores={"pass@1": 0.0})
    estimate = summarise(manifest(2, 2), [record(1), second, record(2), replace(record(2), attempt=1)]).rows[0].estimate
    assert estimate is not None
    assert (estimate.value, estimate.n) == (0.75, 2)


def test_nothing_scored_has_no_estimate() -> None:
    summary = summarise(manifest(), [])
    assert summary.rows[0].estimate is None
    assert not summary.complete


@pytest.mark.parametrize(
    ("change", "complete"),
    [
        ({}, True),
        ({"left_out": (LeftOut("mbpp", "javascript", 2, "no node", "install it", requested=False),)}, True),
        ({"left_out": (LeftOut("mbpp", "javascript", 2, "no node", "install it", requested=True),)}, False),
        ({"unavailable": (Missing("mbpp", "code-generation", "no mirror", "pull it"),)}, False),
    ],
    ids=["all there", "left out unasked", "left out though asked for", "unavailable"],
)
def test_what_makes_a_run_complete(change: dict[str, object], complete: bool) -> None:
    assert summarise(replace(manifest(1), **change), [record(1)]).complete is complete


def test_records_of_samples_that_are_left_out_now_do_not_make_it_incomplete() -> None:
    summary = summarise(manifest(1), [record(1), record(2)])
    assert summary.complete
    assert summary.rows[0].records == 2


def test_idle_time_between_sessions_is_not_counted() -> None:
    def at(number: int, clock: str):
        return replace(record(number), finished_at=f"2026-01-01T{clock}+00:00")

    sessions = tuple(
        Session(f"2026-01-01T{clock}+00:00", (), {}, {}, "namespaces", {}) for clock in ("10:00:00", "12:00:00")
    )
    rows = [at(1, "10:00:10"), at(2, "10:00:15"), at(3, "12:00:07")]
    assert summarise(replace(manifest(3), sessions=sessions), rows).rows[0].seconds == pytest.approx(22.0)


def test_each_metric_of_a_benchmark_has_a_row_of_its_own_samples() -> None:
    acc, python = Mean("acc", score="pass@1", by=()), Mean("acc python", score="pass@1", where={"language": "python"})
    planned = (PlannedMetric(acc, 3), PlannedMetric(python, 2))
    job = replace(manifest(3).jobs[0], metrics=planned)
    rows = [record(1), failed(2), replace(failed(3), tags={"language": "javascript"}, detail={"inside": "unittest"})]
    shorter = replace(record(1).answer, dropped_shots=2)  # type: ignore[type-var]
    rows[0] = replace(rows[0], answer=shorter)
    summary = summarise(replace(manifest(3), jobs=(job,)), rows)
    whole, part = summary.rows
    assert whole.estimate
    assert part.estimate
    assert (whole.metric, whole.samples, whole.records, whole.estimate.value) == ("acc", 3, 3, pytest.approx(1 / 3))
    assert (part.metric, part.samples, part.records, part.estimate.value) == ("acc python", 2, 2, 0.5)
    assert (whole.groups, list(part.groups)) == ({}, ["language"])
    assert (whole.shortened, whole.most_dropped) == (1, 2)
    assert (whole.inside, part.inside) == (1, 0)
    assert summary.complete


def test_metrics_survive_the_manifest(tmp_path: Path) -> None:
    metrics = (
        Average("average", (("a acc",), ("b f1", "b acc"))),
        Mean("a acc", score="acc", where={"task": "a"}, strata="subject", unit="q", unit_size="n", by=()),
        F1("b f1", ("yes",), {"task": "b"}),
    )
    job = replace(manifest().jobs[0], metrics=tuple(PlannedMetric(metric, 1) for metric in metrics))
    write_json(tmp_path / MANIFEST, replace(manifest(), jobs=(job,)))
    assert read_manifest(tmp_path) == replace(manifest(), jobs=(job,))


def test_a_manifest_of_an_earlier_version_names_one_metric(tmp_path: Path) -> None:
    write_json(tmp_path / MANIFEST, manifest())
    text = json.loads((tmp_path / MANIFEST).read_text())
    del text["jobs"][0]["metrics"]
    (tmp_path / MANIFEST).write_text(json.dumps(text))
    earlier = read_manifest(tmp_path)
    assert earlier
    assert [row.metric for row in summarise(earlier, [record(1)]).rows] == ["pass@1"]
