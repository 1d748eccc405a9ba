"""Asks one engine on behalf of a run: bounded, tried again, within the money limit, and given up when all fails.

A run has one for the candidate and, where answers are judged, another one for the judge.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field

from harness.engines.base import Engine, EngineSettings, ask
from harness.engines.remote import CHARACTERS_A_TOKEN
from harness.entries import Prices
from harness.errors import CostLimitError, EngineDownError, EngineError, PromptTooLongError
from harness.records import Answer, Prompt, Sampling, prompt_characters

TRIES = 3
"""How often one prompt is asked before its failure is the caller's."""
FIRST_PAUSE_SECONDS = 0.5
DOWN_AFTER = 10
"""So many prompts in a row without an answer, and the engine counts as down."""


@dataclass
class Budget:
    """What a run may still spend, in US dollars; shared by all that spend. ``limit`` None: no limit."""

    limit: float | None = None
    spent: float = 0.0
    _reserved: float = 0.0
    _settled: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def reserve(self, most: float) -> AsyncIterator[None]:
        """Sets ``most`` aside while a question is asked, once what others have set aside is known to leave room.

        Raises:
            CostLimitError: it does not fit what is left, even with nothing in flight.
        """
        if self.limit is None:
            yield
            return
        async with self._settled:
            while self.spent + self._reserved + most > self.limit:
                if not self._reserved:
                    raise CostLimitError(
                        f"{self.spent:.4f} of {self.limit:g} USD are spent; the next answer may cost {most:.4f}",
                        "what was answered is kept; raise --max-cost and run the same command again",
                    )
                await self._settled.wait()
            self._reserved += most
        try:
            yield
        finally:
            async with self._settled:
                self._reserved = max(0.0, self._reserved - most)
                self._settled.notify_all()


@dataclass
class Totals:
    """What one engine was asked and answered in this session; ``cost_usd`` stays 0 where prices are not known."""

    answers: int = 0
    failures: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost_usd: float = 0.0


class Asker:
    """Asks ``engine``; many may await it at once."""

    def __init__(
        self, engine: Engine, settings: EngineSettings, prices: Prices | None = None, budget: Budget | None = None
    ) -> None:
        self.engine, self.concurrency = engine, settings.concurrency or engine.concurrency
        self.totals = Totals()
        self._settings, self._prices, self._budget = settings, prices, budget or Budget()
        self._slots = asyncio.Semaphore(self.concurrency)
        self._failed_in_a_row = 0

    async def ask(self, prompt: Prompt, sampling: Sampling) -> Answer:
        """The answer to one prompt.

        Raises:
            PromptTooLongError: it does not fit the context.
            EngineError: it failed each time it was tried.
            EngineDownError: so did all others of late.
            CostLimitError: it might cost more than is left.
        """
        worst = most(self._prices, prompt, sampling.max_tokens) if self._prices else 0.0
        async with self._slots, self._budget.reserve(worst):
            answer = await self._try(prompt, sampling)
            cost = self._prices.of(answer.prompt_tokens, answer.answer_tokens) if self._prices else 0.0
            self._budget.spent += cost
        self.totals.answers += 1
        self.totals.prompt_tokens += answer.prompt_tokens
        self.totals.answer_tokens += answer.answer_tokens
        self.totals.cost_usd += cost
        return answer

    async def _try(self, prompt: Prompt, sampling: Sampling) -> Answer:
        for attempt in range(TRIES):
            try:
                answer = await ask(self.engine, prompt, sampling, self._settings.choices == "generated")
            except PromptTooLongError:
                raise
            except EngineError as error:
                failure = error
            else:
                self._failed_in_a_row = 0
                return answer
            if attempt + 1 < TRIES:
                await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))
        self.totals.failures += 1
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= DOWN_AFTER:
            raise EngineDownError(
                f"the last {self._failed_in_a_row} questions all failed: {failure.message}",
                "what was answered is kept; run the same command again when the server answers",
            )
        raise failure


def most(prices: Prices, prompt: Prompt, max_tokens: int) -> float:
    """The most that an answer may cost, in US dollars: every token of its limit, and a prompt of short tokens."""
    return prices.of(2 * prompt_characters(prompt) / CHARACTERS_A_TOKEN, max_tokens)


async def counted(
    candidate: Asker, judges: Iterable[Asker], before: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """What all were asked, with what the candidate's server counted itself since it said ``before``."""
    served = {name: value - before.get(name, 0) for name, value in (await candidate.engine.usage()).items()}
    told = {"candidate": asdict(candidate.totals) | served}
    judged: Counter[str] = Counter()
    for judge in judges:
        judged.update(asdict(judge.totals))
    return told | ({"judge": dict(judged)} if judged else {})
