"""``evaluate publish``: runs on an MLflow server, or in GitLab's model experiments, which speak its protocol."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from harness.cli.arguments import Parser

SERVER = "MLFLOW_TRACKING_URI"


def main(argv: Sequence[str]) -> int:
    """Publishes each run and prints its id."""
    parser = Parser("evaluate publish", "Logs runs on an MLflow server: parameters, metrics with intervals, files.")
    parser.add_argument("run", nargs="+", type=Path, metavar="RUN", help="a run's folder")
    parser.add_argument("--mlflow", default="", metavar="URL", help=f"the server (default: {SERVER})")
    parser.add_argument("--experiment", default="", metavar="NAME", help="default: duo-FEATURE")
    parser.add_argument("--answers", action="store_true", help="the journal with all answers, too")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(argv)

    from harness.errors import UsageError
    from harness.reporting.publish import publish
    from harness.runs import open_run, summary_of

    server = arguments.mlflow or os.environ.get(SERVER, "")
    if not server.startswith(("http://", "https://")):
        raise UsageError(f'"{server}" is no address of an MLflow server', f"name one with --mlflow or {SERVER}")
    ids = {}
    for folder in arguments.run:
        run = open_run(folder)
        experiment = arguments.experiment or f"duo-{run.manifest.feature}"
        ids[str(folder)] = publish(run, summary_of(run), server, experiment, arguments.answers)
        if not arguments.json:
            print(folder, ids[str(folder)])
    if arguments.json:
        print(json.dumps(ids, indent=1))
    return 0
