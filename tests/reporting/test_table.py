"""What stands in the terminal: every number whole, everything missing named."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from harness.reporting.table import COLUMNS, print_summary
from harness.results import Estimate, GroundTruth, LatencyRow, LeftOut, Missing, Quantiles, Summary, SummaryRow, Usage

ROW = SummaryRow(
    use_case="code-generation",
    benchmark="code-generation",
    version="1",
    metric="pass@1",
    estimate=Estimate(0.125, 0.022, 0.471, 8, "wilson"),
    samples=12,
    records=9,
    attempts=1,
    verdicts={"passed": 1, "failed": 5, "no_answer": 2, "infra_error": 1},
    seconds=61.2,
    groups={},
)
SUMMARY = Summary(
    schema=1,
    model="tiny",
    feature="code-suggestions",
    settings_hash="0123456789ab",
    rows=(ROW,),
    left_out=(LeftOut("code-generation", "javascript", 3, "node is not installed", "install Node.js", False),),
    unavailable=(Missing("mbpp", "code-generation", "no mirror, hub not reachable", "pull it"),),
    usage=Usage(prompt_tokens=12_345, answer_tokens=678),
    latency=(
        LatencyRow("code-completion", "timed", 1, 32, Quantiles(0.2, 0.4, 0.6), Quantiles(1, 2.9, 3.4), 0, True),
        LatencyRow("code-completion", "timed", 8, 0, None, None, 32, False),
    ),
    ground_truth=(GroundTruth("bigcodebench", "0" * 64, 148, {"BigCodeBench/101": "failed: no network"}),),
    calibrations=(),
    complete=False,
)


def printed(summary: Summary, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_summary(summary, console, ("bigcodebench",))
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def shown(width: int) -> str:
    return printed(SUMMARY, width)


def test_a_wide_table_has_every_column_and_number() -> None:
    text = shown(120)
    assert " ".join(next(line for line in text.splitlines() if "use case" in line).split()) == " ".join(COLUMNS)
    row = next(line for line in text.splitlines() if "0.125" in line)
    assert row.split()[2:] == ["v1", "pass@1", "0.125", "0.022-0.471", "8", "2", "(22%)", "1", "61"]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_number_is_cut_at_any_width(width: int) -> None:
    text = shown(width)
    for number in ("0.125", "0.022-0.471", "2 (22%)", "61"):
        assert number in text
    assert "…" not in text


def test_everything_missing_is_named_with_its_mend() -> None:
    lines = shown(80).splitlines()
    assert "mbpp: unavailable: no mirror, hub not reachable; pull it" in lines
    left = "code-generation: 3 javascript samples left out: node is not installed; install Node.js"
    assert left in lines
    assert "code-generation: 3 answers are still to be asked; run the same command again" in lines
    assert "code-generation: 1 of 9 answers are infra errors, not scored; the same command tries them again" in lines
    assert "bigcodebench: part of this feature's process, but not in this version" in lines


def test_what_concerns_a_benchmark_as_a_whole_stands_with_its_first_metric() -> None:
    several = tuple(replace(ROW, metric=name, estimate=ROW.estimate) for name in ("average", "boolq acc"))
    left = LeftOut("super-glue", "record/validation", 0, "no mirror", "pull it", True)
    lines = printed(replace(SUMMARY, rows=several, left_out=(left,))).splitlines()
    assert sum("answers are still to be asked" in line for line in lines) == 1
    assert [line.split()[-1] for line in lines if "0.125" in line] == ["61", "1"], "seconds in the first row alone"
    assert "super-glue: record/validation left out: no mirror; pull it" in lines


def test_a_score_by_fallback_is_another_metric_and_lost_examples_are_told() -> None:
    row = replace(ROW, metric="acc", fallbacks=9, shortened=3, most_dropped=2)
    text = printed(replace(SUMMARY, rows=(row,)))
    assert "acc (fallback)" in text
    assert "acc (fallback)" not in printed(replace(SUMMARY, rows=(replace(row, fallbacks=8),)))
    lost = "code-generation: 3 of 9 prompts lost up to 2 of their solved examples: they did not fit the model's context"
    assert lost in text.splitlines()


def test_verdicts_that_a_program_could_have_forged_are_counted() -> None:
    lines = printed(replace(SUMMARY, rows=(replace(ROW, inside=4),))).splitlines()
    assert any(line.startswith("code-generation: 4 of 9 programs held their own tests: ") for line in lines)
    assert "held their own tests" not in printed(SUMMARY)


def test_a_code_benchmark_is_told_by_language_and_kind() -> None:
    groups = {
        "kind": {"rest_of_line": Estimate(0.25, 0.1, 0.5, 4, "wilson")},
        "language": {"go": Estimate(0.5, 0.2, 0.8, 3, "wilson"), "ruby": Estimate(1.0, 0.4, 1.0, 2, "wilson")},
    }
    lines = [line.split() for line in printed(replace(SUMMARY, rows=(replace(ROW, groups=groups),))).splitlines()]
    assert ["pass@1", "of", "code-generation", "by", "score", "95", "%", "interval", "n"] in lines
    assert ["kind", "rest", "of", "line", "0.250", "0.100-0.500", "4"] in lines
    assert ["language", "go", "0.500", "0.200-0.800", "3"] in lines
    assert ["ruby", "1.000", "0.400-1.000", "2"] in lines
    assert "subject" not in printed(replace(SUMMARY, rows=(replace(ROW, groups={"subject": {"law": ROW.estimate}}),)))  # type: ignore[dict-item]


def test_infills_that_were_cut_are_counted() -> None:
    lines = printed(replace(SUMMARY, rows=(replace(ROW, cut=2),))).splitlines()
    said = "code-generation: 2 of 9 infills were asked without some of the code around them"
    assert f"{said}: it did not fit the model's context" in lines


@pytest.mark.parametrize("width", [80, 120])
def test_latency_stands_below_with_its_gate(width: int) -> None:
    rows = [line.split()[-5:] for line in shown(width).splitlines() if line.startswith("time")]
    assert rows == [["1", "32/32", "0.20/0.40/0.60", "1.00/2.90/3.40", "yes"], ["8", "0/32", "-", "-", "no"]]


def test_scores_without_bounds_stay_readable() -> None:
    wide, below = Estimate(1.5e25, 2e24, 2.8e25, 8, "normal-jackknife"), Estimate(0.06, -0.05, 0.17, 8, "normal")
    rows = (replace(ROW, metric="perplexity", estimate=wide), replace(ROW, metric="mcc", estimate=below))
    text = printed(replace(SUMMARY, rows=rows))
    assert "1.5e+25" in text
    assert "2e+24-2.8e+25" in text
    assert "-0.050 to 0.170" in text
