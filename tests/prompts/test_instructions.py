"""System prompts as files: read, replaced by a team's own, and part of what tells one run from another."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from harness.engines.model import Model
from harness.errors import UnknownNameError, UsageError
from harness.plan import Options, Plan, make_plan
from harness.prompts.instructions import instruction, instructions
from harness.records import Chat

OWN = "version: 7\nsystem: |\n  Write code.\n"


def plan(**options: object) -> Plan:
    chosen = Options("any", "code-suggestions", suite="gitlab", benchmarks=("code-generation",), **options)  # type: ignore[arg-type]
    return make_plan(chosen, lambda: Model("any", "folder:any"))


def test_the_shipped_prompts() -> None:
    assert {"code-generation", "code-completion", "fix-code"} <= set(instructions())
    for name, found in instructions().items():
        assert found.name == name
        assert found.version >= 1
        assert found.system == found.system.strip()
        assert ("<|cursor|>" in found.system) == (name in ("code-generation", "code-completion"))
        assert found.sha256 == sha256(found.system.encode()).hexdigest()


def test_a_folder_replaces_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "code-generation.yaml").write_text(OWN)
    (tmp_path / ".swp").write_text("an editor's")
    found = instructions(tmp_path)
    assert (found["code-generation"].version, found["code-generation"].system) == (7, "Write code.")
    assert found["code-completion"] == instruction("code-completion")


@pytest.mark.parametrize(
    ("write", "error", "said", "mend"),
    [
        (
            lambda at: (at / "code-generatoin.yaml").write_text(OWN),
            UnknownNameError,
            "prompt file",
            "code-generation.yaml",
        ),
        (
            lambda at: (at / "code-generation.yml").write_text(OWN),
            UnknownNameError,
            "prompt file",
            "code-generation.yaml",
        ),
        (lambda at: (at / "code-generation.yaml").write_text("system: x"), UsageError, "version: ", "holds version"),
        (lambda at: (at / "code-generation.yaml").write_text("version: 1"), UsageError, "system: ", "holds version"),
        (lambda at: (at / "code-generation.yaml").write_text("a: [\nb"), UsageError, "cannot be read", "is YAML"),
        (lambda at: (at / "code-generation.yaml").write_bytes(b"\xff"), UsageError, "cannot be read", "is YAML"),
        (lambda at: at.rmdir(), UsageError, "does not exist", "name a folder"),
    ],
    ids=["misspelt", "another ending", "no version", "no text", "no YAML", "no text file", "no folder"],
)
def test_a_folder_that_is_not_right_is_refused(
    tmp_path: Path, write: Callable[[Path], object], error: type[UsageError], said: str, mend: str
) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    write(folder)
    with pytest.raises(error, match=said) as caught:
        plan(prompts_dir=folder)
    assert mend in caught.value.mend


def test_a_name_that_no_prompt_has() -> None:
    with pytest.raises(UnknownNameError, match='unknown prompt "code"'):
        instruction("code")


def test_a_changed_prompt_is_asked_and_makes_another_run(tmp_path: Path) -> None:
    ours = plan()
    (tmp_path / "code-generation.yaml").write_text(OWN)
    theirs = plan(prompts_dir=tmp_path)
    prompt = theirs.jobs[0].samples[0].prompt
    assert isinstance(prompt, Chat)
    assert prompt.messages[0].content == "Write code."
    assert theirs.settings_hash != ours.settings_hash
    written = theirs.settings["benchmarks"]["code-generation"]["instruction"]
    digest = sha256(b"Write code.").hexdigest()
    assert written == {"name": "code-generation", "version": 7, "system": "Write code.", "sha256": digest}


def test_the_same_text_in_a_folder_of_ones_own_is_the_same_run(tmp_path: Path) -> None:
    own = instruction("code-generation")
    text = "\n".join(f"  {line}" for line in own.system.split("\n"))
    (tmp_path / "code-generation.yaml").write_text(f"version: {own.version}\nsystem: |\n{text}\n")
    assert plan(prompts_dir=tmp_path).settings_hash == plan().settings_hash
