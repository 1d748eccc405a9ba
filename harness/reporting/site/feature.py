"""The site's page of a feature: scores beside baselines, over time, by group; latency, cost, industry's gap."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.baselines import KEPT, published_of
from harness.entries import Feature
from harness.overview import Gap, variant_of
from harness.paired import published
from harness.reporting.site.charts import Bar, Drawn, Point, draw, intervals, trend
from harness.reporting.table import interval, number
from harness.results import Estimate, SummaryRow
from harness.runs import Run
from harness.summary import first_rows

MOST_POINTS = 400
"""Of a trend: the newest."""


@dataclass(frozen=True)
class Grouped:
    """A benchmark's scores by the values of a tag: a row for each value, a column for each model."""

    tag: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Shown:
    """A benchmark of one version and one way to ask it, over all models that ran it."""

    title: str
    chart: Drawn
    rows: tuple[tuple[str, ...], ...]
    trend: Drawn | None
    groups: tuple[Grouped, ...]


@dataclass(frozen=True)
class Case:
    """A use case and its benchmarks."""

    name: str
    description: str
    benchmarks: tuple[Shown, ...]


@dataclass(frozen=True)
class Table:
    """A table of the page, with what to know of it."""

    id: str
    title: str
    text: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass
class _Variant:
    """The runs' rows of one benchmark, version and settings, oldest first."""

    benchmark: str
    version: str
    settings: Mapping[str, Any]
    found: list[tuple[Run, SummaryRow]] = field(default_factory=list)


def cases(feature: Feature, runs: Sequence[Run], against: Sequence[str], charts: Path) -> list[Case]:
    """The feature's use cases that have scores; draws their charts into the folder ``charts``."""
    variants = _variants(runs)
    found = []
    for case in feature.use_cases:
        mine = [each for name in (*case.gitlab, *case.industry) for each in variants if each.benchmark == name]
        shown = tuple(_shown(each, against, charts, f"{feature.name}-{variants.index(each)}") for each in mine)
        if shown:
            found.append(Case(case.name, case.description, shown))
    return found


def tables(runs: Sequence[Run], gaps: Sequence[Gap]) -> list[Table]:
    """Latency, cost and the gap between industry benchmarks and use cases, of all runs of the feature."""
    ranks = "model", "industry benchmark", "score", "rank", "use case's own", "score", "rank", "gap", "95 % interval"
    return [
        Table(
            "latency",
            "Latency",
            "Streamed answers, in seconds; how many were asked at a time.",
            ("run", "benchmark", "at a time", "first token p50", "whole p50", "whole p95", "n"),
            tuple(_latency(runs)),
        ),
        Table(
            "cost",
            "Tokens and cost",
            "What a run used; cost where prices are known.",
            ("run", "tokens in prompts", "tokens in answers", "cost (USD)"),
            tuple(_cost(runs)),
        ),
        Table(
            "gap",
            "Industry against use case",
            "Gap: industry minus use case. Ranks: among models with both.",
            ranks,
            tuple(map(_gap, gaps)),
        ),
    ]


def _variants(runs: Sequence[Run]) -> list[_Variant]:
    found: dict[tuple[str, str], _Variant] = {}
    for run in runs:
        for row in first_rows(run.summary) if run.summary else ():
            if row.estimate:
                settings = run.manifest.settings["benchmarks"].get(row.benchmark, {})
                key = row.benchmark, variant_of(run, row)
                found.setdefault(key, _Variant(row.benchmark, row.version, settings)).found.append((run, row))
    return list(found.values())


def _shown(variant: _Variant, against: Sequence[str], charts: Path, name: str) -> Shown:
    newest = {run.manifest.model: (run, row) for run, row in variant.found}
    metric = variant.found[-1][1].metric
    title = f"{variant.benchmark} v{variant.version}: {metric}"
    bars, rows = [], []
    for model, (run, row) in sorted(newest.items(), key=lambda item: -_value(item[1][1])):
        kind = "baseline" if KEPT.resolve() in run.folder.resolve().parents else "run"
        assert row.estimate is not None
        bars.append(_bar(model, row.estimate, kind))
        infra = row.verdicts.get("infra_error", 0)
        notes = (f"{infra} infra errors" * bool(infra), f"{row.fallbacks} answers by fallback" * bool(row.fallbacks))
        rows.append(_line(model, kind, row.estimate, "; ".join(filter(None, notes))))
    for named, estimate, differs in _published(variant, metric, [*newest, *against]):
        bars.append(_bar(f"{named} (published)", estimate, "published"))
        rows.append(_line(named, "published", estimate, differs))
    told = "; ".join(f"{row[0]} ({row[1]}) {row[2]}, {row[3]}" for row in rows)
    drawn = draw(intervals(bars), charts, name, f"{title}. {told}.")
    return Shown(title, drawn, tuple(rows), _trend(variant, title, charts, name), tuple(_groups(newest)))


def _value(row: SummaryRow) -> float:
    return row.estimate.value if row.estimate else 0.0


def _bar(row: str, found: Estimate, kind: str) -> Bar:
    return Bar(row, found.value, found.low, found.high, kind)


def _line(model: str, kind: str, found: Estimate, more: str) -> tuple[str, ...]:
    return model, kind, number(found.value), interval(found), f"{found.n:,}", more


def _published(variant: _Variant, metric: str, models: Sequence[str]) -> Iterator[tuple[str, Estimate, str]]:
    """The published scores of ``models`` on just this benchmark, asked in just this way."""
    for model in dict.fromkeys(models):
        for score in published_of(model):
            protocol = score.protocol
            same = all(variant.settings.get(name) == value for name, value in protocol.settings.items())
            if (protocol.benchmark, protocol.metric) == (variant.benchmark, metric) and same:
                yield (
                    score.model,
                    published(score.score, protocol.n),
                    f"{score.source}, {score.as_of}; {protocol.differs}",
                )
                break


def _trend(variant: _Variant, title: str, charts: Path, name: str) -> Drawn | None:
    """How the scores of models that were run more than once went."""
    series: defaultdict[str, list[Point]] = defaultdict(list)
    for run, row in variant.found:
        if row.estimate and run.began:
            found = row.estimate
            series[run.manifest.model].append(Point(run.manifest.model, run.began, found.value, found.low, found.high))
    points = [point for several in series.values() if len(several) > 1 for point in several[-MOST_POINTS:]]
    if not points:
        return None
    told = "; ".join(
        f"{model}: {', '.join(f'{point.at[:10]} {number(point.value)}' for point in several[-5:])}"
        for model, several in series.items()
        if len(several) > 1
    )
    return draw(trend(points), charts, f"{name}-trend", f"{title} over time. {told}.")


def _groups(newest: Mapping[str, tuple[Run, SummaryRow]]) -> Iterator[Grouped]:
    models = sorted(newest)
    tags = dict.fromkeys(tag for _, row in newest.values() for tag in row.groups)
    for tag in tags:
        by_model = {model: newest[model][1].groups.get(tag, {}) for model in models}
        values = sorted({value for groups in by_model.values() for value in groups})
        rows = [(value, *(_scored(by_model[model].get(value)) for model in models)) for value in values]
        yield Grouped(tag, (tag, *models), tuple(rows))


def _scored(found: Estimate | None) -> str:
    return f"{number(found.value)} ({interval(found)}), n={found.n}" if found else "-"


def _name(run: Run) -> str:
    return f"{run.manifest.model}, {run.began[:10]}"


def _latency(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    for run in runs:
        for row in run.summary.latency if run.summary else ():
            first = f"{row.first_token.p50:.2f}" if row.first_token else "-"
            whole = (f"{row.total.p50:.2f}", f"{row.total.p95:.2f}") if row.total else ("-", "-")
            yield _name(run), row.benchmark, str(row.concurrency), first, *whole, str(row.n)


def _cost(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    for run in runs:
        if run.summary:
            used = run.summary.usage
            cost = f"{used.cost_usd:,.2f}" if used.cost_usd is not None else "-"
            yield _name(run), f"{used.prompt_tokens:,}", f"{used.answer_tokens:,}", cost


def _gap(gap: Gap) -> tuple[str, ...]:
    theirs = gap.industry, number(gap.industry_score.value), str(gap.industry_rank)
    ours = gap.gitlab, number(gap.score.value), str(gap.rank)
    return gap.model, *theirs, *ours, f"{gap.gap.value:+.3f}", f"{gap.gap.low:+.3f} to {gap.gap.high:+.3f}"
