"""Takes asserts apart: what a program's process must evaluate, and what is judged where no code of the program is.

``assert add(1, 2) == 3`` becomes the value ``add(1, 2)`` for the program's process, and for the judge the check
``assert __value(0) == 3``: the expected value never enters the program's process.
"""

import ast
import builtins
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from harness.sandbox.program import Asserts

_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Check:
    """One assert as the judge evaluates it: its code, the steps whose values it needs, and the test it came from."""

    code: str
    steps: tuple[int, ...]
    test: str


@dataclass(frozen=True)
class Apart:
    """Asserts taken apart: ``steps`` for the program's process, ``setup`` and ``checks`` for the judge.

    ``reason`` says why they cannot be ("" when they can): then the other fields are empty.
    """

    steps: tuple[dict[str, str], ...] = ()
    setup: str = ""
    checks: tuple[Check, ...] = ()
    reason: str = ""


class _CannotError(Exception):
    """Why a statement cannot be taken apart."""


@lru_cache(maxsize=4096)
def take_apart(asserts: Asserts) -> Apart:
    """What ``asserts`` ask of the program's process and of the judge."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in a test is its author's affair
            return _Splitter(asserts).result()
    except _CannotError as error:
        return Apart(reason=str(error))
    except (SyntaxError, ValueError, RecursionError) as error:
        return Apart(reason=f"the tests cannot be parsed: {error}")


@dataclass(frozen=True)
class _Statement:
    node: ast.stmt
    text: str
    test: str


class _Splitter:
    def __init__(self, asserts: Asserts) -> None:
        self.statements = [
            _Statement(node, _source(text, node), text)
            for text in (test.replace("\r\n", "\n") for test in asserts.tests)
            for node in ast.parse(text).body
        ]
        self.own = set(asserts.names)
        defined = {name for each in self.statements for name in _defined(each.node)}
        self.not_own = {*_BUILTINS, *defined} - self.own
        self.modules: set[str] = set()
        self._spread()

    def _spread(self) -> None:
        """Names that hang on the program's, or are handed to it, are the program's too: it may change them."""
        plain = [
            each for each in self.statements if not isinstance(each.node, ast.Assert | ast.Import | ast.ImportFrom)
        ]
        grown = bool(plain)
        while grown:
            before = len(self.own)
            for each in plain:
                if any(self._is_own(name) for name in _names(each.node)):
                    self._make_own(_defined(each.node))
            for each in self.statements:
                if isinstance(each.node, ast.Assert):
                    for call in self._outermost(each.node.test, frozenset()):
                        handed = {name for name in _names(call) if not self._is_own(name)}
                        self._make_own(name for other in plain for name in _defined(other.node) if name in handed)
            grown = len(self.own) > before

    def _make_own(self, names: Iterable[str]) -> None:
        for name in names:
            self.own.add(name)
            self.not_own.discard(name)

    def _is_own(self, name: str) -> bool:
        return name in self.own or (name not in self.not_own and name not in sys.stdlib_module_names)

    def result(self) -> Apart:
        steps: list[dict[str, str]] = []
        setup: list[str] = []
        checks: list[Check] = []
        for each in self.statements:
            if isinstance(each.node, ast.Assert):
                checks.append(self._check(each, steps))
            elif isinstance(each.node, ast.Import | ast.ImportFrom):
                steps.append({"run": each.text})
                setup.append(each.text)
            elif any(isinstance(inner, ast.Assert | ast.Await | ast.Yield) for inner in ast.walk(each.node)):
                raise _CannotError(f"an assert inside of another statement: {each.text.splitlines()[0]}")
            elif any(self._is_own(name) for name in (*_names(each.node), *_defined(each.node))):
                steps.append({"run": each.text})
            else:
                setup.append(each.text)
        imports = [f"import {name}" for name in sorted(self.modules)]
        return Apart(tuple(steps), "\n".join([*imports, *setup]), tuple(checks))

    def _check(self, each: _Statement, steps: list[dict[str, str]]) -> Check:
        assert isinstance(each.node, ast.Assert)
        pieces = []
        for node in self._outermost(each.node.test, frozenset()):
            pieces.append((node, len(steps)))
            text = _source(each.test, node)
            # Where only its truth counts a value need not be plain data (a match of a regular expression is none).
            steps.append({"value": f"bool({text})" if node is _truth_of(each.node.test) else text})
        message = each.node.msg
        if message is not None and not any(self._is_own(name) for name in _names(message)):
            said = f", {_source(each.test, message)}"
        else:
            said = ""
        condition = _replaced(each.test, each.node.test, pieces)
        return Check(f"assert ({condition}){said}", tuple(step for _, step in pieces), each.test)

    def _outermost(self, node: ast.AST, bound: frozenset[str]) -> Iterator[ast.expr]:
        """The parts of an expression that only the program's process can evaluate, in the order of the text."""
        root = _root(node)
        if isinstance(node, ast.Call | ast.Name | ast.Attribute) and root is not None:
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if root not in bound and (self._is_own(root) or (called and root not in self.not_own)):
                if bound & set(_names(node)):
                    raise _CannotError(f"a call that depends on a variable of its expression: {ast.unparse(node)}")
                assert isinstance(node, ast.expr)
                yield node
                return
            if root in sys.stdlib_module_names and root not in self.not_own | bound:
                self.modules.add(root)
        if isinstance(node, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
            raise _CannotError(f"an assignment or a wait inside of an assert: {ast.unparse(node)}")
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            targets = {name for each in node.generators for name in _stored(each.target)}
            first = node.generators[0].iter
            yield from self._outermost(first, bound)
            for child in _children(node):
                if child is not first:
                    yield from self._outermost(child, bound | targets)
            return
        if isinstance(node, ast.Lambda):
            bound |= {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        for child in _children(node):
            yield from self._outermost(child, bound)


def _truth_of(condition: ast.expr) -> ast.expr:
    """The expression of which a condition asks no more than whether it is true."""
    while isinstance(condition, ast.UnaryOp) and isinstance(condition.op, ast.Not):
        condition = condition.operand
    return condition


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.comprehension):
            yield from ast.iter_child_nodes(child)
        else:
            yield child


def _root(node: ast.AST) -> str | None:
    """The name that a call or an attribute begins with: ``f`` of ``f(1)``, ``a`` of ``a.b(1)``; None for ``f(1).x``."""
    if isinstance(node, ast.Call):
        node = node.func
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _names(node: ast.AST) -> list[str]:
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]


def _stored(node: ast.AST) -> list[str]:
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]


def _defined(node: ast.stmt) -> list[str]:
    """The names that a statement binds in its own scope."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        # ``root.left = x`` changes what ``root`` stands for.
        return [name for target in targets for name in _names(target)]
    return _stored(node)


def _source(text: str, node: ast.AST) -> str:
    found = ast.get_source_segment(text, node)
    if found is None:
        raise _CannotError("a statement without a place in its text")
    return found


def _replaced(text: str, whole: ast.expr, pieces: list[tuple[ast.expr, int]]) -> str:
    """The source of ``whole`` with each piece replaced by a look-up of its step's value."""
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def span(node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    data = b"".join(lines)
    position, end = span(whole)
    made = bytearray()
    for node, step in pieces:
        first, last = span(node)
        made += data[position:first] + f"__value({step})".encode()
        position = last
    return (made + data[position:end]).decode()
