"""The same questions to lm-eval and to us: rows chosen by name, run on either side, found again in both."""

import asyncio
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.mmlu import CATEGORY
from harness.datasource import data_dir_from
from harness.engines import open_engine
from harness.engines.asking import Asker
from harness.engines.base import Engine, EngineSettings
from harness.engines.model import Model
from harness.journal import Journal
from harness.pipeline import run
from harness.plan import Options, Plan, make_plan
from harness.records import Choice, Record, Sample
from harness.sandbox.pool import Sandbox, choose_level

SCRIPT = Path(__file__).with_name("lm_eval_run.py")
TASKS = {name: name for name in ("boolq", "cb", "copa", "multirc", "wic", "wsc")} | {"rte": "sglue_rte"}
"""SuperGLUE's tasks as lm-eval calls them; ReCoRD's validation rows are in no mirror."""


@dataclass(frozen=True)
class Theirs:
    """What lm-eval found: per task its rows' options, by row number; its metrics; wall seconds of evaluating."""

    seconds: float
    samples: Mapping[str, Mapping[int, Mapping[str, Any]]]
    results: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Ours:
    """What our pipeline found: the samples in order, each one's record, wall seconds from first question to last."""

    seconds: float
    samples: Sequence[Sample]
    records: Mapping[str, Record]


def mmlu_rows(each: int, subjects: Sequence[str] = tuple(CATEGORY)) -> dict[str, list[int]]:
    """The first ``each`` questions of the subjects, by lm-eval's task."""
    return {f"mmlu_{subject}": list(range(each)) for subject in subjects}


@dataclass(frozen=True)
class Asked:
    """What lm-eval is asked at once: row numbers by task (None: all), and how many solved examples (None: its own)."""

    tasks: Mapping[str, list[int] | None]
    shots: int | None
    chat: bool = False
    multiturn: bool = True


def theirs(
    python: str,
    model: Path,
    backend: str,
    arguments: Mapping[str, Any],
    runs: Sequence[Asked],
    folders: Sequence[str] = ("mmlu/default", "super_glue"),
    data: Path | None = None,
) -> list[Theirs]:
    """lm-eval's own evaluator in a process of the environment of ``python``, each run after the one before it.

    ``folders`` are those of its tasks that are indexed, ``data`` the mirror (None: HARNESS_DATA_DIR).
    """
    job: dict[str, Any] = {"model": str(model), "backend": backend, "arguments": arguments}
    job |= {"folders": list(folders), "data": str(data or data_dir_from(None))}
    job |= {"runs": [asdict(each) for each in runs]}
    # The same policy as ours (harness/engines/__init__.py), or a busy machine would slow one side alone.
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "passive", "VLLM_NO_USAGE_STATS": "1"}
    environment |= {"VLLM_CPU_KVCACHE_SPACE": os.environ.get("VLLM_CPU_KVCACHE_SPACE", "2")}
    with tempfile.TemporaryDirectory() as temporary:
        asked, told = Path(temporary) / "job.json", Path(temporary) / "result.json"
        asked.write_text(json.dumps(job))
        log = Path(temporary) / "log"
        with log.open("w") as output:
            done = subprocess.run([python, str(SCRIPT), asked, told], env=environment, stdout=output, stderr=output)
        if done.returncode:
            raise SystemExit(f"lm-eval failed:\n{log.read_text()[-3000:]}")
        found = json.loads(told.read_text())
    return [
        Theirs(
            each["seconds"],
            {task: {row["row"]: row for row in rows} for task, rows in each["samples"].items()},
            each["results"],
        )
        for each in found
    ]


def our_plan(benchmark: str, model: Model, engine: EngineSettings, rows: Mapping[str, Sequence[int]]) -> Plan:
    """A plan of the same rows; ``rows`` by the part of our sample ids before the row's number."""
    options = Options("compared", "chat", benchmarks=(benchmark,), engine=engine, data_dir=data_dir_from(None))
    plan = make_plan(options, lambda: model)
    names = {f"{part}/{number}" for part, numbers in rows.items() for number in numbers}
    job = plan.jobs[0]
    return replace(plan, jobs=(replace(job, samples=tuple(each for each in job.samples if row_name(each) in names)),))


def row_name(sample: Sample) -> str:
    """A sample as its task and its row's number in the task's file."""
    if sample.id.startswith("multirc/"):
        return f"multirc/{_multirc_rows()[sample.id]}"
    return sample.id


def _multirc_rows() -> Mapping[str, int]:
    if not _ROWS:
        folder = data_dir_from(None)
        assert folder
        lines = (folder / "super_glue/multirc/validation.jsonl").read_text().splitlines()
        for number, line in enumerate(lines):
            idx = json.loads(line)["idx"]
            _ROWS[f"multirc/{idx['paragraph']}/{idx['question']}/{idx['answer']}"] = number
    return _ROWS


_ROWS: dict[str, int] = {}


def ours(plans: Sequence[Plan], warming: Choice) -> list[Ours]:
    """Our own pipeline with its journal, each plan after the one before it, all on the first one's engine.

    Loading and one warming question are not counted.
    """

    async def session() -> list[Ours]:
        first = plans[0]
        async with open_engine(first.options.engine, first.model, 0, lambda text: None) as engine:
            await engine.choose(warming)
            return [await _ours(plan, engine) for plan in plans]

    return asyncio.run(session())


async def _ours(plan: Plan, engine: Engine) -> Ours:
    with tempfile.TemporaryDirectory() as folder, Sandbox(choose_level()) as sandbox, Journal(Path(folder)) as journal:
        started = time.perf_counter()
        await run(plan, Asker(engine, plan.options.engine), sandbox, journal)
        seconds = time.perf_counter() - started
        records = {record.sample: record for record in journal.records.values()}
    return Ours(seconds, plan.jobs[0].samples, records)
