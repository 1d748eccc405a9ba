"""Runs inside the sandbox: loads one Python program, does its steps, reports each on the report descriptor.

Stands alone (standard library only, no import of the harness). A job is a JSON object: path, source, steps. A step is
``{"run": statements}``, ``{"value": expression}`` (reported in codec.py's form) or ``{"plain": expression}`` (reported
as ordinary JSON data). Writes JSON lines: {"loaded"}, then one {"step", "value" | "raised", "message"} a step. Expected
values never come here.

As a program of its own (a fresh interpreter) it reads its job on standard input: ``candidate.py REPORT``. A job with
``inside`` is done by inside.py.
"""

import json
import os
import sys
import types

import codec


def main(job: dict, report_to: int) -> None:  # type: ignore[type-arg]
    """Runs the program that ``job`` describes; returns when it has done all it will do."""
    write, dumps = os.write, json.dumps

    def report(**event: object) -> None:
        data = dumps(event).encode() + b"\n"
        while data:
            data = data[write(report_to, data) :]

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
    for number, step in enumerate(job["steps"]):
        try:
            if "run" in step:
                exec(compile(step["run"], "<test>", "exec"), scope)
                continue
            encode = codec.encode if "value" in step else plain
            text = step["value"] if "value" in step else step["plain"]
            value = encode(eval(compile(text.strip(), "<call>", "eval"), scope))
            report(step=number, value=value)
        except BaseException as error:
            report(step=number, raised=name_of(error), message=message_of(error))


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
    except BaseException:
        return ""


def end() -> None:
    """Ends this process: threads and exit handlers of the program have no say any more."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        pass
    os._exit(0)


if __name__ == "__main__":
    given = json.loads(sys.stdin.buffer.read())
    sys.stdin = open(os.devnull)
    if "inside" in given:
        import inside

        inside.main(given, int(sys.argv[1]))
    else:
        main(given, int(sys.argv[1]))
    end()
