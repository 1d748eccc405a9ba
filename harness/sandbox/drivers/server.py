"""Runs programs for the harness: the first process of a sandbox, in which it makes a room for every program.

Stands alone (standard library only). Frames (four bytes of length, then JSON) come on standard input and go to standard
output. The first holds the settings: level, slots, sleepers, readable, writable, seccomp [base64], first_uid (or null),
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
import time
from collections import deque

import confine
import kernel
import parent
import rooms
from housing import END_SECONDS, Housing
from parents import Parent, Parents
from runs import Run

TICK_SECONDS = 0.2


class Server:
    """All state of this process: requests that wait, rooms that are ready, runs under way."""

    def __init__(self, described: dict) -> None:  # type: ignore[type-arg]
        self.settings = confine.Settings(described)
        self.described = described
        self.slots: int = described["slots"]
        self.waiting: deque[dict] = deque()  # type: ignore[type-arg]
        self.running: list[Run] = []
        self.started: dict[int, Run] = {}  # runs whose process is this one's own child
        self.events = selectors.DefaultSelector()
        self.housing = Housing(self.settings, self.events, self.finish, self.lose)
        self.parents = Parents(described, self.events, self.program_ended, self.abandon)
        self.incoming, self.outgoing = bytearray(), bytearray()
        self.own = os.open("/proc/self/ns/pid", os.O_RDONLY)

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
        self.housing.close()
        self.parents.close()
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline and not self.settings.namespaces:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.005)
            except ChildProcessError:
                break
        os._exit(0)

    # -- runs -------------------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Starts what can be started."""
        housing = self.housing
        if housing.fault and self.waiting and not self.running and not housing.ready:
            self.answer({"id": self.waiting.popleft()["id"], "broken": f"no room: {housing.fault}"})
            housing.fault = ""
        passed_over: deque[dict] = deque()  # type: ignore[type-arg]
        asleep = sum(run.asleep for run in self.running)
        while self.waiting and housing.ready and len(self.running) - asleep < self.slots:
            request = self.waiting.popleft()
            profile = request.get("fork")
            if profile is None:
                self.begin(request, None)
            elif profile in self.parents.unfit:
                self.answer({"id": request["id"], "broken": self.parents.unfit[profile], "final": True})
            elif by := self.parents.get(profile):
                self.begin(request, by)
            else:
                passed_over.append(request)
        self.waiting.extendleft(reversed(passed_over))
        housing.prepare(asleep)

    def begin(self, request: dict, by: Parent | None) -> None:  # type: ignore[type-arg]
        """Starts one program in a room that is ready."""
        room = self.housing.ready.popleft()
        run = room.run = Run(request, room)
        room.clean = False
        self.running.append(run)
        kind, space = request["memory"]
        limits = [*request["limits"], [kind, space + (by.address_space if by else 0)]]
        described = {
            "uid": self.housing.uid(room.slot),
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
        self.housing.vacate(run)

    def abandon(self, run: Run, why: str) -> None:
        """Ends a run that says nothing about its program."""
        run.broken = run.broken or why
        run.usage = run.usage or {"status": 137, "cpu": 0.0, "peak": 0}
        self.program_ended(run, run.usage)

    def lose(self, run: Run) -> None:
        """A run's cell has died with all in it."""
        run.broken = run.broken or "its cell died"
        self.parents.forget(run)
        self.started.pop(run.pid, None)
        self.finish(run)

    def finish(self, run: Run) -> None:
        """Nothing of the program is left: answers its request."""
        self.running.remove(run)
        self.answer(run.close(self.events))

    def reap(self, reader: int) -> None:
        """Takes note of children that have ended: cells, commands, parents, orphans of dead parents."""
        os.read(reader, 4096)
        for pid, status, used in parent.ended_children():
            if not self.housing.died(pid) and pid in self.started:
                self.program_ended(self.started.pop(pid), parent.ended(pid, status, used))

    # -- limits -----------------------------------------------------------------------------------------------------

    def patience(self) -> float | None:
        """Seconds until a run must be looked at."""
        if self.running:
            return TICK_SECONDS
        return 0 if self.housing.fault and self.waiting else None

    def look_after(self) -> None:
        """Ends runs that are over their wall limit or hold too much memory together."""
        now = time.monotonic()
        self.housing.end_stuck(now)
        for run in self.running:
            since = now - run.looked_at
            if since <= TICK_SECONDS or not run.pid:
                continue
            run.looked_at = now
            if now - run.started > run.request["wall_seconds"]:
                run.timed_out = True
                run.room.end()
                continue
            pids = [run.pid, *rooms.descendants(run.pid, *([run.room.pid] if run.room.pid else []))]
            run.watched(*rooms.activity(pids), since)
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
