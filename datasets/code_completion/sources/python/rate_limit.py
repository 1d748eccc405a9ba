"""Rate limits per user and per kind of request, with a sliding window."""

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limit:
    """At most ``requests`` within any ``seconds``."""

    requests: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read a limit such as ``10/s``, ``300/5m`` or ``1000/h``."""
        number, _, period = text.partition("/")
        units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
        if not number.isdecimal() or not period or period[-1] not in units:
            raise ValueError(f"not a limit: {text!r}")
        count = period[:-1] or "1"
        if not count.isdecimal() or int(count) == 0:
            raise ValueError(f"not a period: {period!r}")
        return cls(int(number), int(count) * units[period[-1]])

    def __str__(self) -> str:
        return f"{self.requests} requests in {self.seconds} s"


@dataclass(frozen=True)
class Decision:
    """Whether a request may go ahead, and what to tell the client."""

    allowed: bool
    limit: int
    remaining: int
    retry_after: float = 0

    def headers(self) -> dict[str, str]:
        """Return the response headers that go with the decision."""
        headers = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
        }
        if not self.allowed:
            headers["Retry-After"] = str(-int(-self.retry_after // 1))
        return headers


class SlidingWindow:
    """The requests of one client that still count."""

    def __init__(self, limit: Limit):
        self.limit = limit
        self._times: deque[float] = deque()

    def check(self, now: float, cost: int = 1) -> Decision:
        """Decide on a request that counts ``cost`` times, and count it if it is allowed."""
        self._forget(now)
        limit = self.limit.requests
        if len(self._times) + cost <= limit:
            self._times.extend([now] * cost)
            return Decision(True, limit, limit - len(self._times))
        remaining = limit - len(self._times)
        if cost > limit:
            return Decision(False, limit, remaining, self.limit.seconds)
        freeing = self._times[cost - remaining - 1]
        return Decision(False, limit, remaining, freeing + self.limit.seconds - now)

    def is_idle(self, now: float) -> bool:
        """Return whether no request counts any more."""
        self._forget(now)
        return not self._times

    def _forget(self, now: float) -> None:
        while self._times and self._times[0] <= now - self.limit.seconds:
            self._times.popleft()


@dataclass
class RateLimiter:
    """Limits by the name of an action; several limits may apply to one action."""

    clock: Callable[[], float]
    limits: dict[str, list[Limit]]
    exempt: frozenset[Hashable] = frozenset()
    _windows: dict[tuple, list[SlidingWindow]] = field(default_factory=dict)

    def check(self, action: str, client: Hashable, cost: int = 1) -> Decision | None:
        """Decide on a request; None if there is no limit for it.

        If one limit refuses it, the others do not count it. Of several answers the one that
        leaves the client the least is returned, or the longest wait.
        """
        if action not in self.limits or client in self.exempt:
            return None
        now = self.clock()
        windows = self._windows.setdefault(
            (action, client), [SlidingWindow(limit) for limit in self.limits[action]]
        )
        refusals = [
            decision
            for window in windows
            if not (decision := _peek(window, now, cost)).allowed
        ]
        if refusals:
            return max(refusals, key=lambda decision: decision.retry_after)
        decisions = [window.check(now, cost) for window in windows]
        return min(decisions, key=lambda decision: decision.remaining)

    def sweep(self) -> int:
        """Drop the clients without requests that count; return how many there were."""
        now = self.clock()
        idle = [
            key
            for key, windows in self._windows.items()
            if all(window.is_idle(now) for window in windows)
        ]
        for key in idle:
            del self._windows[key]
        return len(idle)


def _peek(window: SlidingWindow, now: float, cost: int) -> Decision:
    copy = SlidingWindow(window.limit)
    copy._times = deque(window._times)
    return copy.check(now, cost)
