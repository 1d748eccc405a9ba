"""The warm parents of a server: started when a program first wants one, started again when they die.

Stands alone (standard library only).
"""

import json
import os
import selectors
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

import rooms
from runs import Run

_HUGE_PAGES = "glibc.malloc.hugetlb=1"


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


class Parents:
    """All parents. ``ended`` hears of a program's end, ``abandoned`` of a run that a parent took with it."""

    def __init__(
        self,
        described: dict[str, Any],
        events: selectors.BaseSelector,
        ended: Callable[[Run, dict[str, Any]], None],
        abandoned: Callable[[Run, str], None],
    ) -> None:
        self.described, self.events, self.ended, self.abandoned = described, events, ended, abandoned
        self.running: dict[str, Parent] = {}
        self.unfit: dict[str, str] = {}
        """Why a profile's parent cannot be had."""

    def get(self, profile: str) -> "Parent | None":
        """The parent, if it is ready; otherwise it is being started."""
        if profile not in self.running:
            self.start(profile)
        return self.running[profile] if self.running[profile].ready else None

    def forget(self, run: Run) -> None:
        """A run is over whatever its parent will say."""
        for each in self.running.values():
            each.runs.pop(run.pid, None)

    def close(self) -> None:
        """Lets all parents end."""
        for each in self.running.values():
            each.control.close()

    def start(self, profile: str) -> None:
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
                # Memory in huge pages is forked faster.
                os.execve(command[0], command, {**self.described["environment"], "GLIBC_TUNABLES": _HUGE_PAGES})
            except BaseException as error:
                os.write(2, f"{command[0]}: {error}\n".encode())
            os._exit(127)
        theirs.close()
        ours.send(json.dumps({"settings": self.described, "imports": described["imports"]}).encode())
        found = self.running[profile] = Parent(profile, pid, ours, words)
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
            self.abandoned(each.forking.popleft(), f"a parent could not fork: {said['not_forked']}")
        elif "ended" in said and (ended := each.runs.pop(said["ended"], None)):
            self.ended(ended, said)

    def lose(self, each: Parent) -> None:
        """A parent has died: its runs are abandoned, and a library that it died of is remembered."""
        self.events.unregister(each.control)
        each.control.close()
        self.running.pop(each.profile, None)
        why = each.last_words()
        if each.importing and each.profile not in self.unfit:
            self.unfit[each.profile] = f"the library {each.importing} crashes when it is imported: {why}"
        elif not each.ready and each.profile not in self.unfit:
            interpreter = self.described["parents"][each.profile]["command"][0]
            self.unfit[each.profile] = f"the interpreter {interpreter} died: {why}"
        for run in [*each.forking, *each.runs.values()]:
            self.abandoned(run, "a warm parent died")
