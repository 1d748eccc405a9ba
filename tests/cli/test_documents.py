"""The commands in the documents, run: on real runs, and with a small model in place of those that need a GPU."""

import shlex
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from peer_results import evalplus
from run_folders import run_folder
from test_docs import commands

from harness.cli.main import main

ELSEWHERE = {
    "serve": "needs vLLM: tests/engines/vllm",
    "judge": "needs a judge: tests/cli/test_judging.py",
    "publish": "needs a server: tests/cli/test_publish.py",
    "data pull": "needs the hub",
    "rescore": "needs answers: tests/cli/test_rescore.py",
    "data validate": "runs for minutes, and in CI by itself: tests/quality",
    "nightly configs/nightly.yaml": "needs its models: tests/cli/test_nightly.py",
    "import FILE": "stands for any file: tests/importing",
    "compare RUN --against theirs": "needs a run of the same tasks: tests/importing",
    "import out/org__model": "needs lm-eval's results: tests/importing",
}
"""Commands that are not run here, by how they begin, and why."""
OF_OTHERS = ("my-use-case", "lm-eval:arc_easy")
"""What a reader adds, or only the hub has."""
ENDPOINTS = ("claude-sonnet-4.5",)
PLACES = {"RUN": "results/runs/one", "OTHER-RUN": "results/runs/other"}


def here() -> list[str]:
    """The commands that run here, each once."""
    calls = dict.fromkeys(shlex.join(shlex.split(call, comments=True)[1:]) for _, call in commands())
    return [
        call
        for call in calls
        if call.endswith("--dry-run")
        or not (call.startswith(tuple(ELSEWHERE)) or any(name in call for name in OF_OTHERS))
    ]


def test_most_commands_run_here() -> None:
    assert len(here()) > 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader would stand: with runs, a file of another harness' results, and the project's configs."""
    root = tmp_path_factory.mktemp("reader")
    for name, passed in (("one", 20), ("other", 12)):
        run_folder(root / "results/runs", name, {"bigcodebench": [1.0] * passed + [0.0] * (24 - passed)})
    evalplus(root / "org--model_eval_results.json", {"Mbpp/2": [("pass", "pass")], "Mbpp/3": [("pass", "fail")]})
    (root / "mirror").mkdir()
    shutil.copytree(ROOT / "configs/prompts", root / "prompts")
    (root / "configs").symlink_to(ROOT / "configs")
    return root


@pytest.mark.parametrize("call", here())
def test_a_command_of_the_documents_runs(
    call: str, folder: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    words = [PLACES.get(word, word.replace("~", str(folder))) for word in shlex.split(call)]
    if words[0] != "catalog" and "--model" in words and words[words.index("--model") + 1] not in ENDPOINTS:
        words[words.index("--model") + 1] = str(tiny_model)
    if words[0].startswith("--"):
        words.append("--dry-run")
    code = main(words)
    told = capsys.readouterr()
    assert code == 0 or (words[0], code) == ("gate", 5), told.err
    assert told.out
