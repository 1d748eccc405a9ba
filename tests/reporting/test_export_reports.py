"""OpenMetrics, JUnit and a merge request's comment: read by real parsers, whatever the names in them are."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Evaluate
from export_runs import rich_run
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from run_folders import run_folder

from harness.reporting.export.junit import junit, xml_text
from harness.reporting.export.markdown import code, markdown
from harness.reporting.export.openmetrics import PREFIX, openmetrics
from harness.results import Estimate, LatencyRow, Quantiles, Summary, Usage
from harness.runs import Run, open_run, summary_of

ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
HOSTILE = (
    "](http://x) <img src=x onerror=alert(1)> **b** | `x` ``y`` @all\n/merge\n# title\n| a |\n<script>\\| $a$ :smile:"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Summary]:
    """A run with infra errors, left-out samples, an unavailable benchmark, groups, latency and costs."""
    found = open_run(rich_run(tmp_path_factory.mktemp("runs"), "model", passed=6))
    summary = summary_of(found)
    total = Quantiles(0.5, 1.25, 2.0)
    timed = LatencyRow("code-generation", "mbpp", 8, 20, None, total, 0, quick_enough=True)
    return found, replace(summary, latency=(timed,), usage=Usage(1000, 200, cost_usd=0.25, judge_cost_usd=0.5))


def named(summary: Summary, name: str) -> Summary:
    """The summary with ``name`` for everything that has one."""
    rows = tuple(
        replace(row, use_case=name, benchmark=name, metric=name, version=name, groups={name: {name: row.estimate}})
        for row in summary.rows
        if row.estimate
    )
    missing = tuple(replace(each, benchmark=name, reason=name, mend=name) for each in summary.unavailable)
    left = tuple(replace(each, benchmark=name, what=name, reason=name, mend=name) for each in summary.left_out)
    return replace(
        summary, model=name, feature=name, settings_hash=name, rows=rows[:1], unavailable=missing, left_out=left
    )


def test_openmetrics_has_every_figure_by_name_and_label(run: tuple[Run, Summary]) -> None:
    families = {each.name: each for each in text_string_to_metric_families(openmetrics([run[1]]))}
    assert {each.type for each in families.values()} == {"gauge"}
    values = {
        name.removeprefix(PREFIX): {each.labels.get("benchmark", ""): each.value for each in family.samples}
        for name, family in families.items()
    }
    row = run[1].rows[0]
    assert row.estimate is not None
    assert values["score"]["mbpp"] == row.estimate.value
    assert (values["score_low"]["mbpp"], values["score_high"]["mbpp"]) == (row.estimate.low, row.estimate.high)
    assert (values["samples"]["mbpp"], values["infra_errors"]["mbpp"]) == (11, 1)
    assert (values["prompt_tokens"][""], values["answer_tokens"][""]) == (1000, 200)
    assert (values["cost_usd"][""], values["judge_cost_usd"][""], values["complete"][""]) == (0.25, 0.5, 0)
    assert values["latency_p95_seconds"]["mbpp"] == 1.25
    (sample, *_) = families[f"{PREFIX}score"].samples
    assert sample.labels == {
        "model": "model",
        "feature": "code-suggestions",
        "use_case": "code-generation",
        "benchmark": "mbpp",
        "metric": "pass@1",
    }


def test_two_runs_of_one_model_are_told_apart(run: tuple[Run, Summary]) -> None:
    text = openmetrics([run[1], replace(run[1], settings_hash="other")])
    family = next(each for each in text_string_to_metric_families(text) if each.name == f"{PREFIX}score")
    assert {each.labels["run"] for each in family.samples} == {run[1].settings_hash, "other"}


@given(name=ANY, value=st.floats())
def test_any_name_and_value_are_openmetrics(run: tuple[Run, Summary], name: str, value: float) -> None:
    summary = named(run[1], name)
    row = replace(summary.rows[0], estimate=Estimate(value, value, value, 1, ""))
    families = list(text_string_to_metric_families(openmetrics([replace(summary, rows=(row,))])))
    found = families[0].samples[0]
    assert (found.labels["model"], found.labels["metric"]) == (name, name)
    assert found.value == value or value != value


def test_junit_has_suites_of_use_cases_and_errors_of_infra(run: tuple[Run, Summary]) -> None:
    root = ET.fromstring(junit([run]))
    assert [suite.attrib["name"].split()[-1] for suite in root] == ["code-generation", "code-completion", "nlp"]
    assert {name: root.attrib[name] for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "0",
        "errors": "1",
        "skipped": "1",
    }
    mbpp, bigcodebench, mmlu = root.iter("testcase")
    assert (mbpp.attrib["name"], mbpp.attrib["classname"]) == ("mbpp", "model.code-suggestions.code-generation")
    assert {"file", "time"} <= mbpp.attrib.keys()
    properties = {each.attrib["name"]: each.attrib["value"] for each in mbpp.iter("property")}
    assert float(properties["score"]) == pytest.approx(6 / 11)
    assert (properties["n"], properties["metric"]) == ("11", "pass@1")
    error = mbpp.find("error")
    assert error is not None
    assert error.attrib["message"] == "1 of 12 answers ended in infra errors, which are not scored"
    assert [each.tag for each in bigcodebench] == ["properties", "system-out"]
    skipped = mmlu.find("skipped")
    assert skipped is not None
    assert "evaluate data pull mmlu" in (skipped.text or "")


def test_junit_fails_where_a_gate_says_so_and_nowhere_else(run: tuple[Run, Summary]) -> None:
    root = ET.fromstring(junit([run], {(str(run[0].folder), "bigcodebench"): "worse by 0.200"}))
    failures = {case.attrib["name"]: case.find("failure") for case in root.iter("testcase")}
    assert [name for name, found in failures.items() if found is not None] == ["bigcodebench"]
    assert root.attrib["failures"] == "1"


def test_answers_that_are_still_to_be_asked_are_an_error(tmp_path: Path) -> None:
    found = open_run(run_folder(tmp_path, "model", {"mbpp": [1.0]}))
    assert found.summary is not None
    half = replace(found.summary, rows=tuple(replace(row, samples=3) for row in found.summary.rows))
    error = ET.fromstring(junit([(found, half)])).find(".//error")
    assert error is not None
    assert error.attrib["message"] == "2 of 3 answers are still to be asked"


@given(name=ANY)
def test_any_name_is_xml(run: tuple[Run, Summary], name: str) -> None:
    root = ET.fromstring(junit([(run[0], named(run[1], name))], {(str(run[0].folder), name): name}))
    case = next(root.iter("testcase"))
    assert case.attrib["name"] == xml_text(name)


def rendered(text: str) -> list[Token]:
    """Every token, inline ones too, as CommonMark with GitHub's tables and struck-out text has it."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return [token for block in parser.parse(text) for token in (block, *(block.children or ()))]


def test_the_comment_tells_scores_and_what_is_missing(run: tuple[Run, Summary]) -> None:
    text = markdown([run[1]])
    assert text.startswith("## Evaluation of `model` for `code-suggestions`\n")
    assert "| `code-generation` | `mbpp v1` | `pass@1` | 0.545 | 0.280 to 0.787 | 11 | 1 |" in text
    assert "- `mmlu`: `unavailable: its rows are not here; evaluate data pull mmlu`" in text
    assert "- `mbpp`: `3 typescript samples left out: no toolchain; install node`" in text
    assert "- `mbpp`: `1 of 12 answers are infra errors, not scored; the same command tries them again`" in text
    assert "| `mbpp` | `pass@1` | `language` | `ruby` |" in text
    tokens = rendered(text)
    assert sum(token.type == "table_open" for token in tokens) == 2
    assert [token.content for token in tokens if token.type == "html_block"] == [
        "<details>\n<summary>By sub-group</summary>\n",
        "</details>\n",
    ]


@given(name=ANY | st.text("|`\\\n<>@/*_[]()#!~$: a", max_size=20) | st.just(HOSTILE))
def test_no_name_is_rendered(run: tuple[Run, Summary], name: str) -> None:
    text = markdown([named(run[1], name)])
    tokens, plain = rendered(text), rendered(markdown([named(run[1], "name")]))
    kinds = {"html_block", "table_open", "tr_open", "td_open", "th_open", "heading_open", "list_item_open"}
    assert [t.type for t in tokens if t.type in kinds] == [t.type for t in plain if t.type in kinds]
    assert {t.type for t in tokens} <= {t.type for t in plain}
    assert not any(line.startswith(("/", "\\")) for line in text.splitlines())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", "`a`"),
        ("", ""),
        (" \n ", ""),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("a|b", "`a¦b`"),
        ("\u202eab", "`ab`"),
    ],
)
def test_names_are_code_spans(text: str, shown: str) -> None:
    assert code(text) == shown


def test_text_formats_go_to_standard_output_and_files_beside_the_run(tmp_path: Path, evaluate: Evaluate) -> None:
    folder = rich_run(tmp_path, "model", passed=6)
    for form, name in (("openmetrics", "metrics.txt"), ("junit", "junit.xml"), ("markdown", "summary.md")):
        shown = evaluate("export", folder, "--format", form)
        assert (shown.returncode, shown.stdout) == (0, f"{folder}/{name}\n")
        assert evaluate("export", folder, "--format", form, "-o", "-").stdout == (folder / name).read_text()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_several_runs_are_one_report(tmp_path: Path, evaluate: Evaluate) -> None:
    folders = [rich_run(tmp_path, model, 6) for model in ("one", "other")]
    shown = evaluate("export", *folders, "--format", "markdown", "-o", f"{tmp_path}/reports/")
    assert (shown.returncode, shown.stdout) == (0, f"{tmp_path}/reports/summary.md\n")
    assert (tmp_path / "reports/summary.md").read_text().count("## Evaluation of") == 2
    told = json.loads(evaluate("export", *folders, "--format", "markdown", "--json").stdout)
    assert told["files"] == [f"{folder}/summary.md" for folder in folders]
    assert told["runs"] == {str(folder): "incomplete" for folder in folders}
    both = evaluate("export", *folders, "--format", "markdown", "-o", "-", "--json")
    assert (both.returncode, both.stdout) == (2, "")
