"""Duo Chat's how-to questions about Git: the reply ends with commands, and the state they lead to is looked at.

pass@1: in a repository of its own, made anew in the sandbox, a check prints what it should. The commands' own output
and exit status do not count. Rows: datasets/chat/README.md.
"""

import base64
import shutil
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from benchmarks.conversation import Turn, last_block, sample_of
from harness.benchmark import ReadRows, Tools
from harness.errors import UnavailableError
from harness.metrics import Mean, Metric
from harness.prompts.instructions import Instruction, instruction
from harness.prompts.markdown import fenced
from harness.quality.known import Known
from harness.records import Answer, Outcome, Sample, Score
from harness.sandbox.program import Program, Script
from harness.scoring.program import no_code, score_program

_NOT_MADE = "the repository could not be made"
_SETUP = """\
export GIT_AUTHOR_NAME='Ada Ferreira' GIT_AUTHOR_EMAIL=ada@example.com
export GIT_COMMITTER_NAME='Ada Ferreira' GIT_COMMITTER_EMAIL=ada@example.com
now=1760000000
commit() { # SUBJECT: all that is there, one minute later than the last
  now=$((now + 60))
  export GIT_AUTHOR_DATE="$now +0000" GIT_COMMITTER_DATE="$now +0000"
  git add -A && git commit -q -m "$1"
}
save() { # FILE LINE...
  mkdir -p "$(dirname "$1")" && printf '%s\\n' "${@:2}" > "$1"
}
set -e
"""
"""What every row's ``setup`` may use."""
_RUN = """\
{{
top=$(mktemp -d) && cd "$top" && mkdir home repo || exit 1
run() {{ # FOLDER TEXT: in a fresh shell that knows nothing of this one
  base64 -d <<< "$2" > "$top/script" && cd "$top/$1" && env -i HOME="$top/home" PATH=/usr/local/bin:/usr/bin:/bin \\
    LC_ALL=C.UTF-8 TZ=UTC GIT_CONFIG_GLOBAL="$top/home/gitconfig" GIT_CONFIG_NOSYSTEM=1 GIT_EDITOR=true GIT_PAGER=cat \\
    GIT_TERMINAL_PROMPT=0 bash --noprofile --norc "$top/script" < /dev/null
}}
printf '[user]\\nname = Ada Ferreira\\nemail = ada@example.com\\n[advice]\\ndetachedHead = false\\n' > home/gitconfig
run repo {setup} > "$top/log" 2>&1 || {{ echo "{not_made}"; cat "$top/log"; exit 0; }}
( run repo {commands} ) > "$top/log" 2>&1
run repo {check} 2>&1
exit 0
}}
"""


@dataclass(frozen=True)
class Row:
    """One question. ``setup`` makes the repository in the folder repo, ``check`` must print ``expected`` there."""

    id: str
    difficulty: Literal["easy", "medium", "hard"]
    topics: list[str]
    history: list[Turn]
    situation: str
    question: str
    setup: str
    check: str
    expected: str
    accepted: Annotated[list[str], Field(min_length=1)]
    wrong: Annotated[list[str], Field(min_length=2)]

    def program(self, commands: str) -> Program:
        """Makes the repository, runs ``commands`` in it, prints its state."""
        parts = {"setup": _SETUP + self.setup, "commands": commands, "check": self.check}
        encoded = {
            name: base64.b64encode(text.encode("utf-8", "surrogatepass")).decode() for name, text in parts.items()
        }
        return Program("bash", _RUN.format(**encoded, not_made=_NOT_MADE), Script(self.expected))


@dataclass(frozen=True)
class GitCommands:
    """The benchmark; its one setting is the system's turn, which --prompts-dir replaces."""

    instruction: Instruction = field(default_factory=lambda: instruction("git-commands"))

    name: ClassVar[str] = "git-commands"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "pass@1"
    metrics: ClassVar[tuple[Metric, ...]] = (Mean("pass@1"),)
    max_tokens: ClassVar[int] = 1024
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All questions.

        Raises:
            UnavailableError: there is no Git here.
        """
        if shutil.which("git") is None:
            raise UnavailableError("the commands of git-commands need Git, which is not installed", "install git")
        return [
            sample_of(row, self.instruction, f"{row.situation}\n\n{row.question}", {}, "bash")
            for row in read("git_commands", Row)
        ]

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here, for the data's validation: to do nothing is wrong as well."""
        row: Row = sample.target
        accepted = tuple(fenced(each, "bash") for each in row.accepted)
        return Known(accepted, tuple(fenced(each, "bash") for each in ("git status", *row.wrong)))

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Runs the commands of the reply's last block."""
        row: Row = sample.target
        commands = last_block(answer.text, "bash", "sh", "shell", "console")
        if not commands:
            return no_code(self.metric)
        score = await score_program(self.metric, row.program(commands), tools.run)
        if _NOT_MADE in str(score.detail.get("message", "")):  # before any command of the reply was run
            return Score(Outcome.INFRA_ERROR, {}, {"reason": _NOT_MADE})
        return score
