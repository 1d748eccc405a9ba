"""Sets of whole numbers that are kept as intervals, for instance the covered lines of a file."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """The numbers from ``start`` up to, but not including, ``end``."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def __str__(self) -> str:
        last = self.end - 1
        return str(self.start) if last == self.start else f"{self.start}-{last}"


class IntervalSet:
    """Numbers, in intervals that neither overlap nor touch."""

    def __init__(self, intervals: Iterable[tuple[int, int]] = ()):
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in intervals:
            self.add(start, end)

    @classmethod
    def parse(cls, text: str) -> "IntervalSet":
        """Read numbers and ranges such as ``1-3, 7, 10-12``; the last number is included."""
        result = cls()
        for part in filter(None, (part.strip() for part in text.split(","))):
            first, dash, last = part.partition("-")
            result.add(int(first), int(last if dash else first) + 1)
        return result

    def add(self, start: int, end: int) -> None:
        """Add the numbers from ``start`` up to, but not including, ``end``."""
        if start > end:
            raise ValueError(f"{start} is after {end}")
        if start == end:
            return
        low = bisect_left(self._ends, start)
        high = bisect_right(self._starts, end)
        if low < high:
            start = min(start, self._starts[low])
            end = max(end, self._ends[high - 1])
        self._starts[low:high] = [start]
        self._ends[low:high] = [end]

    def remove(self, start: int, end: int) -> None:
        """Take out the numbers from ``start`` up to, but not including, ``end``."""
        if start >= end:
            return
        low = bisect_right(self._ends, start)
        high = bisect_left(self._starts, end)
        kept = []
        for interval in list(self)[low:high]:
            if interval.start < start:
                kept.append((interval.start, start))
            if interval.end > end:
                kept.append((end, interval.end))
        self._starts[low:high] = [first for first, _ in kept]
        self._ends[low:high] = [last for _, last in kept]

    def __contains__(self, number: int) -> bool:
        index = bisect_right(self._starts, number) - 1
        return index >= 0 and number < self._ends[index]

    def __iter__(self) -> Iterator[Interval]:
        return (Interval(start, end) for start, end in zip(self._starts, self._ends))

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return sum(map(len, self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntervalSet) and list(self) == list(other)

    def __str__(self) -> str:
        return ", ".join(map(str, self))

    def __or__(self, other: "IntervalSet") -> "IntervalSet":
        result = IntervalSet((interval.start, interval.end) for interval in self)
        for interval in other:
            result.add(interval.start, interval.end)
        return result

    def __sub__(self, other: "IntervalSet") -> "IntervalSet":
        result = self | IntervalSet()
        for interval in other:
            result.remove(interval.start, interval.end)
        return result

    def __and__(self, other: "IntervalSet") -> "IntervalSet":
        return self - (self - other)

    def gaps(self) -> list[Interval]:
        """Return what is missing between the first and the last number."""
        return [Interval(end, start) for end, start in zip(self._ends, self._starts[1:])]

    def next_free(self, number: int) -> int:
        """Return the smallest number that is not in the set and not below ``number``."""
        index = bisect_right(self._starts, number) - 1
        if index >= 0 and number < self._ends[index]:
            return self._ends[index]
        return number

    def shifted(self, at: int, by: int) -> "IntervalSet":
        """Return the set after ``by`` numbers were put in at ``at``, or, if negative, taken out.

        Numbers from ``at`` on move; those that are put in are not in the set, and those that
        are taken out are lost.
        """
        limit = max(self._ends, default=at) + 1
        whole = self - IntervalSet([(at, max(at, at - by))])
        below = whole - IntervalSet([(at, max(at, limit))])
        above = whole - below
        return below | IntervalSet((part.start + by, part.end + by) for part in above)


def coverage_percent(covered: IntervalSet, lines: IntervalSet) -> str:
    """Return how much of the lines is covered, to one decimal, cut off and not rounded."""
    if not len(lines):
        return "100.0"
    tenths = 1000 * len(covered & lines) // len(lines)
    return f"{tenths // 10}.{tenths % 10}"
