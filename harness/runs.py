"""Runs and kept baselines read back from their folders, with a summary of what their records say now."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.baselines import KEPT, SCORES, records_file
from harness.errors import DataError, UsageError
from harness.files import schema_of
from harness.journal import RECORDS, read_records
from harness.latency import read_latency
from harness.manifest import MANIFEST, Manifest, read_manifest
from harness.records import Record
from harness.results import SUMMARY_SCHEMA, Summary
from harness.scoring.calibration import read_calibrations
from harness.summary import REMAKE, SUMMARY, first_rows, read_summary, summarise

UNFINISHED = "finish the run first: the same command goes on"


@dataclass(frozen=True)
class Run:
    """A run's folder with what is read of it; ``summary`` is None where nothing was answered yet."""

    folder: Path
    manifest: Manifest
    summary: Summary | None

    @property
    def began(self) -> str:
        """When it first asked, ISO 8601 in UTC; "" for one that never did."""
        return self.manifest.sessions[0].asked_from if self.manifest.sessions else ""

    @property
    def state(self) -> str:
        """Whether it is complete, and if not how far it is."""
        if self.summary is None:
            return "nothing answered"
        if self.summary.complete:
            return "complete"
        rows = first_rows(self.summary)
        asked, all_ = sum(row.records for row in rows), sum(row.samples * row.attempts for row in rows)
        return f"{asked} of {all_} answers" if asked < all_ else "incomplete"


def open_run(folder: Path) -> Run:
    """The run or kept baseline in ``folder``.

    Raises:
        UsageError: it is neither.
        DataError: a file is malformed, or of a schema that this version does not read.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError(f"{folder} is no run's folder", f"name one with {MANIFEST} and {RECORDS}")
    return Run(folder, manifest, _summary(folder, manifest))


def runs_in(places: Iterable[Path]) -> tuple[list[Run], list[str]]:
    """Every run below ``places``, oldest first, and what is wrong with those that cannot be read."""
    found, faults = [], []
    for file in sorted(path for place in places for path in place.rglob(MANIFEST)):
        try:
            found.append(open_run(file.parent))
        except DataError as error:
            faults.append(f"{error.message}; {error.mend}")
    return sorted(found, key=lambda run: run.began), faults


def places_of(named: Sequence[Path]) -> list[Path]:
    """The folders that are ``named``, or where runs and baselines are by default.

    Raises:
        UsageError: one of them is no folder.
    """
    for place in named:
        if not place.is_dir():
            raise UsageError(f"{place} is no folder", "name one that holds runs")
    return list(named) or [place for place in (Path("results/runs"), KEPT) if place.is_dir()]


def records_of(run: Run) -> Iterator[Record]:
    """The newest record of each sample and attempt, in the order of their writing.

    Raises:
        UsageError: there are none.
        DataError: a line is malformed.
    """
    file = records_file(run.folder)
    found = _records(file) if file else iter(())
    first = next(found, None)
    if first is None:
        raise UsageError(f"{run.folder} has no records", UNFINISHED)
    yield first
    yield from found


def _records(file: Path) -> Iterator[Record]:
    """Reads the journal twice, so that one of any length never has to be in memory.

    Once for where each key's newest record is, once for the records.
    """
    newest = {record.key: end for end, record in read_records(file)}
    for end, record in read_records(file):
        if newest.get(record.key) == end:
            yield record


def summary_of(run: Run) -> Summary:
    """The run's summary.

    Raises:
        UsageError: there is none, because nothing was answered yet.
    """
    if run.summary is None:
        raise UsageError(f"{run.folder} has no records", UNFINISHED)
    return run.summary


def _summary(folder: Path, manifest: Manifest) -> Summary | None:
    """What is written down; made anew where records came later, as in a run that was killed, or by another version."""
    file = records_file(folder)
    if file is None or file.name == SCORES or _up_to_date(folder / SUMMARY, file):
        return read_summary(folder)
    records = [_without_text(record) for record in _records(file)]
    return summarise(manifest, records, read_latency(folder), read_calibrations(folder)) if records else None


def _without_text(record: Record) -> Record:
    """The record as a summary needs it: answers are most of a journal, and all are in memory here."""
    return replace(record, answer=replace(record.answer, text="")) if record.answer else record


def _up_to_date(summary: Path, file: Path) -> bool:
    written = summary.is_file() and summary.stat().st_mtime_ns > file.stat().st_mtime_ns
    return written and schema_of(summary, REMAKE) == SUMMARY_SCHEMA
