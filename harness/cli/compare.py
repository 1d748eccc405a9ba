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

    from harness.baselines import of_folder

    ours = of_folder(arguments.run)
    told = [against(ours, named, arguments.run, not arguments.first, not arguments.json) for named in arguments.against]
    if arguments.json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
    return 0


def against(ours: Any, named: str, folder: Path, all_metrics: bool, show: bool) -> dict[str, Any]:
    """The comparison of ``ours``, a side, with what is ``named``; printed as tables where ``show``.

    Raises:
        UnknownNameError: there is no such baseline.
        UsageError: the two have nothing in common, or differ in their data.
    """
    from harness import catalog
    from harness.baselines import side
    from harness.comparison import compare
    from harness.files import read_json
    from harness.latency import read_latency
    from harness.reporting.comparison import print_comparison, print_viability
    from harness.reporting.table import results_console
    from harness.screening.screen import SCREENING, Screening
    from harness.summary import latency_rows
    from harness.viability import LABELS, policy, viability, worst

    feature = catalog.feature(ours.manifest.feature)
    found = compare(ours, side(named, feature.name), all_metrics)
    screened = read_json(folder / SCREENING, Screening, "remove the file; the next run screens anew")
    cap = LABELS[screened.label_cap] if screened and screened.label_cap else None
    labels = viability(found, feature, latency_rows(read_latency(folder)), policy(), cap)
    if show:
        print_comparison(found, results_console())
        print_viability(labels, results_console())
    rows = [{**asdict(row), "detectable": row.detectable} for row in found.rows]
    return {
        **asdict(found),
        "rows": rows,
        "viability": [
            {"use_case": each.use_case, "label": each.label, "needed": each.needed, "why": each.why} for each in labels
        ],
        "label": worst(each.label for each in labels),
    }
