"""Runs programs for the harness: the first process of a sandbox, in which it makes a room for every program.

Stands alone (standard library only). Frames (four bytes of length, then JSON) come on standard input and go to standard
output. The first holds the settings: level, slots, readable, writable, seccomp (base64), first_uid (or null),
disk_bytes, environment {name: value}, parents {profile: {command, imports}}. Each other one is a request: id, job,
limits [[name, value]], memory [name of its limit, bytes], processes (or null), wall_seconds, output_bytes, and either
"fork": profile of a warm parent, or "exec": a command, in which "{report}" stands for the descriptor to report on.
Answered is {id, status, cpu, peak, wall, timed_out, over_memory, output, report}, or {id, "broken": what happened}.

The server and its parents hold no program's code. A cell's namespaces are made before they are needed.
"""

import gc
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
import time
from collections import deque

import confine
import kernel
import parent
import rooms
from runs import Run

TICK_SECONDS = 0.2
END_SECONDS = 5.0


class Parent:
    """A warm parent as the server sees it."""

    def __init__(self, profile: str, pid: int, control: socket.socket, words: int) -> None:
        self.profile, self.pid, self.control, self.words = profile, pid, control, words
        self.ready = False
        self.importing = ""
        self.address_space = self.resident = 0
        self.forking: deque[Run] = deque()
        self.runs: dict[int, Run] = {}

    def last_words(self) -> str:
        """The end of what it has printed; it is not to be asked again."""
        size = os.fstat(self.words).st_size
        text = os.pread(self.words, 500, max(0, size - 500)).decode("utf-8", "replace")
        os.close(self.words)
        return " ".join(text.split())


class Room:
    """Where one program at a time runs, and how to end all in it.

    A cell: its first process, a pidfd of it, and the socket to ask it for a clean cell. Otherwise a folder, for one
    program only, and a pipe that its guard watches.
    """

    def __init__(self, slot: int, folder: str, descriptor: int, control: int, pid: int = 0) -> None:
        self.slot, self.folder, self.descriptor, self.control, self.pid = slot, folder, descriptor, control, pid
        self.run: Run | None = None
        self.clean = False
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


class Server:
    """All state of this process: requests that wait, rooms that are ready, runs under way."""

    def __init__(self, described: dict) -> None:  # type: ignore[type-arg]
        self.settings = confine.Settings(described)
        self.described = described
        self.slots: int = described["slots"]
        self.waiting: deque[dict] = deque()  # type: ignore[type-arg]
        self.running: list[Run] = []
        self.parents: dict[str, Parent] = {}
        self.unfit: dict[str, str] = {}
        self.ready: deque[Room] = deque()
        self.cells: dict[int, Room] = {}  # by process id
        self.fault = ""
        self.started: dict[int, Run] = {}  # runs whose process is this one's own child
        self.events = selectors.DefaultSelector()
        self.incoming, self.outgoing = bytearray(), bytearray()
        self.shown = [path for path in self.settings.readable if path.startswith("/tmp/")]
        # More than run at once: while one is cleaned the next is ready.
        self.free = deque(range(self.slots + (self.slots + 1) // 2))
        self.own = os.open("/proc/self/ns/pid", os.O_RDONLY)
        self.networks = [rooms.make_network() for _ in self.free] if self.settings.namespaces else []

    # -- frames -----------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Serves until standard input ends."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer)
        os.set_blocking(0, False)
        os.set_blocking(1, False)
        self.events.register(0, selectors.EVENT_READ, lambda: self.receive())
        self.events.register(reader, selectors.EVENT_READ, lambda: self.reap(reader))
        while True:
            self.pump()
            for key, _ in self.events.select(self.patience()):
                key.data()
            self.look_after()

    def receive(self) -> None:
        """Takes in what has come on standard input."""
        try:
            data = os.read(0, 1 << 20)
        except BlockingIOError:
            return
        if not data:
            self.close()
        self.incoming += data
        while len(self.incoming) >= 4:
            length = int.from_bytes(self.incoming[:4], "big")
            if len(self.incoming) < 4 + length:
                break
            request = json.loads(self.incoming[4 : 4 + length])
            del self.incoming[: 4 + length]
            (self.waiting.appendleft if request.get("first") else self.waiting.append)(request)

    def answer(self, event: dict) -> None:  # type: ignore[type-arg]
        """Sends one frame."""
        data = json.dumps(event).encode()
        self.outgoing += len(data).to_bytes(4, "big") + data
        self.flush()

    def flush(self) -> None:
        """Sends what standard output takes now; the rest when it takes more."""
        try:
            del self.outgoing[: os.write(1, self.outgoing)]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.close()
        waits = 1 in self.events.get_map()
        if self.outgoing and not waits:
            self.events.register(1, selectors.EVENT_WRITE, self.flush)
        elif not self.outgoing and waits:
            self.events.unregister(1)

    def close(self) -> None:
        """Ends everything, then this process. A PID namespace does the rest where there is one."""
        signal.set_wakeup_fd(-1)
        for run in self.running:
            run.room.end()
        for room in self.ready:
            room.end()
            if not room.pid:
                rooms.remove(room.folder)
        for each in self.parents.values():
            each.control.close()
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline and not self.settings.namespaces:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.005)
            except ChildProcessError:
                break
        os._exit(0)

    # -- rooms ------------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Makes the rooms that are missing."""
        while self.free and not self.fault:
            slot = self.free.popleft()
            if self.settings.namespaces:
                ours, theirs = socket.socketpair()
                pid = rooms.make_cell(self.networks[slot], self.described["disk_bytes"], self.shown, theirs.fileno())
                theirs.close()
                room = self.cells[pid] = Room(slot, "/tmp", os.pidfd_open(pid), ours.detach(), pid)
                self.events.register(room.control, selectors.EVENT_READ, lambda room=room: self.clean(room))
            else:
                folder = tempfile.mkdtemp(prefix="harness-")
                if (uid := self.uid(slot)) is not None:
                    os.chown(folder, uid, uid)
                alive, keep = os.pipe()
                self.ready.append(Room(slot, folder, alive, keep))

    def clean(self, room: Room) -> None:
        """A cell has been made or cleaned: its run is over, and the next may begin. Or it says what went wrong."""
        try:
            said = os.read(room.control, 4096)
        except OSError:
            said = b""
        if said == b"1":
            room.clean = True
            self.settle(room)
            return
        self.events.unregister(room.control)
        os.kill(room.pid, signal.SIGKILL)
        self.fault = said.decode("utf-8", "replace") or "the first process of a cell died"

    def settle(self, room: Room) -> None:
        """What can be done with a room in which nothing is left once its program's end is told, too."""
        run = room.run
        if run is not None and run.usage is not None:
            room.run = None
            self.finish(run)
        if room.run is None:
            room.asked_at = 0.0
            self.ready.append(room)

    def lose_cell(self, room: Room) -> None:
        """The first process of a cell has died, and all in it."""
        if room.control in self.events.get_map():
            self.events.unregister(room.control)
        self.ready = deque(each for each in self.ready if each is not room)
        if room.run is not None:
            run, room.run = room.run, None
            run.broken = run.broken or "its cell died"
            for each in self.parents.values():
                each.runs.pop(run.pid, None)
            self.started.pop(run.pid, None)
            self.finish(run)
        self.gone(room)

    def gone(self, room: Room) -> None:
        """A room and all that was in it is no more."""
        for descriptor in (room.descriptor, room.control):
            if descriptor >= 0:
                os.close(descriptor)
        self.free.append(room.slot)

    def uid(self, slot: int) -> int | None:
        """The user that programs of this slot run as."""
        first = self.described["first_uid"]
        return None if first is None else int(first) + slot

    # -- parents ----------------------------------------------------------------------------------------------------

    def start_parent(self, profile: str) -> None:
        """Starts a warm parent; programs that want it wait until it is ready."""
        described = self.described["parents"][profile]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        here = os.path.dirname(os.path.abspath(__file__))
        command = [*described["command"], os.path.join(here, "parent.py"), str(theirs.fileno())]
        words = os.memfd_create("words")
        pid = os.fork()
        if pid == 0:
            try:
                os.dup2(os.open(os.devnull, os.O_RDWR), 0)
                os.dup2(words, 1)
                os.dup2(words, 2)
                theirs.set_inheritable(True)
                os.execve(command[0], command, self.described["environment"])
            except BaseException as error:
                os.write(2, f"{command[0]}: {error}\n".encode())
            os._exit(127)
        theirs.close()
        ours.send(json.dumps({"settings": self.described, "imports": described["imports"]}).encode())
        found = self.parents[profile] = Parent(profile, pid, ours, words)
        self.events.register(ours, selectors.EVENT_READ, lambda: self.hear(found))

    def hear(self, each: Parent) -> None:
        """Takes in one message of a parent."""
        try:
            data = each.control.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self.lose(each)
            return
        said = json.loads(data)
        if "importing" in said:
            each.importing = said["importing"]
        elif "refused" in said:
            self.unfit[each.profile] = f"the library {said['refused']} cannot be imported: {said['message']}"
        elif "ready" in said:
            each.ready, each.importing, each.address_space = True, "", said["address_space"]
            each.resident = rooms.resident_bytes([each.pid], 1 << 60)
        elif "forked" in said:
            run = each.forking.popleft()
            run.pid = said["forked"]
            each.runs[run.pid] = run
        elif "not_forked" in said:
            self.abandon(each.forking.popleft(), f"a parent could not fork: {said['not_forked']}")
        elif "ended" in said and (ended := each.runs.pop(said["ended"], None)):
            self.program_ended(ended, said)

    def lose(self, each: Parent) -> None:
        """A parent has died: its runs are abandoned, and a library that it died of is remembered."""
        self.events.unregister(each.control)
        each.control.close()
        self.parents.pop(each.profile, None)
        if each.importing and each.profile not in self.unfit:
            why = each.last_words()
            self.unfit[each.profile] = f"the library {each.importing} crashes when it is imported: {why}"
        elif not each.ready and each.profile not in self.unfit:
            interpreter = self.described["parents"][each.profile]["command"][0]
            self.unfit[each.profile] = f"the interpreter {interpreter} died: {each.last_words()}"
        for run in [*each.forking, *each.runs.values()]:
            self.abandon(run, "a warm parent died")

    # -- runs -------------------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Starts what can be started."""
        if self.fault and self.waiting and not self.running and not self.ready:
            self.answer({"id": self.waiting.popleft()["id"], "broken": f"no room: {self.fault}"})
            self.fault = ""
        passed_over: deque[dict] = deque()  # type: ignore[type-arg]
        while self.waiting and self.ready and len(self.running) < self.slots:
            request = self.waiting.popleft()
            profile = request.get("fork")
            if profile in self.unfit:
                self.answer({"id": request["id"], "broken": self.unfit[profile], "final": True})
            elif profile is None:
                self.begin(request, None)
            elif profile not in self.parents:
                self.start_parent(profile)
                passed_over.append(request)
            elif not self.parents[profile].ready:
                passed_over.append(request)
            else:
                self.begin(request, self.parents[profile])
        self.waiting.extendleft(reversed(passed_over))
        self.prepare()

    def begin(self, request: dict, by: Parent | None) -> None:  # type: ignore[type-arg]
        """Starts one program in a room that is ready."""
        room = self.ready.popleft()
        run = room.run = Run(request, room)
        room.clean = False
        self.running.append(run)
        kind, space = request["memory"]
        limits = [*request["limits"], [kind, space + (by.address_space if by else 0)]]
        described = {
            "uid": self.uid(room.slot),
            "folder": room.folder,
            "limits": limits,
            "processes": request["processes"],
        }
        run.memory_bytes = space + (by.resident if by else 0)
        run.open(self.events)
        try:
            if by:
                by.forking.append(run)
                descriptors = [room.descriptor, run.theirs.fileno(), run.writer]
                socket.send_fds(by.control, [json.dumps(described).encode()], descriptors)
            else:
                self.execute(run, described)
        except OSError as error:
            self.abandon(run, f"a program could not be started: {error}")
        run.handed_over(by is not None)

    def execute(self, run: Run, described: dict) -> None:  # type: ignore[type-arg]
        """Starts a program by its command, as a child of this process."""
        if self.settings.namespaces:
            kernel.join(run.room.descriptor, kernel.NEW_PROCESSES)
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                if not self.settings.namespaces:
                    os.close(run.room.control)
                    rooms.guard(run.room.descriptor, run.room.folder, described["processes"])
                self.become(run, described)
            except BaseException as error:
                os.write(2, f"sandbox: {type(error).__name__}: {error}\n".encode())
            os._exit(125)
        if self.settings.namespaces:
            kernel.join(self.own, kernel.NEW_PROCESSES)  # what this process starts next belongs to no cell
        run.pid = pid
        self.started[pid] = run

    def become(self, run: Run, described: dict) -> None:  # type: ignore[type-arg]
        """In the child: gives everything up, then becomes the command."""
        os.dup2(run.writer, 1)
        os.dup2(run.writer, 2)
        os.dup2(run.job, 0)
        confine.enter(self.settings, described, run.room.descriptor)
        report = run.theirs.fileno()
        os.set_inheritable(report, True)
        environment = {**self.described["environment"], "HOME": run.room.folder, "TMPDIR": run.room.folder}
        command = [part.replace("{report}", str(report)) for part in run.request["exec"]]
        os.write(report, b'{"entered": true}\n')
        os.execve(command[0], command, environment)

    def program_ended(self, run: Run, said: dict) -> None:  # type: ignore[type-arg]
        """A program's first process has ended; the others in its room must, too."""
        run.usage = said
        if not run.room.pid:
            self.finish(run)
        elif run.room.clean:
            self.settle(run.room)
        else:
            run.room.end()

    def abandon(self, run: Run, why: str) -> None:
        """Ends a run that says nothing about its program."""
        run.broken = run.broken or why
        run.usage = run.usage or {"status": 137, "cpu": 0.0, "peak": 0}
        self.program_ended(run, run.usage)

    def finish(self, run: Run) -> None:
        """Nothing of the program is left: answers its request."""
        self.running.remove(run)
        if not run.room.pid:
            run.room.end()
            self.gone(run.room)
        self.answer(run.close(self.events))

    def reap(self, reader: int) -> None:
        """Takes note of children that have ended: cells, commands, parents, orphans of dead parents."""
        os.read(reader, 4096)
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.cells:
                self.lose_cell(self.cells.pop(pid))
            elif pid in self.started:
                self.program_ended(self.started.pop(pid), parent.ended(pid, status, used))

    # -- limits -----------------------------------------------------------------------------------------------------

    def patience(self) -> float | None:
        """Seconds until a run must be looked at."""
        return TICK_SECONDS if self.running else None

    def look_after(self) -> None:
        """Ends runs that are over their wall limit or hold too much memory together."""
        now = time.monotonic()
        for room in self.cells.values():
            if room.asked_at and now - room.asked_at > END_SECONDS:
                os.kill(room.pid, signal.SIGKILL)
        old = [run for run in self.running if now - run.looked_at > TICK_SECONDS and run.pid]
        if not old:
            return
        for run in old:
            run.looked_at = now
            if now - run.started > run.request["wall_seconds"]:
                run.timed_out = True
                run.room.end()
                continue
            pids = [run.pid, *rooms.descendants(run.pid, *([run.room.pid] if run.room.pid else []))]
            if rooms.resident_bytes(pids, run.memory_bytes) > run.memory_bytes:
                run.over_memory = True
                run.room.end()


def main() -> None:
    """Reads the settings, then serves."""
    length = int.from_bytes(os.read(0, 4), "big")
    text = b""
    while len(text) < length:
        text += os.read(0, length - len(text)) or sys.exit("no settings")
    os.umask(0o022)
    kernel.bound_capabilities(tuple(kernel.CAPABILITIES.values()))
    kernel.adopt_orphans()
    kernel.hide()
    # Every cell begins as a copy of this process: what the collector never touches is never copied.
    gc.freeze()
    gc.disable()
    Server(json.loads(text)).serve()


if __name__ == "__main__":
    main()
