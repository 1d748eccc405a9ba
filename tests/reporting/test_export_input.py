"""What cannot be exported is told in one line, with a way to mend it, and leaves nothing behind."""

from pathlib import Path

import pytest
from conftest import Evaluate
from export_runs import rich_run, set_schema

from harness.baselines import SCORES
from harness.cli.export import NAMES
from harness.errors import DataError
from harness.journal import RECORDS
from harness.manifest import MANIFEST
from harness.runs import open_run
from harness.summary import SUMMARY, read_summary


@pytest.mark.parametrize("form", NAMES)
def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, evaluate: Evaluate, form: str) -> None:
    shown = evaluate("export", tmp_path, "--format", form)
    assert shown.returncode == 2
    assert f"error: {tmp_path} is no run's folder\n  mend: name one with" in shown.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", NAMES)
def test_another_schemas_run_is_refused_by_name(tmp_path: Path, evaluate: Evaluate, form: str) -> None:
    folder = rich_run(tmp_path, "model", 6)
    set_schema(folder / MANIFEST, 99)
    shown = evaluate("export", folder, "--format", form)
    assert shown.returncode == 2
    assert f"{folder}/{MANIFEST} is of schema 99, this version reads 1" in shown.stderr
    assert "mend: mend the file, read it with the version that wrote it" in shown.stderr


def test_another_schemas_summary_is_made_anew_where_the_records_are(tmp_path: Path) -> None:
    folder = rich_run(tmp_path, "model", 6)
    known = read_summary(folder)
    set_schema(folder / SUMMARY, 0)
    assert open_run(folder).summary == known
    (folder / RECORDS).rename(folder / SCORES)
    with pytest.raises(DataError, match="is of schema 0, this version reads 1"):
        open_run(folder)


@pytest.mark.parametrize("form", ["parquet", "csv", "markdown"])
def test_a_run_without_records_is_refused(tmp_path: Path, evaluate: Evaluate, form: str) -> None:
    folder = rich_run(tmp_path, "model", 6)
    (folder / SUMMARY).unlink()
    (folder / RECORDS).write_bytes(b'{"torn": ')
    before = sorted(folder.iterdir())
    shown = evaluate("export", folder, "--format", form)
    assert shown.returncode == 2
    assert f"error: {folder} has no records\n" in shown.stderr
    (folder / RECORDS).unlink()
    assert f"error: {folder} has no records\n" in evaluate("export", folder, "--format", form).stderr
    assert sorted(folder.iterdir()) == [path for path in before if path.name != RECORDS]


def test_malformed_files_are_named(tmp_path: Path, evaluate: Evaluate) -> None:
    folder = rich_run(tmp_path, "model", 6)
    (folder / RECORDS).write_bytes((folder / RECORDS).read_bytes().replace(b'"attempt":0', b'"attempt":"x"', 1))
    shown = evaluate("export", folder, "--format", "parquet")
    assert shown.returncode == 2
    assert f"{folder}/{RECORDS}:1: attempt" in shown.stderr
    (folder / MANIFEST).write_text((folder / MANIFEST).read_text()[:200])
    shown = evaluate("export", folder, "--format", "parquet")
    assert shown.returncode == 2
    assert f"{folder}/{MANIFEST}" in shown.stderr
    assert not [path for path in folder.iterdir() if "parquet" in path.name]


@pytest.mark.parametrize("form", ["parquet", "csv", "junit"])
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, evaluate: Evaluate, form: str) -> None:
    folder = rich_run(tmp_path, "model", 6)
    for place, why in (
        (folder / MANIFEST / "file", f"{MANIFEST} is no folder"),
        ("/proc/new/file", "cannot write /proc/new/file: No such"),
        ("/dev/full", "is no file"),
    ):
        shown = evaluate("export", folder, "--format", form, "-o", place)
        assert shown.returncode == 2
        assert why in shown.stderr
        assert "mend: name another place with -o" in shown.stderr
    assert Path("/dev/full").is_char_device()


def test_what_does_not_go_together_is_told(tmp_path: Path, evaluate: Evaluate) -> None:
    one, other = rich_run(tmp_path, "one", 6), rich_run(tmp_path, "other", 6)
    for arguments, said in (
        ((one, "--format", "parquet", "-o", "-"), "parquet is no text"),
        ((one, other, "--format", "lm-eval", "-o", tmp_path), "of one run"),
        ((one, one, "--format", "openmetrics", "-o", "-"), "are the same run"),
        ((one, "--format", "excel"), "invalid choice"),
        ((one,), "--format"),
    ):
        shown = evaluate("export", *arguments)
        assert shown.returncode == 2
        assert said in shown.stderr
        assert "mend: " in shown.stderr
    shown = evaluate("export", one, other, "--format", "lm-eval")
    assert shown.returncode == 0
    assert len(shown.stdout.splitlines()) == 2
