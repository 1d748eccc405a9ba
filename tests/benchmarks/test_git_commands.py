"""Commands that a reply ends with: which are run, and whose fault it is where there is no repository."""

import asyncio
import shutil

import pytest

from benchmarks.conversation import last_block
from benchmarks.git_commands import GitCommands, Row
from harness.benchmark import Tools
from harness.errors import UnavailableError
from harness.records import Answer, Chat, Outcome, Sample
from harness.sandbox.pool import Sandbox, choose_level

ROW = Row("git-commands/x", "easy", [], [], "", "", "git init -q -b main\n", "ls\n", "a\n", ["touch a\n"], ["ls", "cd"])


@pytest.mark.parametrize(
    ("reply", "block"),
    [
        ("git status", ""),
        ("```bash\na\n```\nor\n```sh\nb\n```\nDone.", "b\n"),
        ("```\na\n```", "a\n"),
        ("```bash\na\n```\nThe output:\n```text\nb\n```", "a\n"),
        ("<think>\n```bash\na\n```\n</think>\nNothing.", ""),
        ("```bash\na", "a\n\n"),
        ("```bash\na\n```\n```\n\n```", "a\n"),
    ],
)
def test_the_last_block_counts(reply: str, block: str) -> None:
    assert last_block(reply, "bash", "sh") == block


@pytest.mark.parametrize(
    ("setup", "reply", "outcome"),
    [
        (ROW.setup, "touch a", Outcome.PASSED),
        (ROW.setup, "touch a; exit 3", Outcome.PASSED),
        (ROW.setup, "ls() { echo a; }; PATH=/; alias ls='echo a'", Outcome.FAILED),
        (ROW.setup, "cat <<E", Outcome.FAILED),
        (ROW.setup, "rm -rf ../*", Outcome.FAILED),
        ("git no-such-command\n", "touch a", Outcome.INFRA_ERROR),
    ],
)
def test_what_is_run(setup: str, reply: str, outcome: Outcome) -> None:
    row = Row(**{**vars(ROW), "setup": setup})
    sample = Sample(id=row.id, prompt=Chat(()), target=row, cluster=row.id, language="bash")
    with Sandbox(choose_level(), slots=1) as sandbox:
        answer = Answer(f"```bash\n{reply}\n```", "stop", 1, 1, 0.1)
        score = asyncio.run(GitCommands().score(sample, answer, Tools(sandbox.run_async)))
    assert score.outcome is outcome


def test_without_git_it_says_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UnavailableError, match="Git"):
        GitCommands().load(lambda name, row: [])
