"""SuperGLUE: what is asked of each task's rows, its official metrics, and what happens when a task cannot be had."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Evaluate

from benchmarks.superglue import TASKS, SuperGlue
from benchmarks.superglue_tasks import CopaRow, MultircIdx, RecordIdx, RecordRow, WscRow, copa, wsc
from benchmarks.superglue_tasks import record as record_samples
from harness import catalog
from harness.benchmark import Tools
from harness.datasource import DataSource
from harness.errors import UnavailableError
from harness.metrics import estimates
from harness.pipeline import _record
from harness.plan import Job
from harness.records import Answer, Choice, Outcome, Record, Sample
from harness.results import Estimate
from harness.scoring.text import exact_match, word_f1

RECORDS = [
    RecordRow(
        passage=f"Passage {passage} is about Ada Lovelace and Charles Babbage.\n@highlight\nIt has a highlight",
        query=f"It was @placeholder who wrote number {query}",
        entities=["Charles Babbage", "Ada Lovelace", "Charles Babbage", "Ada"],
        answers=["Ada Lovelace", "Ada"],
        idx=RecordIdx(passage, query),
    )
    for passage in range(2)
    for query in range(2)
]
"""Rows in the schema of ReCoRD's, written for this test."""


async def never(*_: object) -> Any:
    raise AssertionError


def prompt(sample: Sample) -> Choice:
    assert isinstance(sample.prompt, Choice)
    return sample.prompt


def answered(samples: list[Sample], *picks: int) -> list[Record]:
    """Records of answers that find option number ``pick`` of each sample the most likely."""
    benchmark = SuperGlue()
    job = Job("nlp", catalog.benchmark("super-glue"), benchmark, tuple(samples))
    found = []
    for sample, pick in zip(samples, picks, strict=True):
        options = tuple(-1.0 if number == pick else -2.0 for number in range(len(prompt(sample).options)))
        answer = Answer("", "length", 1, 1, 0.0, options=options)
        score = asyncio.run(benchmark.score(sample, answer, Tools(never)))
        found.append(_record(job, sample, 0, answer, score))
    return found


def metrics(records: list[Record]) -> dict[str, Estimate]:
    return {name: found for name, found in estimates(SuperGlue.metrics, records) if found}


def multirc(*labels: tuple[int, int, int]) -> list[Sample]:
    """Samples of (paragraph, question, label), written for this test."""
    rows = [
        TASKS["multirc"].row(f"Text {p}.", f"Question {q}?", f"Answer {n}", MultircIdx(p, q, n), label)
        for n, (p, q, label) in enumerate(labels)
    ]
    return TASKS["multirc"].samples(rows)


def test_copa_asks_for_the_cause_or_the_effect() -> None:
    first, second = copa(
        [
            CopaRow("The man broke his toe.", "He got a hole in his sock.", "He dropped a hammer.", "cause", 0, 1),
            CopaRow("It rained. ", "The street got wet.", "The sun shone.", "effect", 1, 0),
        ]
    )
    assert prompt(first).text == "The man broke his toe because"
    assert prompt(first).options == ("  he got a hole in his sock.", "  he dropped a hammer.")
    assert prompt(second).text == "It rained therefore"
    assert (first.target.number, second.target.number) == (1, 0)


def test_wsc_marks_the_pronoun_and_closes_the_tokens_gaps() -> None:
    (sample,) = wsc([WscRow('Mark said " it is late " , and he was n\'t wrong .', 9, "Mark", "he", 3, 1)])
    assert prompt(sample).text == (
        'Passage: Mark said"it is late", and *he* wasn\'t wrong.\nQuestion: In the passage above, does the pronoun '
        '"*he*" refer to "*Mark*"?\nAnswer:'
    )


def test_multirc_takes_yes_for_right() -> None:
    right, wrong = multirc((0, 0, 1), (0, 0, 0))
    assert prompt(right).text == "Text 0.\nQuestion: Question 0?\nAnswer:"
    assert prompt(right).options[0] == " Answer 0\nIs the answer correct? yes"
    found = metrics(answered([right, wrong], 0, 1))
    assert (found["multirc acc"].value, found["multirc f1a"].value, found["multirc em"].value) == (1, 1, 1)


def test_multirc_f1_is_over_answers_exact_match_over_questions_both_clustered_by_passage() -> None:
    samples = multirc((0, 0, 1), (0, 0, 0), (0, 1, 1), (0, 1, 1), (1, 2, 0), (1, 2, 1), (2, 3, 0))
    # Said right ("yes" is option 0): the first three and the fifth; so TP 2, FP 2, FN 2.
    found = metrics(answered(samples, 0, 0, 0, 1, 0, 1, 1))
    assert found["multirc f1a"].value == pytest.approx(2 * 2 / (2 * 2 + 2 + 2))
    assert (found["multirc em"].value, found["multirc em"].n) == (0.25, 4)
    assert (found["multirc acc"].value, found["multirc acc"].n) == (pytest.approx(3 / 7), 7)
    assert found["multirc acc"].method == found["multirc em"].method == "wilson-clustered"


def test_record_offers_each_entity_once_and_scores_the_best_answer() -> None:
    samples = record_samples(RECORDS)
    assert prompt(samples[0]).text == (
        "Passage 0 is about Ada Lovelace and Charles Babbage.\n\n  - It has a highlight.\n"
    )
    assert prompt(samples[0]).options == (
        "   - It was Ada who wrote number 0",
        "   - It was Ada Lovelace who wrote number 0",
        "   - It was Charles Babbage who wrote number 0",
    )
    found = metrics(answered(samples, 0, 1, 2, 2))
    assert (found["record em"].value, found["record f1"].value) == (0.5, 0.5)
    assert found["record f1"].method == "wilson-clustered"


@pytest.mark.parametrize(
    ("text", "answers", "f1", "em"),
    [
        ("The Eiffel Tower", ["eiffel tower!"], 1.0, 1.0),
        ("Barack Obama", ["Obama"], 2 / 3, 0.0),
        ("Barack Obama", ["Obama", "Barack H. Obama"], 0.8, 0.0),
        ("Paris", ["London"], 0.0, 0.0),
        ("the", ["an"], 1.0, 1.0),
        ("a b b", ["b c"], 0.5, 0.0),
        ("x", [], 0.0, 0.0),
    ],
)
def test_words_are_compared_as_squad_does(text: str, answers: list[str], f1: float, em: float) -> None:
    assert word_f1(text, answers) == pytest.approx(f1)
    assert exact_match(text, answers) == em


def test_the_average_is_called_partial_until_all_eight_ran() -> None:
    records = answered(record_samples(RECORDS), 0, 1, 2, 2)
    (name, found), *_ = estimates(SuperGlue.metrics, records)
    assert name == "average (partial: 1 of 8)"
    assert found
    assert found.value == 0.5


def test_an_answer_that_names_no_option_is_none() -> None:
    (sample, *_) = record_samples(RECORDS)
    unknown = Answer("", "length", 1, 1, 0.0, options=(None, None, None))
    score = asyncio.run(SuperGlue().score(sample, unknown, Tools(never)))
    assert (score.outcome, score.scores) == (Outcome.NO_ANSWER, {"f1": 0.0, "em": 0.0})


def rows_of(name: str) -> list[dict[str, Any]]:
    """Two rows in the schema of a task's file, written for this test."""
    pair = {"premise": "It rains.", "hypothesis": "It is wet", "idx": 0, "label": 0}
    made: dict[str, list[dict[str, Any]]] = {
        "boolq/validation": [{"question": "is it", "passage": "It is.", "idx": 0, "label": 1}],
        "cb/validation": [pair, {**pair, "idx": 1, "label": 2}],
        "copa/validation": [
            {"premise": "It rained.", "choice1": "It was wet.", "choice2": "It was dry.", "question": "effect"}
            | {"idx": 0, "label": 0}
        ],
        "multirc/validation": [
            {"paragraph": "Text.", "question": "What?", "answer": answer, "label": label}
            | {"idx": {"paragraph": 0, "question": 0, "answer": label}}
            for label, answer in enumerate(("This", "That"))
        ],
        "rte/validation": [pair],
        "wic/validation": [
            {"word": "run", "sentence1": "I run.", "sentence2": "A run.", "start1": 2, "start2": 2, "end1": 5}
            | {"end2": 5, "idx": 0, "label": 0}
        ],
        "wsc.fixed/validation": [
            {"text": "Ann saw that she won.", "span1_index": 0, "span2_index": 3, "span1_text": "Ann"}
            | {"span2_text": "she", "idx": 0, "label": 1}
        ],
        "record/validation": [
            {"passage": "Ada met Bob.", "query": "@placeholder met Bob", "entities": ["Ada", "Bob"]}
            | {"answers": ["Ada"], "idx": {"passage": 0, "query": 0}}
        ],
    }
    return made[name]


def test_a_whole_run_on_small_rows_and_one_without_record(evaluate: Evaluate, tiny_model: Path, tmp_path: Path) -> None:
    """The real command on this test's own rows: with all eight tasks, then without ReCoRD's file."""
    house = tmp_path / "house"
    house.mkdir()
    for name in ("harness", "benchmarks", "datasets"):
        (house / name).symlink_to(ROOT / name)
    (house / "configs").mkdir()
    for file in (ROOT / "configs").iterdir():
        if file.name != "datasets.yaml":
            (house / "configs" / file.name).symlink_to(file)
    known = yaml.safe_load((ROOT / "configs/datasets.yaml").read_text())
    known["super-glue"]["data"]["files"] = dict.fromkeys((task.split for task in TASKS.values()), "")
    (house / "configs/datasets.yaml").write_text(yaml.safe_dump(known))
    for task in TASKS.values():
        path = tmp_path / f"mirror/super_glue/{task.split}.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows_of(task.split)))

    def run(*more: str) -> Any:
        job = ("--model", str(tiny_model), "--feature", "chat", "--benchmark", "super-glue", "--engine", "transformers")
        return evaluate(*job, "--data-dir", "mirror", "--json", *more, PYTHONPATH=str(house))

    whole = run()
    assert whole.returncode == 0, whole.stderr
    rows = {row["metric"]: row for row in json.loads(whole.stdout)["rows"]}
    assert list(rows) == [metric.name for metric in SuperGlue.metrics]
    assert rows["average"]["samples"] == rows["average"]["estimate"]["n"] == 10
    assert rows["multirc em"]["estimate"]["n"] == 1

    (tmp_path / "mirror/super_glue/record/validation.jsonl").unlink()
    partial = run("--limit", "9")
    assert partial.returncode == 3, "a task is missing"
    summary = json.loads(partial.stdout)
    names = [row["metric"] for row in summary["rows"]]
    assert names[0] == "average (partial: 7 of 8)"
    assert not any(name.startswith("record") for name in names)
    assert [(left["what"], left["samples"]) for left in summary["left_out"]] == [("record/validation", 0)]

    chosen = run("--set", "super-glue.tasks=[cb,rte]")
    assert chosen.returncode == 0, "what was not asked for is not missing"
    assert json.loads(chosen.stdout)["rows"][0]["metric"] == "average (partial: 2 of 8)"


def test_without_any_data_the_benchmark_is_unavailable() -> None:
    def nothing(split: str, row: type[Any]) -> list[Any]:
        raise UnavailableError(f"no {split}")

    with pytest.raises(UnavailableError):
        SuperGlue().load(nothing)


@pytest.mark.mirror
def test_the_real_rows(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    source = DataSource("super-glue", catalog.benchmark("super-glue").data, mirror)
    samples = SuperGlue().load(source.read)
    counts = {name: sum(sample.tags["task"] == name for sample in samples) for name in TASKS}
    expected = {"boolq": 3270, "cb": 56, "copa": 100, "multirc": 4848, "rte": 277, "wic": 638, "wsc": 104}
    assert {name: count for name, count in counts.items() if name != "record"} == expected
    assert len({sample.id for sample in samples}) == len(samples)
    assert len({sample.cluster for sample in samples if sample.tags["task"] == "multirc"}) == 83
    assert len({sample.tags["question"] for sample in samples if sample.tags["task"] == "multirc"}) == 953
