"""A screening as a page in a terminal."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.screening.screen import ModelFile, Screening
from harness.screening.validated import Validated

_STYLES = {"refused": "bold red", "warned": "yellow", "noted": ""}
_MIB = 1 << 20


def print_screening(screening: Screening, console: Console) -> None:
    """Prints what is known of the model, its files, and the findings with the way to mend each."""
    console.print()
    for name, value in _facts(screening):
        console.print(Text(f"{name:11}{value}"), soft_wrap=True)
    console.print()
    if screening.files:
        console.print(_files(screening.files))
        console.print()
    for finding in screening.findings:
        console.print(Text(f"{finding.severity:9}{finding.what}", style=_STYLES[finding.severity]), soft_wrap=True)
        console.print(Text(f"{'':9}mend: {finding.mend}"), soft_wrap=True)
    refused = len(screening.refused)
    reasons = f"{refused} reason{'s' if refused > 1 else ''} above to refuse this model"
    console.print(Text(reasons if refused else "nothing refuses this model"))


def _facts(screening: Screening) -> Iterator[tuple[str, str]]:
    licence = screening.licence
    yield "model", f"{screening.model} from {screening.source}"
    yield "licence", licence.expression or "unknown"
    if licence.expression:
        yield "", f"Blue Oak Council: {licence.rating}; in production: {licence.production}"
    for text in licence.restricts:
        yield "", text
    for claim in licence.claims:
        yield "", f'{claim.place} says "{claim.text}"'
    if screening.label_cap:
        yield "label", f"at best {screening.label_cap}, because of the licence"
    for line in _validated(screening.validated):
        yield "GitLab", line
    if not screening.validated:
        yield "GitLab", "its tables do not name this model"
    if screening.architectures:
        yield "built as", ", ".join(screening.architectures)


def _validated(tables: Sequence[Validated]) -> Iterator[str]:
    for each in tables:
        levels = ", ".join(f"{use} {level}" for use, level in each.levels.items())
        yield f"{each.title}: {levels} ({each.table})"


def _files(files: Sequence[ModelFile]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("file", overflow="fold")
    table.add_column("kind", no_wrap=True)
    table.add_column("MiB", justify="right", no_wrap=True)
    table.add_column("sha256", overflow="fold")
    for file in files:
        table.add_row(Text(file.name), file.kind, f"{file.bytes / _MIB:,.1f}", file.sha256)
    return table
