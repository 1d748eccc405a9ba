"""Asks, scores and writes down, all in flight at once: while the engine answers, the sandbox judges what has come."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from harness.engines.base import Engine, ask
from harness.errors import EngineError, PromptTooLongError
from harness.journal import Journal
from harness.plan import Job, Plan, attempts
from harness.records import Answer, Outcome, Record, Sample, Sampling, Score, prompt_sha256
from harness.sandbox.pool import Sandbox

TRIES = 3
"""How often one prompt or one program is tried before the failure is recorded as ``infra_error``."""
FIRST_PAUSE_SECONDS = 0.5

OnRecord = Callable[[Record], None]


async def run(plan: Plan, engine: Engine, sandbox: Sandbox, journal: Journal, on_record: OnRecord) -> None:
    """Does all that the journal says is not done; ``on_record`` is told of each record after it is written.

    Raises:
        JournalError: a record could not be written; the run stops, what was written stays.
    """
    unsettled = open_attempts(plan, journal)
    asking = asyncio.Semaphore(engine.concurrency)

    async def work() -> None:
        for job, sample, attempt in unsettled:
            record = await _one(job, sample, attempt)
            journal.append(record)
            on_record(record)

    async def _one(job: Job, sample: Sample, attempt: int) -> Record:
        earlier = journal.records.get((job.entry.name, sample.id, attempt))
        if earlier and earlier.answer:
            answer: Answer | Score = earlier.answer
        else:
            async with asking:
                answer = await _ask(engine, sample, plan.sampling(job, attempt))
        score = answer if isinstance(answer, Score) else await _score(job, sample, answer, sandbox)
        return Record(
            benchmark=job.entry.name,
            version=job.benchmark.version,
            sample=sample.id,
            attempt=attempt,
            cluster=sample.cluster,
            tags=sample.tags,
            prompt_sha256=prompt_sha256(sample.prompt),
            answer=None if isinstance(answer, Score) else answer,
            verdict=score.outcome,
            scores=score.scores,
            detail=score.detail,
            finished_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )

    try:
        async with asyncio.TaskGroup() as workers:
            # More workers than the engine takes prompts: the others' answers are being scored.
            for _ in range(engine.concurrency + 2 * sandbox.slots):
                workers.create_task(work())
    except BaseExceptionGroup as group:
        # All workers stop for the first one's reason; the rest is its echo.
        raise group.exceptions[0] from None


def open_attempts(plan: Plan, journal: Journal) -> Iterator[tuple[Job, Sample, int]]:
    """What the journal says is still to be done, in order."""
    for job, sample, attempt in attempts(plan):
        if not journal.settled((job.entry.name, sample.id, attempt)):
            yield job, sample, attempt


async def _ask(engine: Engine, sample: Sample, sampling: Sampling) -> Answer | Score:
    """The answer, or the score that stands for having none."""
    for attempt in range(TRIES):
        try:
            return await ask(engine, sample.prompt, sampling)
        except PromptTooLongError as error:
            return Score(Outcome.NO_ANSWER, {}, {"reason": error.message})
        except EngineError as error:
            reason = error.message
        if attempt + 1 < TRIES:
            await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))
    return Score(Outcome.INFRA_ERROR, {}, {"reason": reason})


async def _score(job: Job, sample: Sample, answer: Answer, sandbox: Sandbox) -> Score:
    for _ in range(TRIES):
        score = await job.benchmark.score(sample, answer, sandbox.run_async)
        if score.outcome is not Outcome.INFRA_ERROR:
            return score
    return replace(score, scores={})
