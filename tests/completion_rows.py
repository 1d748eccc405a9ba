"""A few gaps to fill, in the format of datasets/code_completion/, cut from two small files."""

import json
from pathlib import Path
from typing import Any

from benchmarks.code_completion import LANGUAGES

LEDGER = '''"""Balances of accounts, in cents."""


def balance(entries, account):
    """What ``account`` holds after ``entries`` of (kind, account, cents); a credit adds, all else takes away."""
    total = 0
    for kind, name, cents in entries:
        if name != account:
            continue
        total += cents if kind == "credit" else -cents
    return total


def accounts(entries):
    """The names of all accounts, sorted."""
    return sorted({name for _, name, _ in entries})
'''
LEDGER_CASES = [
    {"call": 'balance([("credit", "a", 5), ("debit", "a", 2), ("credit", "b", 9)], "a")', "returns": 3},
    {"call": 'balance([], "a")', "returns": 0},
    {"call": 'accounts([("credit", "b", 5), ("debit", "a", 2), ("debit", "b", 2)])', "returns": ["a", "b"]},
]
QUEUE = """'use strict';

/** A queue that forgets its oldest items beyond `limit`. */
class Recent {
  constructor(limit) {
    this.limit = limit;
    this.items = [];
  }

  push(item) {
    this.items.push(item);
    if (this.items.length > this.limit) {
      this.items.shift();
    }
    return this.items.length;
  }
}
"""
QUEUE_CASES = [
    {"setup": "var q = new Recent(2); q.push(1); q.push(2);", "call": "[q.push(3), q.items]", "returns": [2, [2, 3]]},
]


def _row(
    file: str, path: str, text: str, cases: list[dict[str, Any]], kind: str, number: int, middle: str
) -> dict[str, Any]:
    prefix, found, suffix = text.partition(middle)
    assert found
    return {
        "id": f"{file}:{kind}-{number}",
        "file": file,
        "language": file.partition("/")[0],
        "path": path,
        "kind": kind,
        "prefix": prefix,
        "middle": middle,
        "suffix": suffix,
        "cases": cases,
    }


ROWS = [
    *(
        _row("python/ledger", "bank/ledger.py", LEDGER, LEDGER_CASES, kind, number, middle)
        for number, (kind, middle) in enumerate(
            [
                ("rest_of_line", ' cents if kind == "credit" else -cents'),
                ("statement", "        if name != account:\n            continue\n"),
                ("body", "    return sorted({name for _, name, _ in entries})\n"),
            ],
            1,
        )
    ),
    *(
        _row("javascript/recent", "lib/recent.js", QUEUE, QUEUE_CASES, kind, number, middle)
        for number, (kind, middle) in enumerate([("block", "      this.items.shift();\n"), ("arguments", "item);")], 1)
    ),
]


def mirror_of(folder: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    """Writes ``rows`` as a mirror that has a file for every language."""
    place = folder / "code_completion"
    place.mkdir(parents=True)
    for language in LANGUAGES:
        mine = [row for row in rows if row["file"].startswith(f"{language}/")]
        (place / f"{language}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in mine))
    return folder
