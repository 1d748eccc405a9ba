"""The sandbox as the rest of the harness sees it: open it, run programs, close it."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from types import TracebackType
from typing import Any

from harness.errors import SandboxError, UnavailableError, UnknownNameError
from harness.records import Outcome, Verdict
from harness.sandbox import interpreters
from harness.sandbox.bench import Bench, Item
from harness.sandbox.compilecache import CompileCache
from harness.sandbox.container import ENGINES, PYTHON, Container, container
from harness.sandbox.foreign import COMPILE_LIMITS, Compilation, Files, compiled_files, foreign_of
from harness.sandbox.interpreters import JUDGE, LIGHT, Interpreter
from harness.sandbox.isolation import Launch, Level, launch, limits_of, sleepers
from harness.sandbox.judging import Execution
from harness.sandbox.languages import LANGUAGES, language, toolchain
from harness.sandbox.program import Asserts, Limits, Program, Script, Suite, Unittest
from harness.sandbox.service import Service
from harness.sandbox.tasks import ToJudge, task_of

_PROBE = Program("python", "answer = 6 * 7", Asserts(("assert answer == 42",)))
_TRIES = 2
_JUDGE_LIMITS = Limits(cpu_seconds=10, wall_seconds=60.0)


class Sandbox:
    """Runs programs at one level of isolation; a context manager.

    At most ``slots`` run at a time, but for those that sleep: these leave their slots to others, up to ``capacity``
    programs in all. ``python`` names another interpreter for Python programs than this project's own: they get what is
    installed for it. ``warm``: Python programs are forked from parents that have imported the usual libraries;
    otherwise each has a fresh interpreter.
    """

    def __init__(
        self, level: Level | Container, slots: int | None = None, *, python: str | None = None, warm: bool = True
    ) -> None:
        self.level = level
        # One more than there are cores: while one program's cell is cleaned another runs.
        self.slots = slots or (os.cpu_count() or 1) + 1
        self.warm = warm
        contained = isinstance(level, Container)
        self.capacity = self.slots + (0 if contained else sleepers(self.slots))
        self._own = interpreters.contained(PYTHON) if contained else interpreters.own()
        self._python: Interpreter = interpreters.named(python) if python else self._own
        self._judges = LIGHT if self._python is self._own else JUDGE
        self._bench = Bench(self._judge)
        self._compiled = CompileCache(self._compile)
        self._service = Service(self._launch, self._turn)
        self._service.start()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def compiled(self) -> int:
        """How many programs were compiled; those that had been before are not."""
        return self._compiled.compiled

    def close(self) -> None:
        """Ends everything that runs; programs that still do are ``infra_error``."""
        self._service.close()

    def run(self, program: Program) -> Verdict:
        """Runs one program; a sandbox that fails is an ``infra_error``, never a failed program.

        Raises:
            UnknownNameError: the program's language is none that can be run.
            UsageError: its tests are of a kind that its language does not have.
            UnavailableError: this machine has no toolchain for its language.
        """
        return self.submit(program).result()

    async def run_async(self, program: Program) -> Verdict:
        """:meth:`run` without blocking the event loop."""
        return await asyncio.wrap_future(self.submit(program))

    def submit(self, program: Program) -> "Future[Verdict]":
        """:meth:`run` without waiting: programs run in the order they are submitted, ``slots`` at a time."""
        done: Future[Verdict] = Future()
        if program.language == "python" and not isinstance(program.tests, Script | Suite):
            self._run_python(program, done)
        else:
            self._run_foreign(program, done)
        return done

    def _run_python(self, program: Program, done: "Future[Verdict]") -> None:
        task = task_of(program)
        if self.warm:
            inside = isinstance(program.tests, Unittest)
            tests = program.tests.source if isinstance(program.tests, Unittest) else ""
            process: dict[str, Any] = {"fork": self._python.profile_of(f"{program.source}\n{tests}", inside)}
        else:
            process = {"exec": [*self._python.command, f"{self._service.drivers()}/candidate.py", "{report}"]}
        request = limits_of(program.limits, "RLIMIT_AS", self.level) | process | task.request
        self._ask(request, lambda answer: self._settle(done, answer, task.conclude))

    def _run_foreign(self, program: Program, done: "Future[Verdict]") -> None:
        spoken, tools = language(program.language), toolchain(program.language)
        if isinstance(self.level, Container):
            _settle(done, Verdict(Outcome.INFRA_ERROR, message=f"no {program.language} in a container: python only"))
            return
        if tools is None:
            raise UnavailableError(f"no toolchain for {program.language} here", spoken.install)
        foreign = foreign_of(program, tools, self._service.drivers())

        def run(made: Files | Verdict) -> None:
            if isinstance(made, Verdict):
                _settle(done, made)
                return
            limits = limits_of(program.limits, spoken.memory, self.level)
            request = {"fork": self._judges} | limits | foreign.request(made)
            if "exec" in request:
                del request["fork"]
            self._ask(request, lambda answer: self._settle(done, answer, foreign.conclude))

        if foreign.compilation is None:
            run({})
        else:
            self._compiled.get(foreign.compilation, run)

    def _compile(self, compilation: Compilation, then: Callable[[Files | Verdict], None]) -> None:
        def answered(answer: dict[str, Any]) -> None:
            broken = answer.get("broken")
            then(
                Verdict(Outcome.INFRA_ERROR, message=f"the compiler: {broken}")
                if broken
                else compiled_files(Execution.of(answer), COMPILE_LIMITS)
            )

        limits = limits_of(COMPILE_LIMITS, "RLIMIT_DATA", self.level)
        self._ask({"fork": self._judges} | limits | compilation.request(), answered)

    def _settle(
        self, done: "Future[Verdict]", answer: dict[str, Any], conclude: Callable[[Execution], Verdict | ToJudge]
    ) -> None:
        """A program has ended: its verdict, or its values to the bench."""
        if "broken" in answer:
            _settle(done, Verdict(Outcome.INFRA_ERROR, message=answer["broken"]))
            return
        try:
            result = conclude(Execution.of(answer))
        except Exception as error:  # noqa: BLE001  the thread that all programs hang on must live
            result = Verdict(Outcome.INFRA_ERROR, message=f"the report cannot be read: {error!r}")
        if isinstance(result, ToJudge):
            to_judge = result
            self._bench.add(to_judge.item, lambda said: _settle(done, _judged(to_judge, said)))
        else:
            _settle(done, result)

    def _ask(self, request: dict[str, Any], then: Callable[[dict[str, Any]], None], tries: int = _TRIES) -> None:
        """Sends a request; one that the sandbox itself failed is tried again."""

        def answered(answer: dict[str, Any]) -> None:
            if "broken" in answer and not answer.get("final") and tries > 1:
                self._ask(request, then, tries - 1)
            else:
                then(answer)

        self._service.submit(request, answered)

    def _judge(self, items: list[Item], then: Callable[[dict[str, Any]], None]) -> None:
        limits = limits_of(_JUDGE_LIMITS, "RLIMIT_AS", self.level)
        self._ask(limits | {"fork": self._judges, "first": True, "job": {"items": items}}, then)

    def _turn(self) -> float | None:
        return self._bench.turn(idle=self._service.under_way == self._bench.at_work)

    def _launch(self) -> Launch:
        parents = dict.fromkeys(self._python.profiles, self._python)
        parents[self._judges] = replace(self._own, profiles={self._judges: self._own.profiles[LIGHT]})
        if isinstance(self.level, Container):
            return self.level.launch(self.slots, parents)
        others = [tools for name in LANGUAGES if (tools := toolchain(name))]
        shown = [folder for tools in others for folder in tools.folders]
        return launch(self.level, self.slots, self._own, parents, shown)


def _judged(to_judge: ToJudge, said: dict[str, Any]) -> Verdict:
    if "broken" in said:
        return Verdict(Outcome.INFRA_ERROR, message=f"the judge: {said['broken']}")
    try:
        return to_judge.verdict(said)
    except Exception as error:  # noqa: BLE001
        return Verdict(Outcome.INFRA_ERROR, message=f"the judgement cannot be read: {error!r}")


def _settle(done: "Future[Verdict]", verdict: Verdict) -> None:
    if done.set_running_or_notify_cancel():
        done.set_result(verdict)


def probe(level: Level | Container) -> str:
    """Why this machine cannot offer ``level``; "" when a program really ran at it."""
    with Sandbox(level, slots=1) as sandbox:
        verdict = sandbox.run(_PROBE)
    return "" if verdict.outcome is Outcome.PASSED else " ".join(verdict.message.split()) or verdict.outcome


def choose_level(wanted: str = "auto") -> Level | Container:
    """The level called ``wanted``, or for "auto" the best that works here; ``none`` only when it is wanted by name.

    Raises:
        UnknownNameError: there is no such level.
        SandboxError: it does not work here, or nothing but ``none`` would.
    """
    levels: list[Level | Container] = [Level.NAMESPACES, Level.LANDLOCK]
    if wanted.partition(":")[0] in ENGINES and wanted.partition(":")[2]:
        levels = [container(wanted)]
    elif wanted in list(Level):
        levels = [Level(wanted)]
    elif wanted != "auto":
        raise UnknownNameError("sandbox level", wanted, ["auto", *Level, *(f"{engine}:IMAGE" for engine in ENGINES)])
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
