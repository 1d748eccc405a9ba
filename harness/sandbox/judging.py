"""From what a program's process reported to a verdict. Nothing but a result for every test, in order, can pass."""

import json
import math
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.records import Outcome, Verdict
from harness.sandbox.program import Calls, Case, Limits, Script

_SHOWN = 200
_MOST_SAID = 1_000
Decision = tuple[Outcome, str, str]
"""Outcome, the first test that did not pass, and why."""


@dataclass(frozen=True)
class Execution:
    """What came of a program's process: its exit status (128 + signal), its usage, its output and its report."""

    status: int
    timed_out: bool
    over_memory: bool
    cpu_seconds: float
    wall_seconds: float
    peak_memory_bytes: int
    output: str
    report: str

    @classmethod
    def of(cls, answer: dict[str, Any]) -> "Execution":
        """A server's answer."""
        return cls(
            status=answer["status"],
            timed_out=answer["timed_out"],
            over_memory=answer["over_memory"],
            cpu_seconds=answer["cpu"],
            wall_seconds=answer["wall"],
            peak_memory_bytes=answer["peak"],
            output=answer["output"],
            report=answer["report"],
        )

    def verdict(self, decision: Decision) -> Verdict:
        """``decision`` with what this execution used."""
        outcome, test, message = decision
        return Verdict(
            outcome=outcome,
            test=_encodable(test),
            message=_encodable(message),
            cpu_seconds=round(self.cpu_seconds, 3),
            wall_seconds=round(self.wall_seconds, 3),
            peak_memory_bytes=self.peak_memory_bytes,
            output=_encodable(self.output),
        )


@dataclass(frozen=True)
class Report:
    """What a program's process said: ``fault`` is a decision that holds without any test, ``steps`` its results."""

    fault: Decision | None
    steps: dict[int, dict[str, Any]]


def read_report(execution: Execution, limits: Limits) -> Report:
    """The report of ``execution``; whatever is not as it should be is left out."""
    events = list(events_of(execution.report))
    steps = {event["step"]: event for event in events if type(event.get("step")) is int}
    fault: Decision | None = None
    failure = next((event for event in events if "failed_to_load" in event), None)
    if not any("entered" in event for event in events):
        fault = Outcome.INFRA_ERROR, "", f"the sandbox did not start: {execution.output.strip()[-500:]}"
    elif failure:
        fault = by_error(str(failure["failed_to_load"]), str(failure.get("message", "")), "load")
    elif not any("loaded" in event for event in events):
        fault = ended_early(execution, limits, "load")
    return Report(fault, steps)


def steps_of(calls: Calls) -> tuple[list[dict[str, str]], list[int]]:
    """What a driver is to do for ``calls``, step by step, and at which step the result of each case is reported."""
    steps: list[dict[str, str]] = []
    numbers = []
    for case in calls.cases:
        if case.setup:
            steps.append({"run": case.setup})
        numbers.append(len(steps))
        steps.append({"plain": case.call})
    return steps, numbers


def by_calls(calls: Calls, numbers: Sequence[int], limits: Limits) -> Callable[[Execution], Verdict]:
    """Judges an execution by what it reported of each case at the step that ``numbers`` says."""

    def conclude(execution: Execution) -> Verdict:
        report = read_report(execution, limits)
        return execution.verdict(report.fault or _judge_calls(calls, numbers, report, execution, limits))

    return conclude


def _judge_calls(
    calls: Calls, numbers: Sequence[int], report: Report, execution: Execution, limits: Limits
) -> Decision:
    own = set(numbers)
    for case, number in zip(calls.cases, numbers, strict=True):
        # A setup is a step of its own, which reports nothing but an error.
        setup = report.steps.get(number - 1, {}) if number - 1 not in own else {}
        if "raised" in setup:
            error, message = str(setup["raised"]), str(setup.get("message", ""))
            return by_error(error, f"the setup raised {error}: {message}", case.call)
        result = report.steps.get(number)
        if result is None:
            return ended_early(execution, limits, case.call)
        wrong = _wrong(result, case)
        if wrong:
            return by_error(str(result.get("raised", "")), wrong, case.call)
    return Outcome.PASSED, "", ""


def judge_inside(expected: list[str], token: str, execution: Execution, limits: Limits) -> Decision:
    """What tests in the program's own process said: each of ``expected`` passed, once, and the end is authentic."""
    passed: list[str] = []
    for event in events_of(execution.report):
        if "tampered" in event:
            return Outcome.FAILED, "", f"the program tampered with its tests: {event['tampered']}"
        if "test" in event and event.get("ok") is not True:
            name, message = str(event.get("raised", "")), str(event.get("message", ""))
            return by_error(name, f"{name}: {message}".rstrip(": "), str(event["test"]))
        if "test" in event:
            passed.append(str(event["test"]))
    missing = next((name for name in expected if name not in passed), "")
    if missing or not any(event.get("end") == token for event in events_of(execution.report)):
        return ended_early(execution, limits, missing or "end of the tests")
    if len(set(passed)) < len(passed) and len(set(expected)) == len(expected):
        return Outcome.FAILED, "", "a test was reported twice"
    return Outcome.PASSED, "", ""


def judge_script(script: Script, stdout: str, execution: Execution, limits: Limits) -> Decision:
    """Compares what a script printed, and how it ended, with what it must be."""
    if execution.status > 128 and script.status <= 128:
        return ended_early(execution, limits, "script")
    if execution.status != script.status:
        return Outcome.FAILED, "script", f"exit status {execution.status}, not {script.status}"
    if _stripped(stdout) != _stripped(script.stdout):
        return Outcome.FAILED, "script", f"printed {_short(stdout)}, not {_short(script.stdout)}"
    return Outcome.PASSED, "", ""


def judge_suite(stdout: str, execution: Execution, limits: Limits) -> Decision:
    """By the exit status of a file of tests; what they printed is the message."""
    if execution.status == 0:
        return Outcome.PASSED, "", ""
    if execution.status > 128:
        return ended_early(execution, limits, "suite")
    said = stdout.strip() or execution.output.strip()
    return Outcome.FAILED, "suite", f"exit status {execution.status}: {said[-_MOST_SAID:]}"


def matches(value: Any, expected: Any) -> bool:
    """Whether two pieces of JSON data are equal: a boolean is not a number, numbers agree to a relative 1e-9."""
    if isinstance(expected, bool) or isinstance(value, bool):
        return value is expected
    if isinstance(expected, int | float) and isinstance(value, int | float):
        try:
            return value == expected or math.isclose(value, expected, rel_tol=1e-9)
        except OverflowError:  # a whole number that no float can hold is near none but itself
            return False
    if isinstance(expected, list) and isinstance(value, list):
        return len(value) == len(expected) and all(map(matches, value, expected))
    if isinstance(expected, dict) and isinstance(value, dict):
        return value.keys() == expected.keys() and all(matches(value[key], expected[key]) for key in expected)
    return type(value) is type(expected) and bool(value == expected)


def by_error(error: str, message: str, test: str) -> Decision:
    """A test that raised ``error``, or whose result was wrong."""
    return (Outcome.MEMORY if error == "MemoryError" else Outcome.FAILED), test, message or error


def ended_early(execution: Execution, limits: Limits, test: str) -> Decision:
    """A process that ended, or was ended, before it said what came of ``test``."""
    if execution.timed_out:
        return Outcome.TIMEOUT, test, f"still running after {limits.wall_seconds:g} s"
    if execution.over_memory or "heap out of memory" in execution.output:
        return Outcome.MEMORY, test, "out of memory"
    spent = execution.cpu_seconds >= limits.cpu_seconds
    if execution.status == 128 + signal.SIGXCPU or (execution.status == 128 + signal.SIGKILL and spent):
        return Outcome.TIMEOUT, test, f"still running after {limits.cpu_seconds} s of CPU"
    return Outcome.CRASHED, test, f"ended before its tests did (exit status {execution.status})"


def events_of(report: str) -> Iterator[dict[str, Any]]:
    """The objects among a report's lines."""
    for line in report.split("\n"):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            yield event


def _wrong(result: dict[str, Any], expected: Case) -> str:
    """Why the result of one case is not what it must be; "" when it is."""
    raised = f"{result['raised']}: {result.get('message', '')}" if "raised" in result else ""
    if expected.raises:
        return "" if result.get("raised") == expected.raises else f"{raised or 'nothing'} raised, not {expected.raises}"
    if raised or "value" not in result:
        return raised or "gave no result"
    if matches(result["value"], expected.returns):
        return ""
    return f"gave {_short(result['value'])}, not {_short(expected.returns)}"


def _stripped(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _encodable(text: str) -> str:
    """``text`` without lone surrogates, which no file can hold and a hostile program can report."""
    return text.encode("utf-8", "replace").decode()


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
