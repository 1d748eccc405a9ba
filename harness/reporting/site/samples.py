"""A run's samples as files that a page loads piece by piece: one list of all rows, and their texts 200 at a time.

A page that was opened from a file may not fetch, but it may load scripts. So each piece is a script that hands plain
JSON to the page, which shows texts as text alone.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.records import Record

ROWS, TEXTS = 10_000, 200
"""Rows in a piece of the list, and in a piece of the texts."""
LONGEST = 20_000
"""Characters of an answer, or of a detail, that are shown."""


@dataclass(frozen=True)
class Pieces:
    """What was written for a run: how many rows, and how many pieces hold them."""

    rows: int
    lists: int
    texts: int


def write_samples(records: Iterable[Record], folder: Path) -> Pieces:
    """Writes ``records``, one for each attempt, to ``folder`` as list-N.js and texts-N.js.

    Raises:
        DataError: a line of the journal that they come from is malformed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Any] = []
    texts: list[Any] = []
    done, lists, pieces = 0, 0, 0
    for record in records:
        rows.append(_row(record))
        texts.append(_text(record))
        done += 1
        if len(texts) == TEXTS:
            pieces = _write(folder, "texts", pieces, texts)
        if len(rows) == ROWS:
            lists = _write(folder, "list", lists, rows)
    pieces = _write(folder, "texts", pieces, texts)
    lists = _write(folder, "list", lists, rows)
    return Pieces(done, lists, pieces)


def _write(folder: Path, kind: str, number: int, rows: list[Any]) -> int:
    """Writes ``rows`` as the next piece, where there are any, and empties them; returns the number of pieces."""
    if not rows:
        return number
    text = json.dumps(rows, ensure_ascii=True, separators=(",", ":"))
    (folder / f"{kind}-{number}.js").write_text(f'received("{kind}",{number},{text});\n', encoding="ascii")
    rows.clear()
    return number + 1


def _row(record: Record) -> list[Any]:
    first = next(iter(record.scores.values()), None)
    tags = " ".join(f"{name}:{value}" for name, value in record.tags.items())
    return [record.benchmark, record.sample, record.attempt, str(record.verdict), first, tags]


def _text(record: Record) -> dict[str, Any]:
    answer = record.answer
    detail = {name: value for name, value in record.detail.items() if name != "values"}
    found: dict[str, Any] = {
        "scores": dict(record.scores),
        "detail": json.dumps(detail, ensure_ascii=False, indent=1, default=str)[:LONGEST] if detail else "",
        "prompt": record.prompt_sha256,
    }
    if answer:
        found |= {
            "answer": answer.text[:LONGEST],
            "options": list(answer.options),
            "told": f"{answer.prompt_tokens} tokens in the prompt, {answer.answer_tokens} in the answer, "
            f"{answer.seconds:.1f} s, ended by {answer.finish_reason}",
        }
    return found
