"""The journal: nothing is lost but a torn last line, and nobody else writes."""

import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import DataError, OutputError
from harness.journal import RECORDS, Journal, read_records
from harness.records import Answer, Cut, Outcome, Record


def record(number: int, verdict: Outcome = Outcome.PASSED, text: str = "answer") -> Record:
    return Record(
        benchmark="mbpp",
        version="1",
        sample=str(number),
        attempt=0,
        cluster=str(number),
        tags={"language": "python"},
        prompt_sha256="0" * 64,
        answer=Answer(text, "stop", 3, 2, 0.5),
        verdict=verdict,
        scores={"pass@1": 1.0},
        detail={"message": "ü\u2028"},
        finished_at="2026-01-02T03:04:05.678+00:00",
    )


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    written = [record(1), record(2, Outcome.FAILED, "a\nb\r\n\u2028c")]
    with Journal(tmp_path) as journal:
        for each in written:
            journal.append(each)
    assert [each for _, each in read_records(tmp_path / RECORDS)] == written


def test_every_cut_loses_at_most_the_torn_line(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        for number in range(3):
            journal.append(record(number))
    whole = (tmp_path / RECORDS).read_bytes()
    ends = [end for end, _ in read_records(tmp_path / RECORDS)]
    for cut in range(len(whole)):
        (tmp_path / RECORDS).write_bytes(whole[:cut])
        with Journal(tmp_path) as journal:
            assert len(journal.records) == sum(end <= cut for end in ends)
            journal.append(record(9))
        kept = [each.sample for _, each in read_records(tmp_path / RECORDS)]
        assert kept == [str(number) for number, end in enumerate(ends) if end <= cut] + ["9"]


def test_how_an_infill_was_asked_survives(tmp_path: Path) -> None:
    answer = Answer("x", "stop", 3, 2, 0.5, form="infill", family="qwen-coder", cut=Cut(9, 1, files=2), escaped=1)
    with Journal(tmp_path) as journal:
        journal.append(replace(record(1), answer=answer))
    with Journal(tmp_path) as journal:
        assert journal.records["mbpp", "1", 0].answer == answer


@given(st.text())
def test_any_answer_survives(text: str) -> None:
    with TemporaryDirectory() as folder:
        with Journal(Path(folder)) as journal:
            journal.append(record(1, text=text))
        with Journal(Path(folder)) as journal:
            answer = journal.records["mbpp", "1", 0].answer
    assert answer is not None
    assert answer.text == text


def test_a_malformed_line_in_the_middle_is_named(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(record(1))
    path = tmp_path / RECORDS
    path.write_bytes(path.read_bytes() + b'{"benchmark": 3}\n')
    with pytest.raises(DataError, match=r"records\.jsonl:2: "):
        Journal(tmp_path)


def test_a_second_run_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(OutputError, match="another evaluate"):
        Journal(tmp_path)
    Journal(tmp_path).__exit__(None, None, None)


def test_a_journal_without_a_record_leaves_no_trace_but_other_files(tmp_path: Path) -> None:
    with Journal(tmp_path / "runs/model/feature/hash"):
        pass
    assert list(tmp_path.rglob("*")) == [tmp_path / "runs"]
    (tmp_path / "runs/model/feature/hash").mkdir(parents=True)
    (tmp_path / "runs/model/feature/hash/notes").write_text("mine")
    with Journal(tmp_path / "runs/model/feature/hash"):
        pass
    assert [path.name for path in (tmp_path / "runs/model/feature/hash").iterdir()] == ["notes"]


def test_a_folder_that_cannot_be_made_is_an_output_error() -> None:
    with pytest.raises(OutputError, match="cannot write to"):
        Journal(Path("/proc/no/such"))


def test_an_infra_error_is_not_settled_and_the_newest_record_counts(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(record(1, Outcome.INFRA_ERROR))
        assert not journal.settled(("mbpp", "1", 0))
        journal.append(record(1, Outcome.FAILED))
        assert journal.settled(("mbpp", "1", 0))
    with Journal(tmp_path) as journal:
        assert journal.records["mbpp", "1", 0].verdict is Outcome.FAILED


FILL = """
    import sys
    from pathlib import Path
    from harness.errors import JournalError
    from harness.journal import Journal, read_records
    sys.path.insert(0, {tests!r})
    from test_journal import record
    kept = 0
    with Journal(Path("/mnt/run")) as journal:
        try:
            for kept in range(10_000):
                journal.append(record(kept))
        except JournalError as error:
            print(error.message, error.mend, sep="\\n")
    whole = [each.sample for _, each in read_records(Path("/mnt/run/records.jsonl"))]
    assert whole == [str(number) for number in range(kept)], (kept, whole[-3:])
    assert Path("/mnt/run/records.jsonl").read_bytes().endswith(b"\\n")
"""


def test_a_full_disk_keeps_all_whole_records(tmp_path: Path) -> None:
    """On a real, full file system: a small tmpfs in a mount namespace of its own."""
    script = tmp_path / "fill.py"
    script.write_text(textwrap.dedent(FILL.format(tests=str(Path(__file__).parent))))
    mount = f"mount -t tmpfs -o size=64k none /mnt && exec {sys.executable} {script}"
    namespaces = ["unshare", "--mount", "--map-root-user"] if os.geteuid() else ["unshare", "--mount"]
    if subprocess.run([*namespaces, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode:
        pytest.skip("this machine lets no one mount a file system to fill")
    done = subprocess.run([*namespaces, "sh", "-c", mount], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stdout
    assert "what was written is kept" in done.stdout
