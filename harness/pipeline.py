"""Asks, scores and writes down, all in flight at once: while the engine answers, the sandbox judges what has come."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from harness.benchmark import Tools
from harness.engines.asking import Asker
from harness.errors import EngineError, PromptTooLongError
from harness.journal import Journal, Key
from harness.plan import Job, Plan, attempts
from harness.records import Answer, Outcome, Record, Sample, Score, prompt_sha256
from harness.sandbox.pool import Sandbox
from harness.scoring.judge import Panel

SCORE_TRIES = 3
"""How often one program is run before the sandbox's failure is recorded as ``infra_error``."""

NOT_GIVEN = Score(Outcome.NO_ANSWER, {}, {"reason": "no answer was given"})


class Follower:
    """Who is told how a run goes on; this one takes no notice."""

    def answered(self, benchmark: str, answer: Answer) -> None:
        """The candidate has answered a sample of ``benchmark``; that is not yet scored."""

    def written(self, record: Record) -> None:
        """A record is in the journal."""


class Given:
    """Answers that are there already, in place of a model's: one that is not among them does not come."""

    concurrency = 1

    def __init__(self, answers: Mapping[Key, Answer]) -> None:
        self.answers = answers


async def run(
    plan: Plan,
    candidate: Asker | Given,
    sandbox: Sandbox,
    journal: Journal,
    follower: Follower = Follower(),  # noqa: B008  (it has no state)
    panel: Panel | None = None,
    sandboxes: Mapping[str, Sandbox] = MappingProxyType({}),
) -> None:
    """Does all that the journal says is not done, and tells ``follower``.

    The candidate answers the samples and nothing else; the judges are reached by scorers alone. ``sandboxes`` are those
    of benchmarks that bring an environment of their own, by the benchmark's name.

    Raises:
        JournalError: a record could not be written; the run stops, what was written stays.
        EngineDownError, CostLimitError: nothing more can be asked; likewise.
    """
    unsettled = open_attempts(plan, journal)

    def tools_of(job: Job) -> Tools:
        return Tools(sandboxes.get(job.entry.name, sandbox).run_async, panel.first if panel else None)

    async def ask(job: Job, sample: Sample, attempt: int) -> Answer | None:
        if isinstance(candidate, Given):
            return candidate.answers.get((job.entry.name, sample.id, attempt))
        answer = await candidate.ask(sample.prompt, plan.sampling(job, sample, attempt))
        follower.answered(job.entry.name, answer)
        return answer

    async def work() -> None:
        for job, sample, attempt in unsettled:
            await _one(job, sample, attempt)

    async def _one(job: Job, sample: Sample, attempt: int) -> None:
        earlier = journal.records.get((job.entry.name, sample.id, attempt))
        answer = earlier.answer if earlier else None
        try:
            answer = answer or await ask(job, sample, attempt)
            score = await _score(job, sample, answer, tools_of(job)) if answer else NOT_GIVEN
            if answer and panel:
                score = await panel.judged(score, job.benchmark, sample, answer)
        except PromptTooLongError as error:
            # Once there is an answer it was the judge's context that was too short: nothing is wrong with the answer.
            score = Score(Outcome.INFRA_ERROR if answer else Outcome.NO_ANSWER, {}, {"reason": error.message})
        except EngineError as error:
            score = Score(Outcome.INFRA_ERROR, {}, {"reason": error.message})
        except BaseException:
            # The run ends here: no money, no server, Ctrl-C. An answer that has come is kept, to be scored next time.
            if answer and not (earlier and earlier.answer):
                unscored = Score(Outcome.INFRA_ERROR, {}, {"reason": "the run ended before it was scored"})
                journal.append(_record(job, sample, attempt, answer, unscored))
            raise
        record = _record(job, sample, attempt, answer, score)
        journal.append(record)
        follower.written(record)

    try:
        async with asyncio.TaskGroup() as workers:
            # More workers than the engine takes prompts: the others' answers are being scored.
            places = sum(each.slots + each.capacity for each in (sandbox, *sandboxes.values()))
            for _ in range(candidate.concurrency + places):
                workers.create_task(work())
    except BaseExceptionGroup as group:
        # All workers stop for the first one's reason; the rest is its echo.
        raise group.exceptions[0] from None


def open_attempts(plan: Plan, journal: Journal) -> Iterator[tuple[Job, Sample, int]]:
    """What the journal says is still to be done, in order."""
    for job, sample, attempt in attempts(plan):
        if not journal.settled((job.entry.name, sample.id, attempt)):
            yield job, sample, attempt


def _record(job: Job, sample: Sample, attempt: int, answer: Answer | None, score: Score) -> Record:
    return Record(
        benchmark=job.entry.name,
        version=job.benchmark.version,
        sample=sample.id,
        attempt=attempt,
        cluster=sample.cluster,
        tags=sample.tags,
        prompt_sha256=prompt_sha256(sample.prompt),
        answer=answer,
        verdict=score.outcome,
        scores=score.scores,
        detail=score.detail,
        finished_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )


async def _score(job: Job, sample: Sample, answer: Answer, tools: Tools) -> Score:
    for _ in range(SCORE_TRIES):
        score = await job.benchmark.score(sample, answer, tools)
        if score.outcome is not Outcome.INFRA_ERROR:
            return score
    return replace(score, scores={})
