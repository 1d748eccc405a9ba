"""Runs one command to its end or its wall limit, collecting its report and the head and tail of its output."""

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

REPORT_BYTES = 4 * 1024 * 1024
GRACE_SECONDS = 5.0
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Execution:
    """What came of a command.

    ``status`` is the exit code, 128 + signal where a signal ended it; ``timed_out`` says that the wall limit did.
    """

    status: int
    timed_out: bool
    wall_seconds: float
    output: str
    report: bytes


@dataclass
class HeadAndTail:
    """Keeps the first and the last ``limit / 2`` bytes of a stream of any length."""

    limit: int
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    dropped: int = 0

    def feed(self, data: bytes) -> None:
        """Takes the stream's next bytes."""
        half = self.limit // 2
        room = half - len(self.head)
        self.head += data[:room]
        self.tail += data[room:]
        excess = max(0, len(self.tail) - half)
        self.dropped += excess
        del self.tail[:excess]

    def text(self) -> str:
        """What was kept, with a line in the middle that says how much was not."""
        gap = f"\n[... {self.dropped} bytes left out ...]\n".encode() if self.dropped else b""
        return bytes(self.head + gap + self.tail).decode("utf-8", "replace")


def execute(
    command: Callable[[int, int], list[str]],
    payload: bytes,
    wall_seconds: float,
    output_bytes: int,
    pass_fds: tuple[int, ...] = (),
) -> Execution:
    """Runs ``command(report, alive)`` with ``payload`` on its standard input and an empty environment.

    ``report`` is a descriptor to report on; ``alive`` one that reads end-of-file at the wall limit, or when this
    process dies: the command must end then, and is killed where it has not within :data:`GRACE_SECONDS`.

    Raises:
        OSError: the command could not be started.
    """
    with _pipe() as (reader, writer), _pipe() as (alive, hold):
        started = time.monotonic()
        handed = (writer.fileno(), alive.fileno())
        process = _start(command(*handed), payload, (*handed, *pass_fds))
        writer.close()
        assert process.stdout is not None
        output, report = HeadAndTail(output_bytes), bytearray()
        with process.stdout, open(os.pidfd_open(process.pid)) as ended:
            sinks: dict[int, Callable[[bytes], None]] = {
                process.stdout.fileno(): output.feed,
                reader.fileno(): report.extend,
            }
            finished = _pump(sinks, ended.fileno(), started + wall_seconds, lambda: len(report) > REPORT_BYTES)
            if not finished:
                hold.close()
                if not _pump(sinks, ended.fileno(), time.monotonic() + GRACE_SECONDS, lambda: False):
                    process.kill()
            process.wait()
            for descriptor, sink in sinks.items():  # what was written just before the end is still in the pipes
                while _drain(descriptor, sink):
                    pass
    return Execution(
        status=process.returncode if process.returncode >= 0 else 128 - process.returncode,
        timed_out=not finished,
        wall_seconds=time.monotonic() - started,
        output=output.text(),
        report=bytes(report),
    )


@contextmanager
def _pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as first, open(writer, "wb", buffering=0) as second:
        yield first, second


@contextmanager
def in_memory(data: bytes) -> Iterator[int]:
    """A descriptor that reads ``data``, without a file and without a writer that could be made to wait."""
    with open(os.memfd_create("data"), "r+b", buffering=0) as file:
        file.write(data)
        file.seek(0)
        yield file.fileno()


def _start(command: list[str], payload: bytes, pass_fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
    with in_memory(payload) as stdin:
        return subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={}, cwd="/", pass_fds=pass_fds
        )


def _pump(sinks: dict[int, Callable[[bytes], None]], ended: int, deadline: float, too_much: Callable[[], bool]) -> bool:
    """Moves bytes into the sinks until the process has ended (True), or the deadline or ``too_much`` (False)."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(ended, selectors.EVENT_READ)
        for descriptor in sinks:
            os.set_blocking(descriptor, False)
            waiting.register(descriptor, selectors.EVENT_READ)
        while not too_much():
            ready = [key.fd for key, _ in waiting.select(max(0.0, deadline - time.monotonic()))]
            if ended in ready:
                return True
            if not ready:
                return False
            for descriptor in ready:
                if not _drain(descriptor, sinks[descriptor]):
                    waiting.unregister(descriptor)
    return False


def _drain(descriptor: int, sink: Callable[[bytes], None]) -> bool:
    """Moves one chunk; False at the end of the stream, or when there is nothing to read now."""
    try:
        data = os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return False
    sink(data)
    return bool(data)
