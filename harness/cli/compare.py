"""``evaluate compare``: a run against another run, a kept baseline, or published scores."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.cli.arguments import Parser


def main(argv: Sequence[str]) -> int:
    """Prints what differs, and the labels that come of it."""
    parser = Parser("evaluate compare", "Compares a run with others: per metric, with intervals, paired by sample.")
    parser.add_argument("run", type=Path, metavar="RUN", help="a run's folder")
    parser.add_argument(
        "--against",
        action="append",
        required=True,
        metavar="WHAT",
        help="a run's folder, or a model with a baseline: evaluate catalog baselines (repeatable)",
    )
    parser.add_argument("--first", action="store_true", help="only the first metric of each benchmark")
    parser.add_argument("--json", action="store_true", help="for machines: one object")
    arguments = parser.parse_args(argv)

    told = [against(arguments.run, named, not arguments.first, not arguments.json) for named in arguments.against]
    if arguments.json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
    return 0


def against(run: Path, named: str, all_metrics: bool, show: bool) -> dict[str, Any]:
    """The comparison of the run in folder ``run`` with what is ``named``; printed as tables where ``show``.

    Raises:
        UnknownNameError: there is no such baseline.
        UsageError: the two have nothing in common, or differ in their data.
    """
    from harness.reporting.comparison import print_comparison, print_viability
    from harness.reporting.table import results_console
    from harness.viability import assess

    found = assess(run, named, all_metrics)
    if show:
        print_comparison(found.comparison, results_console())
        print_viability(found.labels, results_console())
    rows = [{**asdict(row), "detectable": row.detectable} for row in found.comparison.rows]
    return {
        **asdict(found.comparison),
        "rows": rows,
        "viability": [
            {"use_case": each.use_case, "label": each.label, "needed": each.needed, "why": each.why}
            for each in found.labels
        ],
        "label": found.label,
    }
