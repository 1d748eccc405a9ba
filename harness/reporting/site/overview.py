"""The site's first page: models by use case, newest scores, and labels where there is a baseline."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.engines.model import slug
from harness.entries import Feature
from harness.reporting.table import metric_name
from harness.results import Estimate
from harness.runs import Run
from harness.summary import first_rows
from harness.viability import Assessment, Label, worst


@dataclass(frozen=True)
class Cell:
    """A model's newest score on a use case; ``page`` is its run's."""

    benchmark: str
    metric: str
    estimate: Estimate
    page: str
    label: Label | None = None


@dataclass(frozen=True)
class Row:
    """A model and its cells, one for each use case of the grid, None where it has no score; ``label`` its worst."""

    model: str
    cells: tuple[Cell | None, ...]
    label: Label | None


@dataclass(frozen=True)
class Grid:
    """A feature's models by its use cases."""

    feature: str
    title: str
    use_cases: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def page_of(run: Run) -> str:
    """The name of a run's page and of its samples' page: safe as a file's, and another for every run."""
    begun = re.sub(r"\D", "", run.began)[:14] or "0"
    return f"{slug(run.manifest.model)}--{run.manifest.feature}--{run.manifest.settings_hash}-{begun}.html"


def grid(feature: Feature, runs: Sequence[Run], labels: Mapping[Path, Assessment]) -> Grid | None:
    """The feature's grid from its ``runs``, oldest first; None where none of them has a score."""
    models: dict[str, dict[str, Cell]] = {}
    for run in runs:
        if found := _cells(feature, run, labels.get(run.folder)):
            models.setdefault(run.manifest.model, {}).update(found)
    if not models:
        return None
    shown = tuple(case.name for case in feature.use_cases if any(case.name in cells for cells in models.values()))
    rows = []
    for model, cells in sorted(models.items()):
        told = [cell.label for cell in cells.values() if cell.label]
        rows.append(Row(model, tuple(cells.get(name) for name in shown), worst(told) if told else None))
    mixed = [name for name in shown if len({cells[name].benchmark for cells in models.values() if name in cells}) > 1]
    notes = [f"{name}: not all scores are of the same benchmark and version" for name in mixed]
    return Grid(feature.name, feature.title, shown, tuple(rows), tuple(notes))


def _cells(feature: Feature, run: Run, assessment: Assessment | None) -> dict[str, Cell]:
    """By use case the score that counts: of its own data, or of its industry benchmark where there is none."""
    rows = {row.benchmark: row for row in first_rows(run.summary) if row.estimate} if run.summary else {}
    labels = {each.use_case: each.label for each in assessment.labels if each.row} if assessment else {}
    found = {}
    for case in feature.use_cases:
        row = next((rows[name] for name in (*case.gitlab, *case.industry) if name in rows), None)
        if row and row.estimate:
            metric = metric_name(row, run.summary.calibrations if run.summary else ())
            benchmark, page = f"{row.benchmark} v{row.version}", f"runs/{page_of(run)}"
            found[case.name] = Cell(benchmark, metric, row.estimate, page, labels.get(case.name))
    return found
