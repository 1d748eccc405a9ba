"""Sample files of other harnesses: what is in them, and what is wrong with them, by file and line."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_journal import record

from harness.errors import DataError
from harness.journal import Journal
from harness.samples import read_answers

KNOWN = ("Mbpp/2", "Mbpp/3")


def file_of(folder: Path, *lines: Any) -> Path:
    path = folder / "samples.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_solutions_are_programs_and_completions_are_continued(tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        {"task_id": "Mbpp/3", "completion": "    return 1\n", "more": 1},
        "",
        {"task_id": "Mbpp/2", "solution": "x"},
    )
    found = read_answers(path, "mbppplus", KNOWN)
    assert {key: (answer.text, answer.form) for key, answer in found.items()} == {
        ("mbppplus", "Mbpp/3", 0): ("    return 1\n", "continuation"),
        ("mbppplus", "Mbpp/2", 0): ("x", "program"),
    }


def test_lines_with_one_id_are_attempts_in_their_order(tmp_path: Path) -> None:
    path = file_of(tmp_path, *({"task_id": task, "solution": f"{n}"} for n in range(2) for task in KNOWN))
    found = read_answers(path, "mbppplus", KNOWN)
    assert [found["mbppplus", "Mbpp/3", n].text for n in range(2)] == ["0", "1"]


def test_a_journal_gives_its_newest_answers_to_that_benchmark(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(record(1))
    path = tmp_path / "records.jsonl"
    [(key, answer)] = read_answers(path, record(1).benchmark, [record(1).sample]).items()
    assert (key, answer) == (record(1).key, record(1).answer)
    with pytest.raises(DataError, match="has no answer to bigcodebench"):
        read_answers(path, "bigcodebench", KNOWN)


GOOD = {"task_id": "Mbpp/2", "solution": "x"}
BAD: dict[str, tuple[tuple[Any, ...], str]] = {
    "not JSON": ((GOOD, "{"), r"samples\.jsonl:2: not JSON"),
    "no object": ((GOOD, "[1]"), r"samples\.jsonl:2: not a JSON object"),
    "no answer": (({"task_id": "Mbpp/2"},), r"samples\.jsonl:1: needs task_id and solution or completion"),
    "no text": (({"task_id": "Mbpp/2", "solution": None},), r"samples\.jsonl:1: needs task_id"),
    "unknown": ((GOOD, {"task_id": "Mbpp/1", "solution": "x"}), r"1 ids that mbppplus has not: Mbpp/1"),
    "uneven": ((GOOD, GOOD, {"task_id": "Mbpp/3", "solution": "x"}), r"another number for Mbpp/"),
    "empty": ((), "has no answer to mbppplus"),
}


@pytest.mark.parametrize(("lines", "said"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_named(tmp_path: Path, lines: tuple[Any, ...], said: str) -> None:
    with pytest.raises(DataError, match=said) as raised:
        read_answers(file_of(tmp_path, *lines), "mbppplus", KNOWN)
    assert raised.value.mend


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        read_answers(tmp_path / "none.jsonl", "mbppplus", KNOWN)


@given(st.binary(max_size=200))
def test_any_bytes_are_answers_or_a_data_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(data)
    with pytest.raises(DataError):
        read_answers(path, "mbppplus", KNOWN)
