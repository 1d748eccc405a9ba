"""Output tokens a second of our whole pipeline on a vLLM server, as a ratio to vLLM's own offline ``LLM.generate``.

    HARNESS_DATA_DIR=... HARNESS_VLLM_PYTHON=... python scripts/perf/throughput.py [PROMPTS [TOKENS [MODEL [REPEATS]]]]

Same MBPP prompts (0-shot), same engine settings, greedy, in one run. ``ratio``: the pipeline with journalling, scoring
put off; ``ratio_scoring``: with every program run in the sandbox while answers are still coming. Goals: 0.95 and, where
server, harness and sandbox share two cores, 0.85. ``harness_cpu_seconds_per_1000``: CPU of our own process (not of
server or sandbox) for a thousand requests. Loading and a first warming request are not counted on either side; medians
of REPEATS. Prints JSON.
"""

import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.mbpp import Mbpp
from harness.benchmark import Tools
from harness.datasource import data_dir_from
from harness.engines import open_engine
from harness.engines.asking import Asker
from harness.engines.base import EngineSettings
from harness.engines.model import locate
from harness.engines.tokens import Tokens
from harness.engines.vllm.installation import required
from harness.engines.vllm.launch import launch_of
from harness.engines.vllm.memory import gpus
from harness.journal import Journal
from harness.pipeline import run
from harness.plan import Options, Plan, make_plan
from harness.records import Answer, Chat, Message, Outcome, Sample, Sampling, Score
from harness.sandbox.pool import Sandbox, choose_level

CONTEXT = 4096
WARMING = (Message("user", "Say hello."),)

OFFLINE = """
import json, sys, time
from vllm import LLM, SamplingParams
job = json.load(open(sys.argv[1]))
model = LLM(**job["engine"])
model.generate([{"prompt_token_ids": job["warming"]}], SamplingParams(temperature=0, max_tokens=8), use_tqdm=False)
started = time.perf_counter()
found = model.generate(
    [{"prompt_token_ids": ids} for ids in job["prompts"]],
    SamplingParams(temperature=0, max_tokens=job["tokens"], seed=0),
    use_tqdm=False,
)
seconds = time.perf_counter() - started
print("RESULT " + json.dumps({"tokens": sum(len(each.outputs[0].token_ids) for each in found), "seconds": seconds}))
"""


@dataclass(frozen=True)
class Unscored(Mbpp):
    """MBPP with its scoring put off to a later ``rescore``."""

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Says nothing of the answer."""
        return Score(Outcome.FAILED, {}, {})


def main(count: int, tokens: int, model: str, repeats: int) -> None:
    plans = {name: plan_of(kind, count, tokens, model) for name, kind in (("off", Unscored), ("on", Mbpp))}
    rounds: list[dict[str, Any]] = []
    for _ in range(repeats):
        theirs = offline(plans["off"])
        ours = {name: asyncio.run(pipeline(plan)) for name, plan in plans.items()}
        rounds.append({"offline": theirs, **ours})
        print(json.dumps(rounds[-1]), file=sys.stderr)

    def ratio(name: str) -> float:
        return round(median(speed(each[name]) / speed(each["offline"]) for each in rounds), 3)

    installation = required()
    shown = {
        "ratio": ratio("off"),
        "ratio_scoring": ratio("on"),
        "tokens_per_second": {
            name: round(median(speed(each[name]) for each in rounds), 1) for name in ("offline", "off", "on")
        },
        "harness_cpu_seconds_per_1000": round(median(1000 * each["off"]["cpu"] / count for each in rounds), 2),
        "prompts": count,
        "tokens": tokens,
        "model": model,
        "repeats": repeats,
        "vllm": installation.version,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {[gpu.name for gpu in gpus()] or 'no GPU'}",
    }
    print(json.dumps(shown, indent=1))


def speed(found: dict[str, float]) -> float:
    """Output tokens a second."""
    return found["tokens"] / found["seconds"]


def plan_of(kind: type[Mbpp], count: int, tokens: int, model: str) -> Plan:
    """MBPP on ``model``, with answers of at most ``tokens`` tokens."""
    options = Options(
        model,
        "code-suggestions",
        benchmarks=("mbpp",),
        settings=("mbpp.shots=0",),
        limit=count,
        engine=EngineSettings("vllm", max_model_len=CONTEXT),
        data_dir=data_dir_from(None),
    )
    plan = make_plan(options, lambda: locate(model))
    benchmark = kind(shots=0)
    object.__setattr__(benchmark, "max_tokens", tokens)
    return replace(plan, jobs=(replace(plan.jobs[0], benchmark=benchmark),))


def offline(plan: Plan) -> dict[str, float]:
    """What vLLM does by itself, in a process of its environment, with the arguments that our server is started with."""
    installation = required()
    launch = launch_of(installation, plan.model, plan.options.engine, plan.options.seed)
    tokenizer = Tokens.load(plan.model.path)
    prompts = []
    for sample in plan.jobs[0].samples:
        assert isinstance(sample.prompt, Chat)
        prompts.append(tokenizer.chat(sample.prompt.messages)[0])
    job = {
        "engine": {
            "model": str(plan.model.path),
            "max_model_len": CONTEXT,
            "enable_prefix_caching": True,
            "generation_config": "vllm",
            "seed": plan.options.seed,
            "enforce_eager": installation.for_cpu,
        },
        "warming": tokenizer.chat(WARMING)[0],
        "prompts": prompts,
        "tokens": plan.jobs[0].benchmark.max_tokens,
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "job.json").write_text(json.dumps(job))
        (Path(folder) / "offline.py").write_text(f"if __name__ == '__main__':\n{indented(OFFLINE)}")
        shown = subprocess.run(
            [installation.python, "offline.py", "job.json"],
            cwd=folder,
            env=launch.environment(""),
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ).stdout
    line = next(line for line in shown.splitlines() if line.startswith("RESULT "))
    found: dict[str, float] = json.loads(line.removeprefix("RESULT "))
    return found


def indented(code: str) -> str:
    """``code`` as the body of a block: vLLM starts workers that import the main module again."""
    return "".join(f"    {line}\n" for line in code.strip().splitlines())


async def pipeline(plan: Plan) -> dict[str, float]:
    """Our run: a fresh server, all samples asked, scored as the plan's benchmark scores, written down."""
    engine = open_engine(plan.options.engine, plan.model, plan.options.seed, lambda text: None)
    with tempfile.TemporaryDirectory() as folder:
        async with engine:
            await engine.chat(WARMING, Sampling(8))
            with Sandbox(choose_level()) as sandbox, Journal(Path(folder)) as journal:
                cpu, started = time.process_time(), time.perf_counter()
                await run(plan, Asker(engine, plan.options.engine), sandbox, journal)
                seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
            tokens = sum(record.answer.answer_tokens for record in journal.records.values() if record.answer)
    return {"tokens": tokens, "seconds": seconds, "cpu": cpu}


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        int(given[0]) if given else 64,
        int(given[1]) if len(given) > 1 else 128,
        given[2] if len(given) > 2 else "smollm2-135m",
        int(given[3]) if len(given) > 3 else 1,
    )
