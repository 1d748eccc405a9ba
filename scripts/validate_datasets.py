"""Checks the use-case data: everything about the files themselves here, then every task by ``evaluate data validate``.

    python scripts/validate_datasets.py [--write] [options of evaluate data validate]

The completion samples are what scripts/make_completion.py cuts; each card tells the data's own counts and fingerprints.
``--write`` makes it so instead of complaining. The exit code is that of the validation, 1 where a file is not what it
should be.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import make_completion

from harness.cli.validate import main as validate
from harness.datasource import fingerprint
from harness.scoring.judge import CRITERIA
from harness.shipped import shipped


@dataclass(frozen=True)
class Card:
    """What a card's table counts: rows of each file (``part``), items of the lists ``items``, values of ``columns``.

    A value that is a number is told with its column's name.
    """

    part: str
    items: str
    columns: tuple[str, ...]


CARDS = {
    "code_generation": Card("language", "cases", ("trigger", "difficulty")),
    "code_completion": Card("language", "cases", ("kind",)),
    "chat": Card("set", "history", ("difficulty",)),
    "judge": Card("set", "", ("use_case", *CRITERIA)),
}
"""By folder."""
COUNTS = re.compile(r"(?<=<!-- counts -->\n).*?(?=<!-- /counts -->)", re.DOTALL)


def main() -> int:
    write = "--write" in sys.argv
    options = [argument for argument in sys.argv[1:] if argument != "--write"]
    wrong = bool(make_completion.cut_all(write)) and not write
    for folder, card in CARDS.items():
        files = sorted((shipped("datasets") / folder).glob("*.jsonl"))
        wrong |= settle(shipped("datasets") / folder / "README.md", table(files, card), write)
    return 1 if wrong else validate(options)


def settle(card: Path, counts: str, write: bool) -> bool:
    """Whether the card does not tell ``counts``; with ``write`` it then does."""
    text = card.read_text()
    should = COUNTS.sub(lambda _: counts, text)
    if text == should:
        return False
    if write:
        card.write_text(should)
        return False
    print(f"{card}: not what the data says; run scripts/validate_datasets.py --write")
    return True


def table(files: Sequence[Path], card: Card) -> str:
    """Rows of each file and by each value of the card's columns, and each file's SHA-256, as Markdown."""
    rows: dict[str, list[dict[str, Any]]] = {
        path.stem: [json.loads(line) for line in path.read_text().split("\n") if line] for path in files
    }
    sums = {path.stem: fingerprint(path.read_bytes().splitlines(keepends=True)) for path in files}
    every = [row for part in rows.values() for row in part]
    values = [(column, value) for column in card.columns for value in sorted({row[column] for row in every})]
    heads = [card.part, "rows", *filter(None, [card.items]), *(_head(*value) for value in values), "SHA-256"]
    lines = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    for name, part in [*rows.items(), ("all", every)]:
        counts = Counter((column, row[column]) for row in part for column in card.columns)
        items = [sum(len(row[card.items]) for row in part)] if card.items else []
        cells = [name, len(part), *items, *(counts[value] for value in values), sums.get(name, "")]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def _head(column: str, value: Any) -> str:
    return value if isinstance(value, str) else f"{column} {value}"


if __name__ == "__main__":
    sys.exit(main())
