"""Do the reference solutions of MBPP and MBPP+ pass? Names every one that does not, and exits with 1 if there is one.

    HARNESS_DATA_DIR=... python scripts/reference_solutions.py mbpp|mbppplus [--cold]

mbpp: all 974 tasks of ``full`` and all 427 of ``sanitized``. ``--cold`` gives each program a fresh interpreter. (For
BigCodeBench the harness asks this by itself before a run, see harness/groundtruth.py.)
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from benchmarks.mbpp import Row, checks
from benchmarks.mbppplus import PLUS, MbppPlus
from harness import catalog
from harness.benchmark import Tools
from harness.datasource import DataSource
from harness.records import Answer, Outcome
from harness.sandbox.pool import Sandbox, choose_level
from harness.sandbox.program import Program

SPLITS = ("prompt", "test", "validation", "train")


def main() -> int:
    parser = argparse.ArgumentParser(description="Do the reference solutions pass?")
    parser.add_argument("benchmark", choices=("mbpp", "mbppplus"))
    parser.add_argument("--cold", action="store_true")
    arguments = parser.parse_args()
    data = Path(os.environ["HARNESS_DATA_DIR"])
    with Sandbox(choose_level(), warm=not arguments.cold) as sandbox:
        found = mbpp(data, sandbox) if arguments.benchmark == "mbpp" else asyncio.run(mbppplus(data, sandbox))
    broken = {task: said for task, said in found.items() if said}
    print(
        f"{len(found) - len(broken)} of {len(found)} pass",
        *(f"{task}: {said}" for task, said in broken.items()),
        sep="\n",
    )
    return bool(broken)


def mbpp(data: Path, sandbox: Sandbox) -> dict[str, str]:
    entry = catalog.benchmark("mbpp")
    running = {}
    for config in ("full", "sanitized"):
        for split in SPLITS:
            for row in DataSource(entry.name, entry.data, data).read(f"{config}/{split}", Row):
                program = Program("python", row.code.replace("\r\n", "\n"), checks(row))
                running[f"{config}/{row.task_id}"] = sandbox.submit(program)
    verdicts = {task: future.result() for task, future in running.items()}
    return {
        task: "" if verdict.outcome is Outcome.PASSED else f"{verdict.outcome}: {verdict.message}"
        for task, verdict in verdicts.items()
    }


async def mbppplus(data: Path, sandbox: Sandbox) -> dict[str, str]:
    benchmark, entry = MbppPlus(), catalog.benchmark("mbppplus")
    samples = benchmark.load(DataSource(entry.name, entry.data, data).read)
    answers = [
        Answer(each.target.row.prompt + each.target.row.canonical_solution, "stop", 0, 0, 0.0, form="program")
        for each in samples
    ]
    scores = await asyncio.gather(
        *(
            benchmark.score(sample, answer, Tools(sandbox.run_async))
            for sample, answer in zip(samples, answers, strict=True)
        )
    )
    return {
        sample.id: "" if score.scores.get(PLUS) == 1.0 else str(score.detail)
        for sample, score in zip(samples, scores, strict=True)
    }


if __name__ == "__main__":
    sys.exit(main())
