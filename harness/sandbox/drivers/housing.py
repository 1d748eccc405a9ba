"""The rooms of a server: made before they are needed, cleaned when a program has ended, replaced when they die.

Stands alone (standard library only).
"""

import os
import selectors
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import rooms
from confine import Settings
from runs import Run

END_SECONDS = 5.0


class Room:
    """Where one program at a time runs, and how to end all in it.

    A cell: its first process, a pidfd of it, and the socket to ask it for a clean cell. Otherwise a folder, for one
    program only, and a pipe that its guard watches.
    """

    def __init__(self, slot: int, folder: str, descriptor: int, control: int, pid: int = 0) -> None:
        self.slot, self.folder, self.descriptor, self.control, self.pid = slot, folder, descriptor, control, pid
        self.run: Run | None = None
        self.clean = self.leaving = False
        self.asked_at = 0.0

    def end(self) -> None:
        """Asks for the end of all in it."""
        if self.pid:
            if not self.asked_at:
                self.asked_at = time.monotonic()
                try:
                    os.write(self.control, b"1")
                except OSError:
                    pass  # it has died, and all with it
        elif self.control >= 0:
            os.close(self.control)
            self.control = -1


class Housing:
    """All rooms. ``over`` hears of a run in whose room nothing is left, ``lost`` of one whose room has died."""

    def __init__(
        self,
        settings: Settings,
        events: selectors.BaseSelector,
        over: Callable[[Run], None],
        lost: Callable[[Run], None],
    ) -> None:
        self.settings, self.events, self.over, self.lost = settings, events, over, lost
        self.described: dict[str, Any] = settings.described
        self.ready: deque[Room] = deque()
        self.cells: dict[int, Room] = {}  # by process id
        self.fault = ""
        self.shown = [path for path in settings.readable if path.startswith("/tmp/")]
        slots = int(self.described["slots"])
        # More than run at once: while one is cleaned the next is ready.
        self.usual = slots + (slots + 1) // 2
        self.most = self.usual + int(self.described["sleepers"])
        self.free = deque(range(self.most))
        self.networks: dict[int, int] = {}
        self.leaving = 0

    def prepare(self, asleep: int) -> None:
        """Makes the rooms that are missing: the usual number, and one more for each program that sleeps.

        Gives up those that were made for sleepers once these have ended.
        """
        spare = max(0, self.most - self.usual - asleep)
        while self.ready and len(self.free) + self.leaving < spare:
            room = self.ready.pop()
            if room.pid:
                self.leaving += 1
                room.leaving = True
                os.kill(room.pid, signal.SIGKILL)
            else:
                room.end()
                rooms.remove(room.folder)
                self.gone(room)
        while len(self.free) > spare and not self.fault:
            slot = self.free.popleft()
            if self.settings.namespaces:
                if slot not in self.networks:
                    self.networks[slot] = rooms.make_network()
                ours, theirs = socket.socketpair()
                pid = rooms.make_cell(self.networks[slot], self.described["disk_bytes"], self.shown, theirs.fileno())
                theirs.close()
                room = self.cells[pid] = Room(slot, "/tmp", os.pidfd_open(pid), ours.detach(), pid)
                self.events.register(room.control, selectors.EVENT_READ, lambda room=room: self.clean(room))
            else:
                try:
                    folder = tempfile.mkdtemp(prefix=f"harness-{os.getpid()}-", dir="/tmp")
                except OSError as error:
                    self.fault = f"no folder for a program: {error}"
                    self.free.appendleft(slot)
                    return
                if (uid := self.uid(slot)) is not None:
                    os.chown(folder, uid, uid)
                alive, keep = os.pipe()
                self.ready.append(Room(slot, folder, alive, keep))

    def clean(self, room: Room) -> None:
        """A cell has been made or cleaned: its run is over, and the next may begin. Or it says what went wrong."""
        if room.control < 0:
            return  # its death was heard of in the same moment, and told first
        try:
            said = os.read(room.control, 4096)
        except OSError:
            said = b""
        if said == b"1":
            room.clean = True
            self.settle(room)
            return
        self.events.unregister(room.control)
        if room.leaving:
            return
        os.kill(room.pid, signal.SIGKILL)
        self.fault = said.decode("utf-8", "replace") or "the first process of a cell died"

    def settle(self, room: Room) -> None:
        """What can be done with a room in which nothing is left once its program's end is told, too."""
        run = room.run
        if run is not None and run.usage is not None:
            room.run = None
            self.over(run)
        if room.run is None:
            room.asked_at = 0.0
            self.ready.append(room)

    def vacate(self, run: Run) -> None:
        """A program's first process has ended: its room is over, or the others in it must end, too."""
        room: Room = run.room
        if not room.pid:
            room.end()
            self.gone(room)
            self.over(run)
        elif room.clean:
            self.settle(room)
        else:
            room.end()

    def died(self, pid: int) -> bool:
        """Whether ``pid`` was the first process of a cell; it has died, and all in it."""
        room = self.cells.pop(pid, None)
        if room is None:
            return False
        self.leaving -= room.leaving
        if room.control in self.events.get_map():
            self.events.unregister(room.control)
        self.ready = deque(each for each in self.ready if each is not room)
        if room.run is not None:
            self.lost(room.run)
        self.gone(room)
        return True

    def end_stuck(self, now: float) -> None:
        """Ends cells that have not become clean in time."""
        for room in self.cells.values():
            if room.asked_at and now - room.asked_at > END_SECONDS:
                os.kill(room.pid, signal.SIGKILL)

    def close(self) -> None:
        """Asks for the end of all that is in rooms, and removes the folders of those that wait."""
        for room in self.ready:
            room.end()
            if not room.pid:
                rooms.remove(room.folder)

    def gone(self, room: Room) -> None:
        """A room and all that was in it is no more."""
        for descriptor in (room.descriptor, room.control):
            if descriptor >= 0:
                os.close(descriptor)
        room.descriptor = room.control = -1
        room.run = None  # the run holds its room, and nobody collects cycles here
        self.free.append(room.slot)

    def uid(self, slot: int) -> int | None:
        """The user that programs of this slot run as."""
        first = self.described["first_uid"]
        return None if first is None else int(first) + slot
