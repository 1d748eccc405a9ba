"""``evaluate results``: all runs and kept baselines, and industry benchmarks beside use cases."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from harness.cli.arguments import Parser


def main(argv: Sequence[str]) -> int:
    """Lists runs, or what lies between industry benchmarks and use cases; 3 where a run's files cannot be read."""
    parser = Parser(
        "evaluate results", "Lists runs and kept baselines, or holds industry benchmarks against use cases."
    )
    parser.add_argument(
        "places", nargs="*", type=Path, metavar="DIR", help="default: results/runs and results/baselines"
    )
    parser.add_argument("--model", default="", metavar="M", help="only runs of this model")
    parser.add_argument("--feature", default="", metavar="F", help="only runs of this feature")
    parser.add_argument("--benchmark", default="", metavar="B", help="only runs of this benchmark, and its score alone")
    parser.add_argument("--sort", choices=("began", "model", "score"), default="began", help="score: best first")
    parser.add_argument(
        "--industry", action="store_true", help="models' scores on industry benchmarks beside those on use cases"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(argv)

    from harness import catalog
    from harness.overview import industry_gaps, listed
    from harness.reporting.overview import print_gaps, print_runs
    from harness.reporting.table import results_console
    from harness.runs import places_of, runs_in

    if arguments.feature:
        catalog.feature(arguments.feature)
    if arguments.benchmark:
        catalog.benchmark(arguments.benchmark)
    runs, faults = runs_in(places_of(arguments.places))
    model, feature = arguments.model, arguments.feature
    runs = [run for run in runs if feature in ("", run.manifest.feature)]
    if arguments.industry:  # ranks are among all models, whichever of them is shown
        gaps = [gap for gap in industry_gaps(runs, catalog.features().values()) if model in ("", gap.model)]
        shown = [asdict(each) for each in gaps]
    else:
        mine = [run for run in runs if model in ("", run.manifest.model)]
        lines = listed(mine, arguments.benchmark, arguments.sort)
        shown = [asdict(each) for each in lines]
    if arguments.json:
        print(json.dumps({"rows": shown, "faults": faults}, indent=1, ensure_ascii=False))
    elif arguments.industry:
        print_gaps(gaps, results_console())
    else:
        print_runs(lines, results_console())
    for fault in faults:
        print(f"left out: {fault}", file=sys.stderr)
    return 3 if faults else 0
