"""The pipeline with a failing engine or sandbox: retried, then written down as infra_error, never as wrong."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from harness import pipeline
from harness.engines import asking
from harness.engines.asking import Asker
from harness.engines.base import EngineSettings
from harness.engines.model import Model
from harness.entries import Endpoint
from harness.errors import CostLimitError, EngineError, JournalError, PromptTooLongError
from harness.journal import Journal
from harness.plan import Options, Plan, make_plan
from harness.records import Answer, Message, Outcome, Record, Sampling, Verdict
from harness.sandbox.isolation import Level
from harness.sandbox.pool import Sandbox
from harness.sandbox.program import Program

ANSWER = Answer("```\nx = 1\n```", "stop", 1, 1, 0.1)


@dataclass
class Scripted:
    """An engine that fails ``failures`` times on each prompt before it answers; counts what it is asked."""

    failures: int = 0
    error: EngineError = field(default_factory=lambda: EngineError("out of order"))
    asked: list[tuple[Message, ...]] = field(default_factory=list)
    in_flight: int = 0
    most: int = 0
    concurrency: int = 3

    async def chat(self, messages: tuple[Message, ...], sampling: Sampling) -> Answer:
        self.asked.append(messages)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await asyncio.sleep(0.001)
        self.in_flight -= 1
        if self.asked.count(messages) <= self.failures:
            raise self.error
        return ANSWER


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "FIRST_PAUSE_SECONDS", 0.001)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    options = Options("any", "code-suggestions", benchmarks=("code-generation",), limit=6)
    return make_plan(options, lambda: Model("any", "folder:any"))


def run(plan: Plan, engine: object, folder: Path, sandbox: Sandbox | None = None) -> dict[str, Record]:
    with Journal(folder) as journal:
        with sandbox or Sandbox(Level.NONE, slots=1) as opened:
            candidate = Asker(engine, plan.options.engine)  # type: ignore[arg-type]
            asyncio.run(pipeline.run(plan, candidate, opened, journal))
        return {record.sample: record for record in journal.records.values()}


def test_a_passing_failure_is_retried(plan: Plan, tmp_path: Path) -> None:
    engine = Scripted(failures=2)
    found = run(plan, engine, tmp_path)
    assert len(found) == 6
    assert Outcome.INFRA_ERROR not in {record.verdict for record in found.values()}
    assert len(engine.asked) == 18


def test_a_lasting_failure_is_an_infra_error_and_tried_again_next_time(plan: Plan, tmp_path: Path) -> None:
    found = run(plan, Scripted(failures=99), tmp_path)
    assert {record.verdict for record in found.values()} == {Outcome.INFRA_ERROR}
    assert all(record.scores == {} and record.detail == {"reason": "out of order"} for record in found.values())
    again = run(plan, Scripted(), tmp_path)
    assert Outcome.INFRA_ERROR not in {record.verdict for record in again.values()}
    engine = Scripted()
    run(plan, engine, tmp_path)
    assert engine.asked == []


def test_a_prompt_too_long_is_no_answer_and_asked_once(plan: Plan, tmp_path: Path) -> None:
    engine = Scripted(failures=99, error=PromptTooLongError("prompt too long"))
    found = run(plan, engine, tmp_path)
    assert {record.verdict for record in found.values()} == {Outcome.NO_ANSWER}
    assert len(engine.asked) == 6


class Broken(Sandbox):
    async def run_async(self, program: Program) -> Verdict:
        return Verdict(Outcome.INFRA_ERROR, message="no room")


def test_an_answer_whose_scoring_broke_is_scored_later_not_asked_again(plan: Plan, tmp_path: Path) -> None:
    found = run(plan, Scripted(), tmp_path, Broken(Level.NONE, slots=1))
    assert {record.verdict for record in found.values()} == {Outcome.INFRA_ERROR}
    engine = Scripted()
    again = run(plan, engine, tmp_path)
    assert engine.asked == []
    assert all(record.answer == ANSWER for record in again.values())
    assert Outcome.INFRA_ERROR not in {record.verdict for record in again.values()}


class Penniless(Sandbox):
    async def run_async(self, program: Program) -> Verdict:
        await asyncio.sleep(0.01)
        raise CostLimitError("no money left", "give more")


def test_what_was_answered_before_the_run_had_to_end_is_kept_and_not_asked_again(plan: Plan, tmp_path: Path) -> None:
    first = Scripted()
    with pytest.raises(CostLimitError, match="no money left"):
        run(plan, first, tmp_path, Penniless(Level.NONE, slots=1))
    second = Scripted()
    found = run(plan, second, tmp_path)
    assert len(first.asked) >= 3
    # Those that were still in flight have no answer to keep.
    assert len(first.asked) - first.in_flight + len(second.asked) == 6
    assert Outcome.INFRA_ERROR not in {record.verdict for record in found.values()}


def test_no_more_prompts_are_in_flight_than_the_engine_takes(plan: Plan, tmp_path: Path) -> None:
    engine = Scripted(concurrency=2)
    run(plan, engine, tmp_path)
    assert engine.most == 2


def test_what_shares_a_prefix_is_asked_together_and_attempts_have_their_own_seed(plan: Plan) -> None:
    from harness.plan import attempts

    several = replace(plan, options=replace(plan.options, attempts=2, seed=5))
    order = [(sample.id, attempt) for _, sample, attempt in attempts(several)]
    assert len(order) == len(set(order)) == 12
    assert all(order[row][0] == order[row + 1][0] for row in range(0, 12, 2))
    sample = several.jobs[0].samples[0]
    assert [several.sampling(several.jobs[0], sample, attempt).seed for attempt in range(2)] == [5, 6]


def test_a_journal_that_cannot_be_written_stops_the_run(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(journal: Journal, record: Record) -> None:
        raise JournalError("no space", "make room")

    monkeypatch.setattr(Journal, "append", full)
    engine = Scripted()
    long = make_plan(replace(plan.options, limit=100), lambda: plan.model)
    with pytest.raises(JournalError, match="no space"):
        run(long, engine, tmp_path)
    assert len(engine.asked) < 100


def test_the_settings_hash_changes_with_what_changes_scores_only(plan: Plan) -> None:
    def hashed(**changes: object) -> str:
        return make_plan(replace(plan.options, **changes), lambda: plan.model).settings_hash  # type: ignore[arg-type]

    assert hashed() == plan.settings_hash
    assert hashed(strict=True) == plan.settings_hash
    assert hashed(engine=EngineSettings(endpoint=Endpoint(api_key_env="KEY"))) == plan.settings_hash
    changes = [
        {"limit": 7},
        {"seed": 1},
        {"temperature": 0.5},
        {"engine": EngineSettings(dtype="bfloat16")},
        {"languages": ("python",)},
    ]
    assert len({plan.settings_hash, *(hashed(**change) for change in changes)}) == 6
    other = replace(plan.model, files={"model.safetensors": "1"})
    assert make_plan(plan.options, lambda: other).settings_hash != plan.settings_hash


def test_a_limit_takes_samples_from_the_whole_set(plan: Plan) -> None:
    languages = [sample.language for sample in plan.jobs[0].samples]
    assert len(set(languages)) >= 3, "six samples spread over ten languages, as far as their toolchains are here"
    assert len(plan.jobs[0].samples) == 6
