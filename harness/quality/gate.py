"""What a task of the use-case data must stand before it is asked: its tests accept what is right and nothing else."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from harness.quality.duplicates import Overlap
from harness.quality.mutants import Mutant, mutants
from harness.quality.stubs import stub
from harness.records import Outcome, Verdict
from harness.sandbox.pool import Sandbox
from harness.sandbox.program import Program
from harness.statistics import spread

LEAST_SCORE = 0.8
"""Share of a task's mutants that its tests must find."""
FEW_MUTANTS = 10
"""Of fewer than these a share says little."""
LEAST_WRONG = 3
MOST_CPU_SECONDS = 5.0
MOST_OVERLAP = 0.5
_STILLBORN = ("compile", "load")
_LINES_TOLD = 3


class Examinable(Protocol):
    """One piece of use-case data that can be examined by itself.

    ``file`` names what else was cut out of the same text; ``text`` is what no other one may be near to.
    """

    @property
    def file(self) -> str: ...  # noqa: D102

    @property
    def language(self) -> str: ...  # noqa: D102

    @property
    def text(self) -> str: ...  # noqa: D102

    def examine(self, sandbox: Sandbox, most_mutants: int, runs: int) -> "Finding":
        """What is wrong with it, if anything."""
        ...


@dataclass(frozen=True)
class Task:
    """One task: its place in a file, what is right and what is wrong there, and what a model is shown.

    ``file`` names what else was cut out of the same text; ``program`` is the whole file with a text at the cursor.
    """

    id: str
    file: str
    language: str
    prefix: str
    reference: str
    suffix: str
    wrong: tuple[str, ...]
    asked: str
    program: Callable[[str], Program]

    @property
    def text(self) -> str:
        """The file as it is with the right answer."""
        return self.prefix + self.reference + self.suffix

    def examine(self, sandbox: Sandbox, most_mutants: int, runs: int) -> "Finding":
        """Runs what must pass and what must fail through its tests."""
        return _examined(self, sandbox.run, most_mutants, runs)


@dataclass(frozen=True)
class Finding:
    """What was found out of one task. ``survivors`` are the mutants that passed; stillborn ones do not count."""

    task: str
    language: str
    faults: tuple[str, ...] = ()
    mutants: int = 0
    killed: int = 0
    survivors: tuple[str, ...] = field(default=())
    cpu_seconds: float = 0.0

    @property
    def score(self) -> float | None:
        """The mutation score: the share of mutants killed; None where there is none."""
        return self.killed / self.mutants if self.mutants else None


def check(tasks: Iterable[Examinable], sandbox: Sandbox, most_mutants: int, runs: int) -> Iterator[Finding]:
    """Examines each task, in order, as many at once as the sandbox runs programs."""
    with ThreadPoolExecutor(sandbox.slots) as threads:
        yield from threads.map(lambda task: task.examine(sandbox, most_mutants, runs), tasks)


def too_near(pairs: Iterable[Overlap]) -> list[str]:
    """A fault for each pair of texts that share more than :data:`MOST_OVERLAP` of their 8-grams."""
    return [
        f"{pair.one} and {pair.other} share {pair.share:.0%} of their 8-grams"
        for pair in pairs
        if pair.share > MOST_OVERLAP
    ]


def _examined(task: Task, run: Callable[[Program], Verdict], most_mutants: int, runs: int) -> Finding:
    verdicts = [run(task.program(task.reference)) for _ in range(max(runs, 1))]
    seconds = max(verdict.cpu_seconds for verdict in verdicts)
    faults = [f"the reference {_said(verdict)}" for verdict in verdicts if verdict.outcome is not Outcome.PASSED][:1]
    if seconds > MOST_CPU_SECONDS:
        faults.append(f"its tests take {seconds:.1f} s of CPU")
    if _told(task):
        faults.append("the prompt holds the answer")
    if faults:
        return Finding(task.id, task.language, tuple(faults), cpu_seconds=seconds)
    bad = {"the empty answer": ""}
    lazy = stub(task.prefix, task.reference, task.suffix, task.language)
    if lazy.split() != task.reference.split():  # a gap may be just what a stub would say
        bad["the stub"] = lazy
    bad |= {f"wrong answer {number}": text for number, text in enumerate(task.wrong, 1)}
    judged = {name: run(task.program(text)) for name, text in bad.items()}
    accepted = (Outcome.PASSED, Outcome.INFRA_ERROR)
    faults += [f"{name} {_said(each)}" for name, each in judged.items() if each.outcome in accepted]
    alive, survivors = _tried(task, run, most_mutants)
    killed = alive - len(survivors)
    if killed + len(task.wrong) < min(LEAST_WRONG, most_mutants + len(task.wrong)):
        faults.append(f"only {killed + len(task.wrong)} wrong answers are known to fail")
    if alive >= FEW_MUTANTS and killed / alive < LEAST_SCORE:
        faults.append(f"{len(survivors)} of {alive} mutants pass")
    shown = tuple(f"line {each.line}: {each.change}" for each in survivors)
    return Finding(task.id, task.language, tuple(faults), alive, killed, shown, seconds)


def _tried(task: Task, run: Callable[[Program], Verdict], most: int) -> tuple[int, list[Mutant]]:
    """How many mutants were born, and which of them pass."""
    born, survivors = 0, []
    for mutant in spread(mutants(task.prefix, task.reference, task.suffix, task.language), most):
        verdict = run(task.program(mutant.text))
        if verdict.outcome is Outcome.INFRA_ERROR or verdict.test in _STILLBORN:
            continue
        born += 1
        if verdict.outcome is Outcome.PASSED:
            survivors.append(mutant)
    return born, survivors


def _told(task: Task) -> bool:
    """Whether the whole answer, of several lines, stands in what a model is shown."""
    answer = [line.strip() for line in task.reference.split("\n") if line.strip()]
    shown = "\n".join(line.strip() for line in task.asked.split("\n") if line.strip())
    return len(answer) >= _LINES_TOLD and "\n".join(answer) in shown


def _said(verdict: Verdict) -> str:
    said = " ".join(f"{verdict.test}: {verdict.message}".strip(": ").split())[:200]
    return f"{verdict.outcome}: {said}".rstrip(": ")
