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
    """One language: ``command`` starts its driver, which reads a program and reports what came of its steps.

    In it ``{executable}`` and ``{drivers}`` stand for paths, ``{report}`` for the descriptor to report on.
    """

    name: str
    executable: str
    command: tuple[str, ...]
    install: str
    memory: str = "RLIMIT_AS"
    """RLIMIT_DATA where the runtime reserves far more address space than it uses."""


@dataclass(frozen=True)
class Toolchain:
    """A language's tools on this machine: their executable and the folders they must be able to read."""

    executable: str
    folders: tuple[str, ...]


LANGUAGES = {
    language.name: language
    for language in (
        Language(
            "python",
            sys.executable,
            ("{executable}", "-s", "-S", "-B", "{drivers}/candidate.py", "{report}"),
            "install Python 3.11 or newer",
        ),
        Language(
            "javascript",
            "node",
            ("{executable}", "--max-old-space-size=512", "--stack-size=900", "{drivers}/node_driver.js", "{report}"),
            "install Node.js 18 or newer (Debian: apt-get install nodejs)",
            memory="RLIMIT_DATA",
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
    return Toolchain(executable, (*folders, executable))
