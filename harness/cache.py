"""What is dear to find out and may be forgotten: JSON files in the cache folder. Losing one costs only time."""

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.shipped import cache_dir


def recall(name: str) -> Any:
    """The JSON value that was kept as ``name``, a path in the cache folder; None where there is none to be read."""
    with suppress(OSError, ValueError):
        return json.loads((cache_dir() / name).read_bytes())
    return None


def keep(name: str, value: Any) -> None:
    """Keeps ``value``, whole or not at all; a cache that cannot be written is no reason to fail."""
    path: Path = cache_dir() / name
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            json.dump(value, file)
        os.replace(file.name, path)
