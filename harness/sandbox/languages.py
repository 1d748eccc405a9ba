"""Which languages programs may be written in: the toolchain of each, where it is, and how to get it."""

import os
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.errors import UnknownNameError

DRIVERS = Path(__file__).parent / "drivers"


@dataclass(frozen=True)
class Language:
    """One language: ``command`` starts its driver, which reads a program and reports what came of its tests."""

    name: str
    executable: str
    command: tuple[str, ...]
    install: str
    address_space: bool = True
    """False where the runtime reserves far more address space than it uses, so that only its data can be limited."""


@dataclass(frozen=True)
class Toolchain:
    """A language's interpreter on this machine: the command to run and the folders it must be able to read."""

    command: tuple[str, ...]
    folders: tuple[str, ...]


LANGUAGES = {
    language.name: language
    for language in (
        Language(
            "python",
            sys.executable,
            ("-s", "-S", "-P", "-B", str(DRIVERS / "python_driver.py")),
            "install Python 3.11 or newer",
        ),
        Language(
            "javascript",
            "node",
            ("--max-old-space-size=512", "--stack-size=900", str(DRIVERS / "node_driver.js")),
            "install Node.js 18 or newer (Debian: apt-get install nodejs)",
            address_space=False,
        ),
    )
}


def language(name: str) -> Language:
    """The language called ``name``.

    Raises:
        UnknownNameError: programs in it cannot be run.
    """
    if name not in LANGUAGES:
        raise UnknownNameError("programming language", name, LANGUAGES)
    return LANGUAGES[name]


@cache
def toolchain(name: str) -> Toolchain | None:
    """Where the language's interpreter is, or None when this machine has none.

    Raises:
        UnknownNameError: programs in it cannot be run.
    """
    wanted = language(name)
    if name == "python":
        # The interpreter under a virtual environment: programs get the standard library and nothing installed.
        executable: str | None = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
        folders: tuple[str, ...] = (os.path.realpath(sys.base_prefix),)
    else:
        executable = shutil.which(wanted.executable)
        folders = ()
    if executable is None:
        return None
    executable = os.path.realpath(executable)
    return Toolchain((executable, *wanted.command), (*folders, executable))
