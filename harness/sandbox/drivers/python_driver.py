"""Runs inside the sandbox: loads one Python program, runs its tests, reports each on the report descriptor.

Stands alone (standard library only, no import of the harness). Reads one JSON object on standard input: token, path,
source, asserts [statement], cases [{setup, call}]. Writes JSON lines, each with the token: {"loaded"}, then one
{"test", "ok" | "value" | "raised", "message"} a test, in order. Expected values never come here.
"""

import json
import os
import sys
import types


def main() -> None:
    """Runs the program whose description stands on standard input."""
    job = json.loads(sys.stdin.buffer.read())
    report_to = int(sys.argv[1])
    # What reports is taken out of reach of names the program may rebind; a determined program can still find it.
    write, dumps, token = os.write, json.dumps, job["token"]

    def report(**event: object) -> None:
        write(report_to, dumps({"token": token, **event}).encode() + b"\n")

    sys.stdin = open(os.devnull)
    sys.argv = [job["path"]]
    module = types.ModuleType("solution")
    module.__file__ = job["path"]
    # Classes look up their module here: dataclasses, pickle and typing need it.
    sys.modules["solution"] = module
    scope = module.__dict__
    try:
        exec(compile(job["source"], job["path"], "exec"), scope)
    except BaseException as error:
        report(failed_to_load=name_of(error), message=message_of(error))
        return
    report(loaded=True)
    for number, statement in enumerate(job["asserts"]):
        try:
            exec(compile(statement, "<test>", "exec"), scope)
        except BaseException as error:
            report(test=number, raised=name_of(error), message=message_of(error))
            return
        report(test=number, ok=True)
    for number, case in enumerate(job["cases"]):
        try:
            exec(compile(case["setup"], "<setup>", "exec"), scope)
            value = plain(eval(compile(case["call"].strip(), "<call>", "eval"), scope))
        except BaseException as error:
            report(test=number, raised=name_of(error), message=message_of(error))
        else:
            report(test=number, value=value)


def plain(value: object, depth: int = 0) -> object:
    """``value`` as JSON data by exact type (a subclass could lie about what it equals); anything else is an error."""
    kind = type(value)
    if depth > 50:
        raise TypeError("the value is nested too deeply to compare")
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if value - value == 0 else {"float": repr(value)}  # type: ignore[operator]
    if kind in (list, tuple):
        return [plain(item, depth + 1) for item in value]  # type: ignore[attr-defined]
    if kind is dict and all(type(key) is str for key in value):  # type: ignore[attr-defined]
        return {key: plain(item, depth + 1) for key, item in value.items()}  # type: ignore[attr-defined]
    raise TypeError(f"a {kind.__name__} is not plain data")


def name_of(error: BaseException) -> str:
    """The name of the error's class."""
    return type(error).__name__


def message_of(error: BaseException) -> str:
    """The error's text, cut to 500 characters; its own __str__ may raise."""
    try:
        return str(error)[:500]
    except Exception:
        return ""


main()
try:
    sys.stdout.flush()
    sys.stderr.flush()
except BaseException:
    pass
# Threads and exit handlers of the program have no say any more.
os._exit(0)
