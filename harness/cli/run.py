"""The main job: ``evaluate --model X --feature F``."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from harness.cli.arguments import Parser
from harness.cli.engine_options import add_asking_options, add_serving_options
from harness.cli.main import COMMANDS

EPILOG = """\
commands (each with its own --help):
{commands}

exit codes: 0 done; 1 a bug; 2 the command asks for something that cannot be; 3 incomplete (the table says what);
4 screening refuses the model (docs/screening.md); 130 interrupted (what was answered is kept; the same command goes on
from there)
"""


def parser() -> Parser:
    """All options of the main job."""
    commands = "\n".join(f"  {name:10}{text}" for name, text in COMMANDS.items())
    p = Parser(
        "evaluate",
        "Is this model good enough to power a GitLab Duo feature?",
        EPILOG.format(commands=commands),
    )
    p.add_argument("--model", required=True, help="a name of the catalog, a folder, or org/name on the hub")
    p.add_argument("--feature", required=True, help="code-suggestions or chat")

    what = p.add_argument_group("what is run")
    what.add_argument("--use-case", action="append", default=[], metavar="NAME", help="only this one (repeatable)")
    what.add_argument("--benchmark", action="append", default=[], metavar="NAME", help="only this one (repeatable)")
    what.add_argument("--suite", choices=("all", "industry", "gitlab"), default="all", help="default: all")
    what.add_argument("--language", action="append", default=[], metavar="NAME", help="only samples in it (repeatable)")
    what.add_argument("--limit", type=int, metavar="N", help="N samples a benchmark, spread over the data set")
    what.add_argument("--set", action="append", default=[], metavar="B.S=V", help="a benchmark's setting: mbpp.shots=0")

    how = p.add_argument_group("how it is asked")
    how.add_argument("--attempts", type=int, default=1, metavar="N", help="answers a sample (default: 1)")
    how.add_argument("--temperature", type=float, default=0.0, metavar="T", help="default: 0, greedy")
    how.add_argument("--top-p", type=float, default=1.0, metavar="P", help="default: 1")
    how.add_argument(
        "--infill",
        default="",
        metavar="FAMILY",
        help="the tokens that mark the place to fill in, by a name of configs/infill.yaml, or none: by chat "
        "(default: by the model's name)",
    )
    how.add_argument(
        "--prompts-dir",
        type=Path,
        metavar="DIR",
        help="a folder of your own with system prompts, by the names of configs/prompts/",
    )
    how.add_argument(
        "--latency",
        action=argparse.BooleanOptionalAction,
        help="time streamed answers apart from the run (default: for code completion, where a server answers)",
    )
    add_asking_options(p)
    add_serving_options(p)

    where = p.add_argument_group("where")
    where.add_argument("--data-dir", type=Path, metavar="DIR", help="a mirror of benchmark data (or HARNESS_DATA_DIR)")
    where.add_argument("--out", type=Path, default=Path("results/runs"), metavar="DIR", help="default: results/runs")
    where.add_argument(
        "--sandbox",
        default="auto",
        metavar="LEVEL",
        help="auto (default), namespaces, landlock, docker:IMAGE, podman:IMAGE, or none",
    )

    add_ground_truth_options(p)

    out = p.add_argument_group("what comes out")
    out.add_argument(
        "--against", default="", metavar="WHAT", help="compare with a baseline at the end: a model's name, or a run"
    )
    out.add_argument("--strict", action="store_true", help="samples left out make the run incomplete (exit code 3)")
    out.add_argument("--dry-run", action="store_true", help="say what would be asked, and ask nothing")
    out.add_argument("--json", action="store_true", help="the summary as JSON instead of a table")
    return p


def add_ground_truth_options(p: argparse.ArgumentParser) -> None:
    """What becomes of tasks whose own solution fails in the benchmark's environment."""
    group = p.add_argument_group("tasks whose own solution fails here (benchmarks with an environment of their own)")
    group.add_argument("--exclude-broken", action="store_true", help="leave them out of the score (always shown)")
    group.add_argument("--accept-broken", action="store_true", help="go on although fewer than 99 %% pass")


def main(argv: Sequence[str]) -> int:
    """Plans, runs what is left to run, and prints the summary."""
    arguments = parser().parse_args(argv)
    # Imported after parsing: --help and usage errors must not wait for the rest.
    from harness.cli.main_job import MainJob

    job = MainJob(arguments)
    return job.dry_run() if arguments.dry_run else job.evaluate()
