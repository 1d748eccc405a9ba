"""From manifest and records to estimates with intervals. Pure: no engine, no network, any time again."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from harness.files import read_versioned
from harness.latency import Latency, Pass
from harness.manifest import Manifest, PlannedJob, PlannedMetric
from harness.metrics import Mean, Metric, chosen, estimates, groups
from harness.records import Outcome, Record
from harness.results import SUMMARY_SCHEMA, Calibration, LatencyRow, Summary, SummaryRow, Usage
from harness.statistics import quantiles

SUMMARY = "summary.json"
REMAKE = "run its own command again, which makes it anew"
GATE_SECONDS = 3.0
"""The most that the 95th percentile of a whole answer may take (GitLab, ai_evaluation_guidelines.md)."""


def summarise(
    manifest: Manifest,
    records: Iterable[Record],
    latency: Latency | None = None,
    calibrations: tuple[Calibration, ...] = (),
) -> Summary:
    """The run's summary; ``records`` must hold each (benchmark, sample, attempt) at most once."""
    by_benchmark: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_benchmark[record.benchmark].append(record)
    seconds = _seconds(manifest, [record for rows in by_benchmark.values() for record in rows])
    rows = tuple(
        row for job in manifest.jobs for row in _rows(job, by_benchmark[job.benchmark], seconds[job.benchmark])
    )
    return Summary(
        schema=SUMMARY_SCHEMA,
        model=manifest.model,
        feature=manifest.feature,
        settings_hash=manifest.settings_hash,
        rows=rows,
        left_out=manifest.left_out,
        unavailable=manifest.unavailable,
        usage=_usage(manifest, [record for rows in by_benchmark.values() for record in rows]),
        latency=latency_rows(latency),
        ground_truth=manifest.ground_truth,
        calibrations=calibrations,
        complete=(
            not manifest.unavailable
            and not any(left.requested for left in manifest.left_out)
            and all(row.records >= row.samples * row.attempts for row in rows)
            and not any(row.verdicts.get(Outcome.INFRA_ERROR) for row in rows)
        ),
    )


def read_summary(folder: Path) -> Summary | None:
    """The folder's summary, or None where there is none yet.

    Raises:
        DataError: it is malformed, or of a schema that this version does not know.
    """
    return read_versioned(folder / SUMMARY, Summary, SUMMARY_SCHEMA, REMAKE)


def first_rows(summary: Summary) -> list[SummaryRow]:
    """The first row of each benchmark: the one that covers all of its samples."""
    return list({(row.use_case, row.benchmark): row for row in reversed(summary.rows)}.values())[::-1]


def _rows(job: PlannedJob, records: Sequence[Record], seconds: float) -> Iterator[SummaryRow]:
    """One row for each metric, the one that covers all samples first."""
    planned = job.metrics or (PlannedMetric(Mean(job.metric), job.samples),)
    found = estimates([each.metric for each in planned], records)
    for each, (name, estimate) in zip(planned, found, strict=True):
        mine = [record for record in records if chosen(each.metric, record.tags)]
        dropped = [record.answer.dropped_shots for record in mine if record.answer and record.answer.dropped_shots]
        yield SummaryRow(
            use_case=job.use_case,
            benchmark=job.benchmark,
            version=job.version,
            metric=name,
            estimate=estimate,
            samples=each.samples,
            records=len(mine),
            attempts=job.attempts,
            verdicts=dict(sorted(Counter(str(_verdict(each.metric, record)) for record in mine).items())),
            seconds=round(seconds, 1),
            groups=groups(each.metric, mine),
            fallbacks=sum(1 for record in mine if record.answer and record.answer.fallback),
            shortened=len(dropped),
            most_dropped=max(dropped, default=0),
            cut=sum(1 for record in mine if record.answer and record.answer.cut),
            inside=sum(1 for record in mine if record.detail.get("inside")),
        )


def _verdict(metric: Metric, record: Record) -> Outcome:
    """The record's verdict, as far as ``metric`` goes."""
    failed = metric.failed if isinstance(metric, Mean) else ""
    return Outcome.INFRA_ERROR if failed in record.detail else record.verdict


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


def _usage(manifest: Manifest, records: Sequence[Record]) -> Usage:
    answers = [record.answer for record in records if record.answer]
    prompt, answer = sum(each.prompt_tokens for each in answers), sum(each.answer_tokens for each in answers)
    counted: Counter[str] = Counter()
    for session in manifest.sessions:
        counted.update(session.usage.get("candidate", {}))
    judged = [session.usage["judge"].get("cost_usd", 0.0) for session in manifest.sessions if "judge" in session.usage]
    queried = counted["prefix_cache_queried_tokens"]
    return Usage(
        prompt_tokens=prompt,
        answer_tokens=answer,
        cost_usd=round(manifest.prices.of(prompt, answer), 6) if manifest.prices else None,
        judge_cost_usd=round(sum(judged), 6) if judged else None,
        prefix_cache_hit_share=round(counted["prefix_cache_hit_tokens"] / queried, 4) if queried else None,
    )


def latency_rows(latency: Latency | None) -> tuple[LatencyRow, ...]:
    """What was timed, summed up; () where nothing was."""
    return tuple(map(_latency, latency.passes)) if latency else ()


def _latency(timed: Pass) -> LatencyRow:
    first = [each.first_token_seconds for each in timed.answers if each.first_token_seconds is not None]
    total = quantiles([each.seconds for each in timed.answers]) if timed.answers else None
    return LatencyRow(
        use_case=timed.use_case,
        benchmark=timed.benchmark,
        concurrency=timed.concurrency,
        n=len(timed.answers),
        first_token=quantiles(first) if first else None,
        total=total,
        failed=timed.failed,
        quick_enough=total is not None and total.p95 <= GATE_SECONDS,
    )
