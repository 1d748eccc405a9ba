"""Runs against runs and against published scores: what is paired, what is told, what is refused; and the labels."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from conftest import Evaluate
from run_folders import run_folder

from harness import baselines, catalog
from harness.baselines import KEPT, SCORES, keep, of_folder, published, published_of, side
from harness.comparison import AGREES, DISAGREES, Comparison, compare
from harness.errors import UnknownNameError, UsageError
from harness.journal import RECORDS
from harness.manifest import MANIFEST
from harness.paired import Difference
from harness.results import LatencyRow, Quantiles
from harness.viability import Margins, label_of, policy, viability, worst

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes the folder of a run whose benchmarks have these scores."""
    return partial(run_folder, tmp_path / "runs")


def compared(ours: Path, theirs: Path) -> Comparison:
    return compare(of_folder(ours), of_folder(theirs))


def test_samples_of_both_sides_are_paired_and_lone_ones_are_counted(make: Make) -> None:
    ours = make("ours", {"mbpp": [1] * 20 + [0] * 10})
    theirs = make("theirs", {"mbpp": [1] * 12 + [0] * 16, "mmlu": [1.0]})
    found = compared(ours, theirs)
    [row] = found.rows
    assert row.paired
    assert (row.difference.n, row.lone) == (28, (2, 0))
    assert (row.difference.won, row.difference.lost, row.difference.tied) == (8, 0, 20)
    assert row.flipped == (tuple(sorted(f"mbpp/{number}" for number in range(12, 20))), ())
    assert row.p < 0.05
    assert row.difference.low > 0
    assert row.detectable > 0
    assert found.left_out == ("mmlu: only theirs ran it",)


def test_p_is_adjusted_over_all_rows(make: Make) -> None:
    scores = {"mbpp": [1.0] * 6 + [0.0] * 10, "code-generation": [1.0, 0.0] * 8}
    others = {"mbpp": [0.0] * 16, "code-generation": [0.0, 1.0] * 8}
    rows = compared(make("ours", scores), make("theirs", others)).rows
    assert rows[0].p == pytest.approx(2 * rows[0].difference.p)
    assert rows[1].p == 1.0


def test_the_order_of_sides_turns_the_sign_alone(make: Make) -> None:
    ours, theirs = make("ours", {"mbpp": [1, 0, 1, 1, 0]}), make("theirs", {"mbpp": [0, 0, 1, 0, 1]})
    one, other = compared(ours, theirs).rows[0], compared(theirs, ours).rows[0]
    assert one.difference.value == -other.difference.value
    assert one.p == other.p
    assert one.flipped == other.flipped[::-1]


def test_runs_on_other_data_or_of_other_versions_are_refused(make: Make) -> None:
    ours = make("ours", {"mbpp": [1, 0]})
    with pytest.raises(UsageError, match=r"mbpp/test differs between the runs: sha256 a{12} and b{12}"):
        compared(ours, make("other-data", {"mbpp": [1, 0]}, sha256="b"))
    with pytest.raises(UsageError, match="mbpp is of version 1 in one run and 2 in the other"):
        compared(ours, make("newer", {"mbpp": [1, 0]}, version="2"))
    with pytest.raises(UsageError, match="no score in common"):
        compared(ours, make("elsewhere", {"mmlu": [1, 0]}))


def test_other_settings_are_told(make: Make) -> None:
    found = compared(make("ours", {"mbpp": [1, 0]}, shots=3), make("theirs", {"mbpp": [1, 0]}, shots=0))
    assert found.rows[0].notes == ("shots: 3 here, 0 there",)


# -- published scores -------------------------------------------------------------------------------------------------


def test_every_published_score_has_source_date_and_a_benchmark_of_ours() -> None:
    known = catalog.benchmarks()
    for each in published():
        benchmark = catalog.open_benchmark(known[each.protocol.benchmark], {})
        assert each.protocol.settings.keys() <= benchmark.__dataclass_fields__.keys()
        assert each.url.startswith("https://")
        assert each.source
        assert len(each.as_of) >= 7
        assert 0 <= each.score <= 1
        assert each.protocol.n > 100
        assert each.protocol.differs


def test_a_model_of_the_catalog_is_found_under_the_names_of_its_publishers() -> None:
    found = published_of("gpt-4o")
    assert {each.model for each in found} > {"GPT-4o-2024-11-20", "GPT-4o-2024-05-13"}
    assert published_of("GPT-4o-2024-08-06")
    names = baselines._published_file()[2]
    models = {each.model for each in published()}
    assert names.keys() <= catalog.models().keys()
    assert all(model in models for known in names.values() for model in known)


def test_a_published_score_is_unpaired_and_says_how_it_was_measured(make: Make) -> None:
    """Qwen2.5-Coder-7B-Instruct has 20.3 on the leaderboard: what scores the same is no alarm, what scores half is."""
    run = make("same", {"bigcodebench": [1.0] * 30 + [0.0] * 118})
    same = compare(of_folder(run), side("qwen2.5-coder-7b-instruct", ""))
    [row] = same.rows
    assert not row.paired
    assert row.theirs.n == 148
    assert row.p > 0.9
    assert any("BigCodeBench leaderboard" in note for note in row.notes)
    assert any("greedy" in note for note in row.notes)
    half = make("half", {"bigcodebench": [1.0] * 10 + [0.0] * 138})
    assert not {AGREES, DISAGREES} & set(row.notes), "another model's score is no check"
    assert compare(of_folder(half), side("qwen2.5-coder-7b-instruct", "")).rows[0].p < 0.01


@pytest.mark.parametrize(("passed", "said"), [(30, AGREES), (24, AGREES), (10, DISAGREES), (60, DISAGREES)])
def test_a_models_own_published_score_is_a_check_of_the_set_up(make: Make, passed: int, said: str) -> None:
    run = make("qwen2.5-coder-7b-instruct", {"bigcodebench": [1.0] * passed + [0.0] * (148 - passed)})
    [row] = compare(of_folder(run), side("qwen2.5-coder-7b-instruct", "")).rows
    assert said in row.notes


def test_a_score_of_another_protocol_is_never_mixed_in(make: Make) -> None:
    other = make(
        "other", {"bigcodebench": [1.0] * 20}, prefill=False, subset="full", split="instruct", calibrated=False
    )
    with pytest.raises(UsageError, match="no score in common"):
        compare(of_folder(other), side("gpt-4o", ""))


def test_the_first_name_of_a_model_that_has_a_score_is_taken(make: Make) -> None:
    [row] = compare(of_folder(make("m", {"bigcodebench": [1.0] * 148})), side("gpt-4o", "")).rows
    assert "published for GPT-4o-2024-08-06" in row.notes[0]


def test_a_name_that_is_none_suggests_one() -> None:
    with pytest.raises(UnknownNameError, match="run folder or baseline") as raised:
        side("gpt-4", "chat")
    assert "gpt-4" in raised.value.mend


# -- kept baselines ---------------------------------------------------------------------------------------------------


def test_a_kept_baseline_compares_as_its_run_does_and_holds_no_answer(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ours, theirs = make("ours", {"mbpp": [1, 0, 1, 1]}), make("theirs", {"mbpp": [0, 0, 1, 0]})
    (theirs / "summary.json").write_text("{}")
    folder = keep(theirs)
    assert folder == KEPT / "theirs/code-suggestions"
    assert "an answer" not in (folder / SCORES).read_text()
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, SCORES, "summary.json"]
    assert compare(of_folder(ours), side("theirs", "code-suggestions")).rows == compared(ours, theirs).rows
    assert [row["score"] for row in baselines.told(folder, scores=True)] == [0.25]
    assert baselines.kept() == [folder]


def test_a_kept_baseline_does_not_say_where_things_lie_on_this_machine(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = make("ours", {"mbpp": [1, 0]})
    manifest = json.loads((run / MANIFEST).read_text())
    manifest["data"]["mbpp/test"]["place"] = "/srv/mirror/mbpp/test.jsonl"
    served = f"/srv/vllm/bin/python -m vllm --model {Path.home()}/.cache/model"
    manifest["sessions"][0] |= {"engine": {"command": served}, "command": ["evaluate", "--model", "ours"]}
    (run / MANIFEST).write_text(json.dumps(manifest))
    text = (keep(run) / MANIFEST).read_text()
    assert "/srv" not in text
    assert str(Path.home()) not in text
    assert '"place": "mbpp/test.jsonl"' in text
    assert "python -m vllm --model ~/.cache/model" in text


def test_a_run_that_is_not_complete_is_not_kept(make: Make) -> None:
    run = make("ours", {"mbpp": [1, 0, 1]})
    lines = (run / RECORDS).read_text().splitlines(keepends=True)
    (run / RECORDS).write_text("".join(lines[:2]))
    with pytest.raises(UsageError, match="2 of 3 records"):
        keep(run)


@pytest.mark.parametrize("missing", [MANIFEST, RECORDS])
def test_a_folder_that_is_no_run_is_refused(make: Make, missing: str) -> None:
    run = make("ours", {"mbpp": [1, 0]})
    (run / missing).unlink()
    with pytest.raises(UsageError):
        of_folder(run)


# -- labels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "label"),
    [
        (-0.02, 0.05, "Full"),
        (0.10, 0.20, "Full"),
        (-0.09, 0.02, "Partial"),
        (-0.04, -0.035, "Partial"),
        (-0.30, -0.11, "Limited"),
        (-0.20, 0.02, "Unclear"),
        (-0.03, 0.0, "Partial"),
        (-0.10, 0.0, "Unclear"),
    ],
)
def test_a_label_is_what_the_interval_rules_out(low: float, high: float, label: str) -> None:
    assert label_of(Difference((low + high) / 2, low, high, 1.0, 100, "", 0.01), Margins(0.03, 0.10)) == label


def test_a_feature_is_as_good_as_its_worst_use_case() -> None:
    assert worst(["Full", "Partial"]) == "Partial"
    assert worst(["Full", "Unclear", "Partial"]) == "Unclear"
    assert worst(["Full", "Limited", "Unclear"]) == "Limited"
    assert worst([]) == "Unclear"


def test_labels_come_from_the_use_cases_own_data_and_slow_answers_cap_them(make: Make) -> None:
    scores = {"bigcodebench": [0.0] * 150, "code-completion": [1.0] * 150, "mbpp": [1.0, 0.0] * 5}
    others = {"bigcodebench": [1.0] * 150, "code-completion": [1.0] * 150, "mbpp": [0.0, 1.0] * 5}
    found = compared(make("ours", scores), make("theirs", others))
    feature = catalog.feature("code-suggestions")
    generation, completion = viability(found, feature, (), policy())
    assert (completion.label, completion.row and completion.row.benchmark) == ("Full", "code-completion")
    assert generation.label == "Unclear"
    assert generation.needed is not None
    assert generation.needed > 10
    slow = LatencyRow("code-completion", "code-completion", 1, 9, None, Quantiles(1, 3.5, 4), 0, False)
    _, capped = viability(found, feature, (slow,), policy())
    assert (capped.label, capped.why) == ("Partial", "too slow: 95th percentile 3.5 s, 3 s at most")
    assert viability(found, feature, (replace(slow, concurrency=8),), policy())[1].label == "Full"


def test_a_licence_caps_the_label(make: Make) -> None:
    found = compared(make("ours", {"mbpp": [1.0] * 300}), make("theirs", {"mbpp": [1.0] * 300}))
    generation, _ = viability(found, catalog.feature("code-suggestions"), (), policy(), "Limited")
    assert (generation.label, generation.why) == ("Limited", "its licence leaves Limited at best (evaluate screen)")
    assert viability(found, catalog.feature("code-suggestions"), (), policy(), "Full")[0].why == ""


def test_a_use_case_without_a_common_score_is_unclear(make: Make) -> None:
    found = compared(make("ours", {"mbpp": [1.0] * 9}), make("theirs", {"mbpp": [1.0] * 9}))
    _, completion = viability(found, catalog.feature("code-suggestions"), (), policy())
    assert (completion.label, completion.why) == ("Unclear", "no score in common with the baseline")


# -- the command line -------------------------------------------------------------------------------------------------


def test_compare_prints_both_scores_the_labels_and_what_flipped(make: Make, evaluate: Evaluate) -> None:
    ours, theirs = make("ours", {"mbpp": [1] * 20 + [0] * 10}), make("theirs", {"mbpp": [1] * 12 + [0] * 18})
    shown = evaluate("compare", ours, "--against", theirs)
    assert shown.returncode == 0, shown.stderr
    for text in ("ours against theirs", "+0.267", "8/0/22", "mbpp pass@1 won: mbpp/12", "Full", "the worst of them"):
        assert text in shown.stdout
    told = json.loads(evaluate("compare", ours, "--against", theirs, "--json").stdout)
    assert told[0]["rows"][0]["difference"]["won"] == 8
    assert {each["label"] for each in told[0]["viability"]} == {"Full", "Unclear"}


@pytest.mark.parametrize(
    ("ours", "code", "said"),
    [
        ([1.0] * 180 + [0.0] * 20, 0, "passed"),
        ([1.0] * 120 + [0.0] * 80, 5, "failed"),
        ([1.0] * 176 + [0.0] * 24, 0, "cannot tell"),
    ],
)
def test_the_gate_fails_for_sure_regressions_and_says_where_it_cannot_tell(
    make: Make, evaluate: Evaluate, ours: list[float], code: int, said: str
) -> None:
    theirs = make("theirs", {"mbpp": [1.0] * 180 + [0.0] * 20})
    command = "gate", make("ours", {"mbpp": ours}), "--against", theirs
    shown = evaluate(*command)
    assert shown.returncode == code, shown.stderr
    assert said in shown.stdout
    told = json.loads(evaluate(*command, "--json").stdout)
    assert (told["failed"], told["rows"][0]["verdict"]) == (code == 5, said)


def test_baselines_are_added_listed_and_shown(make: Make, evaluate: Evaluate) -> None:
    ours = make("ours", {"mbpp": [1, 0, 1, 1]})
    assert evaluate("baseline", "show", "ours").returncode == 2
    assert evaluate("baseline", "add", ours).returncode == 0
    assert "model ours" in evaluate("baseline", "list").stdout
    assert "score 0.75" in evaluate("baseline", "show", "ours").stdout
    assert evaluate("compare", ours, "--against", "ours").returncode == 0
    assert evaluate("baseline", "add").returncode == 2


def test_the_catalog_tells_published_scores_with_their_source(evaluate: Evaluate) -> None:
    rows = json.loads(evaluate("catalog", "baselines", "--model", "gpt-4o", "--json").stdout)
    assert {row["benchmark"] for row in rows} >= {"bigcodebench"}
    assert all(row["url"] for row in rows)
    missing = evaluate("catalog", "baselines", "--model", "nobody")
    assert missing.returncode == 2
    assert "unknown model with published scores" in missing.stderr
