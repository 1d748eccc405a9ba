"""``evaluate baseline``: runs that later ones are compared with."""

import json
from collections.abc import Sequence
from pathlib import Path

from harness.cli.arguments import Parser


def main(argv: Sequence[str]) -> int:
    """Keeps, lists or shows baselines."""
    parser = Parser("evaluate baseline", "Baselines that were kept from runs, in results/baselines.")
    parser.add_argument("action", choices=("add", "list", "show"))
    parser.add_argument("what", nargs="?", default="", metavar="RUN|MODEL", help="a run to add, a model to show")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(argv)

    from harness import baselines
    from harness.errors import UsageError

    if arguments.action != "list" and not arguments.what:
        raise UsageError(f"baseline {arguments.action} of what?", "name a run's folder, or a model")
    if arguments.action == "add":
        print(baselines.keep(Path(arguments.what)))
        return 0
    folders = [path for path in baselines.kept() if arguments.what in ("", path.parent.name)]
    if arguments.what and not folders:
        raise UsageError(f"{arguments.what} has no kept baseline", "see: evaluate baseline list")
    rows = [row for folder in folders for row in baselines.told(folder, arguments.action == "show")]
    if arguments.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        for row in rows:
            print(", ".join(f"{name} {value}" for name, value in row.items()))
    return 0
