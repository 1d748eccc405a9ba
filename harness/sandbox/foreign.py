"""Programs in other languages than Python: what is compiled, how it is run, and what is made of the answer.

A compiled language has no ``eval``: its cases are compiled into the program, with a main of ours from mains/ that
writes each value as JSON. Expected values are no part of it, so what such a program can forge is data.
"""

import base64
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from harness.errors import UsageError
from harness.records import Outcome, Verdict
from harness.sandbox.judging import (
    Decision,
    Execution,
    by_calls,
    ended_early,
    events_of,
    judge_script,
    judge_suite,
    steps_of,
)
from harness.sandbox.languages import Framework, Language, Toolchain, language
from harness.sandbox.program import MEBIBYTE, Calls, Case, Limits, Program, Script, Suite

Files = dict[str, str]
"""Contents by name, base64."""

COMPILE_LIMITS = Limits(
    cpu_seconds=60, wall_seconds=180.0, memory_bytes=2048 * MEBIBYTE, file_bytes=64 * MEBIBYTE, processes=256
)
_MAINS = Path(__file__).parent / "mains"
_ONE_CASE = {
    "cpp": "  harness_report::step({n}, [&] {{ {setup}\n return harness_report::value(({call}\n)); }});",
    "c": '  {{ {setup}\n fputs("{{\\"step\\": {n}, \\"value\\": ", harness_report); HARNESS_VALUE(({call}\n));'
    ' fputs("}}\\n", harness_report); fflush(harness_report); }}',
    "rust": "    harness_report::step({n}, std::panic::AssertUnwindSafe(|| {{ {setup}\n"
    "    harness_report::Json::json(&({call}\n)) }}));",
    "go": "\tharnessStep({n}, func() any {{\n{setup}\nreturn harnessValue({call})\n}})",
    "java": "        step({n}, () -> {{ {setup}\n return {call}\n; }});",
}
_BESIDE = {"go": "harness_cases.go", "java": "HarnessMain.java"}
_IMPORTS = re.compile(r"^import [\w.*]+;", re.MULTILINE)


@dataclass(frozen=True)
class Compilation:
    """What is to be compiled: sources by name, and which files come of it."""

    language: str
    files: Files
    command: tuple[str, ...]
    made: tuple[str, ...]

    def request(self) -> dict[str, Any]:
        """The job of compiling."""
        run = {"files": self.files, "command": self.command, "mode": "compile", "collect": self.made}
        return {"job": {"run": run}}


@dataclass(frozen=True)
class Foreign:
    """A program in another language; ``request`` is made of the compiled files ({} where nothing is compiled)."""

    compilation: Compilation | None
    request: Callable[[Files], dict[str, Any]]
    conclude: Callable[[Execution], Verdict]


def foreign_of(program: Program, tools: Toolchain, drivers: str) -> Foreign:
    """How ``program`` is run with ``tools``.

    Raises:
        UsageError: its tests are of a kind that its language does not have.
    """
    spoken = language(program.language)
    if isinstance(program.tests, Script):
        return _script(program, program.tests, spoken, tools, drivers)
    if isinstance(program.tests, Suite) and spoken.framework:
        return _suite(program, program.tests, spoken.name, spoken.framework, tools, drivers)
    if not isinstance(program.tests, Calls):
        kind = type(program.tests).__name__
        raise UsageError(f"{kind} is no way to test {program.language}", "use Calls or Script")
    if spoken.run:
        return _compiled(program, program.tests, spoken, tools, drivers)
    return _interpreted(program, program.tests, spoken, tools, drivers)


def compiled_files(execution: Execution, limits: Limits) -> Files | Verdict:
    """What compiling made, or the verdict on a program that cannot be compiled."""
    events = list(events_of(execution.report))
    if any("compiled" in event for event in events):
        return {name: data for event in events for name, data in event.get("artifact", {}).items()}
    refused = next((event for event in events if "refused" in event), None)
    # A compiler whose helper ran into the limit ends with an error of its own, and less time on its account.
    if refused is None or execution.cpu_seconds >= limits.cpu_seconds / 2:
        if not any("entered" in event for event in events):
            return Verdict(Outcome.INFRA_ERROR, message=f"the compiler did not start: {execution.output[-500:]}")
        ended = execution if refused is None else replace(execution, status=128 + signal.SIGXCPU)
        return execution.verdict(ended_early(ended, limits, "compile"))
    return execution.verdict((Outcome.FAILED, "compile", str(refused["refused"])[:2000]))


def _interpreted(program: Program, calls: Calls, spoken: Language, tools: Toolchain, drivers: str) -> Foreign:
    steps, numbers = steps_of(calls)
    if not spoken.driver:  # a shell of its own for each case, which so does its setup as well
        steps = [{"plain": f"{case.setup}\n{case.call}"} for case in calls.cases]
        numbers = list(range(len(steps)))

    def request(made: Files) -> dict[str, Any]:
        source = base64.b64decode(made["main.js"]).decode() if made else program.source
        if spoken.driver:
            job = {"path": program.path, "source": source, "steps": steps}
            return {"exec": tools.command(spoken.driver, drivers), "job": job}
        load = f'. ./{spoken.file} && {{ eval "$1"; }}'
        command = [*tools.command(("{bash}", "-c"), drivers), load, "bash"]
        run = {"files": {spoken.file: _encoded(source)}, "command": command, "mode": "lines"}
        return {"job": {"run": run, "steps": steps}}

    conclude = by_calls(calls, numbers, program.limits)
    return Foreign(_compilation(program, spoken, tools, drivers, {}), request, conclude)


def _compiled(program: Program, calls: Calls, spoken: Language, tools: Toolchain, drivers: str) -> Foreign:
    one = _ONE_CASE[spoken.name]
    cases = "\n".join(
        one.format(n=n, setup=_statement(case, spoken), call=case.call.strip().rstrip(";"))
        for n, case in enumerate(calls.cases)
    )
    main = (_MAINS / _BESIDE.get(spoken.name, spoken.file)).read_text() if spoken.name == "java" else _main_of(spoken)
    main = main.replace("/*IMPORTS*/", "\n".join(["import java.util.*;", *_IMPORTS.findall(program.source)]))
    main = main.replace("/*CASES*/", cases)
    if spoken.name in _BESIDE:
        compilation = _compilation(program, spoken, tools, drivers, {_BESIDE[spoken.name]: main})
    else:
        whole = replace(program, source=f"{program.source}\n{main}")
        compilation = _compilation(whole, spoken, tools, drivers, {})

    def request(made: Files) -> dict[str, Any]:
        command = tools.command(spoken.run, drivers)
        return {"job": {"run": {"files": made, "command": command, "mode": "become"}}}

    return Foreign(compilation, request, by_calls(calls, range(len(calls.cases)), program.limits))


def _script(program: Program, script: Script, spoken: Language, tools: Toolchain, drivers: str) -> Foreign:
    def request(made: Files) -> dict[str, Any]:
        files = made or {spoken.file: _encoded(program.source)}
        command = [*tools.command(spoken.script, drivers), *script.arguments]
        run = {"files": files | {"stdin": _encoded(script.stdin)}, "command": command, "mode": "script"}
        return {"job": {"run": run}}

    conclude = _at_its_end(partial(judge_script, script), program.limits)
    return Foreign(_compilation(program, spoken, tools, drivers, {}), request, conclude)


def _suite(
    program: Program, suite: Suite, language: str, framework: Framework, tools: Toolchain, drivers: str
) -> Foreign:
    if framework.file:
        files = {PurePosixPath(program.path).name: program.source, framework.file: suite.source}
    else:
        files = {"main.rs": f"{program.source}\n{suite.source}"}
    encoded = {name: _encoded(text) for name, text in files.items()}

    def request(made: Files) -> dict[str, Any]:
        run = {"files": made or encoded, "command": tools.command(framework.run, drivers), "mode": "script"}
        return {"job": {"run": run}}

    compiler = tuple(tools.command(framework.compile, drivers))
    compilation = Compilation(language, encoded, compiler, framework.made) if compiler else None
    return Foreign(compilation, request, _at_its_end(judge_suite, program.limits))


def _at_its_end(judge: Callable[[str, Execution, Limits], Decision], limits: Limits) -> Callable[[Execution], Verdict]:
    """Judges what a command printed, and how it ended."""

    def conclude(execution: Execution) -> Verdict:
        events = list(events_of(execution.report))
        said = next((event for event in events if "stdout" in event), None)
        if not any("entered" in event for event in events):
            decision = (Outcome.INFRA_ERROR, "", f"the sandbox did not start: {execution.output[-500:]}")
        elif said is None:
            decision = ended_early(execution, limits, "script")
        else:
            decision = judge(str(said["stdout"]), replace(execution, status=int(said["status"])), limits)
        return execution.verdict(decision)

    return conclude


def _compilation(
    program: Program, spoken: Language, tools: Toolchain, drivers: str, beside: dict[str, str]
) -> Compilation | None:
    if not spoken.compile:
        return None
    name = spoken.file
    if spoken.name == "java":
        public = re.search(
            r"^\s*public\s+(?:final\s+|abstract\s+)*(?:class|record|interface|enum)\s+(\w+)", program.source, re.M
        )
        name = f"{public[1]}.java" if public else name
    files = {name: program.source, **beside}
    if spoken.name == "java":
        files["sources"] = "\n".join(files)
    command = tuple(tools.command(spoken.compile, drivers))
    return Compilation(spoken.name, {name: _encoded(text) for name, text in files.items()}, command, spoken.made)


def _main_of(spoken: Language) -> str:
    return (_MAINS / spoken.file).read_text()


def _statement(case: Case, spoken: Language) -> str:
    setup = case.setup.strip()
    return setup if not setup or setup.endswith(";") or spoken.name == "go" else f"{setup};"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
