"""``evaluate report``: all runs as a static site that opens from a file."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cli.arguments import Parser


def main(argv: Sequence[str]) -> int:
    """Writes the site and prints its first page; 3 where a run's files could not be read."""
    parser = Parser("evaluate report", "Writes a static site: overview, features, runs, and their samples.")
    parser.add_argument(
        "places", nargs="*", type=Path, metavar="RUN", help="folders (default: results/runs and results/baselines)"
    )
    parser.add_argument("-o", "--out", type=Path, default=Path("public"), metavar="DIR", help="default: public")
    parser.add_argument("--against", default="", metavar="WHAT", help="a run or a baseline that gives labels")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(argv)

    from harness.reporting.site.build import build
    from harness.runs import places_of, runs_in
    from harness.viability import assess_all

    runs, faults = runs_in(places_of(arguments.places))
    page = build(runs, faults, arguments.out, arguments.against, assess_all(runs, arguments.against))
    print(json.dumps({"page": str(page), "faults": faults}, indent=1) if arguments.json else page)
    for fault in faults:
        print(f"left out: {fault}", file=sys.stderr)
    return 3 if faults else 0
