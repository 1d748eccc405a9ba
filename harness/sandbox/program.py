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
    """Beyond what the libraries of a warm parent take; for one process and for all of a program's together."""
    file_bytes: int = 16 * MEBIBYTE
    processes: int = 64
    output_bytes: int = 64 * 1024


@dataclass(frozen=True)
class Asserts:
    """Python statements in order; each assert among them must hold.

    Only the outermost calls of the program's own names are evaluated in its process; another process compares. A name
    is the program's own when it is in ``names``, or is neither built in, nor imported or defined by the tests
    themselves, nor a module of the standard library. Asserts that cannot be taken apart so (a call that depends on a
    loop's variable) run in the program's process; :func:`harness.sandbox.asserts.take_apart` says which and why.
    """

    tests: tuple[str, ...]
    names: tuple[str, ...] = ()


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
class Judged:
    """Expressions for the program's process, whose values a judge's code looks at where no program's code is.

    ``judge`` is Python source that defines ``holds(value, known)``: whether the value of a call is right; ``known`` has
    what it is compared with for each of ``calls``, in the form that :class:`Values` reports. It may raise, and may
    keep state from one call to the next.
    """

    calls: tuple[str, ...]
    judge: str
    known: tuple[Any, ...]


@dataclass(frozen=True)
class Values:
    """Expressions of which the values are wanted: for code that is trusted, such as a data set's reference solution.

    The verdict's ``output`` is a JSON list of them, in the form of drivers/codec.py; it passes when there are all.
    """

    calls: tuple[str, ...]


@dataclass(frozen=True)
class Unittest:
    """A Python test module, run in the program's own scope; every test of the class ``case`` must pass, none skipped.

    It runs inside the program's process, hardened but not provable: see docs/sandbox.md.
    """

    source: str
    case: str = "TestCases"


@dataclass(frozen=True)
class Script:
    """The program is a script: run once with ``stdin`` and ``arguments``; compared outside with ``stdout``.

    Whitespace at the ends of lines and of the whole does not count. ``status`` is the exit status it must end with.
    """

    stdout: str
    stdin: str = ""
    arguments: tuple[str, ...] = ()
    status: int = 0


@dataclass(frozen=True)
class Suite:
    """A file of tests in the framework that comes with the language; it passes when its process ends with status 0.

    What passes is up to the file itself: for judging tests that somebody wrote, by programs known to be right or wrong.
    The program stands beside it under the last part of its ``path``; in Rust the tests are appended to it.
    """

    source: str


Tests = Asserts | Calls | Judged | Values | Unittest | Script | Suite


@dataclass(frozen=True)
class Program:
    """A whole source file with its tests; ``path`` is the file's name as the user knows it."""

    language: str
    source: str
    tests: Tests
    path: str = "solution"
    limits: Limits = field(default_factory=Limits)
