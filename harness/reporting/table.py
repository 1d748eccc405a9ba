"""A run's summary as a table in a terminal."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.records import Outcome
from harness.reporting.judges import judged_name, print_calibrations
from harness.reporting.notes import notes
from harness.results import Calibration, Estimate, LatencyRow, Quantiles, Summary, SummaryRow, Usage
from harness.summary import GATE_SECONDS, first_rows

PLAIN_WIDTH = 120
"""Width of a table that goes to a file or a pipe, which has none of its own."""

WIDE = 100
"""Columns of a terminal from which on headings stand on one line."""

LARGE = 10_000
"""Numbers from which on three digits are told in place of three decimals."""

COLUMNS = ("use case", "benchmark", "metric", "score", "95 % interval", "n", "no answer", "infra errors", "seconds")


def results_console() -> Console:
    """Standard output: as wide as the terminal, or wide enough where there is none."""
    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)


def print_summary(summary: Summary, console: Console, not_in_version: tuple[str, ...] = ()) -> None:
    """Prints the scores, then everything that is missing from them and how to get it."""
    title = f"{summary.model} · {summary.feature} · run {summary.settings_hash}"
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, title=title, title_justify="left")
    for name in COLUMNS:
        if name in ("use case", "benchmark", "metric"):
            table.add_column(name, overflow="fold")
        else:
            heading = name if console.width >= WIDE else "\n".join(name.rsplit(" ", 1))
            table.add_column(heading, justify="right", no_wrap=True)
    whole = first_rows(summary)
    for row in summary.rows:
        table.add_row(*_cells(row, row in whole, summary.calibrations))
    for missing in summary.unavailable:
        table.add_row(missing.use_case, missing.benchmark, "", Text("unavailable", style="yellow"), *[""] * 5)
    console.print()
    console.print(table)
    console.print()
    for row in whole:
        if "language" in row.groups:
            console.print(_groups(row))
            console.print()
    if summary.latency:
        console.print(_latency(summary.latency))
        console.print()
    _note(console, _usage(summary.usage))
    for note in notes(summary):
        _note(console, str(note))
    print_calibrations(summary.calibrations, console)
    for name in not_in_version:
        _note(console, f"{name}: part of this feature's process, but not in this version")


def _cells(row: SummaryRow, first: bool, calibrations: Sequence[Calibration]) -> tuple[str, ...]:
    found = row.estimate
    no_answer = row.verdicts.get(Outcome.NO_ANSWER, 0)
    share = f"{no_answer} ({no_answer / row.records:.0%})" if row.records else "0"
    return (
        row.use_case,
        f"{row.benchmark} v{row.version}",
        metric_name(row, calibrations),
        number(found.value) if found else "-",
        (" to " if found.low < 0 else "-").join(map(number, (found.low, found.high))) if found else "-",
        str(found.n if found else 0),
        share,
        str(row.verdicts.get(Outcome.INFRA_ERROR, 0)),
        f"{row.seconds:.0f}" if first else "",
    )


def metric_name(row: SummaryRow, calibrations: Sequence[Calibration]) -> str:
    """The metric's name, and what keeps it from being read as one that it is not."""
    if row.fallbacks and row.fallbacks == row.records:
        return f"{row.metric} (fallback)"
    return judged_name(row.metric, calibrations)


def _groups(row: SummaryRow) -> Table:
    """A code benchmark's first metric by language, kind of gap, difficulty and the like."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column(f"{row.metric} of {row.benchmark} by", overflow="fold")
    for name in ("", "score", "95 % interval", "n"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for tag, values in row.groups.items():
        for at, (value, found) in enumerate(values.items()):
            shown = (number(found.value), interval(found), str(found.n))
            table.add_row("" if at else tag.replace("_", " "), value.replace("_", " "), *shown)
    return table


def number(value: float) -> str:
    """Three decimals, or three digits of what has no bound: a perplexity may be astronomical."""
    return f"{value:.3f}" if abs(value) < LARGE else f"{value:.3g}"


def interval(found: Estimate) -> str:
    """An estimate's 95 % interval."""
    return f"{number(found.low)}-{number(found.high)}"


def _latency(rows: Sequence[LatencyRow]) -> Table:
    """Streamed answers in seconds: median, 95th and 99th percentile."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("latency of", overflow="fold")
    for name in ("at once", "answers", "first\ntoken, s", "whole\nanswer, s", f"p95\n<= {GATE_SECONDS:g} s"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        quick = "yes" if row.quick_enough else Text("no", style="yellow")
        came = f"{row.n}/{row.n + row.failed}"
        table.add_row(row.benchmark, str(row.concurrency), came, _seconds(row.first_token), _seconds(row.total), quick)
    return table


def _seconds(quantiles: Quantiles | None) -> str:
    return f"{quantiles.p50:.2f}/{quantiles.p95:.2f}/{quantiles.p99:.2f}" if quantiles else "-"


def _usage(usage: Usage) -> str:
    parts = [f"tokens: {usage.prompt_tokens:,} in prompts, {usage.answer_tokens:,} in answers"]
    if usage.prefix_cache_hit_share is not None:
        parts.append(f"prefix cache hits {usage.prefix_cache_hit_share:.0%}")
    if usage.cost_usd is not None:
        parts.append(f"cost {usage.cost_usd:.4f} USD")
    if usage.judge_cost_usd is not None:
        parts.append(f"judge {usage.judge_cost_usd:.4f} USD")
    return "; ".join(parts)


def _note(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)
