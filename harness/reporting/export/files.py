"""Exported files, at a place that the user names: written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import OutputError
from harness.files import draft_of

ELSEWHERE = "name another place with -o"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """As :func:`harness.files.draft_of`, whose folder is made where it is missing.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        path = path.resolve()
        if path.parent.exists() and not path.parent.is_dir():
            raise OutputError(f"{path.parent} is no folder", ELSEWHERE)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # a device would be replaced, not written to
            raise OutputError(f"{path} is no file", ELSEWHERE)
        with draft_of(path) as draft:
            yield draft
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", ELSEWHERE) from None
