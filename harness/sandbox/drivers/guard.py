"""Starts one program's driver with what it may have, and watches over it: when the driver ends, or the harness wants it
gone or has died itself, every process it left behind is killed and what they used is reported.

Stands alone (standard library only). ``guard.py REPORT ALIVE``: REPORT is the descriptor to report on, ALIVE one that
reads end-of-file when the program must end. Standard input holds two lines of JSON: what :func:`main` needs, and what
the driver is to read. Reports {"entered"} just before the driver takes over and {"usage"} at the end.
"""

import base64
import ctypes
import json
import os
import resource
import select
import shutil
import sys
import tempfile
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
STEP_SECONDS = 0.05


def main(report: int, alive: int) -> int:
    """Runs the driver; returns its exit status (128 + signal where a signal ended it).

    The configuration: token; command [argument] (REPORT is added as the last one); limits [[name, value]]; uid (or
    null); processes (or null where the kernel limits them); folder (or null: a temporary one is made); for landlock
    readable and writable [path] and seccomp (base64), else readable null.
    """
    config, job = (json.loads(line) for line in sys.stdin.buffer.read().split(b"\n", 1))
    # Orphans of the program become children of this process, so that none is out of reach.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    folder = config["folder"] or tempfile.mkdtemp(prefix="harness-")
    if config["uid"] is not None and not config["folder"]:
        os.chown(folder, config["uid"], config["uid"])
    program = os.fork()
    if program == 0:
        start(config, json.dumps(job).encode(), folder, report, alive)
    status = watch(program, alive, config["processes"])
    kill_descendants()
    if not config["folder"]:
        shutil.rmtree(folder, ignore_errors=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024
    tell(report, config["token"], usage={"cpu_seconds": cpu, "peak_memory_bytes": peak, "status": status})
    return status


def start(config: dict, job: bytes, folder: str, report: int, alive: int) -> None:  # type: ignore[type-arg]
    """In the child: takes away what the program must not have, then becomes the driver. Never returns."""
    try:
        os.setsid()
        os.close(alive)
        os.chdir(folder)
        os.environ.update(HOME=folder, TMPDIR=folder)
        given = os.memfd_create("job")
        os.write(given, job)
        os.lseek(given, 0, os.SEEK_SET)
        os.dup2(given, 0)
        for name, value in config["limits"]:
            set_limit(getattr(resource, name), value, grace=name == "RLIMIT_CPU")
        if config["uid"] is not None:
            os.setgroups([])
            os.setresgid(config["uid"], config["uid"], config["uid"])
            os.setresuid(config["uid"], config["uid"], config["uid"])
        if config["readable"] is not None:
            import landlock  # beside this file; only where namespaces cannot be had

            writable = [*config["writable"], folder]
            landlock.confine(config["readable"], writable, base64.b64decode(config["seccomp"]))
        tell(report, config["token"], entered=True)
        os.execv(config["command"][0], [*config["command"], str(report)])
    except BaseException as error:
        os.write(2, f"sandbox: {type(error).__name__}: {error}\n".encode())
        os._exit(125)


def set_limit(kind: int, value: int, grace: bool) -> None:
    """Lowers a limit, never beyond what this process may have itself.

    ``grace``: the hard limit lies one above the soft one (CPU: SIGXCPU first, SIGKILL for who ignores it).
    """
    ceiling = resource.getrlimit(kind)[1]
    hard = value + 1 if grace else value
    if ceiling != resource.RLIM_INFINITY:
        value, hard = min(value, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (value, hard))


def watch(program: int, alive: int, processes: int | None) -> int:
    """Waits for the program's end, or the harness's wish (137), or too many processes (137)."""
    with open(os.pidfd_open(program)) as ended:
        while True:
            ready, _, _ = select.select([ended.fileno(), alive], [], [], None if processes is None else STEP_SECONDS)
            if ended.fileno() in ready:
                code = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
                return code if code >= 0 else 128 - code
            if alive in ready or (processes is not None and len(descendants()) > processes):
                return 137


def descendants() -> list[int]:
    """All processes below this one, by the parents that /proc names."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, queue = [], [os.getpid()]
    while queue:
        queue += (below := children.get(queue.pop(), []))
        found += below
    return found


def kill_descendants() -> None:
    """Kills until none is left: what a dying process forks in time is seen in the next round."""
    while below := descendants():
        for pid in below:
            try:
                os.kill(pid, 9)
            except OSError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass


def tell(report: int, token: str, **event: object) -> None:
    """Writes one event."""
    os.write(report, json.dumps({"token": token, **event}).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
