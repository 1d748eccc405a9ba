"""A comparison and the labels that come of it, in a terminal."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.comparison import Comparison, Row
from harness.viability import Label, Viability, worst

STYLES: dict[Label, str] = {"Full": "green", "Partial": "yellow", "Limited": "red", "Unclear": "dim"}
MOST_FLIPPED = 10
"""Samples named of those that one side alone passed; --json has all."""


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Every metric of both sides, what differs, and what else is to be known of it."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, title_justify="left")
    table.title = f"{comparison.ours} against {comparison.theirs}"
    for name in ("benchmark", "metric"):
        table.add_column(name, overflow="fold")
    for name in (comparison.ours, comparison.theirs):
        table.add_column(name, justify="right", overflow="fold")
    for name in ("difference", "95 % interval", "p", "n", "would show", "won/lost/tied"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in comparison.rows:
        table.add_row(*_cells(row))
    console.print()
    console.print(table)
    console.print()
    _note(console, "p: adjusted for all rows (Holm). would show: the least true difference found 4 times in 5.")
    for row in comparison.rows:
        if not row.paired:
            _note(console, f"{row.benchmark} {row.metric}: unpaired")
        if any(row.lone):
            _note(
                console, f"{row.benchmark} {row.metric}: without a counterpart: {row.lone[0]} here, {row.lone[1]} there"
            )
    for benchmark, note in dict.fromkeys((row.benchmark, note) for row in comparison.rows for note in row.notes):
        _note(console, f"{benchmark}: {note}")
    for left in comparison.left_out:
        _note(console, left)
    for row in {row.benchmark: row for row in reversed(comparison.rows)}.values():
        for what, names in zip(("won", "lost"), row.flipped, strict=True):
            if names:
                more = f" and {len(names) - MOST_FLIPPED} more" if len(names) > MOST_FLIPPED else ""
                _note(console, f"{row.benchmark} {row.metric} {what}: {', '.join(names[:MOST_FLIPPED])}{more}")


def print_viability(found: Sequence[Viability], console: Console) -> None:
    """The label of each use case, the interval behind it, and the feature's own."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for name in ("use case", "label", "by", "difference", "95 % interval", "why"):
        table.add_column(name, overflow="fold")
    for each in found:
        why = each.why
        if each.needed:
            why = f"{why}; " * bool(why) + f"about {each.needed:,} samples would tell"
        by, value, interval = "", "", ""
        if each.row:
            by = f"{each.row.benchmark} {each.row.metric}"
            value, interval = f"{each.row.difference.value:+.3f}", _interval(each.row)
        table.add_row(each.use_case, Text(each.label, style=STYLES[each.label]), by, value, interval, why)
    label = worst(each.label for each in found)
    table.add_section()
    table.add_row("all", Text(label, style=STYLES[label]), "", "", "", "the worst of them")
    console.print()
    console.print(table)
    console.print()


def _cells(row: Row) -> tuple[str, ...]:
    found = row.difference
    figures = f"{row.ours.value:.3f}", f"{row.theirs.value:.3f}", f"{found.value:+.3f}", _interval(row)
    p = "<0.001" if row.p < 0.001 else f"{row.p:.3f}"
    ratio = f"{found.won}/{found.lost}/{found.tied}" if row.paired else "-"
    return row.benchmark, row.metric, *figures, p, str(found.n), f"{row.detectable:.3f}", ratio


def _interval(row: Row) -> str:
    return f"{row.difference.low:+.3f} to {row.difference.high:+.3f}"


def _note(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)
