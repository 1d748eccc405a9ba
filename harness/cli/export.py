"""``evaluate export``: runs as tables for analysts, as results for lm-eval's viewers, as reports for CI."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.arguments import Parser

if TYPE_CHECKING:
    from harness.runs import Run

NAMES = {
    "parquet": "scores.parquet",
    "csv": "scores.csv",
    "lm-eval": "",
    "openmetrics": "metrics.txt",
    "junit": "junit.xml",
    "markdown": "summary.md",
}
"""The file that a format goes to; lm-eval's has the run's date in it."""
STDOUT = "-"


def main(argv: Sequence[str]) -> int:
    """Writes the files and prints where they are."""
    parser = Parser(
        "evaluate export",
        "Writes runs in other formats: answer by answer (parquet, csv: docs/analysis.md), or scores.",
    )
    parser.add_argument("run", nargs="+", type=Path, metavar="RUN", help="a run's folder")
    parser.add_argument("--format", required=True, choices=tuple(NAMES))
    parser.add_argument(
        "-o",
        "--out",
        default="",
        metavar="PLACE",
        help="a file, a folder, or - for standard output; of several runs it is one file (default: each run's folder)",
    )
    parser.add_argument("--answers", action="store_true", help="csv: with the text of answers (parquet always has it)")
    parser.add_argument("--json", action="store_true", help="for machines: which files were written, of which runs")
    arguments = parser.parse_args(argv)

    from harness.errors import UsageError
    from harness.runs import open_run

    if arguments.out == STDOUT and arguments.format == "parquet":
        raise UsageError("parquet is no text", "name a file with -o")
    if arguments.out == STDOUT and arguments.json:
        raise UsageError("standard output would hold two things", "leave out --json, or name a file with -o")
    if arguments.out and len(arguments.run) > 1 and arguments.format == "lm-eval":
        raise UsageError("a results file of lm-eval is of one run", "leave out -o, or export one run at a time")
    runs = [open_run(folder) for folder in arguments.run]
    if arguments.out:
        _check_distinct(runs)
    together = [runs] if arguments.out else [[run] for run in runs]
    files = [place for part in together if (place := _export(part, arguments))]
    if arguments.json:
        states = {str(run.folder): run.state for run in runs}
        print(json.dumps({"files": [str(file) for file in files], "runs": states}, indent=1, ensure_ascii=False))
    else:
        print(*files, sep="\n", end="\n" if files else "")
    for run in runs:
        if run.state != "complete":
            print(f"note: {run.folder} is not complete: {run.state}", file=sys.stderr)
    return 0


def _check_distinct(runs: Sequence["Run"]) -> None:
    """Refuses what would be counted twice in one file: a folder named twice, or a run and its kept baseline."""
    from harness.errors import UsageError

    seen: dict[tuple[str, str, str], Path] = {}
    for run in runs:
        key = run.manifest.model, run.manifest.feature, run.manifest.settings_hash
        if key in seen:
            raise UsageError(f"{seen[key]} and {run.folder} are the same run", "name one of them")
        seen[key] = run.folder


def _export(runs: Sequence["Run"], arguments: argparse.Namespace) -> Path | None:
    """Writes the runs as one file; returns it, or None where it was standard output."""
    from harness.reporting.export.files import whole_file
    from harness.reporting.export.rows import rows_of
    from harness.reporting.export.tables import write_csv, write_parquet

    if arguments.out == STDOUT:
        if arguments.format == "csv":
            write_csv(sys.stdout, (row for run in runs for row in rows_of(run)), arguments.answers)
        else:
            sys.stdout.write(_text(runs, arguments.format))
        return None
    place = _place(runs[0], arguments.format, arguments.out)
    with whole_file(place) as file:
        rows = (row for run in runs for row in rows_of(run))
        if arguments.format == "parquet":
            write_parquet(file, rows)
        elif arguments.format == "csv":
            with file.open("w", encoding="utf-8", newline="") as opened:
                write_csv(opened, rows, arguments.answers)
        else:
            with file.open("w", encoding="utf-8", newline="") as opened:
                opened.write(_text(runs, arguments.format))
    return place


def _text(runs: Sequence["Run"], form: str) -> str:
    from harness.reporting.export.junit import junit
    from harness.reporting.export.lm_eval import lm_eval_results
    from harness.reporting.export.markdown import markdown
    from harness.reporting.export.openmetrics import openmetrics
    from harness.runs import summary_of

    summaries = [summary_of(run) for run in runs]
    match form:
        case "lm-eval":
            return lm_eval_results(runs[0], summaries[0])
        case "openmetrics":
            return openmetrics(summaries)
        case "junit":
            return junit(list(zip(runs, summaries, strict=True)))
        case _:
            return markdown(summaries)


def _place(run: "Run", form: str, wanted: str) -> Path:
    """The file that is written."""
    from harness.reporting.export.lm_eval import lm_eval_name

    name = NAMES[form] or lm_eval_name(run)
    if not wanted:
        return run.folder / name
    place = Path(wanted)
    return place / name if place.is_dir() or wanted.endswith("/") else place
