"""What every command's --help says, as a document: python scripts/commands.py > docs/commands.md"""

import contextlib
import importlib
import io
import keyword
import os

from harness.cli.main import COMMANDS

HEAD = """# Commands and their options

What `--help` says of each; `python scripts/commands.py > docs/commands.md` writes this file, and the tests compare."""


def help_of(words: list[str]) -> str:
    """The text of ``evaluate WORDS --help``."""
    name, rest = (words[0], words[1:]) if words else ("run", [])
    module = importlib.import_module(f"harness.cli.{name}{'_' * keyword.iskeyword(name)}")
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.suppress(SystemExit):
        module.main([*rest, "--help"])
    return "\n".join(line.rstrip() for line in told.getvalue().strip().splitlines())


def main() -> None:
    os.environ["COLUMNS"] = "120"
    print(HEAD)
    for words in ([], *([name] for name in COMMANDS), ["data", "validate"]):
        print(f"\n## {' '.join(['evaluate', *words])}\n\n```\n{help_of(words)}\n```")


if __name__ == "__main__":
    main()
