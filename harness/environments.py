"""Python environments that benchmarks bring for the programs they run: where each is, and what is in it."""

import json
import os
import subprocess
from collections.abc import Mapping
from functools import cache

from harness.entries import Environment
from harness.errors import UnavailableError, UsageError
from harness.records import canonical_sha256

_ASK = """
import json, os, sys
from importlib.metadata import distributions
found = sorted({f"{each.name}=={each.version}" for each in distributions()})
data = os.path.join(sys.prefix, "nltk_data")
files = sorted(os.path.relpath(os.path.join(at, name), data) for at, _, names in os.walk(data) for name in names)
print(json.dumps([sys.version, found, files]))
"""


def python_of(environment: Environment, variables: Mapping[str, str] = os.environ) -> str:
    """The environment's interpreter.

    Raises:
        UnavailableError: nobody has said where it is, or it is not there.
    """
    python = variables.get(environment.variable, "")
    if not python or not os.access(python, os.X_OK):
        what = f"{environment.variable} is {python}, which is not there" if python else f"no {environment.variable}"
        raise UnavailableError(
            f"{what}: its programs need a Python environment of their own",
            f"build it with {environment.build}, and set {environment.variable} to the interpreter that it prints",
        )
    return os.path.abspath(python)


@cache
def fingerprint(python: str) -> str:
    """SHA-256 (hex) over the interpreter's version and all that is installed for it, by name and version.

    Raises:
        UsageError: it is no Python.
    """
    try:
        done = subprocess.run([python, "-I", "-c", _ASK], capture_output=True, check=True, text=True, timeout=120)
        return canonical_sha256(json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UsageError(f"no Python at {python}: {error}", "name the python of an environment") from None
