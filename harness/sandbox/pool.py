"""The sandbox as the rest of the harness sees it: open it, run programs on several slots, close it."""

import asyncio
import json
import os
import queue
import secrets
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from harness.errors import SandboxError
from harness.records import Outcome, Verdict
from harness.sandbox.isolation import Confined, Level, run_confined
from harness.sandbox.judging import judge
from harness.sandbox.program import Asserts, Calls, Program

_PROBE = Program("python", "answer = 6 * 7", Asserts(("assert answer == 42",)))


class Sandbox:
    """Runs programs at one level of isolation, at most ``slots`` at a time; a context manager.

    A slot is a thread that lives as long as the sandbox: a sandboxed program dies with the thread that started it.
    """

    def __init__(self, level: Level, slots: int | None = None) -> None:
        self.level = level
        self.slots = slots or os.cpu_count() or 1
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(self.slots):
            self._free.put(slot)
        self._threads = ThreadPoolExecutor(self.slots, thread_name_prefix="sandbox")

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def run(self, program: Program) -> Verdict:
        """Runs one program; a sandbox that cannot be started is an ``infra_error``, never a failed program.

        Raises:
            UnknownNameError: the program's language is none that can be run.
        """
        token = secrets.token_hex(16)
        slot = self._free.get()
        try:
            job = Confined(program.language, _payload(program, token), token, program.limits, slot)
            return judge(program, token, run_confined(self.level, job))
        except OSError as error:
            return Verdict(Outcome.INFRA_ERROR, message=f"the sandbox did not start: {error}")
        finally:
            self._free.put(slot)

    async def run_async(self, program: Program) -> Verdict:
        """:meth:`run` without blocking the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.run, program)


def probe(level: Level) -> str:
    """Why this machine cannot offer ``level``; "" when a program really ran at it."""
    with Sandbox(level, slots=1) as sandbox:
        verdict = sandbox.run(_PROBE)
    return "" if verdict.outcome is Outcome.PASSED else " ".join(verdict.message.split()) or verdict.outcome


def choose_level(wanted: str = "auto") -> Level:
    """The level called ``wanted``, or for "auto" the best that works here; ``none`` only when it is wanted by name.

    Raises:
        SandboxError: it does not work here, or nothing but ``none`` would.
    """
    levels = [Level.NAMESPACES, Level.LANDLOCK] if wanted == "auto" else [Level(wanted)]
    reasons = {}
    for level in levels:
        reason = probe(level)
        if not reason:
            return level
        reasons[level] = reason
    raise SandboxError(
        "no isolation for model-written programs: " + "; ".join(f"{level}: {why}" for level, why in reasons.items()),
        "install bubblewrap (Debian: apt-get install bubblewrap), or accept the risk with --sandbox none",
    )


def _payload(program: Program, token: str) -> bytes:
    asserts = program.tests.tests if isinstance(program.tests, Asserts) else ()
    cases = program.tests.cases if isinstance(program.tests, Calls) else ()
    return json.dumps(
        {
            "token": token,
            "path": program.path,
            "source": program.source,
            "asserts": asserts,
            "cases": [{"setup": case.setup, "call": case.call} for case in cases],
        }
    ).encode()
