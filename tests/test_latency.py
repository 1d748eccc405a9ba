"""Latency: what is timed, how it is asked, and what is read back."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import pytest

from harness.engines.base import Engine, EngineSettings
from harness.engines.model import Model
from harness.entries import BenchmarkEntry, DataSet
from harness.errors import DataError, EngineError, UsageError
from harness.latency import CONCURRENCIES, LATENCY, SAMPLES, WARMING, Latency, measure, read_latency, timed_jobs
from harness.plan import Job, Options, Plan, make_plan
from harness.records import Answer, Chat, Choice, Completion, Infill, Message, Prompt, Sample, Sampling
from harness.results import Quantiles
from harness.statistics import quantiles

ANSWER = Answer("x", "stop", 1, 5, seconds=0.5, first_token_seconds=0.1)


@dataclass(frozen=True)
class Timed:
    """A benchmark of which only its ways to be asked matter."""

    name: ClassVar[str] = "timed"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "acc"
    max_tokens: ClassVar[int] = 64
    stop: ClassVar[tuple[str, ...]] = ("END",)


class Slow(Engine):
    """Takes a turn of the event loop for each answer; fails on those that ``failing`` names."""

    concurrency = 99

    def __init__(self, failing: tuple[str, ...] = (), error: Exception | None = None) -> None:
        self.failing, self.error = failing, error or EngineError("busy")
        self.asked: list[tuple[str, str, Sampling]] = []
        self.in_flight = 0
        self.most: list[int] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def complete(self, text: str, sampling: Sampling, stream: bool = False) -> Answer:
        return await self._answer("complete", text, sampling, stream)

    async def chat(self, messages: tuple[Message, ...], sampling: Sampling, stream: bool = False) -> Answer:
        return await self._answer("chat", messages[-1].content, sampling, stream)

    async def infill(self, prompt: Infill, sampling: Sampling, stream: bool = False) -> Answer:
        return await self._answer("infill", prompt.prefix, sampling, stream)

    async def choose(self, context: str, options: tuple[str, ...]) -> Answer:
        raise AssertionError("a choice is not timed")

    def describe(self) -> Mapping[str, Any]:
        return {}

    async def _answer(self, kind: str, text: str, sampling: Sampling, stream: bool) -> Answer:
        assert stream, "only a stream tells the time to its first token"
        self.asked.append((kind, text, sampling))
        self.in_flight += 1
        self.most.append(self.in_flight)
        await asyncio.sleep(0.001)
        self.in_flight -= 1
        if text in self.failing:
            raise self.error
        return ANSWER


@pytest.fixture
def plan() -> Plan:
    options = Options("any", "code-suggestions", benchmarks=("code-generation",), limit=2, seed=3)
    return make_plan(options, lambda: Model("any", "folder:any"))


def job(prompts: list[Prompt], use_case: str = "code-completion") -> Job:
    entry = BenchmarkEntry("timed", "Timed", "industry", "m:C", DataSet("timed", "MIT", {}))
    samples = tuple(Sample(str(number), prompt, None, str(number)) for number, prompt in enumerate(prompts))
    return Job(use_case, entry, Timed(), samples)  # type: ignore[arg-type]


def texts(count: int) -> list[Prompt]:
    return [Completion(f"text {number}") for number in range(count)]


def measured(plan: Plan, engine: Engine, *jobs: Job) -> Latency:
    return asyncio.run(measure(plan, jobs, engine))


def test_code_completion_is_timed_unless_all_or_none_is_wanted(plan: Plan) -> None:
    completion, generation = job(texts(1)), job(texts(1), "code-generation")
    plan = replace(plan, jobs=(generation, completion, job([])))
    assert timed_jobs(plan, None) == (), "the transformers engine serves nobody"
    plan = replace(plan, options=replace(plan.options, engine=EngineSettings("vllm")))
    assert timed_jobs(plan, None) == (completion,)
    assert timed_jobs(plan, True) == (generation, completion)
    assert timed_jobs(plan, False) == ()


def test_choices_are_never_timed(plan: Plan) -> None:
    plan = replace(plan, jobs=(job([Choice("2 + 2 =", (" 3", " 4"))]),))
    assert timed_jobs(plan, None) == timed_jobs(plan, True) == ()


def test_every_sample_is_streamed_once_at_each_concurrency_after_some_that_do_not_count(plan: Plan) -> None:
    engine = Slow()
    found = measured(plan, engine, job(texts(100)))
    assert [each.concurrency for each in found.passes] == list(CONCURRENCIES)
    for each in found.passes:
        assert (each.use_case, each.benchmark, each.failed) == ("code-completion", "timed", 0)
        assert [timing.sample for timing in each.answers] == [str(k * 100 // SAMPLES) for k in range(SAMPLES)]
        assert {(row.seconds, row.first_token_seconds, row.answer_tokens) for row in each.answers} == {(0.5, 0.1, 5)}
    assert len(engine.asked) == WARMING + SAMPLES * len(CONCURRENCIES)
    warming, counted = engine.asked[:WARMING], engine.asked[WARMING:]
    assert {sampling.max_tokens for _, _, sampling in warming} == {8}
    assert {(sampling.max_tokens, sampling.stop, sampling.seed) for _, _, sampling in counted} == {(64, ("END",), 3)}
    assert max(engine.most[: WARMING + SAMPLES]) == 1
    assert max(engine.most[WARMING + SAMPLES :]) == 8


def test_fewer_samples_are_all_taken(plan: Plan) -> None:
    for each in measured(plan, Slow(), job(texts(3))).passes:
        assert [timing.sample for timing in each.answers] == ["0", "1", "2"]


def test_each_kind_of_prompt_is_streamed_in_its_own_way(plan: Plan) -> None:
    engine = Slow()
    prompts: list[Prompt] = [Completion("a"), Chat((Message("system", "s"), Message("user", "b"))), Infill("c", "d")]
    measured(plan, engine, job(prompts))
    assert {(kind, text) for kind, text, _ in engine.asked} == {("complete", "a"), ("chat", "b"), ("infill", "c")}


def test_answers_that_do_not_come_are_counted_and_the_rest_is_kept(plan: Plan) -> None:
    engine = Slow(failing=("text 0", "text 4"))
    for each in measured(plan, engine, job(texts(5))).passes:
        assert each.failed == 2
        assert {timing.sample for timing in each.answers} == {"1", "2", "3"}
    nothing = measured(plan, Slow(failing=("text 0",)), job(texts(1)))
    assert [(each.answers, each.failed) for each in nothing.passes] == [((), 1), ((), 1)]


def test_what_the_command_got_wrong_is_not_taken_for_a_slow_answer(plan: Plan) -> None:
    with pytest.raises(UsageError, match="no such route"):
        measured(plan, Slow(failing=("text 0",), error=UsageError("no such route")), job(texts(1)))


def test_what_was_measured_is_read_back(plan: Plan, tmp_path: Path) -> None:
    found = measured(plan, Slow(), job(texts(2)))
    assert read_latency(tmp_path) is None
    (tmp_path / LATENCY).write_text(json.dumps(asdict(found)))
    assert read_latency(tmp_path) == found


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"passes": [{"use_case": "x"}]}'])
def test_a_malformed_file_is_named_and_can_be_removed(tmp_path: Path, text: str) -> None:
    (tmp_path / LATENCY).write_text(text)
    with pytest.raises(DataError, match=r"latency\.json: ") as caught:
        read_latency(tmp_path)
    assert "remove the file" in caught.value.mend


def test_quantiles_by_hand() -> None:
    assert quantiles([2.0]) == Quantiles(2.0, 2.0, 2.0)
    assert quantiles([float(number) for number in range(101)]) == Quantiles(50.0, 95.0, 99.0)
    found = quantiles([3.0, 1.0])
    assert (found.p50, found.p95, found.p99) == pytest.approx((2.0, 2.9, 2.98))
    with pytest.raises(ValueError, match="no values"):
        quantiles([])
