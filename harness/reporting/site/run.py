"""The site's page of a run: scores, what is missing, labels, screening, and how it was made."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from harness.files import read_json
from harness.manifest import Manifest
from harness.records import Outcome
from harness.reporting.notes import notes
from harness.reporting.table import interval, metric_name, number
from harness.results import Summary
from harness.runs import Run
from harness.screening.screen import SCREENING, Screening
from harness.viability import Assessment

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Screened:
    """What screening found, as rows of tables."""

    facts: tuple[Cells, ...]
    findings: tuple[Cells, ...]
    files: tuple[Cells, ...]


@dataclass(frozen=True)
class Labelled:
    """A run's labels against a baseline, as rows of a table, and what else is to be known of the comparison."""

    name: str
    rows: tuple[Cells, ...]
    notes: tuple[str, ...]


def scores(summary: Summary) -> list[Cells]:
    """A row for each benchmark and metric."""
    rows = []
    for row in summary.rows:
        found = row.estimate
        figures = (number(found.value), interval(found), f"{found.n:,}") if found else ("-", "-", "0")
        failed = (str(row.verdicts.get(each, 0)) for each in (Outcome.NO_ANSWER, Outcome.INFRA_ERROR))
        rows.append(
            (f"{row.benchmark} v{row.version}", row.use_case, metric_name(row, summary.calibrations), *figures, *failed)
        )
    return rows


def unusual(summary: Summary) -> Iterator[str]:
    """What a reader must know before using the scores."""
    yield from map(str, notes(summary))
    for each in summary.calibrations:
        alpha = each.agreement.get("good")
        trust = "no agreement could be measured" if alpha is None else f"agreement with known grades {alpha:.2f}"
        yield f"judge {each.judge}: {trust}; {each.failed} of {each.answers} replies without grades"


def labelled(found: Assessment) -> Labelled:
    """The labels against the baseline."""
    rows = []
    for each in found.labels:
        difference = each.row.difference if each.row else None
        by = f"{each.row.benchmark} {each.row.metric}" if each.row else ""
        value = f"{difference.value:+.3f}" if difference else "-"
        bounds = f"{difference.low:+.3f} to {difference.high:+.3f}" if difference else "-"
        needed = f"about {each.needed:,} samples would tell" if each.needed else ""
        rows.append((each.use_case, each.label, by, value, bounds, "; ".join(filter(None, (each.why, needed)))))
    notes = dict.fromkeys(f"{row.benchmark}: {note}" for row in found.comparison.rows for note in row.notes)
    return Labelled(found.comparison.theirs, tuple(rows), (*notes, *found.comparison.left_out))


def screened(run: Run) -> Screened | None:
    """What the run's screening found; None where it has none."""
    found = read_json(run.folder / SCREENING, Screening, "remove the file; the next run screens anew")
    if found is None:
        return None
    licence = found.licence
    standing = "; ".join(f"{each.title}: {', '.join(map(' '.join, each.levels.items()))}" for each in found.validated)
    facts = (
        ("source", found.source),
        ("licence", licence.expression or "unknown"),
        ("Blue Oak Council", licence.rating or "-"),
        ("best label that the licence leaves", found.label_cap or "no limit"),
        ("in GitLab's tables", standing or "no"),
        ("architecture", ", ".join(found.architectures) or "-"),
    )
    findings = tuple((each.severity, each.what, each.mend) for each in found.findings)
    files = tuple((each.name, f"{each.bytes:,}", each.sha256) for each in found.files)
    return Screened(facts, findings, files)


def facts(manifest: Manifest, state: str) -> list[Cells]:
    """What the run is of."""
    return [
        ("model", f"{manifest.model} from {manifest.model_source}"),
        ("feature", manifest.feature),
        ("settings", manifest.settings_hash),
        ("state", state),
        ("model files", f"{len(manifest.model_files)} with their SHA-256 in manifest.json"),
    ]


def sessions(manifest: Manifest) -> list[dict[str, str]]:
    """Each session as text."""
    return [
        {"asked_from": each.asked_from, "text": json.dumps(asdict(each), indent=1, ensure_ascii=False)}
        for each in manifest.sessions
    ]


def data(manifest: Manifest) -> list[Cells]:
    """Where each split was read, and what it was."""
    return [(split, origin.get("place", ""), origin.get("sha256", "")) for split, origin in manifest.data.items()]
