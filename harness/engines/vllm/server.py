"""One vLLM server as a process of its own: started, watched until it is healthy, stopped on every way out."""

import asyncio
import json
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from harness.engines.vllm.causes import likely, tail
from harness.engines.vllm.launch import HOST, Launch
from harness.errors import ServerError, UsageError
from harness.shipped import cache_dir

KEEPER = Path(__file__).with_name("keeper.py")
PORTS_TRIED = 3
LINE_SECONDS = 15.0
POLL_SECONDS = 0.25
STOP_SECONDS = 60.0
FATAL = ("Engine core initialization failed", "EngineCore failed to start", "EngineDeadError")
"""After such a line the server ends, sometimes only after a long while: it is not waited for."""
FATAL_GRACE_SECONDS = 10.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Address:
    """Where a server is and what opens it. The key stays out of every text: ``repr`` does not show it."""

    url: str
    key: str = field(repr=False)

    def get(self, path: str, seconds: float = 5.0) -> bytes:
        """The body of ``GET path`` at the server's root.

        Raises:
            OSError: it cannot be reached or refuses.
        """
        return self._open(path, None, seconds)

    def post(self, path: str, body: Mapping[str, Any], seconds: float = 60.0) -> bytes:
        """What ``POST path`` with ``body`` as JSON answers; raises as :meth:`get` does."""
        return self._open(path, json.dumps(body).encode(), seconds)

    def _open(self, path: str, data: bytes | None, seconds: float) -> bytes:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url.removesuffix("/v1") + path, data, headers)
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            body: bytes = answer.read()
        return body

    def accepts(self) -> bool:
        """Whether anything takes connections there: true of a busy server, not of one that has died."""
        place = urlsplit(self.url)
        try:
            socket.create_connection((place.hostname or HOST, place.port or 80), timeout=5).close()
        except OSError:
            return False
        return True

    def models(self) -> list[dict[str, Any]]:
        """What the server says of its models; empty where it is not ready or is another's.

        A server that answers but refuses the key is somebody else's, on a port that was thought to be free.
        """
        try:
            self.get("/health")
            found: list[dict[str, Any]] = json.loads(self.get("/v1/models"))["data"]
            return found
        except (HTTPError, OSError, ValueError, KeyError):
            return []


class Server:
    """A server that this process keeps; it ends with this process, however that ends (keeper.py)."""

    def __init__(self, launch: Launch, say: Say) -> None:
        self.launch, self._say = launch, say
        folder = cache_dir() / "servers"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log = folder / f"{launch.fingerprint}-{secrets.token_hex(4)}.log"
        self.models: list[dict[str, Any]] = []
        self._keeper: subprocess.Popen[bytes] | None = None

    async def start(self) -> Address:
        """Starts it and waits until it answers.

        Raises:
            UsageError: the port that was asked for is taken.
            ServerError: it ended, said that it cannot go on, or fell silent; with its last lines and the likely cause.
        """
        wanted = self.launch.settings.serving.port
        for attempt in range(PORTS_TRIED):
            port = free_port(wanted)
            self.address = Address(f"http://{HOST}:{port}/v1", secrets.token_urlsafe(32))
            try:
                self._spawn(port)
                self.models = await self._healthy()
                return self.address
            except ServerError as error:
                await self.stop()
                # Between the choice of a free port and the server's own use of it another process may take it.
                if wanted or "its port is taken" not in error.message or attempt == PORTS_TRIED - 1:
                    raise
            except BaseException:
                await self.stop()
                raise
        raise AssertionError("the last attempt returns or raises")

    def alive(self) -> bool:
        """Whether its process runs."""
        return self._keeper is not None and self._keeper.poll() is None

    async def stop(self) -> None:
        """Ends it with all its processes and waits for that; the log of a server that was healthy goes, too."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        assert keeper.stdin
        keeper.stdin.close()
        try:
            await asyncio.shield(asyncio.to_thread(keeper.wait, STOP_SECONDS))
        except subprocess.TimeoutExpired:
            keeper.kill()  # its server dies with it
        if self.models:
            self.log.unlink(missing_ok=True)

    def _spawn(self, port: int) -> None:
        command = [sys.executable, "-I", "-S", str(KEEPER), *self.launch.arguments(port)]
        with self.log.open("wb") as log:
            self._keeper = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.launch.environment(self.address.key),
                cwd=self.log.parent,  # a folder of its own: the current one may hold modules that would shadow vLLM's
                start_new_session=True,  # Ctrl-C ends the harness first, and the harness ends the server
            )

    async def _healthy(self) -> list[dict[str, Any]]:
        began = heard = said = time.monotonic()
        size, fatal_at = 0, None
        while True:
            log = self._lines()
            if not self.alive():
                raise self._failure("ended", log)
            now = time.monotonic()
            if fatal_at is None and any(sign in line for line in log for sign in FATAL):
                fatal_at = now
            if fatal_at is not None and now - fatal_at > FATAL_GRACE_SECONDS:
                raise self._failure("cannot go on", log)
            if models := await asyncio.to_thread(self.address.models):
                return models
            if (written := self.log.stat().st_size) > size:
                size, heard = written, now
            if now - heard > self.launch.settings.serving.silence_seconds:
                raise self._failure(f"has said nothing for {now - heard:.0f} s", log)
            if now - said > LINE_SECONDS:
                said = now
                self._say(f"vLLM is starting ({now - began:.0f} s): {_newest(log)}")
            await asyncio.sleep(POLL_SECONDS)

    def _lines(self) -> list[str]:
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return text.replace(self.address.key, "[key]").replace("\r", "\n").splitlines()

    def _failure(self, what: str, log: list[str]) -> ServerError:
        cause = likely(log)
        return ServerError(
            f"the vLLM server {what}: {cause.what}", f"{cause.mend}; the whole log: {self.log}", tail(log)
        )


def free_port(wanted: int = 0) -> int:
    """``wanted`` where it is free; for 0 any free port of this machine's own address.

    Raises:
        UsageError: it is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            raise UsageError(f"port {wanted}: {error.strerror}", "leave out --port, or name a free one") from None
        port: int = probe.getsockname()[1]
        return port


def _newest(log: list[str]) -> str:
    """The log's last line that says something, without its prefix and short enough for one line."""
    last = next((line for line in reversed(log) if line.strip()), "no word yet")
    return last.rsplit("] ", 1)[-1].strip()[:100]
