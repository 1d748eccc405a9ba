"""Runs as a comment for a merge request. Nothing that a model, its name or a file brings along is rendered."""

import re
from collections.abc import Iterator, Sequence

from harness.records import Outcome
from harness.reporting.notes import notes
from harness.reporting.table import metric_name, number
from harness.results import Estimate, Summary, SummaryRow

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the direction of what follows, and would show one thing for another."""


def markdown(summaries: Sequence[Summary]) -> str:
    """The comment: for each run a headline, its scores, what is missing from them, and its sub-groups folded away."""
    return "\n".join(line for summary in summaries for line in (*_run(summary), ""))


def code(text: str) -> str:
    """``text`` as a code span, in which neither Markdown nor HTML nor a reference of GitLab's (@name, #1) is rendered.

    It is one line, so that no quick action (/merge) begins one. A pipe would end a table's cell, and whether a
    backslash keeps it from that depends on what stands before it; a broken bar stands for it.
    """
    line = _DIRECTION.sub("", _CONTROL.sub(" ", text)).strip().replace("|", "\u00a6")
    if not line:
        return ""
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    space = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{space}{line}{space}{fence}"


def _run(summary: Summary) -> Iterator[str]:
    yield f"## Evaluation of {code(summary.model)} for {code(summary.feature)}"
    yield ""
    state = "complete" if summary.complete else "**not complete**"
    yield f"Run {code(summary.settings_hash)}, {state}."
    yield ""
    yield "| use case | benchmark | metric | score | 95 % interval | n | infra errors |"
    yield "| --- | --- | --- | ---: | ---: | ---: | ---: |"
    for row in summary.rows:
        metric = metric_name(row, summary.calibrations)
        names = code(row.use_case), code(f"{row.benchmark} v{row.version}"), code(metric)
        yield _line(*names, *_figures(row.estimate), str(row.verdicts.get(Outcome.INFRA_ERROR, 0)))
    for missing in summary.unavailable:
        yield _line(code(missing.use_case), code(missing.benchmark), "", "unavailable", "", "", "")
    yield ""
    yield from (f"- {code(note.about)}: {code(note.text)}" for note in notes(summary))
    grouped = [row for row in summary.rows if row.groups]
    if grouped:
        yield from ("", "<details>", "<summary>By sub-group</summary>", "")
        yield "| benchmark | metric | by | | score | 95 % interval | n |"
        yield "| --- | --- | --- | --- | ---: | ---: | ---: |"
        for row in grouped:
            yield from _groups(row)
        yield from ("", "</details>")


def _groups(row: SummaryRow) -> Iterator[str]:
    for tag, values in row.groups.items():
        for value, found in values.items():
            yield _line(code(row.benchmark), code(row.metric), code(tag), code(value), *_figures(found))


def _figures(found: Estimate | None) -> tuple[str, str, str]:
    if found is None:
        return "-", "-", "0"
    return number(found.value), f"{number(found.low)} to {number(found.high)}", f"{found.n:,}"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
