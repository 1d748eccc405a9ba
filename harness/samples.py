"""Answers that are there already: the sample files of EvalPlus and BigCodeBench, and journals of other runs.

A sample file has one JSON object a line: ``task_id`` with ``solution`` (a whole program, run as it is) or
``completion`` (what follows on the task's prompt). Several lines with one id are attempts at it, in their order; all
ids must then have as many, since pass@k over uneven numbers would not be what it says.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

from harness.errors import DataError
from harness.journal import Key, read_records
from harness.records import Answer

SHOWN = 10
"""How many ids a message lists."""


def read_answers(path: Path, benchmark: str, known: Collection[str]) -> dict[Key, Answer]:
    """The answers in ``path`` to samples of ``benchmark``, whose ids are ``known``, by (benchmark, id, attempt).

    Raises:
        DataError: a line is malformed (names file and line), an id is not known, some ids have more lines than
            others, or there is no answer at all.
    """
    try:
        rows = _rows(path)
        answers = _of_journal(path, benchmark) if _is_journal(rows) else _of_samples(rows, path, benchmark)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", "name a .jsonl file with --samples") from None
    unknown = dict.fromkeys(sample for _, sample, _ in answers if sample not in known)
    if unknown:
        raise DataError(
            f"{path} has {len(unknown)} ids that {benchmark} has not: {listed(unknown)}",
            f"name another benchmark or another part of it (--set {benchmark}.SETTING=VALUE), or remove those lines",
        )
    if not answers:
        raise DataError(f"{path} has no answer to {benchmark}", "name a file that has some with --samples")
    return answers


def listed(ids: Collection[str]) -> str:
    """The first ids, and how many more there are."""
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return ", ".join(list(ids)[:SHOWN]) + more


def _rows(path: Path) -> dict[int, Mapping[str, Any]]:
    """The objects of a file by line number."""
    found: dict[int, Mapping[str, Any]] = {}
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}:{number}: not JSON: {error}", "mend or remove that line") from None
        if not isinstance(row, dict):
            raise DataError(f"{path}:{number}: not a JSON object", "mend or remove that line")
        found[number] = row
    return found


def _is_journal(rows: Mapping[int, Mapping[str, Any]]) -> bool:
    return any("prompt_sha256" in row for row in rows.values())


def _of_journal(path: Path, benchmark: str) -> dict[Key, Answer]:
    """The answers of a run's records; what was not answered there is missing here."""
    newest = {record.key: record for _, record in read_records(path) if record.benchmark == benchmark}
    return {key: record.answer for key, record in newest.items() if record.answer}


def _of_samples(rows: Mapping[int, Mapping[str, Any]], path: Path, benchmark: str) -> dict[Key, Answer]:
    by_task: defaultdict[str, list[Answer]] = defaultdict(list)
    for number, row in rows.items():
        task, text = row.get("task_id"), row.get("solution", row.get("completion"))
        if not isinstance(task, str) or not isinstance(text, str):
            raise DataError(
                f"{path}:{number}: needs task_id and solution or completion, all text", "mend or remove that line"
            )
        form: Literal["program", "continuation"] = "program" if "solution" in row else "continuation"
        by_task[task].append(Answer(text, "stop", prompt_tokens=0, answer_tokens=0, seconds=0.0, form=form))
    counts = Counter(map(len, by_task.values()))
    if len(counts) > 1:
        usual = counts.most_common(1)[0][0]
        odd = [f"{task} ({len(answers)})" for task, answers in by_task.items() if len(answers) != usual]
        raise DataError(
            f"{path} has {usual} lines for most ids, and another number for {listed(odd)}",
            "give each id as many lines as it had attempts, all the same number",
        )
    return {
        (benchmark, task, attempt): answer
        for task, answers in by_task.items()
        for attempt, answer in enumerate(answers)
    }
