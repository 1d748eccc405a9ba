"""``evaluate judge``: what other models think of several runs' answers, seen together."""

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.arguments import Parser
from harness.cli.engine_options import add_judge_options, positive

if TYPE_CHECKING:
    from harness.opinions import Common, Opinion
    from harness.results import Calibration


def main(argv: Sequence[str]) -> int:
    """Asks for what has not been said yet and prints it all; 3 where a judge failed on some questions."""
    parser = Parser(
        "evaluate judge",
        "Grades the answers of several runs to the same questions with each other in view, or two against each other.",
    )
    parser.add_argument("run", nargs="+", type=Path, metavar="RUN", help="a run's folder")
    parser.add_argument("--pairwise", action="store_true", help="which of two runs' answers is better, in both orders")
    parser.add_argument("--limit", type=positive, metavar="N", help="N samples a benchmark, spread over the data set")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="what is said is kept here")
    parser.add_argument("--max-cost", type=float, metavar="USD", help="stop before the judges cost more")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="a mirror of benchmark data (or HARNESS_DATA_DIR)")
    parser.add_argument("--json", action="store_true", help="for machines: one object")
    add_judge_options(parser)
    return _judge(parser.parse_args(argv))


def _judge(arguments: argparse.Namespace) -> int:
    from harness import catalog
    from harness.benchmark import ReadRows
    from harness.cli.options import judges_from
    from harness.datasource import DataSource, data_dir_from
    from harness.engines.asking import Budget
    from harness.errors import UsageError
    from harness.files import make_folder
    from harness.judges import calibrated, open_judges
    from harness.opinions import OPINIONS, Opinion, in_common, opinions, read_opinions, read_runs
    from harness.prompts.instructions import instruction
    from harness.reporting.progress import error_console
    from harness.scoring.calibration import read_calibrations
    from harness.scoring.judge import RUBRIC

    console = error_console()

    def tell(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    def source(name: str) -> ReadRows:
        return DataSource(name, catalog.benchmark(name).data, data_dir_from(arguments.data_dir)).read

    options = judges_from(arguments)
    if not options:
        raise UsageError("no judge is named", "name one with --judge")
    runs = read_runs(arguments.run)
    if arguments.pairwise and len(runs) != 2:
        raise UsageError(f"{len(runs)} runs are no pair", "name two run folders, or leave --pairwise out")
    common = in_common(runs, source, arguments.limit)
    if not common.questions:
        raise UsageError(
            "these runs have no judged question in common", "run the same use cases of chat with each model"
        )
    make_folder(arguments.out)
    file = arguments.out / OPINIONS
    rubric = instruction("judge-pair" if arguments.pairwise else "judge-together")

    async def session() -> list[Opinion]:
        async with AsyncExitStack() as stack:
            judges = await open_judges(options, 0, Budget(arguments.max_cost), stack, tell)
            panel = await calibrated(judges, instruction(RUBRIC), set(runs), arguments.out, tell)
            tell(f"{len(common.questions)} questions, {len(runs)} answers each; {file}")
            return await opinions(common, panel, rubric, arguments.pairwise, read_opinions(file), file)

    found = asyncio.run(session())
    calibrations = read_calibrations(arguments.out)
    summed = _summed(list(runs), found, common, calibrations)
    if arguments.json:
        print(json.dumps(summed, indent=1, ensure_ascii=False))
    else:
        _print(summed, calibrations)
    return 3 if any(opinion.failed for opinion in found) else 0


def _summed(
    runs: Sequence[str], found: Sequence["Opinion"], common: "Common", calibrations: Sequence["Calibration"]
) -> dict[str, object]:
    from harness.opinions import good_shares, mean_grades

    shares = {run: good_shares(found, run) for run in runs}
    return {
        "runs": {
            run: {"good": asdict(share) if share else None, "grades": mean_grades(found, run)}
            for run, share in shares.items()
        },
        "better": dict(Counter(opinion.better for opinion in found if opinion.better)),
        "failed": sum(bool(opinion.failed) for opinion in found),
        "questions": len(common.questions),
        "unpaired": common.unpaired,
        "calibrations": [asdict(each) for each in calibrations],
    }


def _print(summed: dict[str, object], calibrations: Sequence["Calibration"]) -> None:
    from harness.reporting.judges import print_calibrations, print_opinions
    from harness.reporting.table import results_console

    console = results_console()
    print_opinions(summed, calibrations, console)
    print_calibrations(calibrations, console)
