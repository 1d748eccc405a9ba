"""``evaluate screen`` and the screening of a run, by the real command line."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import Evaluate

JOB = ("--feature", "code-suggestions", "--benchmark", "code-completion", "--language", "python", "--limit", 1)


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may spoil."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def test_a_page_is_printed_and_a_bill_written(evaluate: Evaluate, model: Path, tmp_path: Path) -> None:
    (model / "README.md").write_text("---\nlicense: mit\n---\n")
    shown = evaluate("screen", "--model", model, "--bom", "model.cdx.json")
    assert shown.returncode == 0, shown.stderr
    for text in (
        "licence    MIT",
        "Blue Oak Council: silver",
        "its tables do not name this model",
        "model.safetensors",
    ):
        assert text in shown.stdout
    assert shown.stdout.endswith("nothing refuses this model\n")
    assert json.loads((tmp_path / "model.cdx.json").read_text())["bomFormat"] == "CycloneDX"


def test_an_unsafe_model_ends_with_exit_code_4(evaluate: Evaluate, model: Path) -> None:
    (model / "training_args.bin").write_bytes(b"\x80\x04.")
    shown = evaluate("screen", "--model", model)
    assert shown.returncode == 4
    assert "refused  training_args.bin is a pickle" in shown.stdout
    assert shown.stdout.endswith("1 reason above to refuse this model\n")
    told = evaluate("screen", "--model", model, "--json")
    assert told.returncode == 4
    assert [each["kind"] for each in json.loads(told.stdout)["findings"] if each["severity"] == "refused"] == [
        "weights-pickled"
    ]


def test_a_model_of_the_catalog_that_is_elsewhere_needs_no_key(evaluate: Evaluate) -> None:
    shown = evaluate("screen", "--model", "gpt-4o", "--feature", "chat")
    assert shown.returncode == 0, shown.stderr
    assert "GPT-4o: chat full (GitLab of mid-2026)" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "gpt-4o", "--feature", "chta"), 'unknown feature "chta"'),
        (("--model", "nobody"), 'unknown model "nobody"'),
        (("--model", "gpt-4o", "--bom", "/proc/nowhere/bom.json"), "cannot write /proc/nowhere/bom.json"),
        (("--model", "gpt-4o", "--boom", "x"), "unrecognized arguments: --boom x"),
    ],
)
def test_what_cannot_be_is_one_line(evaluate: Evaluate, arguments: tuple[str, ...], said: str) -> None:
    shown = evaluate("screen", *arguments)
    assert shown.returncode == 2
    assert said in shown.stderr
    assert "mend: " in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_run_writes_its_screening_down(evaluate: Evaluate, model: Path, tmp_path: Path) -> None:
    shown = evaluate("--model", model, *JOB, "--engine", "transformers", "--out", "runs")
    assert shown.returncode == 0, shown.stderr
    assert "screening: no licence is known" in shown.stderr
    [file] = (tmp_path / "runs").rglob("screening.json")
    assert (file.parent / "summary.json").is_file()
    assert json.loads(file.read_text())["label_cap"] == "unclear"


def test_a_run_ends_before_its_engine_starts_where_the_model_is_unsafe(
    evaluate: Evaluate, model: Path, tmp_path: Path
) -> None:
    (model / "chat_template.jinja").write_text("{{ ''.__class__ }}")
    shown = evaluate("--model", model, *JOB, "--engine", "transformers", "--out", "runs")
    assert shown.returncode == 4
    assert "screening refuses model: template-unsafe" in shown.stderr
    assert "mend: " in shown.stderr
    assert [path.name for path in (tmp_path / "runs").rglob("*") if path.is_file()] == ["screening.json"]


@pytest.mark.slow
def test_pickled_weights_are_evaluated_only_where_they_are_allowed(evaluate: Evaluate, model: Path) -> None:
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(model / "model.safetensors"), model / "pytorch_model.bin")
    (model / "model.safetensors").unlink()
    job = ("--model", model, *JOB, "--engine", "transformers", "--out", "runs")
    refused = evaluate(*job)
    assert refused.returncode == 2
    assert "has no safetensors weights" in refused.stderr
    allowed = evaluate(*job, "--allow-pickle")
    assert allowed.returncode == 0, allowed.stderr
    assert "the scanner finds nothing but tensors in it" in allowed.stderr
