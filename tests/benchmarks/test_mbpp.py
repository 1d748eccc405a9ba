"""MBPP as the field asks and scores it, on the real data."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.mbpp import Mbpp, checks
from harness import catalog
from harness.benchmark import Tools
from harness.datasource import DataSource
from harness.records import Answer, Chat, Outcome, Sample
from harness.sandbox.pool import Sandbox, choose_level

pytestmark = pytest.mark.mirror


def load(benchmark: Mbpp, mirror: Path) -> list[Sample]:
    entry = catalog.benchmark("mbpp")
    return benchmark.load(DataSource(entry.name, entry.data, mirror).read)


@pytest.mark.parametrize(("config", "count"), [("sanitized", 257), ("full", 500)])
@pytest.mark.parametrize("shots", [0, 3])
def test_counts_and_prompts(mirror: Path, config: str, count: int, shots: int) -> None:
    samples = load(Mbpp(config, shots), mirror)  # type: ignore[arg-type]
    assert len(samples) == len({sample.id for sample in samples}) == count
    for sample in samples:
        assert isinstance(sample.prompt, Chat)
        roles = [message.role for message in sample.prompt.messages]
        assert roles == ["user", "assistant"] * shots + ["user"]
        assert checks(sample.target).tests[-1] in sample.prompt.messages[-1].content
        assert "\r" not in sample.prompt.messages[-1].content.replace("\r\n", "") or config == "full"


def test_examples_are_tasks_2_3_and_4_and_solved(mirror: Path) -> None:
    messages = load(Mbpp(), mirror)[0].prompt.messages  # type: ignore[union-attr]
    names = ("similar_elements", "is_not_prime", "heap_queue_largest")
    for question, answer, name in zip(messages[0:6:2], messages[1:6:2], names, strict=True):
        assert f"assert {name}(" in question.content or name in question.content
        assert f"def {name}(" in answer.content


def rows(mirror: Path, config: str) -> dict[str, str]:
    import json

    lines = (mirror / f"mbpp/{config}/test.jsonl").read_text().split("\n")
    return {str(row["task_id"]): row["code"] for row in map(json.loads, filter(None, lines))}


@pytest.mark.slow
@pytest.mark.parametrize("config", ["sanitized", "full"])
def test_all_reference_solutions_pass(mirror: Path, config: str) -> None:
    benchmark = Mbpp(config)  # type: ignore[arg-type]
    code = rows(mirror, config)

    async def outcomes() -> dict[str, Outcome]:
        samples = load(benchmark, mirror)
        texts = [f"```python\n{code[sample.id]}\n```" for sample in samples]
        scores = (
            benchmark.score(sample, Answer(text, "stop", 1, 1, 0.1), Tools(sandbox.run_async))
            for sample, text in zip(samples, texts, strict=True)
        )
        return {sample.id: score.outcome for sample, score in zip(samples, await asyncio.gather(*scores), strict=True)}

    with Sandbox(choose_level()) as sandbox:
        found = asyncio.run(outcomes())
    assert {task: outcome for task, outcome in found.items() if outcome is not Outcome.PASSED} == {}


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("```python\ndef remove_Occ(s, ch):\n    return s\n```", Outcome.FAILED),
        ("I do not know.", Outcome.NO_ANSWER),
        ("```python\nimport sys\nsys.exit(0)\n```", Outcome.FAILED),
        ("```python\nimport os\nos._exit(0)\n```", Outcome.CRASHED),
        ("", Outcome.NO_ANSWER),
    ],
)
def test_wrong_answers(mirror: Path, text: str, outcome: Outcome) -> None:
    sample = next(sample for sample in load(Mbpp(), mirror) if sample.id == "11")
    with Sandbox(choose_level()) as sandbox:
        score = asyncio.run(Mbpp().score(sample, Answer(text, "stop", 1, 1, 0.1), Tools(sandbox.run_async)))
    assert score.outcome is outcome
    assert score.scores["pass@1"] == 0.0
