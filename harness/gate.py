"""Whether a run does worse than another by more than a margin, and by more than chance explains."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.comparison import Comparison, Row

MARGIN = 0.03
"""Of the score: what a run may be worse by."""
LEVEL = 0.05


@dataclass(frozen=True)
class Gated:
    """One row of a comparison, and what the gate says of it."""

    row: Row
    margin: float
    verdict: Literal["passed", "failed", "cannot tell"]

    @property
    def text(self) -> str:
        """In one line."""
        found = self.row.difference
        figures = f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f}), n {found.n}"
        more = f": a regression of {self.margin:g} is not ruled out" if self.verdict == "cannot tell" else ""
        return f"{self.row.benchmark} {self.row.metric}: {figures}: {self.verdict}{more}"


def gated(comparison: Comparison, margin: float = MARGIN) -> Sequence[Gated]:
    """Each row: failed where its whole interval lies below minus ``margin`` and p, adjusted, is below 0.05."""
    found = []
    for row in comparison.rows:
        difference = row.difference
        if difference.high < -margin and row.p < LEVEL:
            found.append(Gated(row, margin, "failed"))
        else:
            found.append(Gated(row, margin, "cannot tell" if difference.low < -margin else "passed"))
    return found
