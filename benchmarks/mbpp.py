"""MBPP, Mostly Basic Python Problems (Austin et al. 2021, arXiv 2108.07732): a task and asserts, a function wanted.

``sanitized`` is the hand-verified part (257 test tasks), ``full`` the original (500). As the field asks it: the task's
text with its asserts, after 0 or 3 solved examples (tasks 2, 3 and 4 of the ``prompt`` split, as in the paper). The
wording is this project's own and goes through the model's chat template, so a score is comparable with others measured
here and only roughly with published ones. pass@1: all asserts hold.
"""

import builtins
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean
from harness.records import Answer, Chat, Message, Sample, Score
from harness.sandbox.program import Asserts, Program
from harness.scoring.program import no_code, program_of, score_program
from harness.scoring.verbatim import VERBATIM, with_verbatim

EXAMPLES = (2, 3, 4)
STOP = ('\n"""', "\nassert", "\nprint(", "\nif __name__", "\n```", "\ndef main(")
"""Where a base model has begun something else than the function: EvalPlus' list for MBPP."""


@dataclass(frozen=True)
class Row:
    """A row of either configuration: ``text`` and ``test_setup_code`` in full, ``prompt`` and ``test_imports`` else."""

    task_id: int
    code: str
    test_list: list[str]
    text: str = ""
    prompt: str = ""
    test_setup_code: str = ""
    test_imports: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Mbpp:
    """The benchmark; its fields are its settings."""

    config: Literal["sanitized", "full"] = "sanitized"
    shots: Literal[0, 3] = 3

    name: ClassVar[str] = "mbpp"
    version: ClassVar[str] = "3"
    metric: ClassVar[str] = "pass@1"
    metrics: ClassVar[tuple[Mean, ...]] = (Mean(metric), VERBATIM)
    max_tokens: ClassVar[int] = 512
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All test tasks of the configuration."""
        solved = {row.task_id: row for row in read(f"{self.config}/prompt", Row)} if self.shots else {}
        shots = [solved[task] for task in EXAMPLES[: self.shots]]
        examples = [turn for row in shots for turn in _example(row)]
        lead = "".join(f"{_docstring(row)}{_code(row)}\n\n\n" for row in shots)
        return [
            Sample(
                id=str(row.task_id),
                prompt=Chat((*examples, Message("user", _request(row))), lead + _docstring(row), STOP),
                target=row,
                cluster=str(row.task_id),
                language="python",
            )
            for row in read(f"{self.config}/test", Row)
        ]

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Runs the answer's code with the task's asserts."""
        code = program_of(answer, "python")
        if not code:
            return no_code(self.metric)
        row: Row = sample.target
        ran = await score_program(self.metric, Program("python", code, checks(row)), tools.run)
        return with_verbatim(ran, code, row.code, "python")


def _request(row: Row) -> str:
    asserts = "\n".join(row.test_list)
    return f"{row.text or row.prompt}\n\nThese checks must hold for your code:\n```python\n{asserts}\n```"


def _example(row: Row) -> Iterable[Message]:
    return Message("user", _request(row)), Message("assistant", f"```python\n{_code(row)}\n```")


def _code(row: Row) -> str:
    return row.code.replace("\r\n", "\n").strip()


def _docstring(row: Row) -> str:
    """The task as a base model continues it: a docstring with all asserts, after which the code comes."""
    asserts = "\n".join(row.test_list)
    return f'"""\n{row.text or row.prompt}\n{asserts}\n"""\n'


def checks(row: Row) -> Asserts:
    """Statements to run after the code: imports and set-up of the tests, then the tests.

    A function that is called like a built-in one (task 126 wants a ``sum``) is the program's if the reference has it.
    """
    tests = tuple(text for text in (*row.test_imports, row.test_setup_code, *row.test_list) if text.strip())
    wanted = set(re.findall(r"^def (\w+)", row.code, re.MULTILINE))
    return Asserts(tests, tuple(sorted(wanted & set(dir(builtins)))))
