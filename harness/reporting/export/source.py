"""What is exported: a run's folder, read so that a journal of any length never has to be in memory."""

from collections.abc import Iterator
from pathlib import Path

from harness.baselines import SCORES
from harness.errors import UsageError
from harness.journal import RECORDS, read_records
from harness.latency import read_latency
from harness.manifest import MANIFEST, read_manifest
from harness.overview import Run
from harness.records import Record
from harness.results import Summary
from harness.scoring.calibration import read_calibrations
from harness.summary import SUMMARY, read_summary, summarise


def open_run(folder: Path) -> Run:
    """The run or kept baseline in ``folder``.

    Raises:
        UsageError: it is neither.
        DataError: a file is malformed, or its summary is of another schema.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError(f"{folder} is no run's folder", f"name one with {MANIFEST} and {RECORDS}")
    return Run(folder, manifest, read_summary(folder))


def records_of(run: Run) -> Iterator[Record]:
    """The newest record of each sample and attempt, in the order of their writing.

    The journal is read twice: once for where each key's newest record is, once for the records.

    Raises:
        UsageError: there are none.
        DataError: a line is malformed.
    """
    file = _file(run)
    if file is None:
        raise UsageError(f"{run.folder} has no records", "finish the run first: the same command goes on")
    newest = {record.key: end for end, record in read_records(file)}
    if not newest:
        raise UsageError(f"{run.folder} has no records yet", "finish the run first: the same command goes on")
    for end, record in read_records(file):
        if newest.get(record.key) == end:
            yield record


def summary_of(run: Run) -> Summary:
    """The run's summary; made anew where records have been written since, as a run that was killed leaves it.

    Raises:
        UsageError: there is nothing to sum up.
        DataError: a file is malformed.
    """
    file = _file(run)
    if run.summary and (file is None or file.name == SCORES or _older(file, run.folder / SUMMARY)):
        return run.summary
    records = records_of(run)
    return summarise(run.manifest, records, read_latency(run.folder), read_calibrations(run.folder))


def _file(run: Run) -> Path | None:
    return next((run.folder / name for name in (RECORDS, SCORES) if (run.folder / name).is_file()), None)


def _older(file: Path, other: Path) -> bool:
    return file.stat().st_mtime_ns < other.stat().st_mtime_ns
