"""Replies that are known to be right or wrong: a benchmark's score must tell them apart before a model is asked."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.benchmark import Benchmark, Tools
from harness.quality.gate import Finding
from harness.records import Answer, Chat, Outcome, Sample
from harness.sandbox.pool import Sandbox
from harness.sandbox.program import Program

LEAST_WRONG = 2


@dataclass(frozen=True)
class Known:
    """Of one sample: replies that must have a full score and such that must not.

    ``proof`` is a program that passes if what the sample says of itself is true. ``full`` names the scores that are
    full with a right reply ((): the benchmark's metric), ``missed`` those that are not all full with a wrong one
    ((): the same).
    """

    right: tuple[str, ...]
    wrong: tuple[str, ...]
    proof: Program | None = None
    full: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Replies:
    """A sample of a benchmark that has ``known(sample) -> Known``, to be examined."""

    benchmark: Benchmark
    sample: Sample

    @property
    def file(self) -> str:
        """Its name."""
        return self.sample.id

    @property
    def language(self) -> str:
        """Of its code, if any of it is run."""
        return self.sample.language

    @property
    def text(self) -> str:
        """What the user asks in the end."""
        assert isinstance(self.sample.prompt, Chat)
        return self.sample.prompt.messages[-1].content

    def examine(self, sandbox: Sandbox, most_mutants: int, runs: int) -> Finding:
        """Scores every known reply."""
        return Finding(self.sample.id, self.language, tuple(asyncio.run(self._faults(sandbox))))

    async def _faults(self, sandbox: Sandbox) -> list[str]:
        known_of: Callable[[Sample], Known] = self.benchmark.known  # type: ignore[attr-defined]
        known = known_of(self.sample)
        names = known.full or (self.benchmark.metric,)

        async def full(reply: str, names: Sequence[str]) -> bool:
            answer, tools = Answer(reply, "stop", 0, 0, 0.0), Tools(sandbox.run_async)
            score = await self.benchmark.score(self.sample, answer, tools)
            return all(score.scores.get(name) == 1.0 for name in names)

        faults = []
        if known.proof:
            verdict = await sandbox.run_async(known.proof)
            if verdict.outcome is not Outcome.PASSED:
                faults.append(f"what it says of itself is not so: {verdict.test}: {verdict.message}"[:300])
        faults += [f"a right reply fails: {reply[-200:]}" for reply in known.right if not await full(reply, names)]
        wrong, missed = (*known.wrong, ""), known.missed or names
        faults += [f"a wrong reply passes: {reply[-200:]}" for reply in wrong if await full(reply, missed)]
        if len(known.wrong) < LEAST_WRONG:
            faults.append(f"only {len(known.wrong)} wrong replies are known")
        return faults
