"""From manifest and records to estimates with intervals. Pure: no engine, no network, any time again."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from harness.manifest import Manifest, PlannedJob
from harness.records import SUMMARY_SCHEMA, Estimate, Outcome, Record, Summary, SummaryRow
from harness.statistics import proportion

SUMMARY = "summary.json"


def summarise(manifest: Manifest, records: Iterable[Record]) -> Summary:
    """The run's summary; ``records`` must hold each (benchmark, sample, attempt) at most once."""
    by_benchmark: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_benchmark[record.benchmark].append(record)
    seconds = _seconds(manifest, [record for rows in by_benchmark.values() for record in rows])
    rows = tuple(_row(job, by_benchmark[job.benchmark], seconds[job.benchmark]) for job in manifest.jobs)
    return Summary(
        schema=SUMMARY_SCHEMA,
        model=manifest.model,
        feature=manifest.feature,
        settings_hash=manifest.settings_hash,
        rows=rows,
        left_out=manifest.left_out,
        unavailable=manifest.unavailable,
        complete=(
            not manifest.unavailable
            and not any(left.requested for left in manifest.left_out)
            and all(row.records >= row.samples * row.attempts for row in rows)
            and not any(row.verdicts.get(Outcome.INFRA_ERROR) for row in rows)
        ),
    )


def _row(job: PlannedJob, records: Sequence[Record], seconds: float) -> SummaryRow:
    groups: defaultdict[str, defaultdict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        for tag, value in record.tags.items():
            groups[tag][value].append(record)
    return SummaryRow(
        use_case=job.use_case,
        benchmark=job.benchmark,
        version=job.version,
        metric=job.metric,
        estimate=_estimate(job.metric, records),
        samples=job.samples,
        records=len(records),
        attempts=job.attempts,
        verdicts=dict(sorted(Counter(str(record.verdict) for record in records).items())),
        seconds=round(seconds, 1),
        groups={
            tag: {value: found for value, rows in sorted(values.items()) if (found := _estimate(job.metric, rows))}
            for tag, values in sorted(groups.items())
        },
    )


def _estimate(metric: str, records: Iterable[Record]) -> Estimate | None:
    """Attempts are averaged within a sample first, so that the interval is over samples; infra errors say nothing."""
    by_sample: defaultdict[str, list[float]] = defaultdict(list)
    for record in records:
        if record.verdict is not Outcome.INFRA_ERROR:
            by_sample[record.sample].append(record.scores.get(metric, 0.0))
    means = [sum(values) / len(values) for values in by_sample.values()]
    return proportion(means) if means else None


def _seconds(manifest: Manifest, records: Sequence[Record]) -> Mapping[str, float]:
    """Time spent by benchmark: from each record's finish back to the one before it, or to its session's start."""
    starts = sorted(datetime.fromisoformat(session.asked_from) for session in manifest.sessions)
    finished = sorted((datetime.fromisoformat(record.finished_at), record.benchmark) for record in records)
    events = sorted([(start, "") for start in starts] + finished, key=lambda event: event[0])
    spent: defaultdict[str, float] = defaultdict(float)
    for (before, _), (after, benchmark) in pairwise(events):
        if benchmark:
            spent[benchmark] += (after - before).total_seconds()
    return spent
