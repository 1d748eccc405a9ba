"""Runs a probe on hostile input: in a process of its own, without this one's environment, within time and memory."""

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.errors import NotInstalledError

_PROBES = Path(__file__).parent / "probes"
_LARGEST_ANSWER = 1_000_000


class EndlessError(Exception):
    """The probe took more time or memory than its limit, or died; ``args`` say which."""


def probe(name: str, arguments: Sequence[str] = (), text: str = "", seconds: int = 3, memory: int = 1 << 30) -> Any:
    """What the script ``name`` of probes/ prints, parsed.

    ``seconds`` bounds its processor time, twice that its whole time; ``memory`` is in bytes.

    Raises:
        EndlessError: it was over a limit or died.
        NotInstalledError: a package that it needs is not installed.
    """

    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    # Nothing of the working folder or of this process's environment; installed packages stay within reach.
    command = [sys.executable, "-P", "-X", "utf8", str(_PROBES / f"{name}.py"), *arguments]
    try:
        done = subprocess.run(
            command,
            input=text.encode("utf-8", "replace"),
            capture_output=True,
            env={},
            preexec_fn=limits,
            timeout=2 * seconds + 10,
        )
    except subprocess.TimeoutExpired:
        raise EndlessError(f"it takes longer than {seconds} s") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or [""]
        if said[0].startswith("ModuleNotFoundError: No module named "):
            raise NotInstalledError("screening this model", said[0].split("'")[1], "screening")
        if said[0].startswith("MemoryError"):
            raise EndlessError(f"it takes more than {memory >> 20} MiB of memory")
        if -done.returncode in (signal.SIGKILL, signal.SIGXCPU):
            raise EndlessError(f"it takes longer than {seconds} s")
        raise EndlessError(f"it cannot be looked at: {said[0] or f'signal {-done.returncode}'}")
    return json.loads(done.stdout[:_LARGEST_ANSWER])
