"""The keeper with real processes: whoever ends first and however, nothing of the server is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.engines.vllm.server import KEEPER

PATIENCE = 20.0
FAMILY = """
import os, signal, subprocess, sys, time
def here(name):
    with open(f"{sys.argv[1]}/.{name}", "w") as file:
        file.write(str(os.getpid()))
    os.rename(f"{sys.argv[1]}/.{name}", f"{sys.argv[1]}/{name}")
if len(sys.argv) > 2:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.argv[2] != "stubborn":
        os.setsid()
    if sys.argv[2] == "child":
        subprocess.Popen([sys.executable, "-S", __file__, sys.argv[1], "grandchild"])
    here(sys.argv[2])
else:
    subprocess.Popen([sys.executable, "-S", __file__, sys.argv[1], "child"])
    here("server")
time.sleep(600)
"""
PARENT = """
import subprocess, sys, time
keeper = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "family.py").write_text(FAMILY)
    yield tmp_path
    for name in ("server", "child", "grandchild"):  # where a test failed
        if (tmp_path / name).exists() and alive(int((tmp_path / name).read_text())):
            os.kill(int((tmp_path / name).read_text()), signal.SIGKILL)


def keeping(*command: object, grace: float | None = None) -> list[str]:
    """The keeper's command line, with another time for the server to end by itself where ``grace`` is given."""
    keeper = [sys.executable, "-I", "-S", str(KEEPER)]
    if grace is not None:
        code = f"import sys; sys.path[:0] = [{str(KEEPER.parent)!r}]; import keeper; keeper.GRACE_SECONDS = {grace}; "
        keeper = [sys.executable, "-S", "-c", code + "sys.exit(keeper.main(sys.argv[1:]))"]
    return [*keeper, *map(str, command)]


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether it runs; a zombie that nobody reaps here does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def family(folder: Path) -> dict[str, int]:
    names = ("server", "child", "grandchild")
    wait_for(lambda: all((folder / name).exists() for name in names))
    found = {name: int((folder / name).read_text()) for name in names}
    assert all(map(alive, found.values()))
    return found


def start(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, stdin=subprocess.PIPE)


def test_closing_the_pipe_ends_the_server_and_all_its_descendants(folder: Path) -> None:
    with start(keeping(sys.executable, "-S", folder / "family.py", folder)) as keeper:
        pids = family(folder)
        assert keeper.stdin
        keeper.stdin.close()
        assert keeper.wait(PATIENCE) == 128 + signal.SIGTERM
        assert not any(map(alive, pids.values()))


def test_kill_9_of_its_parent_ends_them_too(folder: Path) -> None:
    command = keeping(sys.executable, "-S", folder / "family.py", folder)
    with subprocess.Popen([sys.executable, "-S", "-c", PARENT, *command]) as parent:
        pids = family(folder)
        parent.kill()
    wait_for(lambda: not any(map(alive, pids.values())))


def test_kill_9_of_the_server_leaves_no_descendant(folder: Path) -> None:
    with start(keeping(sys.executable, "-S", folder / "family.py", folder)) as keeper:
        pids = family(folder)
        os.kill(pids["server"], signal.SIGKILL)
        assert keeper.wait(PATIENCE) == 128 + signal.SIGKILL
        assert not any(map(alive, pids.values()))


def test_kill_9_of_the_keeper_ends_the_server(folder: Path) -> None:
    with start(keeping(sys.executable, "-S", folder / "family.py", folder)) as keeper:
        pids = family(folder)
        keeper.kill()
    wait_for(lambda: not alive(pids["server"]))


def test_a_server_that_ignores_being_asked_is_made_to_end(folder: Path) -> None:
    command = keeping(sys.executable, "-S", folder / "family.py", folder, "stubborn", grace=0.2)
    with start(command) as keeper:
        wait_for(lambda: (folder / "stubborn").exists())
        pid = int((folder / "stubborn").read_text())
        assert keeper.stdin
        keeper.stdin.close()
        keeper.wait(PATIENCE)
        assert not alive(pid)


@pytest.mark.parametrize(("code", "expected"), [("0", 0), ("3", 3), ("'a word'", 1)])
def test_the_servers_exit_code_is_passed_on(code: str, expected: int) -> None:
    with start(keeping(sys.executable, "-S", "-c", f"raise SystemExit({code})")) as keeper:
        assert keeper.wait(PATIENCE) == expected


def test_a_server_gets_time_to_end_in_order(folder: Path) -> None:
    code = (
        "import signal, sys, time; signal.signal(15, lambda *a: sys.exit(7)); print('up', flush=True); time.sleep(600)"
    )
    command = keeping(sys.executable, "-S", "-c", code)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
        assert keeper.stdin
        assert keeper.stdout
        assert keeper.stdout.readline() == b"up\n"
        keeper.stdin.close()
        assert keeper.wait(PATIENCE) == 7
