"""MBPP+ v0.2.0 of EvalPlus (Liu et al. 2023, arXiv 2305.01210): 378 tasks of MBPP with about 100 inputs each.

Two numbers, as EvalPlus reports them: ``base pass@1`` (the few inputs of MBPP's own asserts) and ``plus pass@1`` (these
and all others). An answer is right where it returns what the reference solution returns; float tolerance and the tasks
with a rule of their own are in benchmarks/mbppplus_rules.py. The references run in the sandbox once, when a task is
first scored. docs/benchmarks/mbppplus.md has prompt, metric and what differs from EvalPlus.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from benchmarks.mbpp import STOP
from benchmarks.mbppplus_rules import JUDGE, alternatives, arguments, call, rule_of
from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean
from harness.records import Answer, Chat, Message, Outcome, Sample, Score
from harness.sandbox.program import MEBIBYTE, Judged, Limits, Program, Values
from harness.scoring.program import no_code, program_of, score_program
from harness.scoring.references import References, Returned
from harness.scoring.verbatim import VERBATIM, with_verbatim

BASE, PLUS = "base pass@1", "plus pass@1"
INSTRUCTION = "Write one self-contained Python script that solves this task. Put it into one fenced code block."
REFERENCE_SECONDS = 600


@dataclass(frozen=True)
class Row:
    """One task; inputs are lists of arguments, with JSON's types (see :func:`arguments`)."""

    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    base_input: list[Any]
    plus_input: list[Any] | dict[str, Any]
    """One task has an empty object instead of an empty list."""
    atol: float
    contract: str
    assertion: str


@dataclass(frozen=True)
class Task:
    """What scoring needs: each input's arguments, the base ones first, and the calls that they make."""

    row: Row
    inputs: tuple[tuple[Any, ...], ...]
    calls: tuple[str, ...]

    @property
    def reference(self) -> Program:
        """The reference solution, asked for what it returns."""
        source = self.row.prompt + self.row.canonical_solution
        return Program("python", source, Values(self.calls), limits=_limits(REFERENCE_SECONDS))

    def program(self, code: str, returned: Returned, part: slice) -> Program:
        """``code`` with the calls of ``part``, to be judged by what the reference returned."""
        known = [
            [value, other]
            for value, other in zip(
                returned.values[part], alternatives(self.row.entry_point, self.inputs[part]), strict=True
            )
        ]
        judge = f"RULE = {rule_of(self.row.entry_point)!r}\nATOL = {self.row.atol!r}\n{JUDGE}"
        limits = _limits(10 + math.ceil(4 * returned.cpu_seconds))
        return Program("python", code, Judged(self.calls[part], judge, tuple(known)), limits=limits)


@dataclass(frozen=True)
class MbppPlus:
    """The benchmark; it has no settings."""

    name: ClassVar[str] = "mbppplus"
    version: ClassVar[str] = "2"
    metric: ClassVar[str] = PLUS
    metrics: ClassVar[tuple[Mean, ...]] = (Mean(PLUS), Mean(BASE), VERBATIM)
    max_tokens: ClassVar[int] = 768
    stop: ClassVar[tuple[str, ...]] = ()
    references: ClassVar[References] = References()

    def load(self, read: ReadRows) -> list[Sample]:
        """All 378 tasks."""
        return [
            Sample(
                id=row.task_id,
                prompt=Chat(
                    (Message("user", f"{INSTRUCTION}\n```python\n{row.prompt.strip()}\n```"),),
                    plain=row.prompt.strip() + "\n",
                    plain_stop=STOP,
                ),
                target=_task(row),
                cluster=row.task_id,
                language="python",
            )
            for row in read("MbppPlus-v0.2.0", Row)
        ]

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Runs the answer's code on the base inputs and, where it is right on these, on all others."""
        task: Task = sample.target
        code = program_of(answer, "python", task.row.prompt)
        if not code:
            return no_code(PLUS, BASE)
        ran = await self._run(task, code, tools)
        return with_verbatim(ran, code, task.row.canonical_solution, "python")

    async def _run(self, task: Task, code: str, tools: Tools) -> Score:
        returned = await self.references.returned(task.reference, tools.run)
        if returned.reason:
            return Score(Outcome.INFRA_ERROR, {}, {"reason": returned.reason})
        few = len(task.row.base_input)
        base = await score_program(BASE, task.program(code, returned, slice(0, few)), tools.run)
        if base.outcome is not Outcome.PASSED or few == len(task.calls):
            scores = {**base.scores, PLUS: base.scores[BASE]} if base.scores else {}
            return Score(base.outcome, scores, {**base.detail, "inputs": "base"})
        plus = await score_program(PLUS, task.program(code, returned, slice(few, None)), tools.run)
        scores = {**plus.scores, BASE: 1.0} if plus.scores else {}
        return Score(plus.outcome, scores, {**plus.detail, "inputs": "plus"})


def _task(row: Row) -> Task:
    plus: Sequence[Any] = row.plus_input if isinstance(row.plus_input, list) else []
    number = int(row.task_id.rpartition("/")[2])
    inputs = tuple(arguments(number, given) for given in (*row.base_input, *plus))
    return Task(row, inputs, tuple(call(row.entry_point, each) for each in inputs))


def _limits(cpu_seconds: int) -> Limits:
    """EvalPlus' memory; its time is one second or four times the reference's for each input."""
    return Limits(cpu_seconds=cpu_seconds, wall_seconds=60.0 + cpu_seconds, memory_bytes=4096 * MEBIBYTE)
