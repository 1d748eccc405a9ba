"""Python, by ``ast``."""

import ast
import warnings
from collections.abc import Iterator

from harness.prompts.syntax.types import Definition, Kind, Statement, wordy


def tree(code: str) -> ast.Module | int:
    """The tree, or the row of the first error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in a model's code is not ours to report
            return ast.parse(code)
    except SyntaxError as error:
        return max((error.lineno or 1) - 1, 0)
    except UnicodeEncodeError as error:
        return code.count("\n", 0, error.start)
    except ValueError:
        return code.count("\n", 0, max(code.find("\0"), 0))
    except (RecursionError, MemoryError):
        return 0


def statements(module: ast.Module, code: str) -> Iterator[Statement]:
    """The top-level statements of ``code``, parsed as ``module``."""
    lines = code.split("\n")
    bound = set(_names(module))
    for node in module.body:
        first, last = _rows(node)
        text = "\n".join(lines[first : last + 1])
        kind: Kind = "code"
        defined: tuple[str, ...] = ()
        match node:
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
                | ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda())
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Lambda())
            ):
                kind, defined = "definition", (name,)
            case ast.AnnAssign(target=ast.Name(id=name), value=None):
                kind = "words" if name[0].isupper() and wordy(text.replace(":", " ")) else "setup"
            case ast.Import() | ast.ImportFrom():
                kind = "setup"
            case ast.Assign() | ast.AnnAssign():
                kind = "code" if any(isinstance(part, ast.Call) for part in ast.walk(node)) else "setup"
            case ast.Expr(value=ast.Constant()):
                kind = "value"
            case ast.Expr(value=value):
                # A notebook cell shows a variable by ending with its name: that is no prose.
                shown = {part.id for part in ast.walk(value) if isinstance(part, ast.Name)}
                kind = "words" if wordy(text) and not shown <= bound else "value"
        yield Statement(kind, defined, first, last)


def _names(module: ast.Module) -> Iterator[str]:
    """The names that a file binds, at any depth."""
    for node in ast.walk(module):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.alias(name=name, asname=None) | ast.alias(asname=str(name)):
                yield name.partition(".")[0]
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name


def _rows(node: ast.stmt) -> tuple[int, int]:
    first = min(part.lineno for part in [node, *getattr(node, "decorator_list", [])])
    return first - 1, (node.end_lineno or node.lineno) - 1


def definitions(code: str) -> Iterator[Definition]:
    """Every function and class, in no particular order; none if ``code`` does not parse."""
    parsed = tree(code)
    waiting: list[tuple[ast.AST, tuple[str, ...]]] = [] if isinstance(parsed, int) else [(parsed, ())]
    while waiting:
        node, scope = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            hollow = all(map(_is_blank, node.body))
            yield Definition(node.name, scope, *_rows(node), hollow)
            scope = (*scope, node.name)
        waiting += [(child, scope) for child in ast.iter_child_nodes(node)]


def _is_blank(node: ast.stmt) -> bool:
    """Whether a statement stands for a body that is still to be written: a docstring, ``...`` or ``pass``."""
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
