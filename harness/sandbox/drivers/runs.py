"""One program under way, as the server sees it: its descriptors, what it has said, how it ended.

Stands alone (standard library only).
"""

import json
import os
import selectors
import socket
import time
from typing import Any

REPORT_BYTES = 8 * 1024 * 1024
ASLEEP = 0.1
"""A program that uses less than this share of a core sleeps or waits."""
_CHUNK = 64 * 1024


class HeadAndTail:
    """Keeps the first and the last ``limit / 2`` bytes of a stream of any length."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.head, self.tail, self.dropped = bytearray(), bytearray(), 0

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


class Run:
    """One program: its request, its room, and all that becomes of it."""

    def __init__(self, request: dict, room: Any) -> None:  # type: ignore[type-arg]
        self.request, self.room = request, room
        self.pid = 0
        self.started = self.looked_at = time.monotonic()
        self.memory_bytes = 0
        self.cpu_seconds = 0.0
        self.asleep = False
        """Whether it leaves its slot to others for now."""
        self.usage: dict | None = None  # type: ignore[type-arg]
        self.timed_out = self.over_memory = False
        self.broken = ""
        self.output = HeadAndTail(request["output_bytes"])
        self.report = bytearray()

    def open(self, events: selectors.BaseSelector) -> None:
        """Makes the channels: a socket for job and report, a pipe for output, a file in memory for the job."""
        self.ours, self.theirs = socket.socketpair()
        self.reader, self.writer = os.pipe()
        self.job = os.memfd_create("job")
        os.write(self.job, json.dumps(self.request["job"]).encode())
        os.lseek(self.job, 0, os.SEEK_SET)
        for descriptor, feed in ((self.ours.fileno(), self.take_report), (self.reader, self.output.feed)):
            os.set_blocking(descriptor, False)
            events.register(descriptor, selectors.EVENT_READ, lambda fd=descriptor, to=feed: self.drain(events, fd, to))

    def handed_over(self, by_message: bool) -> None:
        """Gives the job to a forked child, and closes the program's ends of the channels here."""
        if by_message:
            socket.send_fds(self.ours, [b"1"], [self.job])
        if "token" in self.request:
            self.ours.send(self.request["token"].encode())
        self.theirs.close()
        os.close(self.writer)
        os.close(self.job)

    def watched(self, cpu_seconds: float, wants: bool, wall_seconds: float) -> None:
        """Takes note of its CPU time until now, ``wall_seconds`` after the last time, and whether it wants more.

        One that gets no CPU only because others have it all does not sleep.
        """
        self.asleep = not wants and cpu_seconds - self.cpu_seconds < ASLEEP * wall_seconds
        self.cpu_seconds = cpu_seconds

    def take_report(self, data: bytes) -> None:
        """Takes the report's next bytes; a program that reports without end has its room closed."""
        self.report += data
        if len(self.report) > REPORT_BYTES:
            self.room.end()

    def drain(self, events: selectors.BaseSelector, descriptor: int, feed: Any) -> bool:
        """Moves one chunk; False at the end of the stream, or when there is nothing to read now."""
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if data:
            feed(data)
        elif descriptor in events.get_map():
            events.unregister(descriptor)
        return bool(data)

    def close(self, events: selectors.BaseSelector) -> dict:  # type: ignore[type-arg]
        """The answer; what was written just before the end is still in the channels."""
        for descriptor, feed in ((self.ours.fileno(), self.take_report), (self.reader, self.output.feed)):
            while len(self.report) <= REPORT_BYTES and self.drain(events, descriptor, feed):
                pass
            if descriptor in events.get_map():
                events.unregister(descriptor)
        self.ours.close()
        os.close(self.reader)
        if self.broken:
            return {"id": self.request["id"], "broken": self.broken}
        usage = self.usage or {}
        return {
            "id": self.request["id"],
            "status": usage["status"],
            "cpu": usage["cpu"],
            "peak": usage["peak"],
            "wall": round(time.monotonic() - self.started, 4),
            "timed_out": self.timed_out,
            "over_memory": self.over_memory,
            "output": self.output.text(),
            "report": self.report.decode("utf-8", "replace"),
        }
