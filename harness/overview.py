"""All runs and kept baselines side by side: which there are, and whether industry benchmarks say what use cases say."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from harness.entries import Feature
from harness.paired import Difference, unpaired
from harness.results import Estimate, SummaryRow
from harness.runs import Run
from harness.summary import first_rows


@dataclass(frozen=True)
class Line:
    """One run as it is listed: by benchmark the estimate of its first metric."""

    model: str
    feature: str
    began: str
    state: str
    scores: dict[str, Estimate]
    folder: str


def listed(runs: Iterable[Run], benchmark: str, sort: Literal["began", "model", "score"]) -> list[Line]:
    """``runs`` as lines, of one ``benchmark`` where it is named; by score is by the mean of those shown, best first."""
    found = []
    for run in runs:
        rows = first_rows(run.summary) if run.summary else []
        scores = {row.benchmark: row.estimate for row in rows if row.estimate and benchmark in ("", row.benchmark)}
        if scores or not benchmark:
            place = str(run.folder)
            found.append(Line(run.manifest.model, run.manifest.feature, run.began, run.state, scores, place))
    if sort == "score":
        return sorted(found, key=lambda line: -_mean(line.scores.values()))
    return sorted(found, key=lambda line: (line.model, line.began) if sort == "model" else (line.began, line.model))


def _mean(scores: Collection[Estimate]) -> float:
    return fmean(each.value for each in scores) if scores else -1.0


@dataclass(frozen=True)
class Gap:
    """A model's score on an industry benchmark beside its score on a use case; ranks are among all models with both.

    ``gap`` is industry minus use case: open models tend to be better at what everybody publishes.
    """

    use_case: str
    industry: str
    gitlab: str
    model: str
    industry_score: Estimate
    score: Estimate
    industry_rank: int
    rank: int
    gap: Difference


def variant_of(run: Run, row: SummaryRow) -> str:
    """Equal for scores that may be ranked together: those of one version and one way to ask a benchmark."""
    settings = run.manifest.settings["benchmarks"].get(row.benchmark, {})
    return json.dumps([row.version, settings], sort_keys=True)


def industry_gaps(runs: Sequence[Run], features: Iterable[Feature]) -> list[Gap]:
    """Each pair of an industry benchmark and a use case's own, over all models that have both, best at industry first.

    A use case without an industry benchmark is held against all those of its feature. A model's newest run counts.
    Scores of other versions or settings of a benchmark make pairs of their own: they are never ranked together.
    """
    newest: defaultdict[tuple[str, str], dict[str, Estimate]] = defaultdict(dict)
    for run in runs:
        for row in first_rows(run.summary) if run.summary else ():
            if row.estimate:
                newest[row.benchmark, variant_of(run, row)][run.manifest.model] = row.estimate
    found: list[Gap] = []
    for use_case, industry, gitlab in _pairs(features):
        for theirs in [scores for (name, _), scores in newest.items() if name == industry]:
            for ours in [scores for (name, _), scores in newest.items() if name == gitlab]:
                found += _gaps(use_case, industry, gitlab, theirs, ours)
    return found


def _pairs(features: Iterable[Feature]) -> Iterator[tuple[str, str, str]]:
    for feature in features:
        everything = tuple(name for case in feature.use_cases for name in case.industry)
        for case in feature.use_cases:
            for gitlab in case.gitlab:
                for industry in case.industry or everything:
                    yield case.name, industry, gitlab


def _gaps(
    use_case: str, industry: str, gitlab: str, theirs: dict[str, Estimate], ours: dict[str, Estimate]
) -> Iterator[Gap]:
    models = sorted(theirs.keys() & ours.keys(), key=lambda model: (-theirs[model].value, model))
    for model in models:
        first, second = theirs[model], ours[model]
        better = [sum(scores[other].value > scores[model].value for other in models) for scores in (theirs, ours)]
        ranks = better[0] + 1, better[1] + 1
        yield Gap(use_case, industry, gitlab, model, first, second, *ranks, unpaired(first, second))
