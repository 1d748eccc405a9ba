"""What GitLab's documentation says of a model already: its tables, with source and date, in configs/validated.yaml."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from harness.catalog import config

Level = Literal["full", "partial", "limited", "experimental"]
Use = Literal["code-completion", "code-generation", "chat", "agent-platform"]
USES: dict[str, tuple[Use, ...]] = {"code-suggestions": ("code-completion", "code-generation"), "chat": ("chat",)}
"""The columns of the tables that are a feature's."""


@dataclass(frozen=True)
class Row:
    """Models of a table that have the same levels; ``names`` are patterns."""

    title: str
    names: tuple[str, ...]
    levels: Mapping[Use, Level]


@dataclass(frozen=True)
class Table:
    """One of GitLab's tables."""

    title: str
    source: str
    as_of: str
    models: tuple[Row, ...]


@dataclass(frozen=True)
class Tables:
    """configs/validated.yaml; see there."""

    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Validated:
    """What one table says of the model: ``levels`` by use; ``matched`` is the name by which it was found."""

    table: str
    source: str
    as_of: str
    title: str
    matched: str
    levels: Mapping[Use, Level]


def validated(names: Iterable[str], feature: str = "") -> tuple[Validated, ...]:
    """What each table says of a model that goes by ``names``, newest table first; ``feature`` limits it to its uses.

    It goes by names alone: the weights in a folder of that name may be any.
    """
    candidates = tuple(names)
    found = []
    for table in config("validated.yaml", Tables).tables:
        matches = ((row, name) for row in table.models for name in candidates if _matches(name, row.names))
        if match := next(matches, None):
            row, name = match
            uses = USES.get(feature, tuple(row.levels))
            levels = {use: level for use, level in row.levels.items() if use in uses}
            if levels:
                found.append(Validated(table.title, table.source, table.as_of, row.title, name, levels))
    return tuple(found)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern fits; its org is left out of account where the name has none."""
    lowered = name.lower()
    return any(fnmatchcase(lowered, pattern if "/" in lowered else pattern.rpartition("/")[2]) for pattern in patterns)
