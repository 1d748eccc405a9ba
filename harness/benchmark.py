"""What a benchmark is: a frozen dataclass whose fields are its settings, with a way to load and a way to score.

    @dataclass(frozen=True)
    class Mine:
        shots: int = 0                              # --set mine.shots=3
        name: ClassVar[str] = "mine"
        version: ClassVar[str] = "1"
        metric: ClassVar[str] = "pass@1"
        max_tokens: ClassVar[int] = 512
        stop: ClassVar[tuple[str, ...]] = ()

        def load(self, read: ReadRows) -> list[Sample]: ...
        async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score: ...

A system prompt is a field as well: ``instruction: Instruction = field(default_factory=lambda: instruction("mine"))``
reads configs/prompts/mine.yaml, and --prompts-dir replaces it (harness/prompts/instructions.py).

One whose programs need libraries of their own names an ``environment`` in configs/datasets.yaml, and has

        def reference(self, sample: Sample) -> str: ...     # a right program, run before any answer is scored
        hopeless: ClassVar[frozenset[str]] = frozenset()    # ids whose reference fails in every sandbox
        slow: ClassVar[tuple[str, ...]] = ()                # ids whose programs run long: they begin first, in order

Put it in benchmarks/mine.py, name it in configs/datasets.yaml and in configs/features.yaml: that is all.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import Field, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from harness.errors import UnavailableError
from harness.metrics import Mean, Metric
from harness.prompts.instructions import Instruction, instructions
from harness.records import Answer, Prompt, Sample, Sampling, Score, Verdict
from harness.sandbox.program import Program

Row = TypeVar("Row")
Part = TypeVar("Part")


class ReadRows(Protocol):
    """Reads a split of the benchmark's data set as instances of ``row`` (a dataclass), checked field by field."""

    def __call__(self, split: str, row: type[Row]) -> list[Row]:
        """Raises DataError naming file and line, or UnavailableError."""
        ...


RunProgram = Callable[[Program], Awaitable[Verdict]]
"""Runs one program in the sandbox, without blocking the others."""
AskJudge = Callable[[Prompt, Sampling], Awaitable[Answer]]
"""Asks the judge, never the candidate; raises EngineError, which makes the sample an ``infra_error``."""


@dataclass(frozen=True)
class Tools:
    """What scoring may use. ``judge`` is None where the run has none; the candidate is out of a scorer's reach."""

    run: RunProgram
    judge: AskJudge | None = None


class Benchmark(Protocol):
    """A set of samples with a way to ask and a way to score."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    name: ClassVar[str]
    version: ClassVar[str]
    """Raised by anything that changes scores: the prompt, the extraction, the tests."""
    metric: ClassVar[str]
    """The one number that says it all; one with several has ``metrics`` too (see :func:`metrics_of`)."""
    max_tokens: ClassVar[int]
    stop: ClassVar[tuple[str, ...]]

    def load(self, read: ReadRows) -> list[Sample]:
        """All samples, in the data set's own order.

        A benchmark of several parts goes on without one that is unavailable (:func:`samples_of_parts`): the run then
        says what was left out.
        """
        ...

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Judges one answer; ``scores`` must hold the benchmark's metric's per-attempt number (1.0 = passed)."""
        ...


def metrics_of(benchmark: Benchmark) -> tuple[Metric, ...]:
    """What is summed up of a benchmark: its ``metrics`` where it has some, else the mean of its one metric.

    The first covers all samples: what a report says of the benchmark as a whole stands with it.
    """
    several: tuple[Metric, ...] = getattr(benchmark, "metrics", ())
    return several or (Mean(benchmark.metric),)


def samples_of_parts(parts: Iterable[Part], load: Callable[[Part], Iterable[Sample]]) -> list[Sample]:
    """The samples of all parts whose rows can be had, in order.

    Raises:
        UnavailableError: none can, and why the last one cannot.
    """
    samples: list[Sample] = []
    missing: UnavailableError | None = None
    for part in parts:
        try:
            samples += load(part)
        except UnavailableError as error:
            missing = error
    if missing and not samples:
        raise missing
    return samples


def slow_first(benchmark: Benchmark, samples: Iterable[Sample]) -> list[Sample]:
    """``samples`` in order, but those first whose programs run long: nobody should wait for them at the end."""
    rank = slow_rank(benchmark)
    return sorted(samples, key=lambda sample: rank(sample.id))


def slow_rank(benchmark: Benchmark) -> Callable[[str], int]:
    """The place of a sample's id among those whose programs run long; all others come after them, at one place."""
    slow: tuple[str, ...] = getattr(benchmark, "slow", ())
    places = {name: place for place, name in enumerate(slow)}
    return lambda name: places.get(name, len(places))


def with_instructions(benchmark: Benchmark, folder: Path | None) -> Benchmark:
    """The benchmark with the system prompts that ``folder`` has in place of its own."""
    known = instructions(folder) if folder else {}
    changes: dict[str, Any] = {
        name: known[value.name]
        for name, value in _values(benchmark).items()
        if isinstance(value, Instruction) and value.name in known
    }
    return replace(benchmark, **changes)


def settings_of(benchmark: Benchmark) -> dict[str, Any]:
    """The benchmark's settings as plain data: of a system prompt its text, too, and a hash to compare it by."""
    return {
        name: {**asdict(value), "sha256": value.sha256} if isinstance(value, Instruction) else value
        for name, value in _values(benchmark).items()
    }


def _values(benchmark: Benchmark) -> dict[str, Any]:
    return {each.name: getattr(benchmark, each.name) for each in fields(benchmark)}
