"""How long a user would wait: answers streamed one at a time and eight at a time, apart from the throughput run.

Code Suggestions must be quick; GitLab's own gate is a 95th percentile of 3 s at most (ai_evaluation_guidelines.md).
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from harness.engines.base import Engine, converse, proceed
from harness.errors import EngineError
from harness.files import read_json
from harness.plan import Job, Plan
from harness.records import Answer, Chat, Choice, FewShot, Infill, Likelihood, Passage, Prompt, Sample, Sampling, Scored
from harness.statistics import spread

LATENCY = "latency.json"
SAMPLES = 32
WARMING = 4
"""Answers that are not counted, before the first that is: connections open, kernels compile."""
CONCURRENCIES = (1, 8)
USE_CASE = "code-completion"
"""What is timed unless --latency asks for all."""


@dataclass(frozen=True)
class Timing:
    """One streamed answer; ``first_token_seconds`` is None where the answer was empty."""

    sample: str
    first_token_seconds: float | None
    seconds: float
    answer_tokens: int


@dataclass(frozen=True)
class Pass:
    """A benchmark's prompts streamed ``concurrency`` at a time; ``failed`` counts the answers that did not come."""

    use_case: str
    benchmark: str
    concurrency: int
    answers: tuple[Timing, ...]
    failed: int


@dataclass(frozen=True)
class Latency:
    """The whole of latency.json: what was measured, not what follows from it."""

    passes: tuple[Pass, ...]


def timed_jobs(plan: Plan, wanted: bool | None) -> tuple[Job, ...]:
    """The jobs whose latency is measured: all where ``wanted``, none where it is False, else those of code completion.

    Without being asked only a server is timed: nobody is served by the transformers engine on a CPU.
    """
    if wanted is False:
        return ()
    jobs = [job for job in plan.jobs if job.samples and not isinstance(job.samples[0].prompt, Scored)]
    served = plan.options.engine.name != "transformers"
    return tuple(job for job in jobs if wanted or (served and job.use_case == USE_CASE))


async def measure(plan: Plan, jobs: Sequence[Job], engine: Engine) -> Latency:
    """Streams up to :data:`SAMPLES` prompts of each job at each concurrency, on an engine that does nothing else."""
    return Latency(tuple([each for job in jobs for each in await _passes(plan, job, engine)]))


def read_latency(folder: Path) -> Latency | None:
    """What was measured for a run, or None where nothing was.

    Raises:
        DataError: the file is malformed.
    """
    return read_json(folder / LATENCY, Latency, "remove the file; it is measured again")


async def _passes(plan: Plan, job: Job, engine: Engine) -> list[Pass]:
    chosen = spread(job.samples, SAMPLES)
    for sample in chosen[-WARMING:]:
        sampling = plan.sampling(job, sample, 0)
        with suppress(EngineError):
            await _streamed(engine, sample.prompt, replace(sampling, max_tokens=min(8, sampling.max_tokens)))
    passes = []
    for concurrency in CONCURRENCIES:
        slots = asyncio.Semaphore(concurrency)
        asked = ((sample, plan.sampling(job, sample, 0)) for sample in chosen)
        found = await asyncio.gather(*(_timing(sample, sampling, engine, slots) for sample, sampling in asked))
        timings = tuple(timing for timing in found if timing)
        passes.append(Pass(job.use_case, job.entry.name, concurrency, timings, len(found) - len(timings)))
    return passes


async def _timing(sample: Sample, sampling: Sampling, engine: Engine, slots: asyncio.Semaphore) -> Timing | None:
    async with slots:
        try:
            answer = await _streamed(engine, sample.prompt, sampling)
        except EngineError:
            return None
    return Timing(sample.id, answer.first_token_seconds, answer.seconds, answer.answer_tokens)


async def _streamed(engine: Engine, prompt: Prompt, sampling: Sampling) -> Answer:
    match prompt:
        case Chat():
            return await converse(engine, prompt, sampling, stream=True)
        case Infill():
            return await engine.infill(prompt, sampling, stream=True)
        case FewShot():
            return await proceed(engine, prompt, sampling, stream=True)
        case Choice() | Likelihood() | Passage():
            raise TypeError("what is only scored is not streamed")
        case _:
            return await engine.complete(prompt.text, sampling, stream=True)
