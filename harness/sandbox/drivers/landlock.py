"""Landlock by system call: which files the calling process and all it starts may touch, no TCP, no signals out.

Stands alone (standard library only). https://docs.kernel.org/userspace-api/landlock.html; its system calls have the
same numbers on every architecture.
"""

import ctypes
import os

from kernel import checked, libc

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read file, read directory
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_DIRECTORY_ONLY = ~(1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15)
_TCP_BIND_AND_CONNECT = 3
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3


class _Rules(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """The kernel's landlock version, 0 where it has none."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, 0, 1)))


def ruleset(readable: list[str], writable: list[str]) -> int:
    """A descriptor of rules: ``readable`` paths may be read and run, ``writable`` ones changed too, nothing else.

    Raises:
        OSError: the kernel has no landlock, or refused a path.
    """
    version = abi()
    everything = _ALL_BY_ABI[min(version, 5)] if version else 0
    rules = _Rules(
        everything,
        _TCP_BIND_AND_CONNECT if version >= 4 else 0,
        _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0,
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    made: int = checked(libc.syscall(_CREATE_RULESET, ctypes.byref(rules), size, 0), "landlock_create_ruleset")
    for path, access in [(p, _READ) for p in readable] + [(p, everything) for p in writable]:
        _allow(made, path, access)
    return made


def restrict(rules: int) -> None:
    """Applies ``rules`` to this process for ever; it must have given up new privileges before."""
    checked(libc.syscall(_RESTRICT_SELF, rules, 0), "landlock_restrict_self")


def _allow(rules: int, path: str, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        access &= ~_DIRECTORY_ONLY
    rule = _PathBeneath(access, descriptor)
    try:
        checked(libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0), f"landlock_add_rule {path}")
    finally:
        os.close(descriptor)
