"""One run against another, or against published scores: what differs, by how much, and how sure that is.

Samples that both sides have are paired; those that only one has are counted and told. A published score has no samples:
such a row is unpaired, and says how its protocol differs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.baselines import Published, Side, published_of
from harness.errors import UsageError
from harness.manifest import Manifest, PlannedJob, PlannedMetric
from harness.metrics import Mean, Metric, estimates, scored
from harness.paired import Difference, Pair, detectable, holm, paired, published, unpaired
from harness.records import Record
from harness.results import Estimate

AGREES = "this model's own score, reproduced: the published one is within what chance explains"
DISAGREES = "this model's own score, NOT reproduced: look at chat template, prompt, stops and extraction first"


@dataclass(frozen=True)
class Row:
    """One metric of one benchmark on both sides.

    ``p`` is the difference's p-value, adjusted over all rows (Holm). ``lone`` counts our samples and theirs without a
    counterpart; ``flipped`` are samples that we won, and that we lost. ``notes`` say what else differs between the two.
    """

    use_case: str
    benchmark: str
    metric: str
    ours: Estimate
    theirs: Estimate
    difference: Difference
    p: float
    paired: bool = False
    lone: tuple[int, int] = (0, 0)
    flipped: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    notes: tuple[str, ...] = ()

    @property
    def detectable(self) -> float:
        """The least true difference that these samples would show with a chance of 80 %."""
        return detectable(self.difference.error)


@dataclass(frozen=True)
class Comparison:
    """``ours`` against ``theirs``; ``left_out`` names what only one of them has, and why."""

    ours: str
    theirs: str
    rows: tuple[Row, ...]
    left_out: tuple[str, ...]


def compare(ours: Side, theirs: Side, all_metrics: bool = True) -> Comparison:
    """Every metric that both sides have; the first of each benchmark alone unless ``all_metrics``.

    Raises:
        UsageError: they have nothing in common, or their data differs.
    """
    assert ours.manifest is not None
    if theirs.manifest:
        found = list(_measured(ours, theirs, all_metrics))
        left_out = _only_one(ours.manifest, theirs.manifest, ours.name, theirs.name)
    else:
        found = list(_against_published(ours, theirs.published))
        left_out = []
    if not found:
        raise UsageError(f"{ours.name} and {theirs.name} have no score in common", "run the same benchmarks on both")
    adjusted = holm([row.p for row in found])
    rows = tuple(replace(row, p=p) for row, p in zip(found, adjusted, strict=True))
    return Comparison(ours.name, theirs.name, rows, tuple(left_out))


def _measured(ours: Side, theirs: Side, all_metrics: bool) -> Iterator[Row]:
    assert ours.manifest is not None
    assert theirs.manifest is not None
    other = {job.benchmark: job for job in theirs.manifest.jobs}
    for job in ours.manifest.jobs:
        if job.benchmark not in other:
            continue
        check_same_data(ours.manifest, theirs.manifest, job.benchmark)
        notes = tuple(_settings_notes(ours.manifest, theirs.manifest, job.benchmark))
        mine, its = (_records(side.records, job.benchmark) for side in (ours, theirs))
        known = {each.metric.name for each in metrics_of(other[job.benchmark])}
        for planned in metrics_of(job)[: None if all_metrics else 1]:
            if planned.metric.name in known:
                row = _row(job, planned.metric, mine, its)
                if row:
                    yield replace(row, notes=notes)


def _row(job: PlannedJob, metric: Metric, ours: Sequence[Record], theirs: Sequence[Record]) -> Row | None:
    (_, mine), *_ = estimates([metric], ours)
    (_, its), *_ = estimates([metric], theirs)
    if mine is None or its is None:
        return None
    left, right = (
        {each.name: each for each in scored(metric, records)} if isinstance(metric, Mean) and metric.bounded else {}
        for records in (ours, theirs)
    )
    common = sorted(left.keys() & right.keys())
    lone = len(left) - len(common), len(right) - len(common)
    if not common:
        difference = unpaired(mine, its)
        return Row(job.use_case, job.benchmark, metric.name, mine, its, difference, difference.p, lone=lone)
    difference = paired([Pair(left[name].score, right[name].score, left[name].cluster) for name in common])
    won = tuple(name for name in common if left[name].score > right[name].score)
    lost = tuple(name for name in common if left[name].score < right[name].score)
    return Row(
        *(job.use_case, job.benchmark, metric.name, mine, its, difference, difference.p), True, lone, (won, lost)
    )


def _against_published(ours: Side, scores: Sequence[Published]) -> Iterator[Row]:
    assert ours.manifest is not None
    own = published_of(ours.manifest.model)
    for job in ours.manifest.jobs:
        settings = ours.manifest.settings["benchmarks"].get(job.benchmark, {})
        mine = {planned.metric.name: planned.metric for planned in metrics_of(job)}
        seen: set[str] = set()  # a model's first name that has a score is the one to take
        for score in scores:
            protocol = score.protocol
            if protocol.benchmark != job.benchmark or protocol.metric not in mine or protocol.metric in seen:
                continue
            if any(settings.get(name) != value for name, value in protocol.settings.items()):
                continue
            (_, found), *_ = estimates([mine[protocol.metric]], _records(ours.records, job.benchmark))
            if found is None:
                continue
            seen.add(protocol.metric)
            theirs = published(score.score, protocol.n)
            difference = unpaired(found, theirs)
            notes = [f"published for {score.model}: {score.source}, {score.as_of}, {score.url}", protocol.differs]
            if found.n != protocol.n:
                notes.append(f"{found.n} samples here, {protocol.n} there")
            if score in own:
                notes.append(AGREES if difference.low <= 0 <= difference.high else DISAGREES)
            row = Row(job.use_case, job.benchmark, protocol.metric, found, theirs, difference, difference.p)
            yield replace(row, notes=tuple(notes))


def check_same_data(ours: Manifest, theirs: Manifest, benchmark: str) -> None:
    """Refuses to pair answers to other questions.

    Raises:
        UsageError: the benchmark's version or its rows differ, and how.
    """
    one, other = (_job(manifest, benchmark).version for manifest in (ours, theirs))
    if one != other:
        raise UsageError(f"{benchmark} is of version {one} in one run and {other} in the other", "run the older again")
    for split, origin in ours.data.items():
        rows = origin["sha256"], theirs.data.get(split, origin)["sha256"]
        if split.startswith(f"{benchmark}/") and rows[0] != rows[1]:
            raise UsageError(
                f"{split} differs between the runs: sha256 {rows[0][:12]} and {rows[1][:12]}",
                "run both on the same data",
            )


def _settings_notes(ours: Manifest, theirs: Manifest, benchmark: str) -> Iterator[str]:
    """What was set otherwise, by name."""
    one, other = (manifest.settings["benchmarks"].get(benchmark, {}) for manifest in (ours, theirs))
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            yield f"{name}: {_short(one.get(name))} here, {_short(other.get(name))} there"
    for name, value in ours.settings.get("sampling", {}).items():
        if value != theirs.settings.get("sampling", {}).get(name):
            yield f"{name}: {value} here, {theirs.settings.get('sampling', {}).get(name)} there"


def _short(value: Any) -> str:
    if isinstance(value, Mapping) and "sha256" in value:
        return f"{value.get('name')} v{value.get('version')} ({str(value['sha256'])[:8]})"
    return str(value)


def _only_one(ours: Manifest, theirs: Manifest, our_name: str, their_name: str) -> list[str]:
    one, other = ({job.benchmark for job in manifest.jobs} for manifest in (ours, theirs))
    alone = [f"{name}: only {our_name} ran it" for name in sorted(one - other)]
    return alone + [f"{name}: only {their_name} ran it" for name in sorted(other - one)]


def metrics_of(job: PlannedJob) -> list[PlannedMetric]:
    """The job's metrics; those of a run of an earlier version are the mean of its one."""
    return list(job.metrics) or [PlannedMetric(Mean(job.metric), job.samples)]


def _job(manifest: Manifest, benchmark: str) -> PlannedJob:
    return next(job for job in manifest.jobs if job.benchmark == benchmark)


def _records(records: Iterable[Record], benchmark: str) -> list[Record]:
    return [record for record in records if record.benchmark == benchmark]
