"""All runs as a table in a terminal, and industry benchmarks beside use cases."""

from collections.abc import Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.overview import Gap, Line
from harness.reporting.table import interval, number
from harness.results import Estimate


def print_runs(lines: Sequence[Line], console: Console) -> None:
    """Each run with its benchmarks' scores beside it, below each other."""
    if not lines:
        console.print("no runs")
        return
    table = _table("run", "benchmark", "score", "95 % interval", "n")
    for column in table.columns[1:]:
        column.no_wrap = True
    for line in lines:
        style = "" if line.state == "complete" else "yellow"
        began = line.began[:16].replace("T", " ")
        head = Text.assemble(f"{line.model} {line.feature}\n{began} ", (line.state, style), f"\n{line.folder}")
        scores = line.scores.values()
        columns = (
            line.scores,
            (number(each.value) for each in scores),
            (interval(each) for each in scores),
            (f"{each.n:,}" for each in scores),
        )
        table.add_row(head, *("\n".join(column) for column in columns), end_section=True)
    console.print(table)


def print_gaps(gaps: Sequence[Gap], console: Console) -> None:
    """A table for each pair of benchmarks, its models by their industry score."""
    if not gaps:
        console.print("no model has both an industry score and one on a use case of the same feature")
        return
    for (use_case, industry, gitlab), group in groupby(gaps, lambda gap: (gap.use_case, gap.industry, gap.gitlab)):
        table = _table("model", industry, "rank", gitlab, "rank", "gap", "95 % interval")
        table.title = f"{use_case}: {industry} (industry) and {gitlab} (use case)"
        for gap in group:
            bounds = f"{gap.gap.low:+.3f} to {gap.gap.high:+.3f}"
            ranks = str(gap.industry_rank), str(gap.rank)
            figures = _score(gap.industry_score), ranks[0], _score(gap.score), ranks[1]
            table.add_row(gap.model, *figures, f"{gap.gap.value:+.3f}", bounds)
        console.print()
        console.print(table)
    console.print()
    console.print(Text("gap: industry minus use case. What counts for a feature is the use case."), soft_wrap=True)


def _table(*names: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, title_justify="left")
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def _score(found: Estimate) -> str:
    return f"{number(found.value)} ({interval(found)}), n={found.n:,}"
