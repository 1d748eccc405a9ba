"""BigCodeBench v0.1.4 (Zhuo et al. 2024, arXiv 2406.15877): functions that call many libraries, tested by unittest.

``complete`` gives the model the function's head with its docstring, ``instruct`` a description in words; ``hard`` are
148 of the 1,140 tasks. ``calibrated``, as on the leaderboard, puts the task's imports and constants and an empty
function before the answer, so that a right one does not fail for want of an import. ``prefill`` begins the answer of a
chat model with an opened code block. The tests need 139 libraries: they run on the Python of an environment of its own.
docs/benchmarks/bigcodebench.md has prompt, metric and what differs from the official harness.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean
from harness.records import Answer, Chat, Message, Sample, Score
from harness.sandbox.program import MEBIBYTE, Limits, Program, Unittest
from harness.scoring.program import no_code, program_of, score_program
from harness.scoring.verbatim import VERBATIM, with_verbatim

SPLITS = {"full": "v0.1.4", "hard": "hard_v0.1.4"}
INSTRUCTION = "Write one self-contained Python script for the following task. Put it into one fenced code block."
PREFILL = "Here is the whole script, with the function that the task asks for:\n```python\n"
STOP = ("\ndef ", "\nclass ", "\nimport ", "\nfrom ", "\nassert ", "\nif __name__", "\ndef main(", "\nprint(", "\n```")
"""Where a base model has begun something else than the function's body: the official harness' list."""
LIMITS = Limits(cpu_seconds=240, wall_seconds=240.0, memory_bytes=8192 * MEBIBYTE, file_bytes=256 * MEBIBYTE)
"""The official time; some tasks sleep for a minute, TensorFlow reserves gigabytes."""


@dataclass(frozen=True)
class Row:
    """One task; ``code_prompt`` is the function's head without its docstring."""

    task_id: str
    complete_prompt: str
    instruct_prompt: str
    canonical_solution: str
    code_prompt: str
    test: str
    entry_point: str


@dataclass(frozen=True)
class BigCodeBench:
    """The benchmark; its fields are its settings."""

    split: Literal["complete", "instruct"] = "complete"
    subset: Literal["full", "hard"] = "full"
    calibrated: bool = True
    prefill: bool = False

    name: ClassVar[str] = "bigcodebench"
    version: ClassVar[str] = "2"
    metric: ClassVar[str] = "pass@1"
    metrics: ClassVar[tuple[Mean, ...]] = (Mean(metric), VERBATIM)
    max_tokens: ClassVar[int] = 1280
    stop: ClassVar[tuple[str, ...]] = ()
    hopeless: ClassVar[frozenset[str]] = frozenset(f"BigCodeBench/{n}" for n in (101, 176, 314, 590, 1005, 1012))
    """Their tests reach for the internet, which no sandbox has: they fail here whatever is installed."""
    slow: ClassVar[tuple[str, ...]] = tuple(
        f"BigCodeBench/{n}"
        for n in (
            *(461, 1104, 1040, 195, 220, 1103, 17, 1105, 819, 821, 421, 181),  # sleep, 155 s to 9 s
            *(417, 102, 289, 0, 99, 418, 419),  # compute, 29 s to 5 s
        )
    )
    """Their own solutions take long. Those that sleep are first: they leave the cores to the others."""

    def load(self, read: ReadRows) -> list[Sample]:
        """All tasks of the subset."""
        return [
            Sample(id=row.task_id, prompt=self._prompt(row), target=row, cluster=row.task_id, language="python")
            for row in read(SPLITS[self.subset], Row)
        ]

    def reference(self, sample: Sample) -> str:
        """The canonical solution as a whole program."""
        row: Row = sample.target
        return f"{row.complete_prompt}\n{row.canonical_solution}"

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Runs the answer's code with the task's tests."""
        row: Row = sample.target
        code = program_of(answer, "python", _head(row))
        if not code:
            return no_code(self.metric)
        source = f"{row.code_prompt}\n    pass\n{code}" if self.calibrated else code
        program = Program("python", source, Unittest(row.test), limits=LIMITS)
        ran = await score_program(self.metric, program, tools.run)
        return with_verbatim(ran, code, row.canonical_solution, "python")

    def _prompt(self, row: Row) -> Chat:
        if self.split == "complete":
            asked, plain = f"```python\n{row.complete_prompt.strip()}\n```", _head(row)
        else:
            asked, plain = row.instruct_prompt.strip(), ""
        messages = (Message("user", f"{INSTRUCTION}\n{asked}"),)
        begun = (Message("assistant", PREFILL),) if self.prefill else ()
        return Chat(messages + begun, plain, STOP if plain else ())


def _head(row: Row) -> str:
    """What a base model continues."""
    return row.complete_prompt.strip() + "\n"
