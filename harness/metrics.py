"""What a benchmark's records are summed up to: metrics as data, their values, and what each record adds to the error.

All but :class:`Statistic` are smooth functions of sums over samples, so one method gives every error: Taylor
linearisation (Woodruff 1971; Binder 1983). It writes the deviation of the value as a sum of one number for each sample;
their spread, summed within clusters and compared within strata, is the squared standard error.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pkgutil import resolve_name
from typing import Literal, NamedTuple

from harness.records import Outcome, Record
from harness.results import Estimate
from harness.statistics import Contribution, jackknifed, pass_at_k, proportion, with_error, with_normal_error


@dataclass(frozen=True)
class Mean:
    """The mean over samples of one of their scores.

    ``score`` is its name in a record's scores ("": the metric's own); ``where`` takes only samples with these tags.
    ``k`` above 1: a sample's score is the chance that one of k attempts passes, by the unbiased estimator over all of
    its attempts (:func:`harness.statistics.pass_at_k`); samples with fewer attempts are left out.
    ``strata`` names the tag whose values are sampled each by itself, which narrows the interval. ``unit`` names a tag:
    samples that share its value are one unit, which scores as its worst sample and counts only when all of its samples
    (their number is in tag ``unit_size``) were scored. ``by`` names the tags that groups are made of (None: all).
    ``bounded`` says that scores are in [0, 1]; a length is not, and gets a plain interval, value ± 1.96·SE, as do
    scores that turn out not to be. ``sparse``: a sample that was scored without this score is no part of it; else it
    counts as 0. ``failed``: records whose detail has this key are infra errors as far as this metric goes.
    """

    name: str
    score: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    strata: str = ""
    unit: str = ""
    unit_size: str = ""
    by: tuple[str, ...] | None = None
    k: int = 1
    bounded: bool = True
    sparse: bool = False
    failed: str = ""
    kind: Literal["mean"] = "mean"


@dataclass(frozen=True)
class F1:
    """F1 over all samples, averaged over ``labels`` (one: the F1 of that label; all: macro-F1).

    A sample's own label is its tag "label", the one it was given is "label" in its record's detail.
    """

    name: str
    labels: tuple[str, ...]
    where: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["f1"] = "f1"


@dataclass(frozen=True)
class Average:
    """The mean of the means of ``parts``, each a few metrics by name; called partial where a part was not measured."""

    name: str
    parts: tuple[tuple[str, ...], ...]
    kind: Literal["average"] = "average"


@dataclass(frozen=True)
class Statistic:
    """What ``function`` makes of all samples' values, where that is no mean: a correlation, a perplexity, BLEU.

    ``function`` is ``module:name``; it is called with the list of values and ``arguments``. Each sample's value is
    ``value`` of "values" in its record's detail. Its error is jackknifed.
    """

    name: str
    value: str
    function: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["statistic"] = "statistic"


Metric = Mean | F1 | Average | Statistic
"""How one number of a benchmark comes from its records: data, so that a summary can be made without its code."""


@dataclass(frozen=True)
class _Measured:
    """A value, what each sample or unit contributes to its deviation, how many there were, and how it was made.

    ``scores`` holds the plain scores where the value is their mean, else nothing.
    """

    value: float
    contributions: tuple[Contribution, ...]
    n: int
    method: str
    scores: tuple[float, ...] = ()


PASS_AT = (5, 10, 100)
"""The k, beside 1, of which pass@k is told where there are so many attempts: what EvalPlus and BigCodeBench print."""


def with_pass_at_k(metrics: Sequence[Metric], attempts: int) -> tuple[Metric, ...]:
    """``metrics``, and after each pass@1 its pass@k for the ``k`` that so many attempts allow."""
    found: list[Metric] = []
    for metric in metrics:
        found.append(metric)
        if isinstance(metric, Mean) and metric.name.endswith("pass@1"):
            stem, score = metric.name.removesuffix("1"), metric.score or metric.name
            found += [replace(metric, name=f"{stem}{k}", score=score, k=k) for k in PASS_AT if k <= attempts]
    return tuple(found)


def chosen(metric: Metric, tags: Mapping[str, str]) -> bool:
    """Whether a sample with these tags is part of the metric."""
    return isinstance(metric, Average | Statistic) or all(tags.get(tag) == value for tag, value in metric.where.items())


def estimates(metrics: Sequence[Metric], records: Sequence[Record]) -> list[tuple[str, Estimate | None]]:
    """Each metric's name and estimate, None where nothing of it was scored.

    An :class:`Average` that lacks a part says so in its name.
    """
    scored = [record for record in records if record.verdict is not Outcome.INFRA_ERROR]
    measured = {metric.name: _measure(metric, scored) for metric in metrics if isinstance(metric, Mean | F1)}
    found: list[tuple[str, Estimate | None]] = []
    for metric in metrics:
        if isinstance(metric, Statistic):
            found.append((metric.name, _statistic(metric, scored)))
            continue
        name, result = metric.name, measured.get(metric.name)
        if isinstance(metric, Average):
            name, result = _average(metric, measured)
        bounded = not isinstance(metric, Mean) or metric.bounded
        found.append((name, _estimate(result, bounded) if result else None))
    return found


def groups(metric: Metric, records: Sequence[Record]) -> dict[str, dict[str, Estimate]]:
    """The metric's estimates by tag and value, for the tags that it names."""
    if not isinstance(metric, Mean):
        return {}
    found: dict[str, dict[str, Estimate]] = {}
    parts: defaultdict[str, defaultdict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        for tag, value in record.tags.items():
            if metric.by is None or tag in metric.by:
                parts[tag][value].append(record)
    for tag, values in sorted(parts.items()):
        found[tag] = {}
        for value, rows in sorted(values.items()):
            (_, estimate), *_ = estimates([metric], rows)
            if estimate:
                found[tag][value] = estimate
    return found


class Scored(NamedTuple):
    """One sample's score, or a unit's, over all of its attempts; ``name`` is the sample's id or the unit's."""

    name: str
    stratum: str
    cluster: str
    score: float


def scored(metric: Mean, records: Iterable[Record]) -> list[Scored]:
    """What the metric is the mean of; infra errors are no part of it."""
    kept = [each for each in records if each.verdict is not Outcome.INFRA_ERROR and chosen(metric, each.tags)]
    mine = _with_score(metric, kept)
    return _units(metric, mine) if metric.unit else _samples(metric, mine)


def _measure(metric: Mean | F1, records: Iterable[Record]) -> _Measured | None:
    mine = [record for record in records if chosen(metric, record.tags)]
    if isinstance(metric, Mean):
        mine = _with_score(metric, mine)
    if not mine:
        return None
    return _mean(metric, mine) if isinstance(metric, Mean) else _f1(metric, mine)


def _with_score(metric: Mean, records: list[Record]) -> list[Record]:
    """Those that are a part of the metric: of a sparse one, those with its score, and those without an answer.

    The latter count as 0, the worst of a bounded score; on another scale, a judge's grades, nothing is known of them.
    """
    name = metric.score or metric.name
    if not metric.sparse:
        return records
    counted = {Outcome.NO_ANSWER} if metric.bounded else set()
    return [record for record in records if name in record.scores or record.verdict in counted]


def _mean(metric: Mean, records: Sequence[Record]) -> _Measured | None:
    """Mean over samples or units; a deviation's share is (score - mean) / n."""
    found = _units(metric, records) if metric.unit else _samples(metric, records)
    if not found:
        return None
    n = len(found)
    mean = sum(each.score for each in found) / n
    contributions = tuple(Contribution(each.stratum, each.cluster, (each.score - mean) / n) for each in found)
    clustered = len({each.cluster for each in found}) < n
    method = "stratified" if metric.strata else "clustered" if clustered else ""
    return _Measured(mean, contributions, n, method, tuple(each.score for each in found))


def _samples(metric: Mean, records: Iterable[Record]) -> list[Scored]:
    """Each sample's score; attempts are averaged within it, so that n counts samples."""
    by_sample: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_sample[record.sample].append(record)
    enough = [rows for rows in by_sample.values() if len(rows) >= metric.k]
    return [
        Scored(rows[0].sample, rows[0].tags.get(metric.strata, ""), rows[0].cluster, _over_attempts(metric, rows))
        for rows in enough
    ]


def _over_attempts(metric: Mean, rows: Sequence[Record]) -> float:
    """A sample's score from those of its attempts."""
    scores = [_score(metric, row) for row in rows]
    if metric.k == 1:
        return sum(scores) / len(scores)
    return pass_at_k(len(scores), sum(score == 1.0 for score in scores), metric.k)


def _units(metric: Mean, records: Iterable[Record]) -> list[Scored]:
    """Each whole unit's score: its worst sample's, averaged over attempts."""
    by_unit: defaultdict[str, defaultdict[int, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        by_unit[record.tags[metric.unit]][record.attempt].append(record)
    found = []
    for name, attempts in by_unit.items():
        whole = [rows for rows in attempts.values() if len(rows) == int(rows[0].tags[metric.unit_size])]
        if whole:
            worst = [min(_score(metric, row) for row in rows) for rows in whole]
            first = whole[0][0]
            found.append(Scored(name, first.tags.get(metric.strata, ""), first.cluster, sum(worst) / len(worst)))
    return found


def _score(metric: Mean, record: Record) -> float:
    return record.scores.get(metric.score or metric.name, 0.0)


def _f1(metric: F1, records: Sequence[Record]) -> _Measured:
    """F1 = 2 TP / (2 TP + FP + FN), 0 where nothing has the label and nothing was given it (as scikit-learn says).

    A ratio A / B of sums deviates by the sum of (a - F1 b) / B over samples, a = 2 [true positive] and b = [has the
    label] + [was given it].
    """
    attempts = Counter(record.sample for record in records)
    deviations = [0.0] * len(records)
    total = 0.0
    for label in metric.labels:
        pairs = []
        for record in records:
            has, given = record.tags.get("label") == label, record.detail.get("label") == label
            weight = 1 / attempts[record.sample]
            pairs.append((weight * 2 * (has and given), weight * (has + given)))
        above, below = sum(a for a, _ in pairs), sum(b for _, b in pairs)
        if below:
            total += above / below
            for at, (a, b) in enumerate(pairs):
                deviations[at] += (a - b * above / below) / below / len(metric.labels)
    contributions = tuple(
        Contribution("", record.cluster, deviation) for record, deviation in zip(records, deviations, strict=True)
    )
    return _Measured(total / len(metric.labels), contributions, len(attempts), "linearised")


def _average(metric: Average, measured: Mapping[str, _Measured | None]) -> tuple[str, _Measured | None]:
    """The mean of the parts that were measured, under a name that says when some were not."""
    parts = [[measured.get(name) for name in names] for names in metric.parts]
    there = [[each for each in part if each] for part in parts if part and all(part)]
    name = metric.name if len(there) == len(parts) else f"{metric.name} (partial: {len(there)} of {len(parts)})"
    if not there:
        return name, None
    value, n = 0.0, 0
    contributions: list[Contribution] = []
    for number, part in enumerate(there):
        weight = 1 / (len(there) * len(part))
        value += sum(each.value for each in part) * weight
        n += max(each.n for each in part)
        # Parts have sizes and spreads of their own, as strata do: a small one's error is not that of the whole.
        contributions += [
            replace(one, stratum=str(number), value=one.value * weight) for each in part for one in each.contributions
        ]
    return name, _Measured(value, tuple(contributions), n, "linearised")


def _statistic(metric: Statistic, records: Iterable[Record]) -> Estimate | None:
    mine = [record for record in records if metric.value in record.detail.get("values", ())]
    function: Callable[..., float] = resolve_name(metric.function)
    values = [(record.cluster, record.detail["values"][metric.value]) for record in mine]
    found = jackknifed(values, lambda part: function(part, **metric.arguments))
    return replace(found, n=len({record.sample for record in mine})) if found else None


def _estimate(measured: _Measured, bounded: bool) -> Estimate | None:
    if not bounded or not all(0 <= score <= 1 for score in measured.scores):
        method = f"normal-{measured.method}" if measured.method else "normal"
        return with_normal_error(measured.value, measured.contributions, measured.n, method)
    if not measured.method:
        return proportion(measured.scores)
    # Samples of one cluster never say more than as many independent ones would.
    most = measured.n if measured.method == "clustered" else None
    return with_error(measured.value, measured.contributions, measured.n, f"wilson-{measured.method}", most)
