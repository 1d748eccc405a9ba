"""Runs tests that must share the program's process (mocks, loops of asserts), hardened against programs that cheat.

Stands alone (standard library only). A job is a JSON object: path, source, and ``inside``: {module, case} for a module
with a unittest class, or {statements} for statements run one after the other. Each test's result is written at once,
so that nobody can take it back: {"test", "ok"}, or {"test", "raised", "message"}. At the very end comes {"end": token};
that token lies unread in the report's own socket until then, and the descriptor has a number drawn at random.

Python gives code in one process no secret from other code in it: this makes cheating hard, not impossible.
"""

import ast
import builtins
import json
import os
import random
import sys
import types
import unittest
import unittest.mock
from collections.abc import Callable
from typing import Any

from candidate import message_of, name_of

MODULE = "__test__"
TOKEN_BYTES = 64
_FORBIDDEN = frozenset(("gc.get_objects", "gc.get_referrers", "sys._current_frames", "sys.settrace", "sys.setprofile"))
_LISTINGS = frozenset(("open", "os.listdir", "os.scandir"))
# Tests patch these on purpose; none of them decides a test.
_PATCHED = frozenset(("open", "input", "print", "__import__", "exit", "quit", "_"))


def main(job: dict, report: int) -> None:  # type: ignore[type-arg]
    """Runs the program and its tests; returns when it has said all it will say."""
    report_to = moved(report)
    say = speaker(report_to)
    inside = dict(job["inside"])
    module = types.ModuleType(MODULE)
    module.__dict__.update(__file__=job["path"], __builtins__=builtins)
    sys.modules[MODULE] = module
    scope = module.__dict__
    sys.argv = [job["path"]]
    watch(say)
    before = dict(_UNTOUCHED)
    source, path = job["source"], job["path"]
    job.clear()  # frames above this one must not hold the tests' text
    try:
        exec(compile(source, path, "exec"), scope)
        if "module" in inside:
            scope["__equal__"] = equal
            tests = compiled(inside.pop("module"))
            exec(tests, scope)
            del tests
            case = scope[inside["case"]]
    except BaseException as error:
        say(failed_to_load=name_of(error), message=message_of(error))
        return
    say(loaded=True)
    if "case" in inside:
        suite = unittest.TestLoader().loadTestsFromTestCase(case)
        before |= snapshot_of(case, inside["case"]) | {f"{MODULE}.__equal__": (scope, "__equal__", equal)}
        before |= snapshot_of(Recorder, "result")
        recorder = Recorder(say, lambda: changed(before) or recorder.overridden())
        suite.run(recorder)
    else:
        for statement in inside["statements"]:
            try:
                exec(compile(statement, "<test>", "exec"), scope)
            except BaseException as error:
                say(test=statement, raised=name_of(error), message=message_of(error))
                return
            say(test=statement, ok=True)
    why = changed(before) or lenient()
    if why:
        say(tampered=why)
        return
    say(end=os.read(report_to, TOKEN_BYTES).decode())


def compiled(source: str) -> types.CodeType:
    """The code of the tests, with their comparisons made safe."""
    if "==" not in source:  # most tests; the walk takes longer than compiling does
        return compile(source, "<test>", "exec")
    return compile(ast.fix_missing_locations(_Comparisons().visit(ast.parse(source))), "<test>", "exec")


def moved(descriptor: int) -> int:
    """The same channel at a number that cannot be guessed."""
    number = random.SystemRandom().randrange(100, 1000)
    os.dup2(descriptor, number, inheritable=False)
    os.close(descriptor)
    return number


def speaker(report_to: int) -> Callable[..., None]:
    """Writes events; what it needs is taken out of reach of names that the program may rebind."""
    write, encode = os.write, json.JSONEncoder().encode

    def say(**event: object) -> None:
        data = encode(event).encode() + b"\n"
        while data:
            data = data[write(report_to, data) :]

    return say


class Recorder(unittest.TestResult):
    """Says what came of each test as soon as it is known; formats no traceback, because nobody reads them."""

    def __init__(self, say: Callable[..., None], tampered: Callable[[], str]) -> None:
        super().__init__()
        self.say, self.tampered = say, tampered

    def overridden(self) -> str:
        """Which of its methods were replaced on the object itself; "" when none was."""
        return next(
            (f"result.{name} was changed" for name in vars(self) if callable(getattr(Recorder, name, None))), ""
        )

    def addSuccess(self, test: Any) -> None:
        """A test passed, unless what decides about tests is not what it was."""
        why = self.tampered()
        self.say(tampered=why) if why else self.say(test=_name(test), ok=True)

    def addFailure(self, test: Any, err: Any) -> None:
        """A test failed."""
        self.say(test=_name(test), raised=name_of(err[1]), message=message_of(err[1]))

    addError = addFailure

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        """A part of a test ended; one that passed says nothing yet of the whole."""
        if err is not None:
            self.addFailure(test, err)

    def addSkip(self, test: Any, reason: str) -> None:
        """A skipped test has not passed."""
        self.say(test=_name(test), raised="SkipTest", message=reason)

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        """What a test expects to fail has failed."""
        self.addSuccess(test)

    def addUnexpectedSuccess(self, test: Any) -> None:
        """What a test expects to fail has not failed."""
        self.say(test=_name(test), raised="UnexpectedSuccess", message="")


def _name(test: Any) -> str:
    return str(getattr(test, "_testMethodName", None) or test)


class _Comparisons(ast.NodeTransformer):
    """``a == b`` in tests becomes ``__equal__(a, b)``."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq):
            return node
        return ast.Call(ast.Name("__equal__", ast.Load()), [node.left, node.comparators[0]], [])


def equal(first: Any, second: Any) -> Any:
    """``first == second``, unless one of them is an object that equals everything."""
    refuse_flatterers(first, second)
    return first == second


def refuse_flatterers(*values: object) -> None:
    """Fails for an object whose class says that it equals whatever it is compared with; ``mock.ANY`` may."""
    for value in values:
        method = getattr(type(value), "__eq__", None)
        if isinstance(method, types.FunctionType) and type(value) is not type(unittest.mock.ANY):
            try:
                flatters = method(value, object()) is True
            except Exception:
                flatters = False
            if flatters:
                raise AssertionError(f"a {type(value).__name__} equals everything")


def _probing(original: Any) -> Any:
    def method(self: Any, first: Any, second: Any, *more: Any, **named: Any) -> Any:
        refuse_flatterers(first, second)
        return original(self, first, second, *more, **named)

    return method


for _probed in (
    "assertEqual",
    "assertAlmostEqual",
    "assertIn",
    "assertListEqual",
    "assertDictEqual",
    "assertCountEqual",
):
    setattr(unittest.TestCase, _probed, _probing(getattr(unittest.TestCase, _probed)))


Snapshot = dict[str, tuple[Any, str, Any]]


def snapshot() -> Snapshot:
    """What decides about tests, as it is before any code of the program has run."""
    kept: Snapshot = {}
    owners: list[Any] = [unittest.TestCase, unittest.TestSuite, unittest.BaseTestSuite, unittest.TestResult]
    owners += [value for value in vars(unittest.case).values() if isinstance(value, type)]
    for owner in owners:
        kept |= snapshot_of(owner, owner.__name__)
    kept |= {f"builtins.{n}": (vars(builtins), n, v) for n, v in vars(builtins).items() if n not in _PATCHED}
    kept |= {f"unittest.case.{n}": (vars(unittest.case), n, v) for n, v in vars(unittest.case).items()}
    return kept


def snapshot_of(owner: type, name: str) -> Snapshot:
    """The functions of a class, each with its code."""
    kept: Snapshot = {}
    for attribute, value in vars(owner).items():
        if callable(value) or isinstance(value, classmethod | staticmethod):
            kept[f"{name}.{attribute}"] = (vars(owner), attribute, value)
        if isinstance(value, types.FunctionType):
            kept[f"{name}.{attribute}.__code__"] = (value, "__code__", value.__code__)
    return kept


_UNTOUCHED = snapshot()  # once, in the warm parent


def changed(before: Snapshot) -> str:
    """The first part of the snapshot that is not what it was; "" when all is."""
    for name, (owner, attribute, value) in before.items():
        now = getattr(owner, attribute, None) if attribute == "__code__" else owner.get(attribute)
        if now is not value:
            return f"{name} was changed"
    return ""


def lenient() -> str:
    """Tests that must fail: which of them does not; "" when all do."""
    case = unittest.TestCase()
    must_fail: dict[str, Callable[[], object]] = {
        "assertEqual": lambda: case.assertEqual(1, 2),
        "assertTrue": lambda: case.assertTrue(False),
        "assertFalse": lambda: case.assertFalse(True),
        "assertIn": lambda: case.assertIn(1, [2]),
        "assertIs": lambda: case.assertIs(1, 2),
        "assertIsNone": lambda: case.assertIsNone(1),
        "assertIsInstance": lambda: case.assertIsInstance(1, str),
        "assertGreater": lambda: case.assertGreater(1, 2),
        "assertAlmostEqual": lambda: case.assertAlmostEqual(1.0, 2.0),
        "assertListEqual": lambda: case.assertListEqual([1], [2]),
        "assertDictEqual": lambda: case.assertDictEqual({1: 1}, {1: 2}),
        "assertRaises": lambda: case.assertRaises(ValueError, int, "1"),
        "assertRegex": lambda: case.assertRegex("a", "b"),
    }
    for name, control in must_fail.items():
        try:
            control()
        except AssertionError:
            continue
        return f"{name} lets wrong values pass"
    return ""


def rehearse() -> None:
    """Runs a test of its own as it will run a program's, often enough for Python to adapt the code to it."""
    scope: dict[str, Any] = {"unittest": unittest}
    for _ in range(_ROUNDS):
        exec(compiled(_REHEARSED), scope)
        recorder = Recorder(lambda **event: None, lambda: changed(_UNTOUCHED))
        unittest.TestLoader().loadTestsFromTestCase(scope["Rehearsed"]).run(recorder)
        lenient()


_ROUNDS = 10
_REHEARSED = """
class Rehearsed(unittest.TestCase):
    def test_values(self):
        self.assertEqual(1, 1)
        self.assertEqual([1], [1])
"""


def watch(say: Callable[..., None]) -> None:
    """From now on nobody in this process may look at others' objects, frames or descriptors by the usual ways."""

    watched = _FORBIDDEN | _LISTINGS

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        # First what is cheap: programs that copy or draw call id() by the thousand, and each call comes by here.
        if event in watched and (event in _FORBIDDEN or _is_private(arguments[0])):
            say(tampered=f"{event} was called")
            raise RuntimeError(f"{event} is not allowed here")

    sys.addaudithook(hook)


def _is_private(path: object) -> bool:
    text = os.fsdecode(path) if isinstance(path, str | bytes) else ""
    return text.startswith("/proc/") and any(part in ("mem", "fd", "fdinfo") for part in text.split("/")[3:])
