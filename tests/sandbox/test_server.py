"""The server and its warm parents: the same verdicts as a fresh interpreter, and what happens when one of them dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import ROOT

from harness.records import Outcome, Verdict
from harness.sandbox.isolation import Level
from harness.sandbox.pool import Sandbox, choose_level, probe
from harness.sandbox.program import Asserts, Calls, Case, Limits, Program, Tests, Unittest

LIMITS = Limits(cpu_seconds=1, wall_seconds=3.0)
TRUE = Asserts(("assert f() == 1",))
CASES = Unittest(
    "import unittest\nfrom unittest.mock import patch\n"
    "class TestCases(unittest.TestCase):\n"
    "    def test_value(self):\n        self.assertEqual(f(), 1)\n"
    "    @patch('os.getcwd', return_value='/nowhere')\n"
    "    def test_mock(self, cwd):\n        self.assertEqual(g(), '/nowhere')\n"
)
CORPUS: dict[str, tuple[str, Tests]] = {
    "right": ("def f(): return 1", TRUE),
    "wrong": ("def f(): return 2", TRUE),
    "other type": ("def f(): return 1.0", TRUE),
    "no function": ("x = 1", TRUE),
    "syntax": ("def f(: return 1", TRUE),
    "raises at load": ("raise KeyError('x')", TRUE),
    "raises": ("def f(): raise ValueError('no')", TRUE),
    "recursion": ("def f(): return f()", TRUE),
    "spins": ("while True: pass", TRUE),
    "sleeps": ("import time\ntime.sleep(60)", TRUE),
    "memory": ("x = bytearray(3 << 30)", TRUE),
    "exits": ("import sys\nsys.exit(0)", TRUE),
    "crashes": ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", TRUE),
    "terminates itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", TRUE),
    "main guard": ("def f(): return __name__\nassert __name__ != '__main__'", Asserts(("assert f() != '__main__'",))),
    "data class": ("import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int\ndef f(): return P(1).x", TRUE),
    "pickles": ("import pickle\nclass P: pass\ndef f(): return int(bool(pickle.loads(pickle.dumps(P()))))", TRUE),
    "processes": ("import subprocess\ndef f(): return len(subprocess.run(['echo'], capture_output=True).stdout)", TRUE),
    "threads": (
        "import threading\nl = []\n"
        "def f():\n    t = threading.Thread(target=l.append, args=(1,))\n    t.start()\n    t.join()\n    return l[0]",
        TRUE,
    ),
    "set order": ("def f(): return list({'a', 'b', 'c'})", Asserts(("assert len(f()) == 3",))),
    "calls": (
        "def f(n): return [n]",
        Calls((Case("f(1)", [1]), Case("f(x)", [2], setup="x = 2"), Case("f()", raises="TypeError"))),
    ),
    "loop": ("def f(n): return n", Asserts(("for n in range(3):\n    assert f(n) == n",))),
    "wrong in a loop": ("def f(n): return n", Asserts(("for n in range(3):\n    assert f(n) == 0",))),
    "unittest": ("import os\ndef f(): return 1\ndef g(): return os.getcwd()", CASES),
    "unittest wrong": ("import os\ndef f(): return 2\ndef g(): return os.getcwd()", CASES),
    "unittest raises": ("def f(): raise OSError\ndef g(): return 1", CASES),
    "unittest spins": ("def f():\n    while True: pass", CASES),
}  # fmt: skip


def test_a_verdict_says_why_its_tests_had_to_share_the_programs_process(sandbox: Sandbox) -> None:
    said = {name: sandbox.run(Program("python", *CORPUS[name], limits=LIMITS)).inside for name in CORPUS}
    inside = {name: why for name, why in said.items() if why}
    assert sorted(inside) == sorted(name for name in CORPUS if "unittest" in name or "loop" in name)
    assert inside["unittest"] == "unittest"
    assert inside["loop"] == "an assert inside of another statement: for n in range(3):"


def test_warm_and_cold_give_the_same_verdicts() -> None:
    programs = [Program("python", source, tests, limits=LIMITS) for source, tests in CORPUS.values()]

    def verdicts(warm: bool) -> dict[str, tuple[Outcome, str, str]]:
        with Sandbox(choose_level(), slots=3, warm=warm) as sandbox:
            found = [future.result() for future in [sandbox.submit(program) for program in programs]]
        return {name: (each.outcome, each.test, each.message) for name, each in zip(CORPUS, found, strict=True)}

    warm, cold = verdicts(warm=True), verdicts(warm=False)
    assert warm == cold
    assert {outcome for outcome, _, _ in warm.values()} >= {
        Outcome.PASSED, Outcome.FAILED, Outcome.TIMEOUT, Outcome.MEMORY, Outcome.CRASHED
    }  # fmt: skip
    assert sum(outcome is Outcome.PASSED for outcome, _, _ in warm.values()) == 11


CHANGES = """
import os, random, signal, socket, sys, tempfile, decimal, time
def traces():
    return [sorted(os.listdir("/tmp")) if os.environ["TMPDIR"] == "/tmp" else sorted(os.listdir(os.environ["TMPDIR"])),
            sorted(name for name in os.environ if name.startswith("LEFT")), os.getcwd() == os.environ["TMPDIR"],
            os.umask(0o22), signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL, decimal.getcontext().prec,
            "left" in sys.modules, random.random() == 0.13436424411240122]
before = traces()
open("file", "w").write("x")
try:
    open("/dev/shm/file", "w").write("x")
except OSError:
    pass
os.environ["LEFT"] = "1"
os.umask(0)
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
decimal.getcontext().prec = 3
sys.modules["left"] = sys
random.seed(1)
if os.fork() == 0:
    time.sleep(60)
os.chdir("/")
"""


def test_nothing_of_one_program_reaches_the_next(sandbox: Sandbox) -> None:
    clean = [[], [], True, 0o22, True, 28, False, False]
    program = Program("python", CHANGES, Calls((Case("before", clean),)))
    for _ in range(6):
        verdict = sandbox.run(program)
        assert verdict.outcome is Outcome.PASSED, verdict


def test_random_numbers_differ_between_programs(sandbox: Sandbox) -> None:
    program = Program("python", "import random", Calls((Case("random.random()", None),)))
    assert len({sandbox.run(program).message for _ in range(4)}) == 4


def servers(script: str) -> list[int]:
    """The processes below this one that were started to run ``script``; what they fork has the same command."""
    listing = subprocess.run(["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    below = {os.getpid()}
    while more := {int(pid) for pid, parent, _ in rows if int(parent) in below} - below:
        below |= more
    running = {int(pid): int(parent) for pid, parent, command in rows if int(pid) in below and f"/{script}" in command}
    return [pid for pid, parent in running.items() if parent not in running]


def while_it_runs(sandbox: Sandbox, act: Callable[[], None]) -> Verdict:
    """The verdict on a program during which ``act`` is done, once."""
    source = "import time\ntime.sleep(0.7)\ndef f(): return 1"
    future = sandbox.submit(Program("python", source, TRUE))
    time.sleep(0.3)
    act()
    return future.result()


@pytest.mark.parametrize("script", ["server.py", "parent.py"])
@pytest.mark.parametrize("level", [Level.NAMESPACES, Level.LANDLOCK])
def test_what_dies_is_started_again_and_its_program_run_once_more(level: Level, script: str) -> None:
    if reason := probe(level):
        pytest.skip(f"no {level} here: {reason}")
    others = {*servers("server.py"), *servers("parent.py")}
    with Sandbox(level, slots=2) as sandbox:
        assert sandbox.run(Program("python", "def f(): return 1", TRUE)).outcome is Outcome.PASSED

        killed: set[int] = set()

        def kill() -> None:
            found = {*servers(script)} - others
            killed.update(found)
            for pid in found:
                with suppress(ProcessLookupError):  # it went with one killed before
                    os.kill(pid, signal.SIGKILL)

        assert while_it_runs(sandbox, kill).outcome is Outcome.PASSED
        future = sandbox.submit(Program("python", "import time\ntime.sleep(60)\ndef f(): return 1", TRUE))
        for _ in range(2):
            time.sleep(0.8)
            kill()
        verdict = future.result(20)
        assert verdict.outcome is Outcome.INFRA_ERROR
        assert "died" in verdict.message
        assert sandbox.run(Program("python", "def f(): return 1", TRUE)).outcome is Outcome.PASSED
    assert killed
    assert not [folder for pid in killed for folder in Path("/tmp").glob(f"harness-{pid}-*")]


def test_a_library_that_crashes_at_import_is_named(tmp_path: Path) -> None:
    """With an interpreter of its own whose numpy breaks: an infra error, never a wrong score."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    site = next((tmp_path / "env/lib").glob("python*/site-packages"))
    (site / "numpy").mkdir()
    (site / "numpy/__init__.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    with Sandbox(choose_level(), slots=1, python=str(tmp_path / "env/bin/python")) as sandbox:
        verdict = sandbox.run(Program("python", "import numpy\ndef f(): return 1", TRUE))
        assert verdict.outcome is Outcome.INFRA_ERROR
        assert "numpy" in verdict.message
        assert sandbox.run(Program("python", "def f(): return 1", TRUE)).outcome is Outcome.PASSED


def test_another_interpreter_brings_its_libraries(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    site = next((tmp_path / "env/lib").glob("python*/site-packages"))
    (site / "answers.py").write_text("def f(): return 1\n")
    for warm in (True, False):
        with Sandbox(choose_level(), slots=1, python=str(tmp_path / "env/bin/python"), warm=warm) as sandbox:
            assert sandbox.run(Program("python", "from answers import f", TRUE)).outcome is Outcome.PASSED


INTERRUPTED = """
import sys
from harness.sandbox.isolation import Level
from harness.sandbox.pool import Sandbox
from harness.sandbox.program import Asserts, Program
with Sandbox(Level(sys.argv[1]), slots=1) as sandbox:
    print("started", flush=True)
    sandbox.run(Program("python", "import time\\ntime.sleep(600)", Asserts(("assert True",))))
"""


def test_an_interrupt_does_not_wait_for_a_program_that_sleeps(sandbox: Sandbox) -> None:
    command = [sys.executable, "-c", INTERRUPTED, sandbox.level]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as harness:
        assert harness.stdout is not None
        harness.stdout.readline()
        time.sleep(1)
        began = time.monotonic()
        harness.send_signal(signal.SIGINT)
        harness.wait(20)
        assert time.monotonic() - began < 10


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_tmp_that_takes_nothing_is_an_infra_error_that_says_so() -> None:
    if reason := probe(Level.LANDLOCK):
        pytest.skip(f"no landlock here: {reason}")
    code = (
        "from harness.sandbox.isolation import Level\n"
        "from harness.sandbox.pool import Sandbox\n"
        "from harness.sandbox.program import Asserts, Program\n"
        "program = Program('python', 'def f(): return 1', Asserts(('assert f() == 1',)))\n"
        "with Sandbox(Level.LANDLOCK, slots=1) as sandbox:\n"
        "    for future in [sandbox.submit(program) for _ in range(3)]:\n"
        "        print(future.result().outcome, future.result().message)\n"
    )
    # Read-only and not full: what runs here may itself be somewhere in /tmp.
    closed = 'mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", closed, "sh", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    assert all(line.startswith("infra_error no room: no folder for a program: ") for line in lines), lines
    assert all("Read-only file system" in line for line in lines), lines


def test_a_full_disk_is_the_programs_and_not_the_next_ones(sandbox: Sandbox) -> None:
    writes = "for n in range(99):\n    open(f'f{n}', 'wb').write(bytes(10 << 20))".replace("\n", "\n    ")
    fills = f"try:\n    {writes}\nexcept OSError:\n    pass\ndef f(): return 1"
    for _ in range(2):
        assert sandbox.run(Program("python", fills, TRUE)).outcome is Outcome.PASSED
    assert (
        sandbox.run(Program("python", "open('x', 'w').write('x')\ndef f(): return 1", TRUE)).outcome is Outcome.PASSED
    )


@pytest.mark.parametrize("level", [Level.NAMESPACES, Level.LANDLOCK])
def test_a_program_that_sleeps_leaves_its_slot_to_others(level: Level) -> None:
    if reason := probe(level):
        pytest.skip(f"no {level} here: {reason}")
    ended: list[str] = []
    with Sandbox(level, slots=1) as sandbox:
        sleeper = sandbox.submit(Program("python", "import time\ntime.sleep(4)\nx = 1", Asserts(("assert x == 1",))))
        sleeper.add_done_callback(lambda _: ended.append("sleeper"))
        others = [sandbox.submit(Program("python", f"x = {n}", Asserts((f"assert x == {n}",)))) for n in range(20)]
        for other in others:
            other.add_done_callback(lambda _: ended.append("other"))
        assert {each.result().outcome for each in [sleeper, *others]} == {Outcome.PASSED}
    assert ended == ["other"] * 20 + ["sleeper"]


@pytest.mark.parametrize("level", [Level.NAMESPACES, Level.LANDLOCK])
def test_a_program_that_works_keeps_its_slot(level: Level) -> None:
    if reason := probe(level):
        pytest.skip(f"no {level} here: {reason}")
    ended: list[str] = []
    busy = "import time\nwhile time.process_time() < 1.5:\n    pass\nx = 1"
    with Sandbox(level, slots=1) as sandbox:
        first = sandbox.submit(Program("python", busy, Asserts(("assert x == 1",))))
        first.add_done_callback(lambda _: ended.append("first"))
        second = sandbox.submit(Program("python", "x = 1", Asserts(("assert x == 1",))))
        second.add_done_callback(lambda _: ended.append("second"))
        assert {first.result().outcome, second.result().outcome} == {Outcome.PASSED}
    assert ended == ["first", "second"]


DEATH_AND_LAST_WORD_AT_ONCE = """
import os, selectors, socket, sys
sys.path.insert(0, sys.argv[1])
from collections import deque
from housing import Housing, Room
housing = Housing.__new__(Housing)
housing.events, housing.free, housing.ready, housing.leaving = selectors.DefaultSelector(), deque(), deque(), 0
ours, theirs = socket.socketpair()
pid = os.fork()
if not pid:
    os._exit(0)
room = Room(3, "/tmp", os.pidfd_open(pid), ours.detach(), pid)
housing.cells = {pid: room}
housing.events.register(room.control, selectors.EVENT_READ, lambda: housing.clean(room))
theirs.close()
heard = housing.events.select(5)  # the end of its socket, and in the same moment its death
os.waitpid(pid, 0)
assert housing.died(pid)
for key, _ in heard:
    key.data()
assert list(housing.free) == [3] and not housing.events.get_map()
"""


def test_a_cell_that_dies_in_the_moment_in_which_it_speaks_ends_no_server() -> None:
    command = [sys.executable, "-c", DEATH_AND_LAST_WORD_AT_ONCE, str(ROOT / "harness/sandbox/drivers")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
