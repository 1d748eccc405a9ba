"""Parquet and CSV: every answer a row, hostile text harmless, and any number of them."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas
import pytest
from conftest import Evaluate, evaluate_environment
from export_runs import HOSTILE, rich_run
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from pydantic import TypeAdapter
from run_folders import record, run_folder

from harness.journal import RECORDS
from harness.records import Answer, Outcome, Record
from harness.reporting.export.rows import COLUMNS, Row, rows_of
from harness.reporting.export.tables import FORMULA, write_csv
from harness.runs import open_run, records_of, summary_of
from harness.summary import SUMMARY, read_summary

MANY = 100_000


def test_each_row_is_an_answer_as_it_was_scored(tmp_path: Path) -> None:
    run = open_run(rich_run(tmp_path, "model", passed=6))
    rows = list(rows_of(run))
    assert len(rows) == 14
    by_sample = {row.sample: row for row in rows}
    first, last = by_sample["mbpp/0"], by_sample["mbpp/11"]
    assert (first.verdict, first.metric, first.score, first.reason) == ("passed", "pass@1", 1.0, None)
    assert (first.language, dict(first.tags)) == ("python", {"language": "python", "difficulty": "easy"})
    assert (first.finish_reason, first.prompt_tokens, first.answer_tokens, first.seconds) == ("stop", 100, 10, 0.5)
    assert (last.verdict, last.score, last.reason) == ("infra_error", None, "the server is gone")
    assert by_sample["mbpp/10"].finish_reason == "length"
    assert by_sample["bigcodebench/1"].use_case == "code-completion"


def test_the_mean_of_scores_is_the_runs_score(tmp_path: Path) -> None:
    run = open_run(rich_run(tmp_path, "model", passed=6))
    rows = list(rows_of(run))
    for row in summary_of(run).rows:
        scores = [each.score for each in rows if each.benchmark == row.benchmark and each.score is not None]
        assert row.estimate is not None
        assert (sum(scores) / len(scores), len(scores)) == (pytest.approx(row.estimate.value), row.estimate.n)


def test_an_answer_without_a_score_counts_as_zero_as_it_does_in_the_summary(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, "model", {"mbpp": [1.0, 0.0]})
    adapter = TypeAdapter(Record)
    none = replace(record("mbpp", 1, 0.0), verdict=Outcome.NO_ANSWER, scores={}, answer=None)
    (folder / RECORDS).write_bytes(b"".join(adapter.dump_json(r) + b"\n" for r in (record("mbpp", 0, 1.0), none)))
    assert [row.score for row in rows_of(open_run(folder))] == [1.0, 0.0]


def test_a_kept_baseline_is_exported_too(tmp_path: Path) -> None:
    folder = rich_run(tmp_path, "model", passed=6)
    (folder / RECORDS).rename(folder / "scores.jsonl")
    run = open_run(folder)
    assert len(list(records_of(run))) == 14
    assert summary_of(run) == run.summary


def test_a_summary_that_is_older_than_the_journal_is_not_believed(tmp_path: Path) -> None:
    folder = rich_run(tmp_path, "model", passed=6)
    with (folder / RECORDS).open("ab") as file:
        file.write(TypeAdapter(Record).dump_json(record("mbpp", 11, 1.0)) + b"\n" + b'{"torn')
    older, newer = read_summary(folder), summary_of(open_run(folder))
    assert older is not None
    assert [each.rows[0].estimate.n for each in (older, newer) if each.rows[0].estimate] == [11, 12]
    (folder / SUMMARY).unlink()
    assert summary_of(open_run(folder)) == newer


def test_pandas_reads_parquet_and_csv_alike(tmp_path: Path, evaluate: Evaluate) -> None:
    folders = [rich_run(tmp_path, model, passed) for model, passed in (("one", 6), ("other", 3))]
    shown = evaluate("export", *folders, "--format", "parquet", "-o", tmp_path / "new/all.parquet")
    assert (shown.returncode, shown.stdout) == (0, f"{tmp_path}/new/all.parquet\n")
    assert f"note: {folders[0]} is not complete" in shown.stderr
    assert evaluate("export", *folders, "--format", "csv", "--answers", "-o", tmp_path / "all.csv").returncode == 0
    table, sheet = pandas.read_parquet(tmp_path / "new/all.parquet"), pandas.read_csv(tmp_path / "all.csv")
    assert list(table.columns) == list(sheet.columns) == list(COLUMNS)
    assert len(table) == len(sheet) == 28
    for name in ("model", "sample", "score", "seconds", "answer_tokens", "finish_reason", "reason"):
        pandas.testing.assert_series_equal(table[name], sheet[name], check_dtype=False)
    assert [dict(pairs) for pairs in table["scores"]] == [json.loads(text) for text in sheet["scores"]]
    assert set(sheet.loc[sheet["sample"] == "mbpp/1", "answer"]) == {f"'{HOSTILE}"}
    assert set(table.loc[table["sample"] == "mbpp/1", "answer"]) == {HOSTILE}


def test_csv_has_answers_only_if_wanted_and_goes_to_standard_output(tmp_path: Path, evaluate: Evaluate) -> None:
    folder = rich_run(tmp_path, "model", passed=6)
    shown = evaluate("export", folder, "--format", "csv", "-o", "-")
    assert shown.returncode == 0
    lines = list(csv.reader(io.StringIO(shown.stdout)))
    assert lines[0] == [name for name in COLUMNS if name != "answer"]
    assert len(lines) == 15
    assert "HYPERLINK" not in shown.stdout


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=20), st.sampled_from(FORMULA))
def test_no_text_begins_like_a_formula(text: str, start: str) -> None:
    given_ = start + text
    row = Row(
        *(given_, given_, given_, None, given_, given_, given_, given_, 0, given_, given_, {given_: given_}, given_),
        *(given_, -1.5, {given_: 1.0}, given_, given_, 1, 1, 1.0, None, False, given_, row_time(), given_),
    )
    file = io.StringIO(newline="")
    write_csv(file, [row], answers=True)
    _, cells = csv.reader(io.StringIO(file.getvalue(), newline=""))
    told = dict(zip(COLUMNS, cells, strict=True))
    assert told.pop("score") == "-1.5"
    assert told["answer"] == f"'{given_}"
    assert json.loads(told["tags"]) == {given_: given_}
    assert not any(cell.startswith(FORMULA) for cell in told.values())


def row_time() -> pandas.Timestamp:
    return pandas.Timestamp("2026-01-01")


@pytest.mark.slow
def test_a_hundred_thousand_answers_are_never_in_memory_at_once(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, "model", {"mbpp": [1.0]})
    answer = Answer("x" * 4000, "stop", 1, 1, 0.1)
    line = TypeAdapter(Record).dump_json(replace(record("mbpp", 0, 1.0), sample="SAMPLE", answer=answer)) + b"\n"
    with (folder / RECORDS).open("wb") as file:
        file.writelines(line.replace(b"SAMPLE", str(number).encode()) for number in range(MANY))
    # Not getrusage: a process inherits the peak of the one that started it, here of all tests before this one.
    program = (
        "import pathlib, sys; from harness.cli.main import main\n"
        "code = main(sys.argv[1:]); status = pathlib.Path('/proc/self/status').read_text().splitlines()\n"
        "print(next(line for line in status if line.startswith('VmHWM')).split()[1]); sys.exit(code)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program, "export", folder, "--format", "parquet"],
        env=evaluate_environment(),
        capture_output=True,
        text=True,
    )
    assert shown.returncode == 0, shown.stderr
    assert parquet.read_metadata(folder / "scores.parquet").num_rows == MANY
    peak = int(shown.stdout.split()[-1]) * 1024
    assert peak < (folder / RECORDS).stat().st_size, "the journal was in memory"
