"""What a run is compared with: another run, a baseline kept from one, or scores that somebody has published.

A published score keeps its source, its date and its protocol, and is never mixed with a measured one.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness.catalog import config
from harness.engines.model import slug
from harness.errors import UnknownNameError, UsageError
from harness.files import write_json
from harness.journal import RECORDS, read_records
from harness.manifest import MANIFEST, Manifest, read_manifest
from harness.metrics import estimates
from harness.records import Record
from harness.shipped import shipped

KEPT = Path("results/baselines")
"""Where baselines are that were kept from runs: <model>/<feature>."""
SCORES = "scores.jsonl"
"""A kept baseline's records, without answers."""
BESIDE = ("summary.json", "calibration.json", "latency.json")
"""What of a run is kept as it is."""


@dataclass(frozen=True)
class Protocol:
    """How published scores were measured: the benchmark and metric of ours that they belong to, over ``n`` tasks.

    ``settings`` are those of ours that the protocol has; ``differs`` says in words what is otherwise there.
    """

    benchmark: str
    metric: str
    n: int
    settings: Mapping[str, Any]
    differs: str


@dataclass(frozen=True)
class Table:
    """Scores from one source by one protocol, by model."""

    protocol: str
    source: str
    url: str
    as_of: str
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Published:
    """One model's published score."""

    model: str
    score: float
    protocol: Protocol
    source: str
    url: str
    as_of: str


@dataclass(frozen=True)
class Side:
    """A side of a comparison: a run's manifest and records, or a model's published scores."""

    name: str
    manifest: Manifest | None = None
    records: tuple[Record, ...] = ()
    published: tuple[Published, ...] = ()


def published() -> list[Published]:
    """All published scores that are known here, in the order of configs/baselines/published.yaml.

    Raises:
        UsageError: the file is malformed; a score without source, date or protocol is.
    """
    protocols, tables, _ = _published_file()
    found = []
    for table in tables:
        if table.protocol not in protocols:
            raise UnknownNameError("protocol", table.protocol, protocols)
        common = protocols[table.protocol], table.source, table.url, table.as_of
        found += [Published(model, score, *common) for model, score in table.scores.items()]
    return found


def published_of(name: str) -> tuple[Published, ...]:
    """The published scores of the model called ``name``, here or where they were published, its first name first."""
    called = [slug(each).lower() for each in (name, *_published_file()[2].get(name, ()))]
    found = [each for each in published() if slug(each.model).lower() in called]
    return tuple(sorted(found, key=lambda each: called.index(slug(each.model).lower())))


def side(named: str, feature: str) -> Side:
    """What ``named`` is: a folder of a run or a baseline, a model with a baseline for ``feature``, or published scores.

    Raises:
        UnknownNameError: none of these.
        DataError: its files are malformed.
    """
    for place in (Path(named), KEPT / named / feature):
        if (place / MANIFEST).is_file():
            return of_folder(place)
    if scores := published_of(named):
        return Side(named, published=scores)
    known = {each.model for each in published()} | set(_published_file()[2]) | {path.parent.name for path in kept()}
    raise UnknownNameError("run folder or baseline", named, known)


def kept() -> list[Path]:
    """The folders of baselines that were kept from runs."""
    return sorted(path.parent for path in KEPT.glob(f"*/*/{SCORES}"))


def told(folder: Path, scores: bool) -> list[dict[str, Any]]:
    """What there is to say of a kept baseline: one row, or with ``scores`` one for each metric."""
    found = of_folder(folder)
    assert found.manifest is not None
    head = {"model": found.manifest.model, "feature": found.manifest.feature}
    if not scores:
        benchmarks = " ".join(job.benchmark for job in found.manifest.jobs)
        return [head | {"run": found.manifest.settings_hash, "records": len(found.records), "benchmarks": benchmarks}]
    rows = []
    for job in found.manifest.jobs:
        mine = [record for record in found.records if record.benchmark == job.benchmark]
        for name, estimate in estimates([planned.metric for planned in job.metrics], mine):
            if estimate:
                figures = {
                    "score": round(estimate.value, 4),
                    "low": round(estimate.low, 4),
                    "high": round(estimate.high, 4),
                }
                rows.append(head | {"benchmark": job.benchmark, "metric": name, **figures, "n": estimate.n})
    return rows


def keep(run: Path) -> Path:
    """Keeps a run as its model's baseline for its feature: manifest, summary, and records without their answers.

    Raises:
        UsageError: ``run`` is no run's folder, or the run is not complete.
    """
    found = of_folder(run)
    assert found.manifest is not None
    expected = sum(job.samples * job.attempts for job in found.manifest.jobs)
    if len(found.records) < expected:
        raise UsageError(
            f"{run} has {len(found.records)} of {expected} records", "finish it first: the same command goes on"
        )
    folder = KEPT / found.manifest.model / found.manifest.feature
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / MANIFEST, _anywhere(found.manifest))
    text = (folder / MANIFEST).read_text(encoding="utf-8")
    for place, short in ((f"{shipped('datasets').parent}/", ""), (str(Path.home()), "~")):
        text = text.replace(place, short)
    text = re.sub(r'(?<=[" ])/[^" ]*/(?=python)', "", text)  # the interpreter that served
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    for name in BESIDE:
        if (run / name).is_file():
            shutil.copyfile(run / name, folder / name)
    adapter = TypeAdapter(Record)
    lines = (adapter.dump_json(_without_answer(record)) for record in found.records)
    (folder / SCORES).write_bytes(b"".join(line + b"\n" for line in lines))
    return folder


def records_file(folder: Path) -> Path | None:
    """The records of the run or kept baseline in ``folder``; None where there are none yet."""
    return next((folder / name for name in (RECORDS, SCORES) if (folder / name).is_file()), None)


def of_folder(folder: Path) -> Side:
    """The run or kept baseline in ``folder``.

    Raises:
        UsageError: it is neither.
        DataError: a file is malformed.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError(f"{folder} is no run's folder", f"name one with {MANIFEST} and {RECORDS}")
    file = records_file(folder)
    if file is None:
        raise UsageError(f"{folder} has no records", f"name a folder with {RECORDS} or {SCORES}")
    newest = {record.key: record for _, record in read_records(file)}
    return Side(manifest.model, manifest, tuple(newest.values()))


def _anywhere(manifest: Manifest) -> Manifest:
    """The manifest with folder and name of each file of data alone: where it lay on a machine is nobody's concern."""
    places = {split: origin["place"] for split, origin in manifest.data.items()}
    short = {split: str(Path(*Path(place).parts[-2:])) for split, place in places.items() if Path(place).is_absolute()}
    data = {split: {**origin, "place": short.get(split, places[split])} for split, origin in manifest.data.items()}
    return replace(manifest, data=data)


def _without_answer(record: Record) -> Record:
    needed = {name: record.detail[name] for name in ("label", "values") if name in record.detail}
    return replace(record, answer=None, detail=needed)


@cache
def _published_file() -> tuple[dict[str, Protocol], list[Table], dict[str, Sequence[str]]]:
    """Protocols by name, tables, and by model of the catalog the names under which its scores were published."""
    found = config("baselines/published.yaml", _File)
    return dict(found.protocols), list(found.tables), dict(found.names)


@dataclass(frozen=True)
class _File:
    protocols: Mapping[str, Protocol]
    tables: Sequence[Table]
    names: Mapping[str, Sequence[str]]
