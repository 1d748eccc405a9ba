"""A warm parent: imports what programs will import, then forks one child for each that the server sends.

Stands alone (standard library only). ``parent.py CONTROL``: a descriptor of a sequenced-packet socket. First comes
{settings, imports}; told to the server are {"importing"} before each library, {"refused", "message"} for one that
cannot be imported although it is there, and {"ready", "address_space"}. Then each message is a run: with it come the
descriptors of its room, its report and its output; told are {"forked"} and {"ended", "status", "cpu", "peak"}.
"""

import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import types
from collections.abc import Iterator

import candidate
import confine
import judge
import kernel
import rooms


def main(control: socket.socket) -> None:
    """Serves until the server closes the socket."""
    os.environ.pop("GLIBC_TUNABLES", None)  # what a program starts is not to have it
    begin = json.loads(control.recv(1 << 20))
    settings = confine.Settings(begin["settings"])
    warm_up(control, begin["imports"])
    watched: list[int | socket.socket] = [control]
    reader, writer = os.pipe()
    watched.append(reader)
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer)
    control.send(json.dumps({"ready": True, "address_space": address_space()}).encode())
    while True:
        ready, _, _ = select.select(watched, [], [])
        if reader in ready:
            os.read(reader, 4096)
            reap(control)
        if control in ready:
            data, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 3)
            if not data:
                os._exit(0)
            fork(control, settings, json.loads(data), descriptors)


def warm_up(control: socket.socket, imports: list[str]) -> None:
    """Imports each library that is installed; the collector then leaves alone what all children share.

    What runs tests has run some then: what it compiles once, and how Python adapts its code, is there in each child.
    """
    for name in imports:
        control.send(json.dumps({"importing": name}).encode())
        try:
            __import__(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                refuse(control, name, error)
        except BaseException as error:
            refuse(control, name, error)
    if "inside" in sys.modules:
        sys.modules["inside"].rehearse()
    gc.collect()
    gc.freeze()
    gc.disable()
    kernel.use_huge_pages()


def refuse(control: socket.socket, name: str, error: BaseException) -> None:
    """Tells which library broke, and how, and ends."""
    control.send(json.dumps({"refused": name, "message": f"{type(error).__name__}: {error}"[:2000]}).encode())
    os._exit(1)


def fork(control: socket.socket, settings: confine.Settings, run: dict, descriptors: list[int]) -> None:  # type: ignore[type-arg]
    """One child, which becomes the program; here its process id is told."""
    room, report, output = descriptors
    try:
        if settings.namespaces:
            kernel.join(room, kernel.NEW_PROCESSES)
        pid = os.fork()
    except OSError as error:
        control.send(json.dumps({"not_forked": str(error)}).encode())
        pid = -1
    if pid == 0:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if not settings.namespaces:
                rooms.guard(room, run["folder"], run["processes"])
            become(settings, run, room, report, output)
        except BaseException as error:
            os.write(2, f"sandbox: {type(error).__name__}: {error}\n".encode())
        os._exit(125)
    for descriptor in descriptors:
        os.close(descriptor)
    if pid > 0:
        control.send(json.dumps({"forked": pid}).encode())


def become(settings: confine.Settings, run: dict, room: int, report: int, output: int) -> None:  # type: ignore[type-arg]
    """In the child: gives everything up, reads the job, runs it."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    channel = socket.socket(fileno=report)
    _, [given], _, _ = socket.recv_fds(channel, 1, 1)
    channel.detach()
    confine.enter(settings, run, room)
    job = json.loads(os.read(given, os.fstat(given).st_size))
    os.closerange(3, report)
    os.closerange(report + 1, max(4096, report + 2))
    os.write(report, b'{"entered": true}\n')
    for name in ("HOME", "TMPDIR"):  # update() asks whether a dict is a mapping, which touches hundreds of pages
        os.environ[name] = run["folder"]
    reseed()
    gc.enable()
    driver_of(job).main(job, report)
    candidate.end()


def driver_of(job: dict) -> types.ModuleType:  # type: ignore[type-arg]
    """The driver that does ``job``."""
    if "inside" in job:
        import inside  # the profiles for such jobs have it imported already

        return sys.modules[inside.__name__]
    if "run" in job:
        import runner  # starts other programs: dear to import, and no use to most

        return sys.modules[runner.__name__]
    return sys.modules[judge.__name__ if "items" in job else candidate.__name__]


def reseed() -> None:
    """Gives the child random numbers of its own, as a fresh interpreter has; those of ``random`` come with the fork."""
    if "numpy" in sys.modules:
        # Without a number it is seeded from far more entropy, at four times the cost.
        sys.modules["numpy"].random.seed(int.from_bytes(os.urandom(4), "little"))
    if "faker.generator" in sys.modules:
        sys.modules["faker.generator"].random.seed()


def reap(control: socket.socket) -> None:
    """Tells of every child that has ended."""
    for child in ended_children():
        control.send(json.dumps(ended(*child)).encode())


def ended_children() -> Iterator[tuple[int, int, resource.struct_rusage]]:
    """Process id, status and usage of each child that has ended and was not asked for yet."""
    while True:
        try:
            pid, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status, used


def ended(pid: int, status: int, used: resource.struct_rusage) -> dict:  # type: ignore[type-arg]
    """What is told of a child that has ended: exit status (128 + signal), CPU seconds, peak memory in bytes."""
    code = os.waitstatus_to_exitcode(status)
    return {
        "ended": pid,
        "status": code if code >= 0 else 128 - code,
        "cpu": round(used.ru_utime + used.ru_stime, 4),
        "peak": used.ru_maxrss * 1024,
    }


def address_space() -> int:
    """Bytes of address space in use: what a limit on a child's address space must leave room for."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
