"""The system calls that no program under test may make, as a seccomp filter (classic BPF, see seccomp(2)).

A list of what is denied, not of what is allowed: runtimes differ too much for the latter. It closes what namespaces or
landlock leave open: tracing other processes, new namespaces, io_uring, kernel keys, BPF, mounts, odd socket families.
"""

import errno
import platform
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from harness.errors import SandboxError

NUMBERS = {  # system call -> its number on (x86_64, aarch64); from the kernel's unistd headers
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "perf_event_open": (298, 241), "bpf": (321, 280),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "move_mount": (429, 429), "fsopen": (430, 430), "fsmount": (432, 432),
    "open_tree": (428, 428), "mount_setattr": (442, 442), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89),
    "quotactl": (179, 60), "syslog": (103, 116), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "personality": (135, 92),
}  # fmt: skip
SYSV_IPC = {"shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180)}
KILL = {"kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "pidfd_send_signal": (424, 424)}
SOCKET, CLONE, CLONE3 = (41, 198), (56, 220), (435, 435)

NAMESPACE_FLAGS = 0x7E020000  # CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_X32_BIT = 0x40000000


@dataclass(frozen=True)
class Policy:
    """What a level wants denied beyond :data:`NUMBERS`: socket families not listed, System V IPC, signals to others."""

    families: tuple[int, ...]
    allow_ipc: bool
    allow_signals: bool


def filter_program(policy: Policy) -> bytes:
    """The policy as an array of ``struct sock_filter``, ready for ``prctl(PR_SET_SECCOMP)`` or ``bwrap --seccomp``.

    Raises:
        SandboxError: the processor is neither x86_64 nor aarch64.
    """
    machine = platform.machine()
    if machine not in ("x86_64", "aarch64"):
        raise SandboxError(f"no system call filter for {machine}", "run on x86_64 or aarch64, or use --sandbox none")
    column, architecture = (0, 0xC000003E) if machine == "x86_64" else (1, 0xC00000B7)
    denied = dict(NUMBERS)
    denied |= {} if policy.allow_ipc else SYSV_IPC
    denied |= {} if policy.allow_signals else KILL

    code = [
        _instruction(_LOAD, _ARCHITECTURE_AT),
        _instruction(_JUMP_EQUAL, architecture, 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER_AT),
    ]
    if machine == "x86_64":
        code += [_instruction(_JUMP_AT_LEAST, _X32_BIT, 0, 1), _deny(errno.EPERM)]
    for numbers in denied.values():
        code += [_instruction(_JUMP_EQUAL, numbers[column], 0, 1), _deny(errno.EPERM)]
    # glibc falls back from clone3, whose flags a filter cannot see, to clone, whose flags it can.
    code += [_instruction(_JUMP_EQUAL, CLONE3[column], 0, 1), _deny(errno.ENOSYS)]
    code += _when(CLONE[column], [_instruction(_JUMP_ANY_BIT, NAMESPACE_FLAGS, 0, 1), _deny(errno.EPERM)])
    code += _when(SOCKET[column], [*_only(policy.families), _deny(errno.EACCES)])
    return b"".join([*code, _instruction(_RETURN, _ALLOW)])


def _when(number: int, then: list[bytes]) -> list[bytes]:
    """``then`` on the first argument of system call ``number``; falls through to allowed."""
    body = [_instruction(_LOAD, _FIRST_ARGUMENT_AT), *then, _instruction(_RETURN, _ALLOW)]
    return [_instruction(_JUMP_EQUAL, number, 0, len(body)), *body]


def _only(families: Iterable[int]) -> list[bytes]:
    return [
        part for family in families for part in (_instruction(_JUMP_EQUAL, family, 0, 1), _instruction(_RETURN, _ALLOW))
    ]


def _deny(number: int) -> bytes:
    return _instruction(_RETURN, _ERRNO | number)


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
