"""``evaluate gate``: does a run do worse than its baseline, by more than a margin and more than chance?"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from harness.cli.arguments import Parser

FAILED = 5


def main(argv: Sequence[str]) -> int:
    """5 where a metric is worse by more than the margin for sure; says so where the data cannot tell."""
    parser = Parser("evaluate gate", "Fails where a run is worse than a baseline by more than a margin, beyond chance.")
    parser.add_argument("run", type=Path, metavar="RUN", help="a run's folder")
    parser.add_argument("--against", required=True, metavar="WHAT", help="a run's folder, or a model with a baseline")
    parser.add_argument("--margin", type=float, metavar="M", help="of the score (default 0.03)")
    parser.add_argument("--json", action="store_true", help="for machines: one object")
    arguments = parser.parse_args(argv)

    from harness.baselines import of_folder, side
    from harness.comparison import compare
    from harness.gate import MARGIN, gated

    ours = of_folder(arguments.run)
    assert ours.manifest is not None
    found = compare(ours, side(arguments.against, ours.manifest.feature), all_metrics=False)
    rows = gated(found, MARGIN if arguments.margin is None else arguments.margin)
    failed = any(row.verdict == "failed" for row in rows)
    if arguments.json:
        print(json.dumps({"failed": failed, "rows": [asdict(row) for row in rows]}, indent=1, ensure_ascii=False))
    else:
        for row in rows:
            print(row.text)
    return FAILED if failed else 0
