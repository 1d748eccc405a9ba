"""The use-case data for code generation: every task is well-formed, solvable as asked, and its tests can fail."""

import asyncio
import dataclasses
import textwrap
from collections import Counter

import pytest
from conftest import needs_similarity

from benchmarks.code_generation import CURSOR, LANGUAGES, CodeGeneration, Row
from harness import catalog
from harness.benchmark import Tools
from harness.datasource import DataSource
from harness.prompts import syntax
from harness.prompts.extract import extract_code
from harness.prompts.splice import splice
from harness.records import Answer, Chat, Outcome, Sample
from harness.sandbox.languages import toolchain
from harness.sandbox.pool import Sandbox
from harness.scoring.code import COSINE

ENTRY = catalog.benchmark("code-generation")
SAMPLES = CodeGeneration().load(DataSource(ENTRY.name, ENTRY.data).read)
TRIED = SAMPLES[::8]
"""Run here at every level; ``evaluate data validate`` runs all."""


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def scored(sample: Sample, text: str, sandbox: Sandbox) -> Outcome:
    answer = Answer(text, "stop", 1, 1, 0.1)
    return asyncio.run(CodeGeneration().score(sample, answer, Tools(sandbox.run_async))).outcome


@pytest.fixture(params=TRIED, ids=lambda sample: sample.id)
def sample(request: pytest.FixtureRequest) -> Sample:
    found: Sample = request.param
    if toolchain(found.language) is None:
        pytest.skip(f"no toolchain for {found.language} here")
    return found


@pytest.mark.parametrize("shape", ["the code alone", "a fenced block", "with prose around it"])
def test_the_reference_passes_however_it_is_answered(sample: Sample, shape: str, sandbox: Sandbox) -> None:
    code = sample.target.reference
    fenced = f"```{sample.language}\n{code}```"
    text = {"the code alone": code, "a fenced block": fenced}.get(shape, f"Here it is:\n\n{fenced}\n\nIt does that.")
    assert scored(sample, text, sandbox) is Outcome.PASSED


@needs_similarity
def test_the_similarity_to_the_reference_is_told_where_it_is_asked_for(sandbox: Sandbox) -> None:
    sample = next(each for each in SAMPLES if each.language == "python")
    benchmark = CodeGeneration(cosine=True)
    assert [metric.name for metric in benchmark.metrics][-1] == COSINE
    found = {}
    for text in (sample.target.reference, sample.target.wrong, "I am sorry."):
        answer = Answer(f"```python\n{text}```" if "sorry" not in text else text, "stop", 1, 1, 0.1)
        found[text] = asyncio.run(benchmark.score(sample, answer, Tools(sandbox.run_async))).scores[COSINE]
    right, wrong, none = found.values()
    assert right == pytest.approx(1, abs=1e-4)
    assert none == 0 < wrong < right


def test_the_wrong_answer_fails(sample: Sample, sandbox: Sandbox) -> None:
    assert scored(sample, f"```\n{sample.target.wrong}```", sandbox) is Outcome.FAILED


def test_the_whole_file_as_an_answer_passes_too(sample: Sample, sandbox: Sandbox) -> None:
    row: Row = sample.target
    assert scored(sample, f"```\n{row.prefix}{row.reference}{row.suffix}```", sandbox) is Outcome.PASSED


def test_an_answer_without_code_is_no_answer(sample: Sample, sandbox: Sandbox) -> None:
    assert scored(sample, "I am sorry, but I cannot help with that.", sandbox) is Outcome.NO_ANSWER


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_the_file_is_the_same_however_the_answer_is_written(sample: Sample) -> None:
    row: Row = sample.target
    whole = row.prefix + row.reference + row.suffix
    if not syntax.parses(whole, row.language):
        assert row.language == "bash", "only the grammar of Bash has gaps: a file that it cannot read is taken as it is"
        whole = ""
    for code in filter(None, (row.reference, textwrap.dedent(row.reference), whole)):
        answer = f"Sure:\n\n```{row.language}\n{code}```\n\nThat is all."
        file = splice(extract_code(answer, row.language), row.prefix, row.suffix, row.language)
        assert lines(file) == lines(row.prefix + row.reference + row.suffix)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_the_prompt_shows_the_cursor_and_hides_the_solution(sample: Sample) -> None:
    assert isinstance(sample.prompt, Chat)
    shown = sample.prompt.messages[-1].content
    row: Row = sample.target
    assert f"{row.prefix}{CURSOR}\n{row.suffix}" in shown
    assert row.reference.strip() not in shown


def test_the_set_is_large_balanced_and_its_ids_are_unique() -> None:
    assert len({sample.id for sample in SAMPLES}) == len(SAMPLES) >= 240
    count = Counter(sample.language for sample in SAMPLES)
    assert set(count) == set(LANGUAGES)
    assert all(
        count[language] >= (30 if language in ("python", "ruby", "go", "typescript") else 20) for language in count
    )
    by_difficulty = Counter((sample.language, sample.tags["difficulty"]) for sample in SAMPLES)
    assert min(by_difficulty.values()) >= 4
    assert len({sample.tags["trigger"] for sample in SAMPLES}) == 3


def test_every_field_is_in_the_card() -> None:
    card = (catalog.shipped("datasets") / "code_generation/README.md").read_text()
    for field in dataclasses.fields(Row):
        assert f"`{field.name}`" in card
