"""How a run says that it is alive: a bar on a terminal, calm plain lines elsewhere."""

import sys
import time
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from harness.records import Outcome, Record

LINE_SECONDS = 15.0
"""Plain lines come at most this often."""


class RunProgress:
    """Follows a run record by record; a context manager. ``totals`` and ``done`` count answers by benchmark."""

    def __init__(self, totals: Mapping[str, int], done: Mapping[str, int], console: Console) -> None:
        self._totals, self._done, self._console = totals, Counter(done), console
        self._infra: Counter[str] = Counter()
        self._before = self._done.total()
        self._tokens, self._started, self._said = 0, time.monotonic(), time.monotonic()
        self._bars: Progress | None = None
        if console.is_terminal:
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[speed]}"),
                console=console,
                transient=True,
            )
            self._tasks = {
                name: self._bars.add_task(name, total=total, completed=self._done[name], speed="")
                for name, total in totals.items()
            }

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()
        elif error is None:
            self._line()

    def advance(self, record: Record) -> None:
        """Counts one record."""
        name = record.benchmark
        self._done[name] += 1
        self._infra[name] += record.verdict is Outcome.INFRA_ERROR
        self._tokens += record.answer.answer_tokens if record.answer else 0
        if self._bars:
            self._bars.update(self._tasks[name], completed=self._done[name], speed=self._speed())
        elif time.monotonic() - self._said >= LINE_SECONDS:
            self._line()

    def _speed(self) -> str:
        infra = sum(self._infra.values())
        rate = f"{self._tokens / max(time.monotonic() - self._started, 1e-6):.0f} tokens/s"
        return f"{rate}, {infra} infra errors" if infra else rate

    def _line(self) -> None:
        self._said = time.monotonic()
        counts = ", ".join(f"{name} {self._done[name]}/{total}" for name, total in self._totals.items())
        self._console.print(f"{counts} ({self._speed()}{self._left()})", highlight=False, soft_wrap=True)

    def _left(self) -> str:
        """About how long it takes yet, if it goes on as since the start."""
        done, left = self._done.total() - self._before, sum(self._totals.values()) - self._done.total()
        minutes = left * (time.monotonic() - self._started) / done / 60 if done else 0.0
        return f", about {minutes:.0f} min left" if minutes >= 1 else ""


def error_console() -> Console:
    """Where progress and errors go, so that standard output holds results only."""
    return Console(file=sys.stderr)
