"""BigCodeBench: what is asked and run, and verdicts that agree with those the official harness gave."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from benchmarks.bigcodebench import PREFILL, STOP, BigCodeBench
from harness import catalog, environments
from harness.benchmark import Tools
from harness.datasource import DataSource
from harness.groundtruth import check
from harness.records import Answer, Outcome, Sample, Score
from harness.sandbox.pool import Sandbox, choose_level

HARD = BigCodeBench(subset="hard")
EVERY = 6
"""Of Hard's 148 tasks every sixth: all of them take minutes. docs/benchmarks/bigcodebench.md has the whole."""
BY_CHANCE = "BigCodeBench/720"


@pytest.fixture(scope="module")
def source(mirror: Path) -> DataSource:
    entry = catalog.benchmark("bigcodebench")
    return DataSource(entry.name, entry.data, mirror)


@pytest.fixture(scope="module")
def some(source: DataSource) -> list[Sample]:
    return HARD.load(source.read)[::EVERY]


@pytest.fixture(scope="module")
def opened(bigcodebench_python: str) -> Iterator[Sandbox]:
    with Sandbox(choose_level(), slots=4, python=bigcodebench_python) as sandbox:
        yield sandbox


def scores(sandbox: Sandbox, benchmark: BigCodeBench, samples: Sequence[Sample], codes: Sequence[str]) -> list[Score]:
    async def all_of() -> list[Score]:
        tools = Tools(sandbox.run_async)
        answers = [Answer(code, "stop", 1, 1, 0.1, form="program") for code in codes]
        pairs = zip(samples, answers, strict=True)
        return await asyncio.gather(*(benchmark.score(sample, answer, tools) for sample, answer in pairs))

    return asyncio.run(all_of())


@pytest.mark.mirror
def test_tasks_and_prompts(source: DataSource) -> None:
    full, hard = BigCodeBench().load(source.read), HARD.load(source.read)
    assert (len(full), len(hard)) == (1140, 148)
    assert {sample.id for sample in hard} <= {sample.id for sample in full}
    row = hard[0].target
    prompt = hard[0].prompt
    assert row.complete_prompt.strip() in prompt.messages[0].content  # type: ignore[union-attr]
    assert prompt.plain.rstrip() == row.complete_prompt.rstrip()  # type: ignore[union-attr]
    assert prompt.plain_stop == STOP  # type: ignore[union-attr]
    described = BigCodeBench("instruct", "hard", prefill=True).load(source.read)[0].prompt
    assert [message.role for message in described.messages] == ["user", "assistant"]  # type: ignore[union-attr]
    assert row.instruct_prompt.strip() in described.messages[0].content  # type: ignore[union-attr]
    assert described.messages[1].content == PREFILL  # type: ignore[union-attr]
    assert described.plain == ""  # type: ignore[union-attr]


@pytest.mark.mirror
@pytest.mark.slow
@pytest.mark.bigcodebench
def test_canonical_solutions_pass_but_those_that_need_the_internet(
    opened: Sandbox, some: list[Sample], bigcodebench_python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    truth = check(HARD, some, environments.fingerprint(bigcodebench_python), "any", lambda: opened)
    assert truth.checked == len(some) == 25
    assert truth.broken.keys() <= BigCodeBench.hopeless


@pytest.mark.mirror
@pytest.mark.slow
@pytest.mark.bigcodebench
def test_verdicts_agree_with_recorded_ones(opened: Sandbox, some: list[Sample], mirror: Path) -> None:
    """Those to the other split are all scored by tests/cli/test_rescore.py."""
    place = mirror / "samples/hard-complete-calibrated"
    lines = Path(f"{place}.jsonl").read_text().split("\n")
    code = {row["task_id"]: row["solution"] for row in map(json.loads, filter(None, lines))}
    said = json.loads(Path(f"{place}_eval_results.json").read_text())["eval"]
    asked = [sample for sample in some if sample.id != BY_CHANCE]
    found = scores(opened, HARD, asked, [code[sample.id] for sample in asked])
    assert {
        sample.id: score.detail
        for sample, score in zip(asked, found, strict=True)
        if (score.outcome is Outcome.PASSED) != (said[sample.id][0]["status"] == "pass")
    } == {}


@pytest.mark.mirror
@pytest.mark.bigcodebench
def test_calibration_gives_an_answer_the_tasks_imports(opened: Sandbox, source: DataSource) -> None:
    samples = {sample.id: sample for sample in BigCodeBench().load(source.read)}
    sample = samples["BigCodeBench/178"]
    head, body = sample.target.code_prompt.split("def task_func", 1)
    function = f"def task_func{body}\n{sample.target.canonical_solution}"
    assert "IP_REGEX = " in head
    [with_it] = scores(opened, BigCodeBench(), [sample], [function])
    [without] = scores(opened, BigCodeBench(calibrated=False), [sample], [function])
    assert (with_it.outcome, without.outcome) == (Outcome.PASSED, Outcome.FAILED)
    assert "name 're' is not defined" in without.detail["message"]
    assert with_it.detail["inside"] == "unittest"
    [nothing] = scores(opened, BigCodeBench(), [sample], [""])
    assert (nothing.outcome, nothing.scores) == (Outcome.NO_ANSWER, {"pass@1": 0.0})
