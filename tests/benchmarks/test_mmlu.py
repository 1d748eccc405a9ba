"""MMLU: asked as the field asks it, scored by letter, summed up by subject and category."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import Evaluate
from lm_eval_rows import write_mirror
from local_server import KEY, serving

from benchmarks.mmlu import CATEGORIES, CATEGORY, Mmlu, Row
from harness import catalog
from harness.benchmark import Tools
from harness.datasource import DataSource
from harness.errors import UsageError
from harness.records import Answer, Choice, Likelihood, Outcome, Sample, plain

ROWS = {
    "dev": [
        Row(f"  Question {number}?", subject, ["w", "x", "y", "z"], number % 4)
        for subject in ("college_physics", "virology")
        for number in range(5)
    ],
    "test": [
        Row("What is it? ", "virology", ["this", "that", "those", "these"], 2),
        Row("Why?", "college_physics", ["a", "b", "c", "d"], 0),
        Row("Who?", "virology", ["a", "b", "c", "d"], 1),
    ],
}


def loaded(benchmark: Mmlu) -> list[Sample]:
    return benchmark.load(lambda split, row: ROWS[split])  # type: ignore[arg-type, return-value]


def prompt(sample: Sample) -> Choice:
    assert isinstance(sample.prompt, Choice)
    return sample.prompt


def test_a_question_stands_after_its_subjects_solved_examples() -> None:
    first, second, third = loaded(Mmlu(shots=2))
    assert prompt(first).text == (
        "The following are multiple choice questions (with answers) about virology.\n\n"
        "Question 0?\nA. w\nB. x\nC. y\nD. z\nAnswer: A\n\n"
        "Question 1?\nA. w\nB. x\nC. y\nD. z\nAnswer: B\n\n"
        "What is it?\nA. this\nB. that\nC. those\nD. these\nAnswer:"
    )
    assert prompt(first).options == (" A", " B", " C", " D")
    assert "about college physics.\n" in prompt(second).text
    assert [each.id for each in (first, second, third)] == ["virology/0", "college_physics/0", "virology/1"]
    assert prompt(first).shots is prompt(third).shots, "one copy for all of a subject's questions"
    assert first.tags == {"subject": "virology", "category": "other"}


def test_without_examples_the_introduction_stays() -> None:
    question = prompt(loaded(Mmlu(shots=0))[1])
    assert question.text.startswith("The following are multiple choice questions (with answers) about college physics.")
    assert question.shots == ()


def test_as_a_conversation_the_letter_begins_the_answer() -> None:
    question = prompt(loaded(Mmlu(chat=True))[0])
    assert question.chat
    assert question.options == ("A", "B", "C", "D")


@pytest.mark.parametrize(
    ("options", "right", "outcome"),
    [
        ((-3.0, -2.0, -1.0, -4.0), 1.0, Outcome.PASSED),
        ((-1.0, -2.0, -1.5, -4.0), 0.0, Outcome.FAILED),
        ((None, None, -9.0, None), 1.0, Outcome.PASSED),
        ((-1.0, -2.0, -1.0, -4.0), 0.0, Outcome.FAILED),
        ((None, None, None, None), 0.0, Outcome.NO_ANSWER),
    ],
    ids=["right", "wrong", "the only one told", "the first of equals", "none told"],
)
def test_the_most_likely_letter_counts(options: tuple[float | None, ...], right: float, outcome: Outcome) -> None:
    async def never(*_: object) -> Any:
        raise AssertionError

    answer = Answer("", "length", 1, 1, 0.0, options=options)
    score = asyncio.run(Mmlu().score(loaded(Mmlu())[0], answer, Tools(never)))
    assert (score.scores["acc"], score.outcome) == (right, outcome)


def test_every_subject_has_one_category() -> None:
    assert len(CATEGORY) == 57
    assert Counter(CATEGORY.values()) == {name: len(subjects.split()) for name, subjects in CATEGORIES.items()}


def test_more_examples_than_there_are_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--set mmlu\.shots=6"):
        catalog.open_benchmark(catalog.benchmark("mmlu"), {"shots": "6"})


@pytest.mark.mirror
def test_the_real_rows(mirror: Path) -> None:
    samples = Mmlu().load(DataSource("mmlu", catalog.benchmark("mmlu").data, mirror).read)
    assert len(samples) == len({sample.id for sample in samples}) == 14042
    assert len({sample.tags["subject"] for sample in samples}) == 57
    assert {len(prompt(sample).shots) for sample in samples} == {5}
    assert Counter(sample.tags["category"] for sample in samples) == {
        "STEM": 3153,
        "humanities": 4705,
        "social sciences": 3077,
        "other": 3107,
    }


@pytest.mark.parametrize(("shots", "chat"), [("0", "false"), ("5", "false"), ("0", "true"), ("5", "true")])
def test_each_setting_has_the_texts_of_lm_evals_task(tmp_path: Path, shots: str, chat: str) -> None:
    folder = write_mirror(tmp_path) / "mmlu/anatomy"
    lines = {split: (folder / f"{split}.jsonl").read_text().splitlines() for split in ("dev", "test")}
    rows = {split: [Row(**json.loads(line)) for line in found] for split, found in lines.items()}
    mine = catalog.open_benchmark(catalog.benchmark("mmlu"), {"shots": shots, "chat": chat})
    entry = catalog.benchmark("lm-eval:mmlu_anatomy")
    theirs = catalog.open_benchmark(entry, {"shots": shots, "chat": chat, "multiturn": "false"})
    reference = theirs.load(DataSource(entry.name, entry.data, tmp_path).read)
    for one, other in zip(mine.load(lambda split, row: rows[split]), reference, strict=True):  # type: ignore[arg-type, return-value]
        asked, expected = prompt(one), other.prompt
        assert isinstance(expected, Likelihood)
        assert asked.options == expected.options
        turns = expected.before(expected.questions[0])
        if chat == "false":
            assert asked.text == plain(turns)
        else:
            user = "".join((*asked.shots, asked.context))
            assert [(turn.role, turn.content) for turn in turns] == [("system", asked.lead), ("user", user)]


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("arguments", "metric", "path"),
    [
        ((), "acc", "/v1/completions"),
        (("--set", "mmlu.shots=0"), "acc", "/v1/completions"),
        (("--set", "mmlu.chat=true"), "acc", "/v1/chat/completions"),
        (("--choices", "generated"), "acc (fallback)", "/v1/chat/completions"),
    ],
    ids=["as it is", "without examples", "conversation", "by letter"],
)
def test_each_setting_on_a_server(
    evaluate: Evaluate, mirror: Path, arguments: tuple[str, ...], metric: str, path: str
) -> None:
    with serving(top_logprobs={" A": -0.1, "B": -3.0, "C": -4.0, "D": -5.0}, text="A") as server:
        job = ("--model", "org/big", "--feature", "chat", "--engine", "endpoint", "--base-url", server.url)
        job += ("--api-key-env", "GOOD", "--benchmark", "mmlu", "--limit", "4", "--data-dir", mirror)
        shown = evaluate(*job, *arguments, GOOD=KEY)
    assert shown.returncode == 0, shown.stderr
    assert {request.path for request in server.requests if request.body} == {path}
    assert f" mmlu v1 {metric} 0.250 " in " ".join(shown.stdout.split())
    said = server.bodies[0].get("prompt") or server.bodies[0]["messages"][-1]["content"]
    assert said.count("Answer:") == (1 if "mmlu.shots=0" in arguments else 6)
