"""The JSON files of a run's folder: each holds one dataclass."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from harness.errors import DataError, JournalError, OutputError, first_fault

Held = TypeVar("Held")


def read_json(path: Path, kind: type[Held], mend: str) -> Held | None:
    """What ``path`` holds, or None where there is no such file; ``mend`` says what to do with a malformed one.

    Raises:
        DataError: it is malformed.
    """
    if not path.is_file():
        return None
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataError(f"{path}: {first_fault(error, kind.__name__.lower())}", mend) from None


@dataclass(frozen=True)
class File:
    """What every versioned file says of itself; one that says nothing is of the first schema."""

    schema: int = 1


def schema_of(path: Path, mend: str) -> int | None:
    """The schema that the file at ``path`` says it is of (1 where it says none), or None where there is no such file.

    Raises:
        DataError: it is malformed.
    """
    found = read_json(path, File, mend)
    return found.schema if found else None


def read_versioned(path: Path, kind: type[Held], schema: int, mend: str) -> Held | None:
    """As :func:`read_json`, of a file that says which schema it is of.

    Raises:
        DataError: it is malformed, or of a schema other than ``schema``.
    """
    found = schema_of(path, mend)  # first: another schema's fields are other ones
    if found not in (None, schema):
        raise DataError(f"{path} is of schema {found}, this version reads {schema}", mend)
    return read_json(path, kind, mend)


def make_folder(folder: Path) -> None:
    """Makes ``folder`` and those above it.

    Raises:
        OutputError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"cannot write to {folder}: {error.strerror}", "name another folder with --out") from None


def write_json(path: Path, value: Any) -> None:
    """Writes a dataclass as JSON, whole or not at all.

    Raises:
        JournalError: the disk is full or the folder cannot be written.
    """
    try:
        with draft_of(path) as draft, draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(value), file, indent=1, ensure_ascii=False)
            file.write("\n")
    except OSError as error:
        raise JournalError(
            f"cannot write {path}: {error.strerror}", "make room and run the same command again"
        ) from None


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """A file beside ``path`` to write to, which takes its place at the end, and goes where the writing failed.

    Raises:
        OSError: it cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:99]}.", dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
