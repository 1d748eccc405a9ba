"""System calls that Python 3.11 has no function for: namespaces, mounts, capabilities, seccomp, a fork into new ones.

Stands alone (standard library only). Every function raises OSError with the call's name where the kernel refuses.
"""

import ctypes
import os
import platform
import socket
import struct
from fcntl import ioctl

NEW_MOUNTS, NEW_UTS, NEW_IPC = 0x00020000, 0x04000000, 0x08000000
NEW_USER, NEW_PROCESSES, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
NO_SUID, NO_DEVICES = 2, 4

CAPABILITIES = {
    "CHOWN": 0, "DAC_OVERRIDE": 1, "KILL": 5, "SETGID": 6, "SETUID": 7, "SETPCAP": 8,
    "NET_ADMIN": 12, "SYS_CHROOT": 18, "SYS_PTRACE": 19, "SYS_ADMIN": 21, "SETFCAP": 31,
}  # fmt: skip
"""The capabilities that a server and its parents need; everything else is given up at once."""

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 4, 22, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _SECCOMP_MODE_FILTER = 36, 38, 2
_MADV_COLLAPSE, _HUGE_PAGE = 25, 2 << 20
_SIGCHLD = 17
_CLONE = {"x86_64": 56, "aarch64": 220}
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}.get(platform.machine(), -1)
_KEEP_POLICY, _TURN_NANOSECONDS = 0x08, 100_000_000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1

libc = ctypes.CDLL(None, use_errno=True)
libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
# Keeps the interpreter's lock over the call, as a fork must.
_python = ctypes.PyDLL(None, use_errno=True)


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def checked(result: int, what: str) -> int:
    """``result``, or the error that it stands for."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return int(result)


def mount(kind: str, target: str, options: str = "", flags: int = NO_SUID | NO_DEVICES) -> None:
    """Mounts a file system of ``kind`` at ``target``."""
    arguments = (kind.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode() or None)
    checked(libc.mount(*arguments), f"mount {target}")


def bind(source: str, target: str) -> None:
    """Shows ``source`` at ``target``, too, with the source's own flags."""
    checked(libc.mount(source.encode(), target.encode(), None, ctypes.c_ulong(4096 | 16384), None), f"bind {target}")


def unmount(target: str) -> None:
    """Takes away what is mounted at ``target``, and below it."""
    checked(libc.umount2(target.encode(), 2), f"unmount {target}")


def join(descriptor: int, kinds: int) -> None:
    """Joins the namespaces of ``kinds`` that ``descriptor`` (a pidfd or a namespace) stands for."""
    checked(libc.setns(descriptor, kinds), "setns")


def unshare(kinds: int) -> None:
    """Moves into new namespaces of ``kinds``."""
    checked(libc.unshare(kinds), "unshare")


def set_host_name(name: bytes) -> None:
    """Names this UTS namespace."""
    checked(libc.sethostname(name, len(name)), "sethostname")


def fork_into(kinds: int) -> int:
    """:func:`os.fork`, with the child in new namespaces of ``kinds``: its process id, 0 in the child.

    For processes that use no C library with fork handlers of its own: those are not called.
    """
    _python.PyOS_BeforeFork()
    pid = int(_python.syscall(_CLONE[platform.machine()], ctypes.c_ulong(kinds | _SIGCHLD), 0, 0, 0, 0))
    if pid == 0:
        _python.PyOS_AfterFork_Child()
    else:
        _python.PyOS_AfterFork_Parent()
    return checked(pid, "clone")


def loopback_up() -> None:
    """Brings up the loopback device of this network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", ioctl(handle, _SIOCGIFFLAGS, request))[1]
        ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def use_huge_pages() -> None:
    """Moves this process's own memory to huge pages where it fills them: a fork then copies far fewer page tables.

    Where the kernel has none to give, or does not know how (before Linux 6.1), all stays as it is.
    """
    with open("/proc/self/maps") as file:
        rows = [line.split() for line in file]
    for span, kind, *rest in rows:
        if kind != "rw-p" or rest[3:] not in ([], ["[heap]"]):
            continue
        first, last = (int(number, 16) for number in span.split("-"))
        # One by one: a call for more may end at one that cannot be moved.
        for address in range(-(-first // _HUGE_PAGE) * _HUGE_PAGE, last - _HUGE_PAGE + 1, _HUGE_PAGE):
            libc.madvise(address, _HUGE_PAGE, _MADV_COLLAPSE)


def take_long_turns() -> None:
    """Lets this process stay on its core for 100 ms while others wait for it, instead of 1 to 3 (Linux 6.12 and later).

    Programs that take turns empty each other's caches. The kernel prefers who has short turns: the server, its parents.
    """
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = struct.pack("IIQiIQQQ", 48, 0, _KEEP_POLICY, nice, 0, _TURN_NANOSECONDS, 0, 0)
    libc.syscall(_SCHED_SETATTR, 0, attributes, 0)  # a kernel that knows no such turns changes nothing


def adopt_orphans() -> None:
    """Makes orphans below this process its children."""
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def hide() -> None:
    """Lets no process of the same user look into this one."""
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def bound_capabilities(kept: tuple[int, ...] = ()) -> None:
    """No program started from here can ever have a capability that is not in ``kept``."""
    for capability in range(64):
        if capability not in kept:
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def drop_capabilities() -> None:
    """Empties every capability set: root without them is an ordinary user who happens to have uid 0."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    checked(libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())), "capset")


def no_new_privileges() -> None:
    """Starting a program never adds a privilege."""
    checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def filter_calls(program: bytes) -> None:
    """Applies a seccomp filter: an array of ``struct sock_filter``."""
    instructions = _Filter(len(program) // 8, program)
    checked(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(instructions), 0, 0), "seccomp")
