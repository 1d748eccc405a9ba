"""What each way of testing asks of a Python program's process, and what is made of its answer."""

import ast
import json
import secrets
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from harness.errors import UsageError
from harness.records import Outcome, Verdict
from harness.sandbox.asserts import Apart, Check, take_apart
from harness.sandbox.bench import Item, Judgement
from harness.sandbox.judging import (
    Decision,
    Execution,
    by_calls,
    by_error,
    ended_early,
    judge_inside,
    read_report,
    steps_of,
)
from harness.sandbox.program import Asserts, Calls, Judged, Program, Unittest, Values


@dataclass(frozen=True)
class ToJudge:
    """An item for the bench, and how its judgement becomes a verdict."""

    item: Item
    verdict: Callable[[Judgement], Verdict]


@dataclass(frozen=True)
class Task:
    """A job for the program's process; ``conclude`` turns its execution into a verdict, or into an item to judge."""

    request: dict[str, Any]
    """What the server must know of it: its ``job``, and a ``token`` where the tests share the program's process."""
    conclude: Callable[[Execution], Verdict | ToJudge]


def task_of(program: Program) -> Task:
    """What ``program``, in Python, asks for.

    Raises:
        UsageError: its unittest module has no such class.
    """
    if isinstance(program.tests, Calls):
        return _calls(program, program.tests)
    if isinstance(program.tests, Values):
        return _values(program, program.tests)
    if isinstance(program.tests, Judged):
        return _judged(program, program.tests)
    if isinstance(program.tests, Asserts):
        apart = take_apart(program.tests)
        if not apart.reason:
            return _asserts(program, apart)
        return _inside(program, {"statements": [text for text in program.tests.tests if text.strip()]}, apart.reason)
    assert isinstance(program.tests, Unittest)
    return _inside(program, {"module": program.tests.source, "case": program.tests.case}, "unittest")


def _job(program: Program, steps: list[dict[str, str]]) -> dict[str, Any]:
    return {"path": program.path, "source": program.source, "steps": steps}


def _calls(program: Program, calls: Calls) -> Task:
    steps, numbers = steps_of(calls)
    return Task({"job": _job(program, steps)}, by_calls(calls, numbers, program.limits))


def _values(program: Program, tests: Values) -> Task:
    def conclude(execution: Execution) -> Verdict:
        report = read_report(execution, program.limits)
        results = [report.steps.get(number, {}) for number in range(len(tests.calls))]
        wrong = next((number for number, result in enumerate(results) if "value" not in result), None)
        if report.fault or wrong is None:
            verdict = execution.verdict(report.fault or (Outcome.PASSED, "", ""))
            return replace(verdict, output=json.dumps([result.get("value") for result in results]))
        call, name, message = tests.calls[wrong], results[wrong].get("raised"), results[wrong].get("message", "")
        decision = by_error(str(name), f"{name}: {message}", call) if name else None
        return execution.verdict(decision or ended_early(execution, program.limits, call))

    return Task({"job": _job(program, [{"value": call} for call in tests.calls])}, conclude)


def _judged(program: Program, tests: Judged) -> Task:
    checks = tuple(
        Check(f"assert holds(__value({n}), __value('known {n}')), f'gave {{__value({n})!r:.200}}'", (n,), call)
        for n, call in enumerate(tests.calls)
    )
    apart = Apart(tuple({"value": call} for call in tests.calls), tests.judge, checks)
    return _asserts(program, apart, {f"known {n}": {"value": value} for n, value in enumerate(tests.known)})


def _asserts(program: Program, apart: Apart, known: Mapping[str, Any] = MappingProxyType({})) -> Task:
    """``known`` are values that the judge has beside the program's."""

    def conclude(execution: Execution) -> Verdict | ToJudge:
        report = read_report(execution, program.limits)
        if report.fault:
            return execution.verdict(report.fault)
        # A statement of the tests that raised ends them there, as it would in one process.
        broken = next((n for n, step in enumerate(apart.steps) if "run" in step and n in report.steps), None)
        values = {
            str(number): result
            for number, result in report.steps.items()
            if 0 <= number < len(apart.steps) and (broken is None or number < broken)
        }
        checks = [{"code": check.code, "steps": check.steps} for check in apart.checks]

        def verdict(judgement: Judgement) -> Verdict:
            return execution.verdict(_decide(judgement, apart, report.steps.get(-1 if broken is None else broken)))

        def _decide(said: Judgement, apart: Apart, stopped: dict[str, Any] | None) -> Decision:
            if said.get("passed") is True and stopped is None:
                return Outcome.PASSED, "", ""
            if "failed" in said:
                test = apart.checks[said["failed"]].test if apart.checks else ""
                return by_error(str(said["error"]), str(said["message"]), test)
            test = apart.checks[said["missing"]].test if "missing" in said else ""
            if stopped is not None:
                name, message = str(stopped.get("raised", "")), str(stopped.get("message", ""))
                return by_error(name, f"{name}: {message}".rstrip(": "), test or apart.steps[broken or 0]["run"])
            return ended_early(execution, program.limits, test)

        return ToJudge({"setup": apart.setup, "checks": checks, "values": {**values, **known}}, verdict)

    return Task({"job": _job(program, list(apart.steps))}, conclude)


def _inside(program: Program, inside: dict[str, Any], reason: str) -> Task:
    expected = _tests_in(inside["module"], inside["case"]) if "module" in inside else inside["statements"]
    token = secrets.token_hex(32)

    def conclude(execution: Execution) -> Verdict:
        report = read_report(execution, program.limits)
        decision = report.fault or judge_inside(expected, token, execution, program.limits)
        return replace(execution.verdict(decision), inside=reason)

    return Task({"job": {"path": program.path, "source": program.source, "inside": inside}, "token": token}, conclude)


def _tests_in(source: str, case: str) -> list[str]:
    """The names of the tests that ``source`` defines in its class ``case``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(source).body
        found = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == case)
    except (SyntaxError, StopIteration):
        raise UsageError(f"the tests have no class {case}", "name the class of the tests") from None
    functions = (node.name for node in found.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return list(dict.fromkeys(name for name in functions if name.startswith("test")))
