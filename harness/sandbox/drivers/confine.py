"""What a process gives up before a program under test runs in it. Stands alone (standard library only).

:class:`Settings` hold for all programs of a server; a *run* (a dict: uid or null, folder, limits [[name, value]]) is
one program's own.
"""

import base64
import os
import resource

import kernel
import landlock

SCOPED_SIGNALS_ABI = 6
"""The version of landlock from which it keeps signals in."""

OWN_USER = 61_000
"""The user id that a program sees where the outer namespace has but one."""


class Settings:
    """What the harness said of this server: level, readable and writable paths, system call filter, slots, parents."""

    def __init__(self, described: dict) -> None:  # type: ignore[type-arg]
        self.described = described
        self.namespaces: bool = described["level"] == "namespaces"
        self.landlock: bool = described["level"] == "landlock"
        self.readable: list[str] = described["readable"]
        self.writable: list[str] = described["writable"]
        first, *silent = (base64.b64decode(text) for text in described["seccomp"])
        lets_signals_out = self.landlock and landlock.abi() < SCOPED_SIGNALS_ABI and described["first_uid"] is None
        self.seccomp = silent[0] if lets_signals_out else first


def enter(settings: Settings, run: dict, room: int) -> None:  # type: ignore[type-arg]
    """Takes away what the program must not have; ``room`` is a pidfd into its cell where there are namespaces.

    Raises:
        OSError: the kernel refused one of the steps.
    """
    os.setsid()
    os.umask(0o022)
    kernel.take_long_turns()
    if settings.namespaces:
        kernel.join(room, kernel.NEW_MOUNTS | kernel.NEW_IPC | kernel.NEW_UTS | kernel.NEW_NETWORK)
    os.chdir(run["folder"])
    for name, value in run["limits"]:
        limit(getattr(resource, name), value, grace=name == "RLIMIT_CPU")
    if run["uid"] is not None:
        os.setgroups([])
        os.setresgid(run["uid"], run["uid"], run["uid"])
        os.setresuid(run["uid"], run["uid"], run["uid"])
    elif settings.namespaces:
        own_user(dict(run["limits"]).get("RLIMIT_NPROC"))
    if settings.namespaces or settings.landlock:
        kernel.no_new_privileges()
        kernel.drop_capabilities()
        if settings.landlock:
            landlock.restrict(landlock.ruleset(settings.readable, [*settings.writable, run["folder"]]))
        kernel.filter_calls(settings.seccomp)


def own_user(processes: int | None) -> None:
    """A user namespace of the program's own: the kernel counts its processes apart from those of other programs."""
    kernel.unshare(kernel.NEW_USER)
    for name, text in (("uid_map", f"{OWN_USER} 0 1"), ("setgroups", "deny"), ("gid_map", f"{OWN_USER} 0 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    if processes is not None:
        limit(resource.RLIMIT_NPROC, processes, grace=False)


def limit(kind: int, value: int, grace: bool) -> None:
    """Lowers a limit, never beyond what this process may have itself.

    ``grace``: the hard limit lies one above the soft one (CPU: SIGXCPU first, SIGKILL for who ignores it).
    """
    ceiling = resource.getrlimit(kind)[1]
    hard = value + 1 if grace else value
    if ceiling != resource.RLIM_INFINITY:
        value, hard = min(value, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (value, hard))
