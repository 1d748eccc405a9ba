"""Asking on behalf of a run: bounded, tried again, within the money limit, and given up when all fails."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import pytest

from harness.engines import asking
from harness.engines.asking import DOWN_AFTER, TRIES, Asker, Budget, counted, most
from harness.engines.base import Engine, EngineSettings
from harness.entries import Prices
from harness.errors import (
    CostLimitError,
    EngineDownError,
    EngineError,
    NoLogProbabilitiesError,
    PromptTooLongError,
)
from harness.records import Answer, Chat, Choice, Completion, Infill, Message, Prompt, Sampling

DOLLAR_A_TOKEN = Prices(1e6, 1e6, "a price list", "2026-01-01")
ANSWER = Answer("x", "stop", prompt_tokens=2, answer_tokens=3, seconds=0.0)
SEVEN = Completion("7" * 7)
"""At 3.5 characters a token, twice over for short ones: at most 4 tokens."""
THREE = Sampling(3)


class Scripted(Engine):
    """Answers what ``answer`` says, or raises it; remembers what it was asked and how many at once."""

    concurrency = 4

    def __init__(self, answer: Callable[[str], Answer | Exception] = lambda text: ANSWER) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.in_flight = self.most = 0
        self.go = asyncio.Event()
        self.go.set()
        self.served: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def complete(self, text: str, sampling: Sampling, stream: bool = False) -> Answer:
        self.asked.append(text)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await asyncio.sleep(0)
        await self.go.wait()
        self.in_flight -= 1
        found = self.answer(text)
        if isinstance(found, Exception):
            raise found
        return found

    async def chat(self, messages: tuple[Message, ...], sampling: Sampling, stream: bool = False) -> Answer:
        return await self.complete("\n".join(message.content for message in messages), sampling)

    async def choose(self, prompt: Choice) -> Answer:
        options = tuple(-float(len(each)) for each in prompt.options)
        return replace(await self.complete(prompt.text, THREE), options=options)

    def describe(self) -> Mapping[str, Any]:
        return {}

    async def usage(self) -> Mapping[str, float]:
        return self.served


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "FIRST_PAUSE_SECONDS", 0.0001)


def settings(**changes: Any) -> EngineSettings:
    return EngineSettings("endpoint", **changes)


def asked(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 20))  # type: ignore[arg-type]


async def rest(turns: int = 20) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


def test_each_kind_of_prompt_is_asked_by_its_own_method() -> None:
    async def work() -> None:
        asker = Asker(Scripted(), settings())
        choice = Choice("2 + 2 =", (" 3", " four"))
        prompts: list[Prompt] = [SEVEN, Chat((Message("user", "hi"),)), Infill("a", "b"), choice]
        plain, chatted, infilled, chosen = [await asker.ask(prompt, THREE) for prompt in prompts]
        assert plain == chatted == ANSWER
        assert infilled == replace(ANSWER, fallback=True)
        assert chosen == replace(ANSWER, options=(-2.0, -5.0))
        lettered = Asker(Scripted(lambda text: replace(ANSWER, text="B")), settings(choices="generated"))
        assert await lettered.ask(choice, THREE) == replace(ANSWER, text="B", options=(None, 0.0), fallback=True)

    asked(work)


def test_no_more_are_in_flight_than_wanted_and_all_are_answered() -> None:
    async def work() -> None:
        for wanted, expected in ((None, 4), (2, 2), (9, 9)):
            engine = Scripted()
            asker = Asker(engine, settings(concurrency=wanted))
            await asyncio.gather(*(asker.ask(SEVEN, THREE) for _ in range(30)))
            assert (asker.concurrency, engine.most, asker.totals.answers) == (expected, expected, 30)

    asked(work)


def test_totals_and_cost_are_those_of_the_answers() -> None:
    async def work() -> None:
        engine, budget = Scripted(), Budget()
        asker = Asker(engine, settings(), Prices(2e6, 10e6, "a price list", "2026-01-01"), budget)
        await asyncio.gather(*(asker.ask(SEVEN, THREE) for _ in range(5)))
        totals = asker.totals
        assert (totals.answers, totals.failures, totals.prompt_tokens, totals.answer_tokens) == (5, 0, 10, 15)
        assert totals.cost_usd == budget.spent == 5 * (2 * 2 + 3 * 10)
        engine.served = {"prefix_cache_hit_tokens": 9.0}
        judge = Asker(Scripted(), settings(), DOLLAR_A_TOKEN, budget)
        await judge.ask(SEVEN, THREE)
        told = await counted(asker, [judge], {"prefix_cache_hit_tokens": 4.0})
        assert told["candidate"]["prefix_cache_hit_tokens"] == 5.0
        assert (told["candidate"]["cost_usd"], told["judge"]["cost_usd"]) == (170.0, 5.0)
        assert budget.spent == 175.0
        assert "judge" not in await counted(asker, [], {})

    asked(work)


def test_an_engine_without_prices_costs_nothing_and_no_limit_holds_it() -> None:
    async def work() -> None:
        asker = Asker(Scripted(), settings(), None, Budget(limit=0.0001))
        await asyncio.gather(*(asker.ask(SEVEN, THREE) for _ in range(9)))
        assert (asker.totals.answers, asker.totals.cost_usd) == (9, 0.0)

    asked(work)


def test_the_most_an_answer_may_cost_is_at_least_what_it_costs() -> None:
    assert most(DOLLAR_A_TOKEN, SEVEN, 3) == 4 + 3
    assert most(Prices(1e6, 0, "", ""), Choice("1234567", ("8", "901234")), 99) == 8


def test_two_at_once_cannot_together_pass_the_limit() -> None:
    async def work() -> None:
        # Each may cost 7 and does cost 5. With 13 left a second one must wait until the first has told its price.
        engine, budget = Scripted(), Budget(limit=13.0)
        engine.go.clear()
        asker = Asker(engine, settings(), DOLLAR_A_TOKEN, budget)
        both = [asyncio.create_task(asker.ask(SEVEN, THREE)) for _ in range(2)]
        await rest()
        assert len(engine.asked) == 1
        engine.go.set()
        assert await asyncio.gather(*both) == [ANSWER, ANSWER]
        assert (engine.most, budget.spent) == (1, 10.0)
        with pytest.raises(CostLimitError, match=r"10\.0000 of 13 USD are spent; the next answer may cost 7\.0000"):
            await asker.ask(SEVEN, THREE)
        assert len(engine.asked) == 2

    asked(work)


def test_those_that_wait_for_money_all_hear_that_there_is_none() -> None:
    async def work() -> None:
        engine, budget = Scripted(), Budget(limit=17.0)
        asker = Asker(engine, settings(), DOLLAR_A_TOKEN, budget)
        results = await asyncio.gather(*(asker.ask(SEVEN, THREE) for _ in range(12)), return_exceptions=True)
        assert [type(each) for each in results].count(Answer) == 3
        assert [type(each) for each in results].count(CostLimitError) == 9
        assert budget.spent == 15.0 <= 17.0
        assert len(engine.asked) == 3

    asked(work)


def test_candidate_and_judge_spend_from_one_budget() -> None:
    async def work() -> None:
        budget = Budget(limit=13.0, spent=1.0)
        candidate, judge = (Asker(Scripted(), settings(), DOLLAR_A_TOKEN, budget) for _ in range(2))
        await candidate.ask(SEVEN, THREE)
        await judge.ask(SEVEN, THREE)
        with pytest.raises(CostLimitError):
            await judge.ask(SEVEN, THREE)
        assert budget.spent == 11.0

    asked(work)


def test_what_failed_or_was_cancelled_gives_its_reservation_back() -> None:
    async def work() -> None:
        engine, budget = Scripted(lambda text: EngineError("out of order")), Budget(limit=7.0)
        asker = Asker(engine, settings(), DOLLAR_A_TOKEN, budget)
        with pytest.raises(EngineError, match="out of order"):
            await asker.ask(SEVEN, THREE)
        engine.go.clear()
        waiting = asyncio.create_task(asker.ask(SEVEN, THREE))
        await rest()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        engine.go.set()
        engine.answer = lambda text: ANSWER
        assert await asker.ask(SEVEN, THREE) == ANSWER
        assert budget.spent == 5.0

    asked(work)


def test_a_passing_failure_is_tried_again_and_a_lasting_one_is_the_callers() -> None:
    async def work() -> None:
        engine = Scripted()
        engine.answer = lambda text: EngineError("busy") if len(engine.asked) < TRIES else ANSWER
        asker = Asker(engine, settings())
        assert await asker.ask(SEVEN, THREE) == ANSWER
        assert (len(engine.asked), asker.totals.failures) == (TRIES, 0)
        engine.answer = lambda text: EngineError("busy")
        with pytest.raises(EngineError, match="busy") as caught:
            await asker.ask(SEVEN, THREE)
        assert not isinstance(caught.value, EngineDownError)
        assert (len(engine.asked), asker.totals.failures, asker.totals.answers) == (2 * TRIES, 1, 1)

    asked(work)


@pytest.mark.parametrize("error", [PromptTooLongError("too long"), NoLogProbabilitiesError("here", "none")])
def test_what_trying_again_cannot_help_is_asked_once_and_counts_as_no_failure(error: Exception) -> None:
    async def work() -> None:
        engine = Scripted(lambda text: error)
        asker = Asker(engine, settings())
        for _ in range(DOWN_AFTER + 2):
            with pytest.raises(type(error)):
                await asker.ask(SEVEN, THREE)
        assert (len(engine.asked), asker.totals.failures) == (DOWN_AFTER + 2, 0)

    asked(work)


def test_an_engine_that_fails_all_of_late_is_down() -> None:
    async def work() -> None:
        engine = Scripted(lambda text: EngineError("no route"))
        asker = Asker(engine, settings())
        for _ in range(DOWN_AFTER - 1):
            with pytest.raises(EngineError):
                await asker.ask(SEVEN, THREE)
        with pytest.raises(EngineDownError, match=f"the last {DOWN_AFTER} questions all failed: no route") as caught:
            await asker.ask(SEVEN, THREE)
        assert caught.value.exit_code == 3
        assert "run the same command again" in caught.value.mend

    asked(work)


def test_one_answer_in_between_and_the_engine_is_not_down() -> None:
    async def work() -> None:
        engine = Scripted(lambda text: ANSWER if text == "good" else EngineError("no route"))
        asker = Asker(engine, settings())
        for text in ["bad"] * (DOWN_AFTER - 1) + ["good"] + ["bad"] * (DOWN_AFTER - 1):
            try:
                await asker.ask(Completion(text), THREE)
            except EngineError:
                assert text == "bad"
        assert asker.totals.failures == 2 * (DOWN_AFTER - 1)
        with pytest.raises(EngineDownError):
            await asker.ask(Completion("bad"), THREE)

    asked(work)
