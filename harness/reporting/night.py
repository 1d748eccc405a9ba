"""A night's files: night.json for machines, metrics.txt and junit.xml for CI, comment.md for a merge request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.files import write_json
from harness.gate import Gated
from harness.nightly import NIGHT, Checked, Done
from harness.reporting.export.junit import junit
from harness.reporting.export.markdown import code, markdown
from harness.reporting.export.openmetrics import openmetrics
from harness.runs import Run
from harness.viability import Assessment


@dataclass(frozen=True)
class Night:
    """The whole of night.json."""

    jobs: tuple[Done, ...]
    checked: tuple[Checked, ...]
    faults: tuple[str, ...]


def write_night(
    done: Sequence[Done],
    runs: Sequence[Run],
    checked: Sequence[tuple[Checked, Sequence[Gated]]],
    faults: Sequence[str],
    folder: Path,
    assessed: Mapping[Path, Assessment | str],
) -> None:
    """Writes the night's files to ``folder``; ``assessed`` holds the labels of the runs that were to have some.

    Raises:
        JournalError: they cannot be written.
    """
    write_json(folder / NIGHT, Night(tuple(done), tuple(each for each, _ in checked), tuple(faults)))
    summed = [(run, run.summary) for run in runs if run.summary]
    summaries = [summary for _, summary in summed]
    failures = {
        (each.run, row.row.benchmark): f"worse than {each.last}: {row.text}"
        for each, rows in checked
        for row in rows
        if row.verdict == "failed"
    }
    (folder / "metrics.txt").write_text(openmetrics(summaries), encoding="utf-8")
    (folder / "junit.xml").write_text(junit(summed, failures), encoding="utf-8")
    head = _head(done, [each for each, _ in checked], faults)
    comment = [*head, *_labels(runs, assessed), markdown(summaries)]
    (folder / "comment.md").write_text("\n".join(comment), encoding="utf-8")


def _labels(runs: Sequence[Run], assessed: Mapping[Path, Assessment | str]) -> Iterator[str]:
    for run in runs:
        names = f"{code(run.manifest.model)} for {code(run.manifest.feature)}"
        found = assessed.get(run.folder)
        if isinstance(found, Assessment):
            cases = ", ".join(f"{code(each.use_case)} {each.label}" for each in found.labels if each.row)
            yield f"- {names}: **{found.label}** against {code(found.comparison.theirs)} ({cases})"
        elif found:
            yield f"- {names}: no label: {code(found)}"
    yield ""


def _head(done: Sequence[Done], checked: Sequence[Checked], faults: Sequence[str]) -> Iterator[str]:
    yield "## The night"
    yield ""
    yield "| job | exit code | seconds |"
    yield "| --- | ---: | ---: |"
    for each in done:
        yield f"| {code(each.job.name)} | {each.code} | {each.seconds:,.0f} |"
    yield ""
    for found in checked:
        names = f"{code(found.model)} for {code(found.feature)}"
        if found.why:
            yield f"- {names}: not compared: {code(found.why)}"
        elif found.regressions:
            yield from (f"- {names}: **worse than the last good run**: {code(text)}" for text in found.regressions)
        else:
            unsure = sum("cannot tell" in text for text in found.verdicts)
            more = f"; of {unsure} of {len(found.verdicts)} scores the data cannot tell" if unsure else ""
            yield f"- {names}: no regression against the last good run{more}"
    yield from (f"- left out: {code(fault)}" for fault in faults)
    yield ""
