"""One row for each record: the columns of scores.parquet and scores.csv, each with what it holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import UnionType
from typing import Annotated, Any, get_args, get_type_hints

from harness.comparison import metrics_of
from harness.manifest import PlannedJob
from harness.metrics import Mean, chosen, scored
from harness.records import Outcome, Record
from harness.runs import Run, records_of

SCHEMA = 1
"""Version of the columns; raised when one changes its meaning or goes away."""


@dataclass(frozen=True)
class Row:
    """One attempt at one sample. None where a thing is not known; times are in UTC."""

    model: Annotated[str, "the candidate's name"]
    feature: Annotated[str, "the Duo feature"]
    run: Annotated[str, "hash of the settings that change scores: what tells a model's runs apart"]
    began: Annotated[datetime | None, "when the run first asked, UTC"]
    use_case: Annotated[str, "the use case of the feature"]
    benchmark: Annotated[str, "the benchmark's name"]
    version: Annotated[str, "the benchmark's version; scores of two versions do not compare"]
    sample: Annotated[str, "the data set's own id"]
    attempt: Annotated[int, "from 0"]
    cluster: Annotated[str, "samples that stand or fall together share it"]
    language: Annotated[str | None, "the tag of that name: the programming language"]
    tags: Annotated[Mapping[str, str], "all tags, by name"]
    verdict: Annotated[str, "passed, failed, timeout, memory, crashed, no_answer or infra_error"]
    metric: Annotated[str | None, "the benchmark's first metric that is a mean over samples of this kind"]
    score: Annotated[float | None, "this attempt's part of that mean; none for infra errors, which are no part of it"]
    scores: Annotated[Mapping[str, float], "every score that was written down, by name"]
    reason: Annotated[str | None, "why there is no answer or no score, or what the first failed test said"]
    finish_reason: Annotated[str | None, "stop, or length where the answer ran into its limit"]
    prompt_tokens: Annotated[int | None, "tokens of the prompt"]
    answer_tokens: Annotated[int | None, "tokens of the answer"]
    seconds: Annotated[float | None, "from question to whole answer"]
    first_token_seconds: Annotated[float | None, "from question to first token, where the answer was streamed"]
    fallback: Annotated[bool | None, "asked in another way than the prompt's own"]
    prompt_sha256: Annotated[str, "equal prompts, and only they, have equal hashes"]
    finished_at: Annotated[datetime, "when the record was written, UTC"]
    answer: Annotated[str | None, "the answer's text; kept baselines have none"]


@dataclass(frozen=True)
class Column:
    """A column: the type of its values, whether one may be missing, and what it holds."""

    kind: Any
    optional: bool
    doc: str


def _columns() -> Iterator[tuple[str, Column]]:
    for name, hint in get_type_hints(Row, include_extras=True).items():
        held, doc = get_args(hint)
        optional = isinstance(held, UnionType)
        yield name, Column(get_args(held)[0] if optional else held, optional, doc)


COLUMNS: Mapping[str, Column] = dict(_columns())
"""The columns by name, in order."""


def rows_of(run: Run) -> Iterator[Row]:
    """The run's records as rows.

    Raises:
        UsageError: it has none.
        DataError: a line is malformed.
    """
    jobs = {job.benchmark: job for job in run.manifest.jobs}
    metrics = {name: _means(job) for name, job in jobs.items()}
    began = _time(run.began) if run.began else None
    for record in records_of(run):
        job = jobs.get(record.benchmark)
        metric = next((each for each in metrics.get(record.benchmark, ()) if chosen(each, record.tags)), None)
        yield _row(run, began, job.use_case if job else "", metric, record)


def _means(job: PlannedJob) -> list[Mean]:
    """The job's means over attempts: one record says nothing of pass@k or of a unit of several samples."""
    found = (planned.metric for planned in metrics_of(job))
    return [each for each in found if isinstance(each, Mean) and each.k == 1 and not each.unit]


def _row(run: Run, began: datetime | None, use_case: str, metric: Mean | None, record: Record) -> Row:
    answer = record.answer
    mine = scored(metric, [record]) if metric and record.verdict is not Outcome.INFRA_ERROR else []
    said = record.detail.get("reason") or record.detail.get("message")
    return Row(
        model=run.manifest.model,
        feature=run.manifest.feature,
        run=run.manifest.settings_hash,
        began=began,
        use_case=use_case,
        benchmark=record.benchmark,
        version=record.version,
        sample=record.sample,
        attempt=record.attempt,
        cluster=record.cluster,
        language=record.tags.get("language"),
        tags=record.tags,
        verdict=str(record.verdict),
        metric=metric.name if metric else None,
        score=mine[0].score if mine else None,
        scores=record.scores,
        reason=str(said) if said else None,
        finish_reason=answer.finish_reason if answer else None,
        prompt_tokens=answer.prompt_tokens if answer else None,
        answer_tokens=answer.answer_tokens if answer else None,
        seconds=answer.seconds if answer else None,
        first_token_seconds=answer.first_token_seconds if answer else None,
        fallback=answer.fallback if answer else None,
        prompt_sha256=record.prompt_sha256,
        finished_at=_time(record.finished_at),
        answer=answer.text if answer else None,
    )


def _time(text: str) -> datetime:
    """The moment in UTC, without a zone: DuckDB and pandas then show the same, whatever the machine's zone is."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
