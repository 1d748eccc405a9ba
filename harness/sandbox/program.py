"""What the sandbox takes: a program, how it is tested, and its limits. Plain data, so that anyone may describe one."""

from dataclasses import dataclass, field
from typing import Any

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What one program may use. The verdict hangs on CPU time; wall time only bounds programs that sleep."""

    cpu_seconds: int = 10
    wall_seconds: float = 60.0
    memory_bytes: int = 1024 * MEBIBYTE
    file_bytes: int = 16 * MEBIBYTE
    disk_bytes: int = 64 * MEBIBYTE
    processes: int = 64
    output_bytes: int = 64 * 1024


@dataclass(frozen=True)
class Asserts:
    """Statements run one after the other in the program's own scope; each passes when it raises nothing."""

    tests: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """An expression to evaluate in the program's scope, and what must come of it.

    ``setup`` are statements run before ``call``. Exactly one of ``returns`` (plain JSON data) and ``raises`` (name of
    the error's class) counts: ``raises`` where it is not empty. The program's process never sees either.
    """

    call: str
    returns: Any = None
    raises: str = ""
    setup: str = ""


@dataclass(frozen=True)
class Calls:
    """Cases evaluated by the program's process and judged outside it."""

    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Program:
    """A whole source file with its tests; ``path`` is the file's name as the user knows it."""

    language: str
    source: str
    tests: Asserts | Calls
    path: str = "solution"
    limits: Limits = field(default_factory=Limits)
