"""How long after the last answer a run ends: is scoring done while other answers are still coming?

    HARNESS_DATA_DIR=... HARNESS_BIGCODEBENCH_PYTHON=... python scripts/perf/overlap.py [TASKS [ANSWERS A SECOND]]

BigCodeBench's own solutions come in as a model's answers at an even pace, through the whole pipeline: they are scored
in the sandbox and written down. ``seconds_after_last_answer`` is what a user waits for besides the model,
``longest_program_seconds`` the wall time of the program that took longest. Prints JSON.
"""

import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.bigcodebench import BigCodeBench
from harness.datasource import data_dir_from
from harness.engines.asking import Asker
from harness.engines.base import EngineSettings
from harness.engines.model import locate
from harness.journal import Journal
from harness.pipeline import run
from harness.plan import Options, Plan, make_plan
from harness.records import Answer, Outcome, Prompt, Sampling, prompt_sha256
from harness.sandbox.pool import Sandbox, choose_level

MODEL = "smollm2-135m"
"""Named in the plan, never asked."""


class Played(Asker):
    """Gives answers that are there, ``pace`` of them a second, in the order in which they are asked for."""

    concurrency = 64

    def __init__(self, answers: Mapping[str, str], pace: float) -> None:
        self.answers, self.pace = answers, pace
        self.given, self.last = 0, 0.0
        self.began = time.perf_counter()

    async def ask(self, prompt: Prompt, sampling: Sampling) -> Answer:
        """The answer to ``prompt``, when its time has come."""
        self.given += 1
        await asyncio.sleep(self.began + self.given / self.pace - time.perf_counter())
        self.last = max(self.last, time.perf_counter())
        return Answer(self.answers[prompt_sha256(prompt)], "stop", 0, 0, 0.0, form="program")


def main(tasks: int, pace: float) -> None:
    options = Options(
        MODEL,
        "code-suggestions",
        benchmarks=("bigcodebench",),
        limit=tasks,
        engine=EngineSettings("transformers"),
        data_dir=data_dir_from(None),
    )
    plan = make_plan(options, lambda: locate(MODEL))
    print(json.dumps(asyncio.run(timed(plan, pace)), indent=1))


async def timed(plan: Plan, pace: float) -> dict[str, Any]:
    [job] = plan.jobs
    assert isinstance(job.benchmark, BigCodeBench)
    answers = {prompt_sha256(sample.prompt): job.benchmark.reference(sample) for sample in job.samples}
    level, python = choose_level(), os.environ["HARNESS_BIGCODEBENCH_PYTHON"]
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(level) as sandbox,
        Sandbox(level, python=python) as own,
        Journal(Path(folder)) as journal,
    ):
        played = Played(answers, pace)
        await run(plan, played, sandbox, journal, sandboxes={job.entry.name: own})
        ended = time.perf_counter()
        records = journal.records.values()
    return {
        "tasks": len(records),
        "passed": sum(record.verdict is Outcome.PASSED for record in records),
        "answers_a_second": pace,
        "seconds": round(ended - played.began, 1),
        "seconds_after_last_answer": round(ended - played.last, 1),
        "longest_program_seconds": max(record.detail.get("wall_seconds", 0.0) for record in records),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 1140, float(given[1]) if len(given) > 1 else 5.0)
