"""All runs side by side: listed, sorted, filtered, and industry benchmarks beside use cases."""

import json
from pathlib import Path

import pytest
from conftest import Evaluate
from run_folders import run_folder

from harness import catalog
from harness.journal import RECORDS
from harness.manifest import MANIFEST
from harness.overview import industry_gaps, listed
from harness.runs import runs_in
from harness.summary import SUMMARY

FEATURES = tuple(catalog.features().values())


def scores(passed: int, n: int = 20) -> list[float]:
    return [1.0] * passed + [0.0] * (n - passed)


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Three models: who is best at the industry's benchmark is worst at the use case."""
    root = tmp_path / "runs"
    run_folder(root, "famous", {"mbpp": scores(18), "code-generation": scores(4)}, began="2026-01-03T00:00:00+00:00")
    run_folder(root, "plain", {"mbpp": scores(10), "code-generation": scores(12)}, began="2026-01-01T00:00:00+00:00")
    run_folder(root, "other", {"mbpp": scores(10), "code-generation": scores(8)}, began="2026-01-02T00:00:00+00:00")
    run_folder(root, "half", {"mbpp": scores(3)}, began="2026-01-04T00:00:00+00:00")
    return root


def test_runs_are_listed_by_when_they_began_by_model_and_by_score(three: Path) -> None:
    runs, faults = runs_in([three])
    assert faults == []
    assert [line.model for line in listed(runs, "", "began")] == ["plain", "other", "famous", "half"]
    assert [line.model for line in listed(runs, "", "model")] == ["famous", "half", "other", "plain"]
    assert next(line.model for line in listed(runs, "mbpp", "score")) == "famous"
    only = listed(runs, "code-generation", "score")
    assert [line.model for line in only] == ["plain", "other", "famous"]
    assert [list(line.scores) for line in only] == [["code-generation"]] * 3
    assert {line.state for line in only} == {"complete"}


def test_industry_and_use_case_are_ranked_over_models_that_have_both(three: Path) -> None:
    gaps = industry_gaps(runs_in([three])[0], FEATURES)
    assert [(gap.model, gap.industry_rank, gap.rank) for gap in gaps] == [
        ("famous", 1, 3),
        ("other", 2, 2),
        ("plain", 2, 1),
    ]
    famous = gaps[0]
    assert (famous.use_case, famous.industry, famous.gitlab) == ("code-generation", "mbpp", "code-generation")
    assert famous.gap.value == pytest.approx(18 / 20 - 4 / 20)
    assert famous.gap.low > 0


def test_scores_of_other_settings_or_versions_are_not_ranked_together(three: Path) -> None:
    run_folder(three, "changed", {"mbpp": scores(20), "code-generation": scores(20)}, version="2")
    run_folder(three, "prefilled", {"mbpp": scores(20), "code-generation": scores(20)}, prefill=False)
    gaps = industry_gaps(runs_in([three])[0], FEATURES)
    best = {gap.model for gap in gaps if gap.industry_rank == 1}
    assert best == {"famous", "changed", "prefilled"}


def test_the_newest_run_of_a_model_counts(three: Path, tmp_path: Path) -> None:
    again = {"mbpp": scores(1), "code-generation": scores(1)}
    run_folder(tmp_path / "later", "famous", again, began="2026-02-01T00:00:00+00:00")
    gaps = industry_gaps(runs_in([three, tmp_path / "later"])[0], FEATURES)
    assert [(gap.model, gap.industry_rank) for gap in gaps][-1] == ("famous", 3)


def test_a_use_case_without_an_industry_benchmark_is_held_against_its_features(tmp_path: Path) -> None:
    run_folder(tmp_path, "model", {"mmlu": scores(9), "super-glue": scores(8), "fix-code": scores(7)})
    gaps = industry_gaps(runs_in([tmp_path])[0], FEATURES)
    assert [(gap.use_case, gap.industry) for gap in gaps] == [("fix-code", "mmlu"), ("fix-code", "super-glue")]


def test_the_command_shows_what_it_can_and_names_what_it_cannot(three: Path, evaluate: Evaluate) -> None:
    (three / "half" / SUMMARY).unlink()
    (three / "half" / RECORDS).unlink()
    (three / "other" / SUMMARY).write_text("{")
    (three / "empty").mkdir()
    newer = json.loads((three / "famous" / MANIFEST).read_text()) | {"schema": 99}
    (three / "famous" / MANIFEST).write_text(json.dumps(newer))
    shown = evaluate("results", str(three))
    assert shown.returncode == 3
    assert "nothing answered" in shown.stdout
    assert "plain" in shown.stdout
    assert f"left out: {three}/other/{SUMMARY}" in shown.stderr
    assert "is of schema 99" in shown.stderr
    (three / "plain" / MANIFEST).write_text("[]")
    told = json.loads(evaluate("results", str(three), "--json").stdout)
    assert [row["model"] for row in told["rows"]] == ["half"]
    assert len(told["faults"]) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "nowhere is no folder"),
        (("--feature", "caht"), 'did you mean "chat"?'),
        (("--benchmark", "mbbp"), 'did you mean "mbpp"?'),
        (("--sort", "size"), "invalid choice"),
    ],
)
def test_bad_input_is_told(evaluate: Evaluate, arguments: tuple[str, ...], said: str) -> None:
    shown = evaluate("results", *arguments)
    assert shown.returncode == 2
    assert said in shown.stderr


def test_gaps_are_a_table_and_json(three: Path, evaluate: Evaluate) -> None:
    shown = evaluate("results", str(three), "--industry")
    assert shown.returncode == 0
    assert "mbpp (industry) and code-generation (use case)" in shown.stdout
    assert "+0.700" in shown.stdout
    rows = json.loads(evaluate("results", str(three), "--industry", "--model", "plain", "--json").stdout)["rows"]
    assert [(row["model"], row["industry_rank"], row["rank"]) for row in rows] == [("plain", 2, 1)]
    assert "no runs" in evaluate("results", str(three), "--model", "nobody").stdout
    assert "no model has both" in evaluate("results", str(three), "--industry", "--model", "half").stdout
