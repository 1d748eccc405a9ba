"""Evaluates asserts on values that programs returned, in a process that never holds a program's code.

Stands alone (standard library only). A job is a JSON object: items [{setup, checks [{code, test}], values}]. ``values``
maps the number of a step to what the program's process reported of it. In a check's code ``__value(n)`` is that value.
Writes one JSON line an item: {"item", "passed": true} or {"item", "failed": number of the check, "message", "error"}.
"""

import builtins
import json
import os

import codec
from candidate import message_of, name_of


class RaisedByProgram(Exception):
    """An error of a class that only the program knows."""


def main(job: dict, report_to: int) -> None:  # type: ignore[type-arg]
    """Judges all items, one after the other, each in a scope of its own."""
    for number, item in enumerate(job["items"]):
        said = json.dumps({"item": number, **judged(item)}).encode() + b"\n"
        while said:
            said = said[os.write(report_to, said) :]


def judged(item: dict) -> dict:  # type: ignore[type-arg]
    """What came of one program's checks: the first that does not hold, or that all do."""
    values = item["values"]

    def value(step: int) -> object:
        result = values[str(step)]
        if "raised" in result:
            raise error_of(str(result["raised"]), str(result.get("message", "")))
        return codec.decode(result["value"])

    scope: dict[str, object] = {"__name__": "judge", "__value": value}
    try:
        exec(compile(item["setup"], "<setup>", "exec"), scope)
    except BaseException as error:
        return failed(0, error)
    for number, check in enumerate(item["checks"]):
        missing = [step for step in check["steps"] if str(step) not in values]
        if missing:
            return {"missing": number}
        try:
            exec(compile(check["code"], "<test>", "exec"), scope)
        except BaseException as error:
            return failed(number, error)
    return {"passed": True}


def failed(number: int, error: BaseException) -> dict:  # type: ignore[type-arg]
    """The line that says so."""
    name = str(error.args[0]) if isinstance(error, RaisedByProgram) else name_of(error)
    text = str(error.args[1]) if isinstance(error, RaisedByProgram) else message_of(error)
    return {"failed": number, "error": name, "message": f"{name}: {text}".rstrip(": ")}


def error_of(name: str, message: str) -> BaseException:
    """The built-in error called ``name``, so that a test that expects it can catch it; else one that stands for it."""
    known = getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, Exception):
        try:
            return known(message)
        except TypeError:
            pass
    return RaisedByProgram(name, message)
