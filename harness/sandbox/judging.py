"""From what a program's driver reported to a verdict. Nothing but a report of every test, in order, can pass."""

import json
import math
import signal
from collections.abc import Iterator
from typing import Any

from harness.records import Outcome, Verdict
from harness.sandbox.execution import Execution
from harness.sandbox.program import Calls, Case, Program

_SHOWN = 200


def judge(program: Program, token: str, execution: Execution) -> Verdict:
    """The verdict on ``program`` after ``execution``; events without ``token`` are the program's own and ignored."""
    events = [event for event in _events(execution.report) if event.get("token") == token]
    usage: dict[str, Any] = next((event["usage"] for event in reversed(events) if "usage" in event), {})
    outcome, test, message = _decide(program, events, usage, execution)
    return Verdict(
        outcome=outcome,
        test=_encodable(test),
        message=_encodable(message),
        cpu_seconds=round(usage.get("cpu_seconds", 0.0), 3),
        wall_seconds=round(execution.wall_seconds, 3),
        peak_memory_bytes=usage.get("peak_memory_bytes", 0),
        output=execution.output,
    )


def _decide(
    program: Program, events: list[dict[str, Any]], usage: dict[str, Any], execution: Execution
) -> tuple[Outcome, str, str]:
    if not any("entered" in event for event in events):
        return Outcome.INFRA_ERROR, "", f"the sandbox did not start: {execution.output.strip()[-500:]}"
    failure = next((event for event in events if "failed_to_load" in event), None)
    if failure:
        return _by_error(failure["failed_to_load"], str(failure.get("message", "")), "load")
    if not any("loaded" in event for event in events):
        return _ended_early(execution, usage, program, "load")
    results = {event["test"]: event for event in events if isinstance(event.get("test"), int)}
    for number, (name, expected) in enumerate(_tests(program)):
        result = results.get(number)
        if result is None:
            return _ended_early(execution, usage, program, name)
        wrong = _wrong(result, expected)
        if wrong:
            return _by_error(str(result.get("raised", "")), wrong, name)
    return Outcome.PASSED, "", ""


def _tests(program: Program) -> Iterator[tuple[str, Case | None]]:
    if isinstance(program.tests, Calls):
        yield from ((case.call, case) for case in program.tests.cases)
    else:
        yield from ((statement, None) for statement in program.tests.tests)


def _wrong(result: dict[str, Any], expected: Case | None) -> str:
    """Why the result of one test is not what it must be; "" when it is."""
    raised = f"{result['raised']}: {result.get('message', '')}" if "raised" in result else ""
    if expected is None:
        return raised or ("" if result.get("ok") is True else "gave no result")
    if expected.raises:
        return "" if result.get("raised") == expected.raises else f"{raised or 'nothing'} raised, not {expected.raises}"
    if raised or "value" not in result:
        return raised or "gave no result"
    if matches(result["value"], expected.returns):
        return ""
    return f"gave {_short(result['value'])}, not {_short(expected.returns)}"


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


def _by_error(error: str, message: str, test: str) -> tuple[Outcome, str, str]:
    return (Outcome.MEMORY if error == "MemoryError" else Outcome.FAILED), test, message or error


def _ended_early(execution: Execution, usage: dict[str, Any], program: Program, test: str) -> tuple[Outcome, str, str]:
    if execution.timed_out:
        return Outcome.TIMEOUT, test, f"still running after {program.limits.wall_seconds:g} s"
    status = usage.get("status", execution.status)
    spent = usage.get("cpu_seconds", 0.0) >= program.limits.cpu_seconds
    if status == 128 + signal.SIGXCPU or (status == 128 + signal.SIGKILL and spent):
        return Outcome.TIMEOUT, test, f"still running after {program.limits.cpu_seconds} s of CPU"
    if "heap out of memory" in execution.output:
        return Outcome.MEMORY, test, "out of memory"
    return Outcome.CRASHED, test, f"ended before its tests did (exit status {status})"


def _events(report: bytes) -> Iterator[dict[str, Any]]:
    for line in report.splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            yield event


def _encodable(text: str) -> str:
    """``text`` without lone surrogates, which no file can hold and a hostile program can report."""
    return text.encode("utf-8", "replace").decode()


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
