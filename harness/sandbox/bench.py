"""The judges' bench: what programs returned waits here until a process that holds no program's code judges it.

Judging one program costs little, starting a process for it a lot: programs that come in while one batch is judged make
up the next. With nothing under way nobody waits.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from harness.sandbox.judging import Execution, events_of

MOST = 64
HOLD_SECONDS = 0.1

Item = dict[str, Any]
Judgement = dict[str, Any]
"""``passed``, or ``failed`` (number of the check) with ``error`` and ``message``, or ``missing`` (number), or
``broken`` (why)."""


@dataclass
class Waiting:
    """An item to judge, and who wants to know."""

    item: Item
    then: Callable[[Judgement], None]
    since: float
    alone: bool = False


class Bench:
    """Collects items and has them judged in batches by ``send``; lives on the service's thread."""

    def __init__(self, send: Callable[[list[Item], Callable[[dict[str, Any]], None]], None]) -> None:
        self._send = send
        self._waiting: deque[Waiting] = deque()
        self._at_work = 0

    @property
    def at_work(self) -> int:
        """How many batches are being judged."""
        return self._at_work

    def add(self, item: Item, then: Callable[[Judgement], None]) -> None:
        """Has ``item`` judged, soon."""
        self._waiting.append(Waiting(item, then, time.monotonic()))

    def turn(self, idle: bool) -> float | None:
        """Sends a batch if it is time; says in how many seconds it may be. ``idle``: no program is under way."""
        while self._waiting and not self._at_work:
            left = self._waiting[0].since + HOLD_SECONDS - time.monotonic()
            if left > 0 and not idle and len(self._waiting) < MOST and not self._waiting[0].alone:
                return left
            batch = [self._waiting.popleft()]
            while self._waiting and len(batch) < MOST and not batch[0].alone and not self._waiting[0].alone:
                batch.append(self._waiting.popleft())
            self._at_work += 1
            self._send([each.item for each in batch], partial(self._judged, batch))
        return None

    def _judged(self, batch: list[Waiting], answer: dict[str, Any]) -> None:
        self._at_work -= 1
        if "broken" in answer:
            for each in batch:
                each.then(answer)
            return
        execution = Execution.of(answer)
        said = {event["item"]: event for event in events_of(execution.report) if "item" in event}
        unsaid = [each for number, each in enumerate(batch) if number not in said]
        for number, each in enumerate(batch):
            if number in said:
                each.then(said[number])
        if len(batch) == 1 and unsaid:
            why = f"judging its values took more than the judge has (exit status {execution.status})"
            batch[0].then({"failed": 0, "error": "", "message": why})
            return
        # One of them was too much for the judge. The first is the likeliest; each is judged alone to find out.
        self._waiting.extendleft(Waiting(each.item, each.then, each.since, alone=True) for each in reversed(unsaid))
