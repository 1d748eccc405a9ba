"""Programs that try to pass without being right, to get out, or to stay: none does, and the next one is judged as ever.

Each file in hostile/ says in its first line what it tries. Where it tries to get out it defines a right answer after
that, so that "passed" would mean that it got out.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT, image_with_python, opened

from harness.records import Outcome
from harness.sandbox.container import container
from harness.sandbox.isolation import FIRST_UID, Level
from harness.sandbox.pool import Sandbox
from harness.sandbox.program import Asserts, Limits, Program, Tests, Unittest

HOSTILE = sorted((Path(__file__).parent / "hostile").glob("*.py"))
LIMITS = Limits(cpu_seconds=1, wall_seconds=3.0, memory_bytes=512 << 20)
WAYS: dict[str, Tests] = {
    "asserts": Asserts(("assert solve(3) == 9", "assert solve(0) == 0")),
    "unittest": Unittest(
        "import unittest\n"
        "class TestCases(unittest.TestCase):\n"
        "    def test_square(self):\n"
        "        self.assertEqual(solve(3), 9)\n"
        "    def test_zero(self):\n"
        "        self.assertTrue(solve(0) == 0)\n"
    ),
}
GOOD = "def solve(n):\n    return n * n\n"


@pytest.fixture(
    scope="module", params=[Level.NAMESPACES, Level.LANDLOCK, *filter(None, [image_with_python()])], ids=str
)
def confined(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox at each level that this machine offers, a container's too where an engine has an image of Python."""
    with opened(request.param if isinstance(request.param, Level) else container(request.param)) as found:
        yield found


def test_there_are_enough_and_each_says_what_it_tries() -> None:
    assert len(HOSTILE) >= 40
    assert all(path.read_text().startswith("# ") for path in HOSTILE)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_a_hostile_program_does_not_pass_and_the_next_one_does(
    confined: Sandbox, path: Path, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = at_rest(confined)
    monkeypatch.setenv("HF_TOKEN", "SECRET")
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    with socket.create_server(("127.0.0.1", 0)) as server:
        names = {"PORT": server.getsockname()[1], "PARENT": os.getpid(), "SECRET": str(secret), "ROOT": str(ROOT)}
        head = "".join(f"{name} = {value!r}\n" for name, value in names.items())
        verdict = confined.run(Program("python", head + path.read_text(), WAYS[way], limits=LIMITS))
    assert verdict.outcome not in (Outcome.PASSED, Outcome.INFRA_ERROR), verdict
    good = confined.run(Program("python", GOOD, WAYS[way], limits=LIMITS))
    assert good.outcome is Outcome.PASSED, good
    deadline = time.monotonic() + 5
    while (more := added(before, traces())) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not more


@cache
def at_rest(sandbox: Sandbox) -> dict[str, int]:
    """What there is once both parents are up and the rooms for the next programs are made."""
    for tests in WAYS.values():
        assert sandbox.run(Program("python", GOOD, tests)).outcome is Outcome.PASSED
    time.sleep(0.5)
    return traces()


def added(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """What there is more of than there was."""
    return {what: many - before[what] for what, many in after.items() if many > before[what]}


def traces() -> dict[str, int]:
    """How many processes this one has below it, sockets that listen here, files that may be ours or a program's."""
    parents = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                parents[int(entry.name)] = int(Path(entry.path, "stat").read_text().rpartition(")")[2].split()[1])
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    listening = sum(line.split()[3] == "0A" for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    files = {path for pid in below for path in Path("/tmp").glob(f"harness-{pid}-*")}
    strays = {path for path in Path("/dev/shm").iterdir() if path.lstat().st_uid >= FIRST_UID}
    return {"processes": len(below), "listening sockets": listening, "files": len(files | strays)}
