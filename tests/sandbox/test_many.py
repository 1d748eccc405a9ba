"""Many programs in a row leave nothing behind: no process, descriptor, file or memory.

HARNESS_MANY_PROGRAMS sets how many (10,000 for the figure in docs/performance.md).
"""

import os
import subprocess
from pathlib import Path

import pytest

from harness.records import Outcome
from harness.sandbox.isolation import Level
from harness.sandbox.pool import Sandbox, probe
from harness.sandbox.program import Asserts, Program

MANY = int(os.environ.get("HARNESS_MANY_PROGRAMS", "600"))
SOURCES = (
    "def f(): return {n}",
    "import os, time\nopen('left', 'w').write('x')\nif os.fork() == 0:\n    time.sleep(99)\ndef f(): return {n}",
    "raise ValueError({n})",
    "import os\nos._exit({n} % 2)",
)


def family() -> list[tuple[int, str]]:
    """This process and all below it: id and command."""
    listing = subprocess.run(["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    below = {os.getpid()}
    while more := {int(pid) for pid, parent, _ in rows if int(parent) in below} - below:
        below |= more
    return [(int(pid), command) for pid, _, command in rows if int(pid) in below and not command.startswith("ps ")]


def totals() -> tuple[int, int, int, int]:
    """Processes, descriptors, files in /tmp that are ours, and KiB of memory that no file backs."""
    found = family()
    descriptors = memory = 0
    for pid, _ in found:
        try:
            descriptors += len(os.listdir(f"/proc/{pid}/fd"))
            usage = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except PermissionError:
            continue  # the first process of a cell shows nobody its descriptors
        memory += next(int(line.split()[1]) for line in usage.splitlines() if line.startswith("Anonymous:"))
    return len(found), descriptors, len(list(Path("/tmp").glob("harness-*"))), memory


@pytest.mark.slow
@pytest.mark.parametrize("level", [Level.NAMESPACES, Level.LANDLOCK])
def test_many_programs_leave_nothing_behind(level: Level) -> None:
    if reason := probe(level):
        pytest.skip(f"no {level} here: {reason}")
    with Sandbox(level, slots=2) as sandbox:

        def run(count: int) -> None:
            programs = [
                Program("python", SOURCES[n % len(SOURCES)].format(n=n), Asserts((f"assert f() == {n}",)))
                for n in range(count)
            ]
            outcomes = [future.result().outcome for future in [sandbox.submit(program) for program in programs]]
            assert outcomes.count(Outcome.PASSED) == count // 2
            assert Outcome.INFRA_ERROR not in outcomes

        for _ in range(3):
            run(100)
        before = totals()
        for _ in range(MANY // 100):
            run(100)
        after = totals()
    assert after[:3] == before[:3]
    assert after[3] < before[3] + 1024, "memory grows with every program [KiB]"
