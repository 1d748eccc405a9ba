"""From a comparison to GitLab's labels: is a model good enough for a use case? Full, Partial, Limited, or Unclear.

Non-inferiority on the interval of the difference to the baseline: what counts is not whether a difference was found but
whether one that matters can be ruled out. The margins are configs/viability.yaml's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Literal

from harness import catalog
from harness.baselines import of_folder, side
from harness.catalog import config
from harness.comparison import Comparison, Row, compare
from harness.entries import Feature
from harness.errors import HarnessError
from harness.files import read_json
from harness.latency import read_latency
from harness.paired import Difference
from harness.results import LatencyRow
from harness.runs import Run
from harness.screening.screen import SCREENING, Screening
from harness.statistics import Z95
from harness.summary import latency_rows

Label = Literal["Full", "Partial", "Limited", "Unclear"]
BEST_FIRST: tuple[Label, ...] = ("Full", "Partial", "Unclear", "Limited")
LABELS: Mapping[str, Label] = {label.lower(): label for label in BEST_FIRST}
"""By the names that screening has for them."""


@dataclass(frozen=True)
class Margins:
    """How much worse than the baseline a score may be."""

    full: float
    partial: float


@dataclass(frozen=True)
class Policy:
    """The whole of configs/viability.yaml."""

    margins: Margins
    latency: Mapping[str, float]
    caps: Mapping[str, Label]


@dataclass(frozen=True)
class Viability:
    """A use case's label, the row that it comes from, and what else there is to say of it.

    ``needed`` is the number of samples that would settle an unclear one if the difference stays as it is; None where
    none would, or nothing has to be settled.
    """

    use_case: str
    label: Label
    row: Row | None
    needed: int | None = None
    why: str = ""


def policy() -> Policy:
    """The policy that is in force.

    Raises:
        UsageError: its file is malformed.
    """
    return config("viability.yaml", Policy)


@dataclass(frozen=True)
class Assessment:
    """A run held against a baseline: what differs, and each use case's label."""

    comparison: Comparison
    labels: tuple[Viability, ...]

    @property
    def label(self) -> Label:
        """The feature's: its worst use case's."""
        return worst(each.label for each in self.labels)


def assess(run: Path, against: str, all_metrics: bool = True) -> Assessment:
    """The run in folder ``run`` against a run's folder, a kept baseline or a model's published scores.

    Raises:
        UnknownNameError: there is no such baseline.
        UsageError: the two have nothing in common, or differ in their data.
        DataError: a file of the run is malformed.
    """
    ours = of_folder(run)
    assert ours.manifest is not None
    feature = catalog.feature(ours.manifest.feature)
    found = compare(ours, side(against, feature.name), all_metrics)
    screened = read_json(run / SCREENING, Screening, "remove the file; the next run screens anew")
    cap = LABELS[screened.label_cap] if screened and screened.label_cap else None
    return Assessment(found, viability(found, feature, latency_rows(read_latency(run)), policy(), cap))


def assess_all(runs: Iterable[Run], against: str) -> dict[Path, Assessment | str]:
    """By folder each run held against ``against``, or why it cannot be; nothing where no baseline is named."""
    found: dict[Path, Assessment | str] = {}
    for run in runs if against else ():
        try:
            found[run.folder] = assess(run.folder, against)
        except HarnessError as error:
            found[run.folder] = error.message
    return found


def viability(
    comparison: Comparison,
    feature: Feature,
    latency: Sequence[LatencyRow],
    rules: Policy,
    licence_cap: Label | None = None,
) -> tuple[Viability, ...]:
    """Each use case of the feature with its label, in the feature's order; ``licence_cap`` is the best that is left."""
    found = []
    for case in feature.use_cases:
        rows = [row for row in comparison.rows if row.use_case == case.name]
        row = next((row for name in (*case.gitlab, *case.industry) for row in rows if row.benchmark == name), None)
        if row is None:
            found.append(Viability(case.name, "Unclear", None, why="no score in common with the baseline"))
            continue
        label = label_of(row.difference, rules.margins)
        needed = _needed(row.difference, rules.margins.partial) if label == "Unclear" else None
        why = []
        if slow := _slow(case.name, latency, rules):
            label = worst((label, rules.caps["latency"]))
            why.append(slow)
        if licence_cap and worst((label, licence_cap)) != label:
            label = licence_cap
            why.append(f"its licence leaves {licence_cap} at best (evaluate screen)")
        found.append(Viability(case.name, label, row, needed, "; ".join(why)))
    return tuple(found)


def label_of(difference: Difference, margins: Margins) -> Label:
    """The label that the interval of the difference gives."""
    if difference.low > -margins.full:
        return "Full"
    if difference.low > -margins.partial:
        return "Partial"
    return "Limited" if difference.high < -margins.partial else "Unclear"


def worst(labels: Iterable[Label]) -> Label:
    """A feature's label is its worst use case's; one without any is unclear."""
    return max(labels, key=BEST_FIRST.index, default="Unclear")


def _needed(difference: Difference, margin: float) -> int | None:
    """How many samples put ``margin`` outside of the interval, whose half shrinks with the root of their number."""
    distance = abs(difference.value + margin)
    return ceil(difference.n * (Z95 * difference.error / distance) ** 2) if distance and difference.error else None


def _slow(use_case: str, latency: Iterable[LatencyRow], rules: Policy) -> str:
    """How long its answers take where that is too long, else ""."""
    most = rules.latency.get(use_case)
    for row in latency:
        if most and row.use_case == use_case and row.concurrency == 1 and row.total and row.total.p95 > most:
            return f"too slow: 95th percentile {row.total.p95:.1f} s, {most:g} s at most"
    return ""
