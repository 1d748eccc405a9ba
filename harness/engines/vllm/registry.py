"""Servers that ``evaluate serve`` keeps up, so that a later run with the same settings finds and reuses one.

Each is a file of its user's alone (mode 0600) in the cache folder, because it holds the server's key.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.engines.vllm.launch import Launch
from harness.engines.vllm.server import Address
from harness.shipped import cache_dir


@contextmanager
def published(launch: Launch, address: Address) -> Iterator[Path]:
    """Makes a server known while the context is open."""
    path = _path(launch)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileNotFoundError):
        path.unlink()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"url": address.url, "key": address.key}, file)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def running(launch: Launch) -> Address | None:
    """The server that answers for ``launch`` now; a file whose server is gone is removed."""
    path = _path(launch)
    try:
        found = json.loads(path.read_text())
        address = Address(found["url"], found["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if any(model.get("id") == launch.name for model in address.models()):
        return address
    path.unlink(missing_ok=True)
    return None


def _path(launch: Launch) -> Path:
    return cache_dir() / "servers" / f"{launch.fingerprint}.json"
