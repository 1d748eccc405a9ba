"""The use-case data for Duo Chat: well-formed, and its scores tell right replies from wrong ones."""

import asyncio
from collections import Counter
from functools import cache

import pytest

from harness import catalog
from harness.benchmark import Benchmark, Tools
from harness.cli.validate import Replies
from harness.datasource import DataSource
from harness.records import Answer, Chat, Outcome, Sample
from harness.sandbox.languages import toolchain
from harness.sandbox.pool import Sandbox, choose_level

LEAST = {
    "fix-code": 30,
    "refactor-code": 24,
    "write-tests": 24,
    "commit-message": 20,
    "merge-request-summary": 20,
    "explain-code": 30,
    "explain-vulnerability": 20,
    "resolve-vulnerability": 20,
    "code-review": 24,
    "troubleshoot-job": 20,
    "resource-questions": 40,
    "documentation-questions": 20,
    "git-commands": 20,
    "ci-configuration": 20,
}
EVERY = {"fix-code": 6, "resolve-vulnerability": 6, "refactor-code": 6, "write-tests": 6}
"""Of those whose replies are programs; ``evaluate data validate`` examines all."""


@cache
def loaded(name: str) -> tuple[Benchmark, list[Sample]]:
    entry = catalog.benchmark(name)
    benchmark = catalog.open_benchmark(entry, {})
    return benchmark, benchmark.load(DataSource(entry.name, entry.data).read)


@pytest.fixture(params=LEAST)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_there_are_enough_samples_and_each_is_a_conversation_of_its_own(name: str) -> None:
    _, samples = loaded(name)
    assert len(samples) >= LEAST[name]
    assert len({sample.id for sample in samples}) == len({sample.prompt for sample in samples}) == len(samples)
    for sample in samples:
        assert isinstance(sample.prompt, Chat)
        roles = [message.role for message in sample.prompt.messages]
        assert roles == ["system", *["user", "assistant"] * ((len(roles) - 2) // 2), "user"], sample.id
    several = Counter(sample.tags["turns"] for sample in samples)["several"]
    assert several >= 4


def test_scores_tell_right_replies_from_wrong_ones(name: str) -> None:
    benchmark, samples = loaded(name)
    with Sandbox(choose_level(), slots=2) as sandbox:
        for sample in samples[:: EVERY.get(name, 1)]:
            if not sample.language or toolchain(sample.language):
                assert Replies(benchmark, sample).examine(sandbox, 0, 1).faults == (), sample.id


@pytest.mark.parametrize("reply", ["", "I am sorry, but I cannot help with that.\nPlease ask another question.", "{}"])
def test_a_reply_without_what_is_asked_for_scores_nothing(name: str, reply: str) -> None:
    benchmark, samples = loaded(name)
    with Sandbox(choose_level(), slots=1) as sandbox:
        answer, tools = Answer(reply, "stop", 1, 1, 0.1), Tools(sandbox.run_async)
        score = asyncio.run(benchmark.score(samples[0], answer, tools))
    assert score.scores[benchmark.metric] == 0.0
    assert score.outcome in (Outcome.NO_ANSWER, Outcome.FAILED)
