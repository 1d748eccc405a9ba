"""Code completion: what is asked, what is put at the cursor, and what it scores."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from completion_rows import LEDGER, ROWS, mirror_of
from conftest import Evaluate

from benchmarks.code_completion import EDIT, EXACT, LANGUAGES, MAX_TOKENS, CodeCompletion
from harness import catalog
from harness.benchmark import Tools
from harness.datasource import DataSource
from harness.errors import DataError, UnavailableError
from harness.prompts.instructions import instruction
from harness.records import Answer, Infill, Outcome, Sample, Score, Verdict
from harness.sandbox.languages import toolchain
from harness.sandbox.pool import Sandbox
from harness.sandbox.program import Program
from harness.scoring.code import LENGTH, PARSES

ENTRY = catalog.benchmark("code-completion")
JOB = ("--feature", "code-suggestions", "--benchmark", "code-completion", "--no-latency")
PASSED = {"pass@1": 1.0, EXACT: 1.0, EDIT: 1.0, PARSES: 1.0}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mirror_of(tmp_path_factory.mktemp("mirror"))


@pytest.fixture(scope="module")
def samples(rows: Path) -> list[Sample]:
    return CodeCompletion().load(DataSource(ENTRY.name, ENTRY.data, rows).read)


def scored(sample: Sample, text: str, sandbox: Sandbox, **answer: Any) -> Score:
    given = replace(Answer(text, "stop", 1, 1, 0.1, form="infill"), **answer)
    return asyncio.run(CodeCompletion().score(sample, given, Tools(sandbox.run_async)))


def without_length(score: Score) -> dict[str, float]:
    return {name: value for name, value in score.scores.items() if name != LENGTH}


def test_a_sample_asks_for_what_belongs_at_the_cursor(samples: list[Sample]) -> None:
    assert [sample.id for sample in samples] == [row["id"] for row in ROWS]
    for sample, row in zip(samples, ROWS, strict=True):
        prompt = sample.prompt
        assert isinstance(prompt, Infill)
        assert (prompt.prefix, prompt.suffix, prompt.path) == (row["prefix"], row["suffix"], row["path"])
        assert prompt.instruction == instruction("code-completion").system
        assert (sample.cluster, sample.language) == (row["file"], row["language"])
        assert sample.tags == {"language": row["language"], "kind": row["kind"]}
        assert sample.max_tokens == MAX_TOKENS[row["kind"]]


def test_limits_can_be_raised_for_models_that_think_first(rows: Path) -> None:
    wider = catalog.open_benchmark(ENTRY, {"more_tokens": "1000"})
    first = wider.load(DataSource(ENTRY.name, ENTRY.data, rows).read)[0]
    assert first.max_tokens == MAX_TOKENS["rest_of_line"] + 1000


def test_what_stood_there_passes(samples: list[Sample], sandbox: Sandbox) -> None:
    for sample in samples:
        if toolchain(sample.language):
            score = scored(sample, sample.target.middle, sandbox)
            assert score.outcome is Outcome.PASSED
            assert without_length(score) == PASSED
            assert score.scores[LENGTH] <= len(sample.target.middle)


def test_another_right_answer_passes_and_is_only_similar(samples: list[Sample], sandbox: Sandbox) -> None:
    score = scored(samples[0], ' -cents if kind != "credit" else cents', sandbox)
    assert (score.outcome, score.scores["pass@1"], score.scores[EXACT]) == (Outcome.PASSED, 1.0, 0.0)
    assert 0.5 < score.scores[EDIT] < 1


def test_a_wrong_answer_fails_and_one_that_is_no_code_does_not_parse(samples: list[Sample], sandbox: Sandbox) -> None:
    wrong, torn = scored(samples[0], " cents", sandbox), scored(samples[0], " cents if (", sandbox)
    assert (wrong.outcome, wrong.scores["pass@1"], wrong.scores[PARSES]) == (Outcome.FAILED, 0.0, 1.0)
    assert (torn.scores["pass@1"], torn.scores[PARSES]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("text", "more", "steps"),
    [
        (' cents if kind == "credit" else -cents<|fim_prefix|>x', {"family": "qwen-coder"}, ["cut_at_stop"]),
        (' cents if kind == "credit" else -cents\n    return total\n', {}, ["drop_suffix"]),
        (
            '```python\n        total += cents if kind == "credit" else -cents\n```',
            {"form": "reply"},
            ["unfence", "drop_prefix"],
        ),
        (f"The file:\n```python\n{LEDGER}```", {"form": "reply"}, ["unfence", "drop_prefix", "drop_suffix"]),
    ],
    ids=["a stop of the family", "the suffix again", "a block with the whole line", "the whole file"],
)
def test_an_answer_is_made_to_fit_as_an_editor_would(
    samples: list[Sample], sandbox: Sandbox, text: str, more: dict[str, Any], steps: list[str]
) -> None:
    score = scored(samples[0], text, sandbox, **more)
    assert without_length(score) == PASSED
    assert score.detail["steps"] == steps


def test_a_step_can_be_switched_off(samples: list[Sample], sandbox: Sandbox) -> None:
    kept = catalog.open_benchmark(ENTRY, {"drop_suffix": "false"})
    text = samples[0].target.middle + "\n    return total\n"
    answer = Answer(text, "stop", 1, 1, 0.1, form="infill")
    score = asyncio.run(kept.score(samples[0], answer, Tools(sandbox.run_async)))
    assert "steps" not in score.detail
    assert score.scores[LENGTH] == len(text)


@pytest.mark.parametrize("form", ["infill", "reply"])
@pytest.mark.parametrize("text", ["", " \n", "I am sorry, but I cannot help with that request."])
def test_an_answer_without_code_is_no_answer(
    samples: list[Sample], sandbox: Sandbox, text: str, form: Literal["infill", "reply"]
) -> None:
    score = scored(samples[0], text, sandbox, form=form)
    if form == "reply" or not text.strip():
        assert score.outcome is Outcome.NO_ANSWER
        assert score.scores == {"pass@1": 0.0, EXACT: 0.0, EDIT: 0.0, PARSES: 0.0, LENGTH: 0.0}


def test_a_whole_program_of_somebody_else_is_run_as_it_is(samples: list[Sample], sandbox: Sandbox) -> None:
    assert without_length(scored(samples[0], LEDGER, sandbox, form="program")) == PASSED


def test_a_failure_of_the_sandbox_is_no_score(samples: list[Sample]) -> None:
    async def broken(program: Program) -> Verdict:
        return Verdict(Outcome.INFRA_ERROR, message="no room")

    answer = Answer(samples[0].target.middle, "stop", 1, 1, 0.1, form="infill")
    score = asyncio.run(CodeCompletion().score(samples[0], answer, Tools(broken)))
    assert (score.outcome, score.scores) == (Outcome.INFRA_ERROR, {})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"language": "cobol"}, r"python\.jsonl:2: language: Input should be 'python'"),
        ({"cases": []}, r"python\.jsonl:2: cases: List should have at least 1 item"),
        ({"cases": None}, r"python\.jsonl:2: cases: "),
        ({"kind": "line"}, r"python\.jsonl:2: kind: "),
        ({"middle": 3}, r"python\.jsonl:2: middle: "),
    ],
    ids=["unknown language", "no case", "cases missing", "unknown kind", "no text"],
)
def test_a_malformed_row_is_named_by_file_and_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    folder = mirror_of(tmp_path, [ROWS[0], ROWS[1] | change, *ROWS[2:]])
    with pytest.raises(DataError, match=said):
        CodeCompletion().load(DataSource(ENTRY.name, ENTRY.data, folder).read)


def test_languages_whose_rows_are_not_there_are_left_out_and_none_is_an_error(tmp_path: Path) -> None:
    folder = mirror_of(tmp_path)
    (folder / "code_completion/go.jsonl").unlink()
    source = DataSource(ENTRY.name, replace(ENTRY.data, shipped=False), folder)
    assert len(CodeCompletion().load(source.read)) == len(ROWS)
    assert list(source.missing) == ["go"]
    with pytest.raises(UnavailableError):
        CodeCompletion().load(DataSource(ENTRY.name, replace(ENTRY.data, shipped=False), tmp_path / "no").read)


def test_every_language_has_a_split() -> None:
    assert tuple(ENTRY.data.files) == LANGUAGES


# -- the whole command ------------------------------------------------------------------------------------------------


def test_the_main_job_tells_scores_by_language_and_kind(
    evaluate: Evaluate, tiny_model: Path, rows: Path, tmp_path: Path
) -> None:
    shown = evaluate("--model", tiny_model, *JOB, "--data-dir", rows, "--json")
    assert shown.returncode == 0, shown.stderr
    found = {row["metric"]: row for row in json.loads(shown.stdout)["rows"]}
    assert list(found) == ["pass@1", EXACT, EDIT, PARSES, LENGTH]
    assert found["pass@1"]["estimate"]["method"] == "wilson-clustered"
    assert set(found["pass@1"]["groups"]) == {"language", "kind"}
    assert found["pass@1"]["groups"]["language"]["python"]["n"] == 3
    assert found[LENGTH]["estimate"]["method"] == "normal-clustered"
    assert found[LENGTH]["estimate"]["value"] > 1
    assert found["pass@1"]["fallbacks"] == len(ROWS), "the tiny model is asked by chat"
    lines = next((tmp_path / "results/runs").glob("*/*/*/records.jsonl")).read_text().splitlines()
    limits = {record["sample"]: record["answer"]["answer_tokens"] for record in map(json.loads, lines)}
    assert max(limits.values()) <= 512
    assert limits["python/ledger:rest_of_line-1"] <= MAX_TOKENS["rest_of_line"]


@pytest.mark.slow
def test_a_real_model_fills_a_few_gaps(evaluate: Evaluate, rows: Path, tmp_path: Path) -> None:
    shown = evaluate("--model", "smollm2-135m", *JOB, "--data-dir", rows, "--language", "python", "--json")
    assert shown.returncode == 0, shown.stderr
    summary = json.loads(shown.stdout)
    assert summary["complete"]
    assert summary["rows"][0]["fallbacks"] == summary["rows"][0]["records"] == 3
    found = {row["metric"]: row["estimate"] for row in summary["rows"]}
    assert found[LENGTH] is None, "gaps of one file tell nothing of the error of a mean length"
    assert 0 < found[EDIT]["value"] <= 1
    lines = next((tmp_path / "results/runs").glob("*/*/*/records.jsonl")).read_text().splitlines()
    assert any(json.loads(line)["scores"][LENGTH] > 0 for line in lines)
    assert any("unfence" in json.loads(line)["detail"].get("steps", ()) for line in lines)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--infill", "qwen-code"), 2, 'did you mean "qwen-coder"?'),
        (("--infill", "qwen-coder"), 2, 'tiny has no token "<|fim_prefix|>", by which the family qwen-coder is asked'),
        (("--set", "code-completion.drop_sufix=no"), 2, 'did you mean "drop_suffix"?'),
        (("--set", "code-completion.drop_suffix=perhaps"), 2, "--set code-completion.drop_suffix=perhaps"),
        (("--prompts-dir", "nowhere"), 2, "the prompts folder nowhere does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_gets_one_line_and_a_way_to_mend_it(
    evaluate: Evaluate, tiny_model: Path, rows: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    shown = evaluate("--model", tiny_model, *JOB, "--data-dir", rows, *arguments)
    assert shown.returncode == code, shown.stderr
    assert said in shown.stderr
    assert "mend: " in shown.stderr


def test_without_a_toolchain_samples_are_left_out_and_asking_for_them_makes_the_run_incomplete(
    evaluate: Evaluate, tiny_model: Path, rows: Path, without_node: str
) -> None:
    job = ("--model", tiny_model, *JOB, "--data-dir", rows)
    shown = evaluate(*job, PATH=without_node)
    assert shown.returncode == 0, shown.stderr
    assert "code-completion: 2 javascript samples left out: node is not installed" in shown.stdout
    for asked in ("--strict", "--language=javascript"):
        assert evaluate(*job, asked, PATH=without_node).returncode == 3
