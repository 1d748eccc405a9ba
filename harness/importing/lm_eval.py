"""What lm-eval writes: ``results_DATE.json`` and, with --log_samples, ``samples_TASK_DATE.jsonl`` beside it."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

from pydantic import Field

from harness.errors import DataError, UsageError
from harness.files import read_json
from harness.importing.results import MEASURED_BY, Imported
from harness.metrics import Mean
from harness.records import Outcome, Record

_MEND = "name a results_DATE.json that lm_eval has written"
_NONE = "none"
_EQUAL = 1e-6


@dataclass(frozen=True)
class LmEvalResults:
    """The fields of a results file that are needed."""

    results: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, Any]
    shots: Annotated[Mapping[str, Any], Field(alias="n-shot")] = field(default_factory=dict)
    date: float | None = None
    model_name: str | None = ""
    lm_eval_version: str | None = ""


def read_lm_eval(path: Path) -> tuple[str, tuple[Path, ...], tuple[Imported, ...], tuple[str, ...]]:
    """The model's name, the files that were read, each task's results, and what was left out and why.

    Raises:
        DataError: a file is malformed.
        UsageError: there are no samples beside it, or none whose scores add up to the results.
    """
    found = read_json(path, LmEvalResults, _MEND)
    assert found is not None
    date = path.stem.removeprefix("results_")
    files, tasks, left_out = [path], [], []
    for task, told in found.results.items():
        file = path.with_name(f"samples_{task}_{date}.jsonl")
        if not file.is_file():
            left_out.append(f"{task}: no {file.name} beside the results: means alone cannot be paired")
            continue
        files.append(file)
        scores, lost = _scores(file, told)
        left_out += [f"{task} {name}: what was made of the samples is no mean of theirs" for name in lost]
        if scores:
            tasks.append(_imported(task, scores, found, found.shots.get(task)))
    if not tasks:
        why = left_out[0] if left_out else f"{path} has no results"
        raise UsageError(f"nothing to pair: {why}", "run lm_eval again with --log_samples, and import what it writes")
    return found.model_name or path.parent.name, tuple(files), tuple(tasks), tuple(left_out)


def _scores(file: Path, told: Mapping[str, Any]) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Each document's scores by metric, and the metrics whose result is another than the mean of these."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    names: dict[str, str] = {}
    for line in _lines(file):
        for metric in line["metrics"]:
            name = metric if line["filter"] == _NONE else f"{metric},{line['filter']}"
            names[name] = f"{metric},{line['filter']}"
            if isinstance(line.get(metric), int | float):
                found[str(line["doc_id"])][name] = float(line[metric])
    lost = []
    for name, key in names.items():
        values = [scores[name] for scores in found.values() if name in scores]
        if not values or not isinstance(told.get(key), int | float) or abs(fmean(values) - told[key]) > _EQUAL:
            lost.append(name)
    kept = {
        document: {name: value for name, value in scores.items() if name not in lost}
        for document, scores in found.items()
    }
    return {document: scores for document, scores in kept.items() if scores}, lost


def _lines(file: Path) -> Iterator[Mapping[str, Any]]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                row["doc_id"], row["filter"], row["metrics"]
            except (ValueError, KeyError, TypeError) as error:
                what = f"lacks {error}" if isinstance(error, KeyError) else "not a sample as JSON"
                raise DataError(f"{file}:{number}: {what}", "write it again with lm_eval --log_samples") from None
            yield row


def _imported(task: str, scores: Mapping[str, Mapping[str, float]], found: LmEvalResults, shots: Any) -> Imported:
    benchmark, version = f"lm-eval:{task}", f"{found.versions.get(task, 0)}/{found.lm_eval_version or ''}"
    names = tuple(dict.fromkeys(name for each in scores.values() for name in each))
    finished = datetime.fromtimestamp(found.date or 0, UTC).isoformat(timespec="milliseconds")
    records = tuple(
        Record(
            benchmark=benchmark,
            version=version,
            sample=document,
            attempt=0,
            cluster=document,
            tags={},
            prompt_sha256="",
            answer=None,
            verdict=Outcome.PASSED if mine.get(names[0]) == 1.0 else Outcome.FAILED,
            scores=mine,
            detail={},
            finished_at=finished,
        )
        for document, mine in scores.items()
    )
    metrics = tuple(Mean(name, by=(), sparse=True) for name in names)
    return Imported(benchmark, version, metrics, {"shots": shots, MEASURED_BY: "lm-eval itself"}, records)
