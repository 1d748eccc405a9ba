"""What the documents say is so."""

import importlib
import inspect
import keyword
import re
import shlex
import subprocess
import sys
from typing import Any

import pytest
from conftest import ROOT

from benchmarks.code_completion import MAX_TOKENS, CodeCompletion
from harness import errors
from harness.cli.arguments import Parser
from harness.cli.main import COMMANDS
from harness.cli.run import parser
from harness.prompts.postprocess import STEPS
from harness.reporting.table import COLUMNS

README = (ROOT / "README.md").read_text()
OTHERS_OPTIONS = ("--generation-config", "--build-arg")


def test_ci_calls_the_readmes_test_command() -> None:
    assert 'pip install -e ".[cpu,dev]" && pytest' in README
    assert 'pip install -q -e ".[cpu,dev]" && pytest' in (ROOT / ".ci/run").read_text()


def test_every_evaluate_command_in_the_readme_parses() -> None:
    calls = re.findall(r"evaluate (--model [^`\n|]+)", README)
    assert len(calls) >= 3
    for call in calls:
        parser().parse_args(shlex.split(call.replace("M --feature F", "m --feature f"), comments=True))
    for option in re.findall(r"`(--[a-z-]+)", README):
        known = [*parser()._option_string_actions, "--data-dir"]
        assert option in known, option


def told_options() -> set[str]:
    """Every option that the reference has, of any command."""
    return set(re.findall(r"--[a-z][a-z-]+", (ROOT / "docs/commands.md").read_text()))


def test_the_reference_of_commands_is_what_help_says() -> None:
    said = subprocess.run([sys.executable, ROOT / "scripts/commands.py"], check=True, capture_output=True, text=True)
    if sys.version_info >= (3, 13):  # argparse lays options out in another way
        assert set(re.findall(r"--[a-z][a-z-]+", said.stdout)) == told_options()
    else:
        assert said.stdout == (ROOT / "docs/commands.md").read_text()


def test_every_option_that_a_document_names_is_one_of_ours() -> None:
    for document in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for option in re.findall(r"`(--[a-z][a-z-]+)", document.read_text()):
            assert option in {*told_options(), *OTHERS_OPTIONS}, f"{document.name}: {option}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_speaks_to_machines_too(name: str) -> None:
    text = (ROOT / "docs/commands.md").read_text()
    assert "--json" in text.partition(f"## evaluate {name}\n")[2].partition("\n## ")[0]


class ParsedError(Exception):
    """A command's options are all known."""


def commands() -> list[tuple[str, str]]:
    """Every command line of ours in a block of shell, with the document that has it."""
    found = []
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for block in re.findall(r"```sh\n(.*?)```", document.read_text(), re.DOTALL):
            lines = block.replace("\\\n", " ").splitlines()
            calls = [re.sub(r"^.*&& (?=evaluate )", "", line) for line in lines]
            found += [(document.name, call) for call in calls if call.startswith("evaluate ")]
    return found


@pytest.mark.parametrize(("document", "call"), commands())
def test_every_command_in_the_documents_parses(document: str, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = Parser.parse_args

    def parsed(self: Parser, *arguments: Any) -> None:
        parse(self, *arguments)
        raise ParsedError

    monkeypatch.setattr(Parser, "parse_args", parsed)
    _, *words = shlex.split(call, comments=True)
    name, rest = (words[0], words[1:]) if words[0] in COMMANDS else ("run", words)
    with pytest.raises(ParsedError):
        importlib.import_module(f"harness.cli.{name}{'_' * keyword.iskeyword(name)}").main(rest)


def test_every_sub_command_is_in_the_readme() -> None:
    for name in COMMANDS:
        assert f"evaluate {name}" in README


def test_the_readmes_table_is_the_one_that_is_printed() -> None:
    head = next(line for line in README.splitlines() if line.startswith("use case"))
    assert re.sub(r"\s+", " ", head).strip() == " ".join(COLUMNS)


def test_every_exit_code_is_in_the_readme() -> None:
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.HarnessError)]
    for code in {each.exit_code for each in classes} | {0, 130}:
        assert f"| {code} |" in README


def test_the_tree_of_errors_shows_every_class_with_its_exit_code() -> None:
    tree = errors.__doc__ or ""
    for name, each in inspect.getmembers(errors, inspect.isclass):
        if issubclass(each, errors.HarnessError):
            line = next(line for line in tree.splitlines() if re.search(rf"\b{name}\b", line))
            code = re.search(rf"{name}\s+(\d)", line)
            assert (int(code[1]) if code else each.__base__.exit_code) == each.exit_code


def test_every_step_metric_and_limit_of_code_completion_is_told() -> None:
    text = (ROOT / "docs/prompts.md").read_text()
    names = [*STEPS, *(metric.name for metric in CodeCompletion(cosine=True).metrics)]
    assert [name for name in names if f"| `{name}` |" not in text] == []
    row = next(line for line in text.splitlines() if line.startswith("| the limit of an answer"))
    assert {int(number) for number in re.findall(r"\d+", row)} == set(MAX_TOKENS.values())


def test_links_lead_somewhere() -> None:
    for document in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
