"""Landlock, capabilities and seccomp by system call, for the process that calls :func:`confine` and all it starts.

Stands alone (standard library only). Landlock: https://docs.kernel.org/userspace-api/landlock.html; its system calls
have the same numbers on every architecture.
"""

import ctypes
import os

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read file, read directory
_READ_FILE_ONLY = 1 << 0 | 1 << 2
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_DIRECTORY_ONLY = ~(1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15)
_TCP_BIND_AND_CONNECT = 3
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 3
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_CAPBSET_DROP = 38, 22, 2, 24

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def abi() -> int:
    """The kernel's landlock version, 0 where it has none."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, 0, 1)))


def confine(readable: list[str], writable: list[str], seccomp: bytes) -> None:
    """Only the files named, no network, no signals out, no capabilities, no system call that ``seccomp`` denies.

    Raises:
        OSError: the kernel refused one of the steps.
    """
    version = abi()
    everything = _ALL_BY_ABI[min(version, 5)] if version else 0
    rules = _Ruleset(
        everything,
        _TCP_BIND_AND_CONNECT if version >= 4 else 0,
        _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0,
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _checked(_libc.syscall(_CREATE_RULESET, ctypes.byref(rules), size, 0), "landlock_create_ruleset")
    for path, access in [(p, _READ) for p in readable] + [(p, everything) for p in writable]:
        _allow(ruleset, path, access)
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _drop_capabilities()
    _checked(_libc.syscall(_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)
    program = _Filter(len(seccomp) // 8, seccomp)
    _checked(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0), "seccomp")


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        access &= ~_DIRECTORY_ONLY
    rule = _PathBeneath(access, descriptor)
    _checked(_libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0), f"landlock_add_rule {path}")
    os.close(descriptor)


def _drop_capabilities() -> None:
    """Empties every capability set, so that root without them is an ordinary user who happens to have uid 0."""
    for capability in range(64):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _checked(_libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())), "capset")


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return int(result)
