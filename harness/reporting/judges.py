"""What judges said, and what that is worth, in a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.results import Calibration
from harness.scoring.calibration import GOOD, LEAST_AGREEMENT, trusted
from harness.scoring.judge import CRITERIA, JUDGED, SCALE

_SAYINGS = {"first": "the first", "second": "the second", "neither": "neither", "swayed": "what stood first, or second"}


def judged_name(metric: str, calibrations: Sequence[Calibration]) -> str:
    """The metric's name; a judged one says whether one of its judges is not trusted."""
    what = metric.removeprefix(JUDGED)
    return metric if what == metric or all(trusted(each, what) for each in calibrations) else f"{metric} (not trusted)"


def print_opinions(summed: Mapping[str, Any], calibrations: Sequence[Calibration], console: Console) -> None:
    """How each run's answers were graded with the others in view, or which of two is better how often."""
    console.print()
    if summed["better"]:
        one, other = summed["runs"]
        console.print(Text(f"first: {one}; second: {other}; each question in both orders"))
        table = _table("better", "questions", "share")
        asked = sum(summed["better"].values())
        for side, saying in _SAYINGS.items():
            count = summed["better"].get(side, 0)
            table.add_row(saying, str(count), f"{count / asked:.0%}")
    else:
        table = _table("run", judged_name(f"{JUDGED}{GOOD}", calibrations), "95 % interval", "n", *CRITERIA)
        for run, said in summed["runs"].items():
            good, grades = said["good"], said["grades"]
            figures = (
                (f"{good['value']:.3f}", f"{good['low']:.3f}-{good['high']:.3f}", str(good["n"])) if good else "---"
            )
            table.add_row(run, *figures, *(f"{grades[name]:.2f}" if grades else "-" for name in CRITERIA))
    console.print(table)
    console.print()
    for benchmark, alone in summed["unpaired"].items():
        left = ", ".join(f"{count} of {run}" for run, count in alone.items() if count)
        if left:
            console.print(Text(f"{benchmark}: answers without a counterpart, left out: {left}"), soft_wrap=True)
    if summed["failed"]:
        console.print(Text(f"{summed['failed']} questions had no judgement; the same command asks them again"))


def print_calibrations(calibrations: Sequence[Calibration], console: Console) -> None:
    """What each judge's grades are worth, in words and as a table of known grades against told ones."""
    for found in calibrations:
        table = _table(f"known grades as judge {found.judge} told them", *(f"as {grade}" for grade in SCALE))
        for criterion, counts in found.confusion.items():
            for grade, row in zip(SCALE, counts, strict=True):
                table.add_row(f"{criterion} {grade}", *map(str, row))
        console.print()
        console.print(table)
        console.print()
        for note in _worth(found):
            console.print(Text(note), soft_wrap=True)


def _table(first: str, *columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column(first, overflow="fold")
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _worth(found: Calibration) -> list[str]:
    """What a judge's grades are worth, in words."""
    alphas = ", ".join(f"{what} {_alpha(alpha)}" for what, alpha in found.agreement.items())
    notes = [f"judge {found.judge}: agreement with {found.answers} known grades (Krippendorff's alpha): {alphas}"]
    if not all(trusted(found, what) for what in found.agreement):
        notes.append(
            f"judge {found.judge}: below {LEAST_AGREEMENT} is not trusted; {found.failed} replies had no grades"
        )
    if found.itself:
        notes.append(f"judge {found.judge}: it graded its own answers")
    return notes


def _alpha(alpha: float | None) -> str:
    return "-" if alpha is None else f"{alpha:.2f}"
