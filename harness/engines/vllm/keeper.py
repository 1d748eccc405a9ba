"""Keeps a server for the process that started it, and leaves nothing behind when either of them ends.

Stands alone (standard library only): ``keeper.py COMMAND...`` with a pipe on standard input. When the pipe's other end
is closed, by its holder or by the holder's death however sudden, the server is asked to end and then made to, with
every process it started. Exits with the server's exit code.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GRACE_SECONDS = 20.0


def main(command: list[str]) -> int:
    """Runs the server until it ends or nobody wants it any more."""
    prctl = ctypes.CDLL(None).prctl
    # Orphans of the server become children of this process, so that none is out of reach.
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0),
    )
    with open(os.pidfd_open(server.pid)) as ended:
        ready, _, _ = select.select([0, ended.fileno()], [], [])
        if ended.fileno() not in ready:
            os.killpg(server.pid, signal.SIGTERM)
            select.select([ended.fileno()], [], [], GRACE_SECONDS)
    code = server.poll() or 0  # before the children are reaped, or it would be lost
    end_children()
    return code if code >= 0 else 128 - code


def end_children() -> None:
    """Kills all children, then theirs, which have become ours, until none is left."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while pids := [int(pid) for pid in children.read_text().split()]:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
