"""``evaluate rescore``: scores answers that are there already, with no model."""

import argparse
import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.arguments import Parser

if TYPE_CHECKING:
    from harness.journal import Journal
    from harness.manifest import Manifest
    from harness.plan import Plan


def main(argv: Sequence[str]) -> int:
    """Scores what is left to score and prints the summary; exit code as that of the main job."""
    from harness.cli.run import add_ground_truth_options

    parser = Parser(
        "evaluate rescore",
        "Score answers that are there already: sample files of EvalPlus and BigCodeBench, journals of other runs.",
    )
    parser.add_argument("--samples", type=Path, required=True, metavar="FILE", help=".jsonl; see docs/rescoring.md")
    parser.add_argument("--benchmark", required=True, metavar="NAME")
    parser.add_argument(
        "--set", action="append", default=[], metavar="B.S=V", help="a setting: bigcodebench.subset=hard"
    )
    parser.add_argument("--name", default="", help="of who answered, for the table (default: the file's name)")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="a mirror of benchmark data (or HARNESS_DATA_DIR)")
    parser.add_argument("--out", type=Path, default=Path("results/runs"), metavar="DIR", help="default: results/runs")
    parser.add_argument("--sandbox", default="auto", metavar="LEVEL", help="as for the main job")
    parser.add_argument("--json", action="store_true", help="the summary as JSON instead of a table")
    add_ground_truth_options(parser)
    return _rescore(parser.parse_args(argv))


def _rescore(arguments: argparse.Namespace) -> int:
    from harness.cli.whole_run import counts, whole_run
    from harness.files import write_json
    from harness.groundtruth import checked, own_sandboxes
    from harness.manifest import MANIFEST, command_line, manifest_of, new_session
    from harness.pipeline import Given, run
    from harness.reporting.progress import RunProgress, error_console
    from harness.samples import listed, read_answers
    from harness.sandbox.pool import Sandbox, choose_level

    console = error_console()

    def tell(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    plan = _plan(arguments)
    known = [sample.id for job in plan.jobs for sample in job.all_samples]
    answers = read_answers(arguments.samples, arguments.benchmark, known)
    missing = set(known) - {sample for _, sample, _ in answers}
    if missing:
        without = [sample for sample in known if sample in missing]
        tell(f"no answer to {len(without)} of {len(known)} samples, each scored as no_answer: {listed(without)}")
    plan = _with_attempts(plan, 1 + max(attempt for _, _, attempt in answers))
    plan = checked(plan, arguments.sandbox, arguments.accept_broken, tell)

    def score(folder: Path, journal: "Journal", manifest: "Manifest") -> None:
        level = choose_level(arguments.sandbox)
        session = new_session(command_line(), str(level), {"engine": "samples", "file": str(arguments.samples)})
        write_json(folder / MANIFEST, manifest_of(plan, (*manifest.sessions, session)))
        tell(f"scoring {arguments.samples}; sandbox: {level}; {folder}")
        progress = RunProgress(counts(plan, journal, answers), console)
        with Sandbox(level) as sandbox, ExitStack() as own, progress:
            sandboxes = own_sandboxes(plan, level, own)
            asyncio.run(run(plan, Given(answers), sandbox, journal, progress, None, sandboxes))

    return whole_run(plan, arguments.out, arguments.json, score)


def _plan(arguments: argparse.Namespace) -> "Plan":
    """All samples of the benchmark, asked of a "model" that is the file."""
    from harness import catalog
    from harness.datasource import data_dir_from
    from harness.engines.base import EngineSettings
    from harness.engines.model import Model, slug
    from harness.errors import DataError, UnavailableError
    from harness.plan import Options, make_plan

    name = catalog.benchmark(arguments.benchmark).name
    features = catalog.features().values()
    feature = next(
        (each for each in features if any(name in (*case.industry, *case.gitlab) for case in each.use_cases)),
        next(iter(features)),
    )
    options = Options(
        model=arguments.name or arguments.samples.stem,
        feature=feature.name,
        benchmarks=(name,),
        settings=tuple(arguments.set),
        engine=EngineSettings("samples"),
        data_dir=data_dir_from(arguments.data_dir),
        exclude_broken=arguments.exclude_broken,
    )
    try:
        digest = hashlib.sha256(arguments.samples.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {arguments.samples}: {error.strerror}", "name a .jsonl file") from None
    model = Model(slug(options.model), f"samples:{arguments.samples}", {arguments.samples.name: digest})
    plan = make_plan(options, lambda: model)
    for missing in plan.unavailable:
        raise UnavailableError(f"{missing.benchmark}: {missing.reason}", missing.mend)
    return plan


def _with_attempts(plan: "Plan", attempts: int) -> "Plan":
    """The plan for a file with so many answers a sample; how they were drawn it does not say."""
    settings = {**plan.settings, "sampling": {"attempts": attempts}}
    return replace(plan, options=replace(plan.options, attempts=attempts), settings=settings)
