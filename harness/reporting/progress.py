"""How a run says that it is alive: a bar for each benchmark on a terminal, calm plain lines elsewhere."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from harness.pipeline import Follower
from harness.records import Answer, Outcome, Record

LINE_SECONDS = 15.0
"""Plain lines come at most this often."""


@dataclass
class Count:
    """How far one benchmark is: ``total`` attempts, of which some had been ``answered`` and ``scored`` before."""

    total: int
    answered: int
    scored: int
    infra: int = 0
    tokens: int = 0
    began: float | None = None
    """When this session's first answer was asked for, on the monotonic clock."""
    ended: float = 0.0
    """When its last one came."""

    @property
    def text(self) -> str:
        """How many are answered and scored."""
        return f"answered {self.answered}, scored {self.scored}/{self.total}"

    @property
    def speed(self) -> str:
        """Tokens a second of all answers in flight together, since the first was asked for; "" where none was."""
        if self.began is None:
            return ""
        return f"{self.tokens / max(self.ended - self.began, 1e-6):.0f} tok/s"

    @property
    def failed(self) -> str:
        """The infra errors, where there are any."""
        return f"{self.infra} infra error{'s' * (self.infra > 1)}" if self.infra else ""


class RunProgress(Follower):
    """Follows a run answer by answer; a context manager. ``counts`` tell how far each benchmark is."""

    def __init__(self, counts: Mapping[str, Count], console: Console) -> None:
        self._counts, self._console = counts, console
        self._before = self._scored()
        self._started = self._said = time.monotonic()
        self._bars: Progress | None = None
        if console.is_terminal:
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=16),
                TextColumn("{task.fields[count]}"),
                TimeRemainingColumn(compact=True),
                TextColumn("{task.fields[speed]}"),
                TextColumn("[red]{task.fields[failed]}"),
                console=console,
                transient=True,
            )
            self._tasks = {
                name: self._bars.add_task(
                    *(name, True, each.total, each.scored),
                    count=each.text,
                    speed=each.speed,
                    failed=each.failed,
                )
                for name, each in counts.items()
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

    def answered(self, benchmark: str, answer: Answer) -> None:
        """Counts one answer."""
        count, now = self._counts[benchmark], time.monotonic()
        count.answered += 1
        count.tokens += answer.answer_tokens
        count.began = min(count.began or now, now - answer.seconds)
        count.ended = now
        self._show(benchmark)

    def written(self, record: Record) -> None:
        """Counts one record."""
        count = self._counts[record.benchmark]
        count.scored += 1
        count.infra += record.verdict is Outcome.INFRA_ERROR
        self._show(record.benchmark)

    def _show(self, benchmark: str) -> None:
        if self._bars:
            count, task = self._counts[benchmark], self._tasks[benchmark]
            self._bars.update(task, completed=count.scored, count=count.text, speed=count.speed, failed=count.failed)
        elif time.monotonic() - self._said >= LINE_SECONDS:
            self._line()

    def _line(self) -> None:
        self._said = time.monotonic()
        text = "; ".join(
            ", ".join(filter(None, (f"{name} {each.text}", each.speed, each.failed)))
            for name, each in self._counts.items()
        )
        self._console.print(f"{text}{self._left()}", highlight=False, soft_wrap=True)

    def _left(self) -> str:
        """About how long it takes yet, if it goes on as since the start."""
        done, left = self._scored() - self._before, sum(each.total for each in self._counts.values()) - self._scored()
        minutes = left * (time.monotonic() - self._started) / done / 60 if done else 0.0
        return f" (about {minutes:.0f} min left)" if minutes >= 1 else ""

    def _scored(self) -> int:
        return sum(each.scored for each in self._counts.values())


def error_console() -> Console:
    """Where progress and errors go, so that standard output holds results only."""
    return Console(file=sys.stderr)
