"""The server of a sandbox from this side: starts it, sends requests, hands out answers, starts it anew when it dies."""

import json
import os
import selectors
import subprocess
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.sandbox.isolation import Launch

Answer = dict[str, Any]
OnAnswer = Callable[[Answer], None]

_CHUNK = 1 << 20
_STARTS = 3
"""How often a server that dies before it has answered anything is started again."""
_GRACE_SECONDS = 10.0


class Service:
    """One server process and the thread that looks after it; all callbacks are called on that thread.

    The thread lives as long as the server: a sandboxed process dies with the thread that started it.
    """

    def __init__(self, launch: Callable[[], Launch], on_turn: Callable[[], float | None]) -> None:
        """``on_turn`` is called after each round of answers and says in how many seconds it wants to be called next."""
        self._launch, self._on_turn = launch, on_turn
        self._lock = threading.Lock()
        self._pending: dict[int, OnAnswer] = {}
        self._number = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = False
        self._failure = ""
        self._up = threading.Event()
        self._drivers = ""
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)

    def start(self) -> None:
        """Starts the server; until then nothing can be submitted."""
        self._thread.start()

    def submit(self, request: dict[str, Any], then: OnAnswer) -> None:
        """Sends ``request``; ``then`` gets its answer, or ``{"broken": why}`` when there will be none."""
        self._up.wait()
        with self._lock:
            self._number += 1
            number = self._number
            failure = self._failure or ("the sandbox is closed" if self._closing else "")
            if not failure:
                self._pending[number] = then
                # A server that has died: the thread finds out, and answers for it.
                with suppress(OSError):
                    if self._process is not None and self._process.stdin is not None:
                        _write(self._process.stdin.fileno(), request | {"id": number})
        if failure:
            then({"broken": failure, "final": True})

    @property
    def under_way(self) -> int:
        """How many requests wait for their answer."""
        return len(self._pending)

    def drivers(self) -> str:
        """Where programs see the drivers."""
        self._up.wait()
        return self._drivers

    def close(self) -> None:
        """Ends the server and all programs in it; what is still asked is broken."""
        with self._lock:
            self._closing = True
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()
        os.write(self._waker, b"1")
        self._thread.join()
        os.close(self._wake)
        os.close(self._waker)

    def _serve(self) -> None:
        failures = 0
        while not self._closing:
            answered, why = self._one_server()
            failures = 0 if answered else failures + 1
            with self._lock:
                lost, self._pending = self._pending, {}
                if failures >= _STARTS and not self._closing:
                    self._failure = f"the sandbox does not start: {why}"
                else:
                    self._up.clear()
                ended = self._closing or bool(self._failure)
                if ended:
                    self._up.set()
            for then in lost.values() if ended else ():
                then({"broken": self._failure or "the sandbox was closed", "final": True})
            if ended:
                return
            threading.Thread(target=self._lost, args=(list(lost.values()), why), daemon=True).start()

    @staticmethod
    def _lost(callbacks: list[OnAnswer], why: str) -> None:
        """Tells of answers that will not come; apart from the server's thread, because they may ask again at once."""
        for then in callbacks:
            then({"broken": f"the sandbox's server died: {why}"})

    def _one_server(self) -> tuple[bool, str]:
        """Starts a server and serves until it ends: whether it answered anything, and what it said of its end."""
        answered = False
        with tempfile.TemporaryFile() as errors:
            try:
                how = self._launch()
                self._drivers = how.drivers
                process = subprocess.Popen(
                    how.command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env={},
                    cwd="/",
                    bufsize=0,
                    start_new_session=True,  # Ctrl-C is the harness's to handle
                )
            except OSError as error:
                return False, str(error)
            assert process.stdin is not None
            assert process.stdout is not None
            with self._lock:
                with suppress(OSError):  # its last words will say why
                    _write(process.stdin.fileno(), how.settings)
                self._process = process
                self._up.set()
            try:
                answered = self._read(process.stdout.fileno())
            finally:
                with self._lock:
                    self._process = None
                    process.stdin.close()
                try:
                    process.wait(_GRACE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                process.stdout.close()
                for folder in Path("/tmp").glob(f"harness-{process.pid}-*"):
                    with suppress(OSError):  # one that was killed leaves the rooms that nobody had used yet
                        folder.rmdir()
            errors.seek(0)
            said = " ".join(errors.read()[-2000:].decode("utf-8", "replace").split())
            return answered, said[-500:] or f"exit status {process.returncode}"

    def _read(self, source: int) -> bool:
        """Hands out answers until the server ends or is to end: whether there were any."""
        answered = False
        buffer = bytearray()
        with selectors.DefaultSelector() as waiting:
            waiting.register(source, selectors.EVENT_READ)
            waiting.register(self._wake, selectors.EVENT_READ)
            patience = self._on_turn()
            while True:
                ready = [key.fd for key, _ in waiting.select(patience)]
                if self._wake in ready:
                    return answered
                if source in ready:
                    data = os.read(source, _CHUNK)
                    if not data:
                        return answered
                    buffer += data
                    while len(buffer) >= 4 and len(buffer) >= (end := 4 + int.from_bytes(buffer[:4], "big")):
                        answer = json.loads(buffer[4:end])
                        del buffer[:end]
                        answered = True
                        then = self._pending.pop(answer["id"], None)
                        if then is not None:
                            then(answer)
                patience = self._on_turn()


def _write(descriptor: int, frame: dict[str, Any]) -> None:
    text = json.dumps(frame).encode()
    data = memoryview(len(text).to_bytes(4, "big") + text)
    while data:
        data = data[os.write(descriptor, data) :]
