"""Files that are written whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.errors import OutputError

ELSEWHERE = "name another place with -o"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside ``path`` to write to, which takes its place at the end, and goes where the writing failed.

    Raises:
        OutputError: it cannot be written.
    """
    draft = None
    try:
        path = path.resolve()
        if path.parent.exists() and not path.parent.is_dir():
            raise OutputError(f"{path.parent} is no folder", ELSEWHERE)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # a device would be replaced, not written to
            raise OutputError(f"{path} is no file", ELSEWHERE)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:99]}.", dir=path.parent)
        os.close(handle)
        draft = Path(name)
        yield draft
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", ELSEWHERE) from None
    finally:
        with suppress(OSError):
            if draft:
                draft.unlink()
