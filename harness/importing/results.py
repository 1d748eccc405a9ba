"""Another harness' results as a folder that runs are compared with: a manifest, records without answers, a summary."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness import catalog
from harness.baselines import SCORES
from harness.engines.model import slug
from harness.entries import Feature
from harness.errors import OutputError
from harness.files import make_folder, write_json
from harness.manifest import MANIFEST, Manifest, PlannedJob, PlannedMetric, read_manifest
from harness.metrics import Metric
from harness.plan import HASH_LENGTH
from harness.records import Record, canonical_sha256
from harness.summary import SUMMARY, summarise

SOURCE = "imported:"
"""How the source of a model begins whose answers were scored elsewhere."""
MEASURED_BY = "measured by"
"""The setting that makes a comparison say who scored the other side."""


@dataclass(frozen=True)
class Imported:
    """One benchmark's results. ``version`` is that of ours which they are compared with.

    ``settings`` are those that the other harness tells, by the names that they have here.
    """

    benchmark: str
    version: str
    metrics: tuple[Metric, ...]
    settings: Mapping[str, Any]
    records: tuple[Record, ...]


def write_imported(
    folder: Path, model: str, feature: str, files: Sequence[Path], results: Sequence[Imported]
) -> Manifest:
    """Writes ``results`` of ``model``, which were read from ``files``; an earlier import there is replaced.

    Raises:
        OutputError: the folder cannot be written, or holds something else.
        UnknownNameError: there is no such feature.
    """
    make_folder(folder)
    earlier = read_manifest(folder)
    if any(folder.iterdir()) and not (earlier and earlier.model_source.startswith(SOURCE)):
        raise OutputError(f"{folder} holds something else", "name a new folder with -o")
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    settings = {"benchmarks": {each.benchmark: dict(each.settings) for each in results}, "imported": hashes}
    manifest = Manifest(
        model=slug(model),
        model_source=f"{SOURCE}{files[0].name}",
        model_files=hashes,
        feature=feature,
        settings=settings,
        settings_hash=canonical_sha256(settings)[:HASH_LENGTH],
        data={},
        jobs=tuple(_job(each, feature) for each in results),
        left_out=(),
        unavailable=(),
    )
    records = [record for each in results for record in each.records]
    adapter = TypeAdapter(Record)
    write_json(folder / MANIFEST, manifest)
    (folder / SCORES).write_bytes(b"".join(adapter.dump_json(record) + b"\n" for record in records))
    write_json(folder / SUMMARY, summarise(manifest, records))
    return manifest


def feature_of(benchmarks: Sequence[str]) -> str:
    """The first feature that has one of the benchmarks, else the first of all."""
    features = list(catalog.features().values())
    return next((each.name for each in features if any(_use_case(name, each) for name in benchmarks)), features[0].name)


def _job(each: Imported, feature: str) -> PlannedJob:
    samples = len({record.sample for record in each.records})
    return PlannedJob(
        use_case=_use_case(each.benchmark, catalog.feature(feature)),
        benchmark=each.benchmark,
        version=each.version,
        metric=each.metrics[0].name,
        samples=samples,
        attempts=1 + max(record.attempt for record in each.records),
        metrics=tuple(PlannedMetric(metric, samples) for metric in each.metrics),
    )


def _use_case(benchmark: str, feature: Feature) -> str:
    return next((case.name for case in feature.use_cases if benchmark in (*case.industry, *case.gitlab)), "")
