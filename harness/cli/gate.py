"""``evaluate gate``: does a run do worse than its baseline, by more than a margin and more than chance?"""

from collections.abc import Sequence
from pathlib import Path

from harness.cli.arguments import Parser

FAILED = 5
MARGIN = 0.03


def main(argv: Sequence[str]) -> int:
    """5 where a metric is worse by more than the margin for sure; says so where the data cannot tell."""
    parser = Parser("evaluate gate", "Fails where a run is worse than a baseline by more than a margin, beyond chance.")
    parser.add_argument("run", type=Path, metavar="RUN", help="a run's folder")
    parser.add_argument("--against", required=True, metavar="WHAT", help="a run's folder, or a model with a baseline")
    parser.add_argument("--margin", type=float, default=MARGIN, metavar="M", help=f"of the score (default {MARGIN})")
    arguments = parser.parse_args(argv)

    from harness.baselines import of_folder, side
    from harness.comparison import compare

    ours = of_folder(arguments.run)
    assert ours.manifest is not None
    rows = compare(ours, side(arguments.against, ours.manifest.feature), all_metrics=False).rows
    failed = False
    for row in rows:
        low, high = row.difference.low, row.difference.high
        said = "passed"
        if high < -arguments.margin and row.p < 0.05:
            said, failed = "failed", True
        elif low < -arguments.margin:
            said = f"cannot tell: a regression of {arguments.margin:g} is not ruled out"
        figures = f"{row.difference.value:+.3f} ({low:+.3f} to {high:+.3f})"
        print(f"{row.benchmark} {row.metric}: {figures}, n {row.difference.n}: {said}")
    return FAILED if failed else 0
