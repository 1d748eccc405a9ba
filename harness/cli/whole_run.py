"""What every run is framed by, whoever answers: its folder, its journal, and at the end its summary."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from pathlib import Path

from harness.files import write_json
from harness.journal import Journal, Key
from harness.latency import read_latency
from harness.manifest import MANIFEST, Manifest, check_same_data, manifest_of, read_manifest, run_folder
from harness.pipeline import open_attempts
from harness.plan import Plan, attempts
from harness.reporting.progress import Count
from harness.reporting.table import print_summary, results_console
from harness.scoring.calibration import read_calibrations
from harness.summary import SUMMARY, summarise

Work = Callable[[Path, Journal, Manifest], None]
"""Does what is left, given the run's folder, journal and manifest; a session is its own to write."""


def whole_run(plan: Plan, out: Path, as_json: bool, work: Work) -> int:
    """Has ``work`` do what is left of ``plan``, sums up and prints; returns the exit code.

    Raises:
        DataError: the data has changed since the run began.
    """
    folder = run_folder(plan, out)
    with Journal(folder) as journal:
        earlier = read_manifest(folder)
        if earlier:
            check_same_data(earlier, plan)
        manifest = manifest_of(plan, earlier.sessions if earlier else ())
        try:
            if any(open_attempts(plan, journal)):
                work(folder, journal, manifest)
            else:
                write_json(folder / MANIFEST, manifest)
        finally:
            # An interrupted run has a summary, too; one that never began to ask has nothing to sum up.
            if begun := read_manifest(folder):
                summary = summarise(begun, journal.records.values(), read_latency(folder), read_calibrations(folder))
                write_json(folder / SUMMARY, summary)
    if as_json:
        print(json.dumps(asdict(summary), indent=1, ensure_ascii=False))
    else:
        print_summary(summary, results_console(), plan.not_in_version)
    return 0 if summary.complete else 3


def counts(plan: Plan, journal: Journal, given: Collection[Key] = ()) -> Mapping[str, Count]:
    """By benchmark: how many attempts there are, how many are scored, and how many answered: ``given`` ones, too."""
    found: dict[str, Count] = {}
    for job, sample, attempt in attempts(plan):
        key = job.entry.name, sample.id, attempt
        count = found.setdefault(job.entry.name, Count(0, 0, 0))
        count.total += 1
        count.answered += key in given or journal.answered(key)
        count.scored += journal.settled(key)
    return found
