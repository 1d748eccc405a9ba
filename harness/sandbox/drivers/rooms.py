"""Where one program runs, and how all it left behind is ended: a cell (namespaces), or a guard that watches over it.

Stands alone (standard library only).
"""

import os
import resource
import select
import shutil
import signal
import time
from pathlib import Path

import kernel

CELL = kernel.NEW_PROCESSES | kernel.NEW_MOUNTS | kernel.NEW_IPC | kernel.NEW_UTS
FOLDERS = ("/tmp", "/dev/shm")
STEP_SECONDS = 0.05


def make_network() -> int:
    """A descriptor of a new network namespace with nothing but loopback in it."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            kernel.unshare(kernel.NEW_NETWORK)
            kernel.loopback_up()
            os.write(writer, b"1")
            signal.pause()
        except BaseException as error:
            os.write(writer, str(error).encode())
        os._exit(1)
    os.close(writer)
    try:
        said = os.read(reader, 4096)
        if said != b"1":
            raise OSError(f"no network namespace: {said.decode()}")
        return os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(reader)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def make_cell(network: int, disk_bytes: int, shown: list[str], control: int) -> int:
    """The process id of a cell's first process: it holds the namespaces and adopts orphans; when it ends, all do.

    ``shown`` are read-only paths below /tmp that stay where they are although the cell has a /tmp of its own. On
    ``control``, a socket, it writes "1" when the cell can be joined, or what went wrong. One byte read from there asks
    for a clean cell: every process in it is killed and all that could outlive them replaced; then it says "1" again.
    """
    pid: int = kernel.fork_into(CELL)
    if pid:
        return pid
    try:
        os.dup2(control, 0)
        kernel.hide()
        kernel.join(network, kernel.NEW_NETWORK)
        kernel.set_host_name(b"sandbox")
        kernel.mount("proc", "/proc", flags=kernel.NO_SUID | kernel.NO_DEVICES | 8)
        kept = [(path, os.open(path, os.O_PATH)) for path in shown]
        for _, descriptor in kept:
            os.set_inheritable(descriptor, True)
        others = sorted({0, *(descriptor for _, descriptor in kept)})
        for first, last in zip(others, [*others[1:], 4096], strict=True):
            os.closerange(first + 1, last)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel then reaps for us
        os.chdir("/")
        furnish(disk_bytes, kept)
        os.write(0, b"1")
        while os.read(0, 1):
            end_all()
            for folder in FOLDERS:
                kernel.unmount(folder)
            kernel.unshare(kernel.NEW_IPC)
            furnish(disk_bytes, kept)
            os.write(0, b"1")
    except BaseException as error:
        os.write(0, str(error).encode())
    os._exit(1)


def furnish(disk_bytes: int, kept: list[tuple[str, int]]) -> None:
    """Gives the cell empty folders to write to."""
    for folder in FOLDERS:
        kernel.mount("tmpfs", folder, f"mode=1777,size={disk_bytes},nr_inodes=16384")
    for path, descriptor in kept:
        os.makedirs(path)
        kernel.bind(f"/proc/self/fd/{descriptor}", path)


def end_all() -> None:
    """From the first process of a PID namespace: kills all others in it and waits until they are gone."""
    while True:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return
        time.sleep(0.0005)


def guard(alive: int, folder: str, processes: int | None) -> None:
    """Forks and returns in the child only. Here: watches it, then ends everything below and this process too.

    ``alive`` reads end-of-file when the program must end, or the server has died. Exits with the program's status, 128
    plus the signal where one ended it, 137 for one that had to be ended.
    """
    kernel.adopt_orphans()
    kernel.hide()
    program = os.fork()
    if program == 0:
        return
    os.closerange(3, alive)
    os.closerange(alive + 1, 4096)
    devnull = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(devnull, descriptor)
    status = watch(program, alive, processes)
    end_descendants()
    remove(folder)
    os._exit(status)


def watch(program: int, alive: int, processes: int | None) -> int:
    """Waits for the program's end, or the harness's wish (137), or too many processes (137)."""
    with open(os.pidfd_open(program)) as ended:
        while True:
            ready, _, _ = select.select([ended.fileno(), alive], [], [], None if processes is None else STEP_SECONDS)
            if ended.fileno() in ready:
                code = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
                return code if code >= 0 else 128 - code
            if alive in ready or (processes is not None and len(descendants(os.getpid())) > processes):
                return 137


def activity(pids: list[int]) -> tuple[float, bool]:
    """CPU seconds of processes and of those below them that they have waited for, and whether any wants to run now."""
    ticks, wants = 0, False
    for pid in pids:
        try:
            threads = [
                Path(f"/proc/{pid}/task/{thread}/stat").read_text() for thread in os.listdir(f"/proc/{pid}/task")
            ]
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        ticks += sum(map(int, fields[11:15]))
        wants = wants or any(thread.rpartition(")")[2].split()[0] in "RD" for thread in threads)
    return ticks / os.sysconf("SC_CLK_TCK"), wants


def descendants(*ancestors: int) -> list[int]:
    """All processes below ``ancestors``, these left out. One that is forking just now may be missed."""
    found: list[int] = []
    queue = list(ancestors)
    while queue:
        pid = queue.pop()
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            continue
        for thread in threads:
            try:
                more = Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
            except OSError:
                continue
            found += map(int, more)
            queue += map(int, more)
    return found


def end_descendants() -> None:
    """Kills until none is left: orphans of those below become this process's own children, so none is missed."""
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for pid in descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        time.sleep(0.0005)


def remove(folder: str) -> None:
    """Deletes a program's folder, also where the program has closed parts of it."""
    for path, names, _ in os.walk(folder):
        for name in names:
            inner = os.path.join(path, name)
            if not os.path.islink(inner):
                os.chmod(inner, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def resident_bytes(pids: list[int], enough: int) -> int:
    """Memory that ``pids`` hold together; counts shared pages once only where the sum without that is over ``enough``.

    Pages that a fork shares with its parent are counted in both by the cheap figure and in parts by the dear one.
    """
    cheap = sum(map(_resident, pids))
    return cheap if cheap <= enough else sum(map(_proportional, pids))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return _resident(pid)
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
