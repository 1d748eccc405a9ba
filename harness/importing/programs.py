"""What EvalPlus and BigCodeBench write: ``*_eval_results.json``, the status of every attempt at every task."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from harness import catalog
from harness.benchmark import metrics_of
from harness.errors import DataError, UsageError
from harness.files import read_json
from harness.importing.results import MEASURED_BY, Imported
from harness.metrics import Mean, with_pass_at_k
from harness.records import Outcome, Record
from harness.samples import listed

RESULTS, PASS_AT_K = "_eval_results.json", "_pass_at_k.json"
Status = Literal["pass", "fail", "timeout"]
_OUTCOMES: Mapping[Status, Outcome] = {
    "pass": Outcome.PASSED,
    "fail": Outcome.FAILED,
    "timeout": Outcome.TIMEOUT,
}
_HARNESSES = {"Mbpp": ("mbppplus", "EvalPlus"), "BigCodeBench": ("bigcodebench", "BigCodeBench")}
"""By how the ids of tasks begin: the benchmark here that has these tasks, and who writes such files."""
_MEND = "name a file that EvalPlus or BigCodeBench has written"


@dataclass(frozen=True)
class _Attempt:
    status: Status | None = None
    base_status: Status | None = None
    plus_status: Status | None = None


@dataclass(frozen=True)
class _Results:
    eval: Mapping[str, Sequence[_Attempt]]
    date: str = ""


@dataclass(frozen=True)
class _Settings:
    """What BigCodeBench says beside the results."""

    model: str = ""
    split: str = ""
    subset: str = ""
    calibrated: bool | None = None


def read_programs(path: Path) -> tuple[str, tuple[Path, ...], Imported]:
    """The model's name, the files that were read, and the results; ``path`` may be either of BigCodeBench's two files.

    Raises:
        DataError: a file is malformed, or tasks had different numbers of attempts.
        UsageError: its tasks belong to no benchmark here, or there are scores without the tasks'.
    """
    stem = path.name.removesuffix(RESULTS).removesuffix(PASS_AT_K).removesuffix(".json")
    if path.name.endswith(PASS_AT_K):
        path = path.with_name(f"{stem}{RESULTS}")
        if not path.is_file():
            raise UsageError(f"{stem}{PASS_AT_K} has a mean alone, which cannot be paired", f"import {path.name}")
    found = read_json(path, _Results, _MEND)
    assert found is not None
    attempts = dict(found.eval)
    name, harness = _benchmark(path, attempts)
    beside = path.with_name(f"{stem}{PASS_AT_K}")
    told = read_json(beside, _Settings, "mend it, or move it away") or _Settings()
    benchmark = catalog.open_benchmark(catalog.benchmark(name), {})
    finished = _date(found.date)
    records = tuple(
        _record(name, benchmark.version, task, number, attempt, finished)
        for task, tries in attempts.items()
        for number, attempt in enumerate(tries)
    )
    scores = {score for record in records for score in record.scores}
    metrics = tuple(
        each
        for each in with_pass_at_k(metrics_of(benchmark), len(next(iter(attempts.values()))))
        if isinstance(each, Mean) and (each.score or each.name) in scores
    )
    known = {"split": told.split, "subset": told.subset, "calibrated": told.calibrated}
    settings: dict[str, Any] = {key: value for key, value in known.items() if value not in ("", None)}
    result = Imported(name, benchmark.version, metrics, {**settings, MEASURED_BY: harness}, records)
    return told.model or stem, (path, beside) if beside.is_file() else (path,), result


def _benchmark(path: Path, attempts: Mapping[str, Sequence[_Attempt]]) -> tuple[str, str]:
    """The benchmark here and the harness that has scored its tasks."""
    kinds = {task.partition("/")[0] for task in attempts}
    if len(kinds) != 1 or not kinds <= _HARNESSES.keys():
        raise UsageError(
            f"{path} has tasks of no benchmark here: {listed(sorted(kinds)) or 'none at all'}",
            f"known are those whose ids begin with {', '.join(_HARNESSES)}",
        )
    counts = Counter(map(len, attempts.values()))
    if len(counts) > 1 or not min(counts):
        usual = counts.most_common(1)[0][0]
        odd = [task for task, tries in attempts.items() if len(tries) != usual or not tries]
        raise DataError(f"{path} has another number of attempts for {listed(odd)}", "evaluate these tasks again")
    return _HARNESSES[kinds.pop()]


def _record(name: str, version: str, task: str, number: int, attempt: _Attempt, finished: str) -> Record:
    statuses = (attempt.status,) if attempt.status else (attempt.base_status, attempt.plus_status)
    if statuses[0] is None:
        raise DataError(f'"{task}" has no status', _MEND)
    if attempt.status:
        scores = {"pass@1": float(attempt.status == "pass")}
    else:
        scores = {"base pass@1": float(attempt.base_status == "pass")}
        if attempt.plus_status:
            scores["plus pass@1"] = float(attempt.base_status == attempt.plus_status == "pass")
    worst: Status = next((status for status in statuses if status and status != "pass"), "pass")
    return Record(
        benchmark=name,
        version=version,
        sample=task,
        attempt=number,
        cluster=task,
        tags={},
        prompt_sha256="",
        answer=None,
        verdict=_OUTCOMES[worst],
        scores=scores,
        detail={},
        finished_at=finished,
    )


def _date(text: str) -> str:
    """The file's own date; it tells no zone. One without a date is of now."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat()
    except ValueError:
        return datetime.now(UTC).isoformat(timespec="milliseconds")
