"""A container engine as a level of isolation: ``docker:IMAGE`` or ``podman:IMAGE``, for boxes that have one.

The same server runs inside, spoken to over the engine's standard input and output, with landlock between programs.
The image is used by its digest, so that the manifest names what really ran; it needs Python 3.10 or newer.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from harness.errors import SandboxError
from harness.sandbox.interpreters import Interpreter
from harness.sandbox.isolation import (
    DISK_BYTES,
    FIRST_UID,
    SERVER_CAPABILITIES,
    SYSTEM,
    Launch,
    environment,
    filters,
    parents_of,
)
from harness.sandbox.languages import DRIVERS
from harness.sandbox.program import MEBIBYTE, Limits

ENGINES = ("docker", "podman")
PYTHON = ("/usr/bin/env", "python3", "-s", "-S", "-B")
_INSIDE = "/harness"
_PROCESSES = 256
_SPARE_BYTES = 512 * MEBIBYTE


@dataclass(frozen=True)
class Container:
    """An engine and an image, the latter with its digest."""

    engine: str
    image: str

    def __str__(self) -> str:
        return f"{self.engine}:{self.image}"

    def launch(self, slots: int, parents: dict[str, Interpreter]) -> Launch:
        """How to start a server in a container of its own.

        Raises:
            FileNotFoundError: the engine is not installed.
        """
        engine = shutil.which(self.engine)
        if engine is None:
            raise FileNotFoundError(f"{self.engine} is not installed")
        settings: dict[str, Any] = {
            "level": "landlock",
            "slots": slots,
            "sleepers": 0,  # its memory is sized by slots
            "readable": [*SYSTEM, "/opt", _INSIDE, "/dev/urandom", "/dev/zero"],
            "writable": ["/dev/null"],
            "seccomp": filters(namespaces=False),
            "first_uid": FIRST_UID,
            "disk_bytes": DISK_BYTES,
            "environment": environment("/usr/local/bin"),
            "parents": parents_of(parents),
        }
        return Launch(self.command(engine, slots), settings, _INSIDE)

    def command(self, engine: str, slots: int) -> tuple[str, ...]:
        """The engine's command line: no network, nothing writable but a sized /tmp, no capability but the server's."""
        memory = slots * Limits().memory_bytes + _SPARE_BYTES
        kept = [part for name in SERVER_CAPABILITIES for part in ("--cap-add", name)]
        return (
            *(engine, "run", "--rm", "--interactive", "--pull", "never", "--network", "none", "--read-only"),
            *("--tmpfs", f"/tmp:rw,exec,nosuid,nodev,mode=1777,size={slots * DISK_BYTES}"),
            *("--cap-drop", "ALL", *kept, "--security-opt", "no-new-privileges", "--user", "0:0"),
            *("--pids-limit", str(slots * _PROCESSES), "--memory", str(memory), "--memory-swap", str(memory)),
            *("--volume", f"{DRIVERS}:{_INSIDE}:ro", "--entrypoint", "/usr/bin/env", self.image),
            *("python3", "-s", "-S", "-E", "-B", f"{_INSIDE}/server.py"),
        )


def container(wanted: str) -> Container:
    """The container that ``docker:IMAGE`` or ``podman:IMAGE`` names, its image by digest.

    Raises:
        SandboxError: the engine does not run, or does not have the image.
    """
    engine, _, image = wanted.partition(":")
    if "@sha256:" in image:
        return Container(engine, image)
    command = [engine, "image", "inspect", image]  # without a format: the engines name its fields differently
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        raise SandboxError(f"{engine} is not installed", "install it, or choose another level with --sandbox") from None
    except subprocess.TimeoutExpired:
        raise SandboxError(f"{engine} does not answer", f"see: {engine} info") from None
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SandboxError(f"{engine} has no image {image}: {why}", f"{engine} pull {image}")
    return Container(engine, digest(done.stdout))


def digest(inspected: str) -> str:
    """The image's name with its digest, or the id of one that was built here and has none."""
    image: dict[str, Any] = json.loads(inspected)[0]
    return str((image.get("RepoDigests") or [image["Id"]])[0])
