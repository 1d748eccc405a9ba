"""A small in-memory record store with validations and chainable queries."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "gte": operator.ge,
    "in": lambda value, options: value in options,
    "contains": lambda value, part: part.lower() in value.lower(),
}


class RecordInvalid(ValueError):
    """A record has values that its table does not allow."""

    def __init__(self, errors: dict[str, list[str]]):
        super().__init__("; ".join(f"{name} {text}" for name, texts in errors.items() for text in texts))
        self.errors = errors


class RecordNotFound(LookupError):
    """There is no such record."""


@dataclass(frozen=True)
class Query:
    """The records of a table that meet all conditions, in some order."""

    table: Table
    conditions: tuple[tuple[str, str, Any], ...] = ()
    ordering: tuple[str, ...] = ()
    window: tuple[int, int | None] = (0, None)

    def where(self, **conditions: Any) -> Query:
        """Narrow the query: ``where(state="opened", weight__gte=3)``."""
        added = []
        for key, expected in conditions.items():
            name, _, relation = key.partition("__")
            added.append((name, relation or "eq", expected))
        return replace(self, conditions=self.conditions + tuple(added))

    def order(self, *names: str) -> Query:
        """Sort by columns, the most important first; "-" in front of a name turns it round."""
        return replace(self, ordering=names)

    def page(self, number: int, size: int = 20) -> Query:
        """Take one page, counted from 1."""
        start = (number - 1) * size
        return replace(self, window=(start, start + size))

    def __iter__(self) -> Iterator[dict]:
        rows = [row for row in self.table.rows.values() if self._matches(row)]
        for name in reversed(self.ordering):
            column = name.lstrip("-")
            rows.sort(key=lambda row: row[column], reverse=name.startswith("-"))
        start, end = self.window
        return iter([dict(row) for row in rows[start:end]])

    def _matches(self, row: dict) -> bool:
        return all(
            _OPERATORS[relation](row[name], expected)
            for name, relation, expected in self.conditions
        )

    def pluck(self, name: str) -> list:
        """Return the values of one column."""
        return [row[name] for row in self]

    def count_by(self, name: str) -> dict:
        """Return how many records there are for each value of a column."""
        counts: dict = {}
        for value in self.pluck(name):
            counts[value] = counts.get(value, 0) + 1
        return counts

    def update_all(self, **values: Any) -> int:
        """Change all records of the query; return their number."""
        ids = self.pluck("id")
        for record_id in ids:
            self.table.update(record_id, **values)
        return len(ids)


@dataclass
class Table:
    """Records with the same columns, each with a number of its own as its id."""

    defaults: dict[str, Any]
    required: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    choices: dict[str, tuple] = field(default_factory=dict)
    rows: dict[int, dict] = field(default_factory=dict)
    last_id: int = 0

    def create(self, **values: Any) -> dict:
        """Add a record and return it; columns that are not given get their defaults."""
        row = {"id": self.last_id + 1, **self.defaults, **values}
        self._validate(row)
        self.last_id += 1
        self.rows[self.last_id] = row
        return dict(row)

    def find(self, record_id: int) -> dict:
        """Return a copy of one record."""
        if record_id not in self.rows:
            raise RecordNotFound(f"no record {record_id}")
        return dict(self.rows[record_id])

    def update(self, record_id: int, **values: Any) -> dict:
        """Change some columns of a record and return it."""
        row = {**self.find(record_id), **values}
        self._validate(row)
        self.rows[record_id] = row
        return dict(row)

    def delete(self, record_id: int) -> None:
        """Remove a record."""
        self.find(record_id)
        del self.rows[record_id]

    def query(self) -> Query:
        """Return all records, in the order in which they were added."""
        return Query(self)

    def _validate(self, row: dict) -> None:
        errors: dict[str, list[str]] = {}
        for name in row:
            if name != "id" and name not in self.defaults:
                errors.setdefault(name, []).append("is unknown")
        for name in self.required:
            if row[name] in (None, ""):
                errors.setdefault(name, []).append("is missing")
        for name, allowed in self.choices.items():
            if row[name] not in allowed:
                errors.setdefault(name, []).append(f"must be one of {', '.join(allowed)}")
        for name in self.unique:
            others = (other for other in self.rows.values() if other["id"] != row["id"])
            if any(other[name] == row[name] for other in others):
                errors.setdefault(name, []).append("is already taken")
        if errors:
            raise RecordInvalid(errors)
