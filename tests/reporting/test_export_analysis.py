"""docs/analysis.md: its table is the file's schema, and every query in it runs on a real export."""

import re
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT
from export_runs import rich_run
from pyarrow import parquet

from harness.cli.main import main
from harness.reporting.export.rows import COLUMNS, SCHEMA

TEXT = (ROOT / "docs/analysis.md").read_text()
SQL = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
TYPES = {
    "string": "text",
    "int64": "integer",
    "double": "number",
    "bool": "yes or no",
    "timestamp[ms]": "time",
    "map<string, string ('tags')>": "map of text",
    "map<string, double ('scores')>": "map of numbers",
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the file that the queries name: two models."""
    folder = tmp_path_factory.mktemp("analysis")
    runs = [str(rich_run(folder, model, passed)) for model, passed in (("ours", 6), ("theirs", 4))]
    assert main(["export", *runs, "--format", "parquet", "-o", f"{folder}/scores.parquet"]) == 0
    return folder


def test_the_documented_columns_are_the_files(exported: Path) -> None:
    schema = parquet.read_schema(exported / "scores.parquet")
    lines = [
        f"| `{each.name}` | {TYPES[str(each.type)]}{', optional' * each.nullable} "
        f"| {each.metadata[b'description'].decode()} |"
        for each in schema
    ]
    assert [line for line in TEXT.splitlines() if line.startswith("| `")] == lines
    assert schema.names == list(COLUMNS)
    assert schema.metadata[b"duo_model_evaluation.schema"] == str(SCHEMA).encode()
    assert f"of these columns ({SCHEMA})" in TEXT


def test_there_are_ten_queries_and_two_that_open_the_file() -> None:
    assert (len(SQL), len(PYTHON)) == (9, 3)
    assert re.findall(r"^(\d+)\. ", TEXT, re.MULTILINE) == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize("query", SQL)
def test_every_sql_query_runs_and_finds_something(exported: Path, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    monkeypatch.chdir(exported)
    assert duckdb.sql(query).fetchall()


@pytest.mark.parametrize("code", PYTHON)
def test_every_pandas_query_runs_and_prints_something(
    exported: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    monkeypatch.chdir(exported)
    exec(compile(code, "docs/analysis.md", "exec"), {})
    assert capsys.readouterr().out.strip()


def test_flips_are_found_both_ways(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(exported)
    flips = duckdb.sql(next(query for query in SQL if "solved_by" in query)).fetchall()
    assert [(sample, by, other) for _, sample, by, other, *_ in flips] == [
        ("mbpp/4", "ours", "theirs"),
        ("mbpp/5", "ours", "theirs"),
    ]
