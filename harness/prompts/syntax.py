"""What the parsers (``ast`` for Python, tree-sitter for JavaScript) say about a text that may hold code.

No function raises, whatever the text: NUL bytes, lone surrogates and nesting beyond a parser's limits are errors in
the text like any other. Rows count from 0.
"""

import ast
import itertools
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

LANGUAGES = ("python", "javascript")

Kind = Literal["definition", "setup", "code", "value", "words"]

_JAVASCRIPT = Parser(Language(tree_sitter_javascript.language()))
_DECLARED = ("function_declaration", "generator_function_declaration", "class_declaration", "method_definition")
_ASSIGNED = ("arrow_function", "function_expression", "generator_function", "class")
_LABELLED = ("for_statement", "for_in_statement", "while_statement", "do_statement", "statement_block")
_WRAPPERS = ("lexical_declaration", "variable_declaration", "export_statement", "expression_statement")
_FRAGMENT = 2000  # lines: the longest suggestion that is tried as the middle of a file
_PATIENCE = 40  # parse errors to cut at before a line is given up as the start of code
_WINDOW = 200  # lines to parse from a line that may start code, after the first stumbles over a short run or none
_STUMBLES = (5, 300)  # how many it takes until the rest is parsed by windows, and until it is given up


@dataclass(frozen=True)
class Statement:
    """A top-level statement, the names that no other may define again, and its rows.

    Kinds: a definition names a function or class; setup is an import or a constant; a value is an expression for its
    own sake; words are prose that happens to parse, like ``Sure`` or ``Note: this``; code is all the rest.
    """

    kind: Kind
    names: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True)
class Definition:
    """A function or class at any depth; ``scope`` names those around it; hollow if its body is at most a docstring."""

    name: str
    scope: tuple[str, ...]
    first: int
    last: int
    hollow: bool

    @property
    def path(self) -> tuple[str, ...]:
        """The names from the outermost to its own."""
        return (*self.scope, self.name)


def statements(code: str, language: str) -> tuple[Statement, ...] | None:
    """The top-level statements; None if ``code`` does not parse."""
    outcome = _parsed(code, language)
    return None if isinstance(outcome, int) else outcome


@lru_cache(maxsize=64)
def _parsed(code: str, language: str) -> tuple[Statement, ...] | int:
    """The top-level statements, or the row of the first error."""
    if language == "javascript":
        return _javascript_statements(_javascript_tree(code))
    tree = _python_tree(code)
    return tree if isinstance(tree, int) else tuple(_python_statements(tree, code))


def definitions(code: str, language: str) -> list[Definition]:
    """Every function and class of ``code``, in order; none if it does not parse."""
    if statements(code, language) is None:
        return []
    found = _javascript_definitions(code) if language == "javascript" else _python_definitions(code)
    return sorted(found, key=lambda definition: definition.first)


def compiles(code: str, language: str) -> bool:
    """Whether ``code`` parses and, in Python, keeps the rules that its grammar leaves to the compiler."""
    if language == "javascript":
        return statements(code, language) is not None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(code, "<spliced>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
    return True


def flush_left(code: str, language: str) -> str:
    """``code`` if it parses, otherwise ``code`` moved to the left margin if it then does, otherwise "".

    A body written from an indented cursor has an unindented first line and an indented rest; that is moved as well.
    """
    forms = [code]
    if language == "python":
        margins = _margins(code)[1:]
        forms += [textwrap.dedent(code), textwrap.dedent(" " * min(margins, default=0) + code)]
    return next((form for form in forms if statements(form, language)), "")


def is_fragment(code: str, language: str) -> bool:
    """Whether ``code`` fits into a file although it does not parse by itself: it ends blocks that it does not begin."""
    if code.count("\n") > _FRAGMENT or not code.strip():
        return False
    if language == "javascript":
        frames = ["if (1) {\n{}", "if (1) {\nif (1) {\n{}", "class _ {\n{}", "class _ {\n_() {\n{}", "class _ {\n{}\n}"]
    else:
        code = textwrap.dedent(code)
        margins = _margins(code)
        outer = sorted({width for width in margins if width < margins[0]})
        frames = ["".join(f"{'':{width}}if 1:\n" for width in outer) + "{}", "if 1:\n pass\n{}", "try:\n pass\n{}"]
    found = (statements(frame.replace("{}", code), language) for frame in frames)
    return any(framed and all(statement.kind != "words" for statement in framed) for framed in found)


def code_ranges(text: str, language: str) -> list[tuple[int, int]]:
    """The rows (first, last) of every run of lines that parses, states something and holds no prose."""
    lines = text.split("\n")
    ranges: list[tuple[int, int]] = []
    row = stumbles = 0
    while row < len(lines) and stumbles < _STUMBLES[1]:
        if not _may_start(lines[row], language):
            row += 1
            continue
        code = _prefix(lines[row : row + (_WINDOW if stumbles > _STUMBLES[0] else len(lines))], language)
        stumbles += len(code) < _WINDOW // 2
        found = statements("\n".join(code), language) or ()
        for is_prose, run in itertools.groupby(found, key=lambda statement: statement.kind == "words"):
            members = list(run)
            if not is_prose and any(member.kind in ("definition", "setup", "code") for member in members):
                ranges.append((row + members[0].first, row + members[-1].last))
        row += max(len(code), 1)
    return ranges


def _may_start(line: str, language: str) -> bool:
    """Whether ``line`` begins a statement, as far as one line shows."""
    line = line.strip()
    opens = sum(map(line.count, "([{")) > sum(map(line.count, ")]}"))
    if opens or line.startswith(("@", "/*")) or any(line.count(quote) % 2 for quote in ('"""', "'''")):
        return True
    tails = ["", "0", "{}"] if language == "javascript" else [""]
    if language == "python" and ":" in line:
        tails += ["\n pass", "\n pass\nfinally: pass", "\n case _: pass"]
    found = (statements(line + tail, language) for tail in tails)
    return any(parsed and parsed[0].kind != "words" for parsed in found)


def _prefix(lines: list[str], language: str) -> list[str]:
    """As many of the first ``lines`` as parse, moved to the left margin."""
    edge = margin(lines[0])
    piece = [line[edge:] for line in itertools.takewhile(lambda line: not line[:edge].strip(), lines)]
    for attempt in range(_PATIENCE):
        error = _parsed("\n".join(piece), language)
        if not isinstance(error, int):
            return piece
        cut = min(error, len(piece) - 1)
        depth = margin(piece[cut])
        if attempt > _PATIENCE // 2:  # a long block that misses its end, such as a try: leave all of it out
            while cut and depth and (margin(piece[cut]) >= depth or not piece[cut].strip()):
                cut -= 1
        del piece[cut:]
    return []


def margin(line: str) -> int:
    """How many characters ``line`` is indented by."""
    return len(line) - len(line.lstrip())


def _margins(code: str) -> list[int]:
    return [margin(line) for line in code.split("\n") if line.strip()]


def _wordy(text: str) -> bool:
    """Whether ``text`` is words, commas, hyphens and slashes only, as prose is that parses by chance."""
    text = text.strip().lstrip("-*+~ ").rstrip(";")
    return any(map(str.isalpha, text)) and all(char.isalnum() or char in " ,-/\n" for char in text)


def _python_tree(code: str) -> ast.Module | int:
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


def _python_statements(tree: ast.Module, code: str) -> Iterator[Statement]:
    lines = code.split("\n")
    names = [part for part in ast.walk(tree) if isinstance(part, ast.Name)]
    assigned = {part.id for part in names if isinstance(part.ctx, ast.Store)}
    for node in tree.body:
        first, last = _python_rows(node)
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
                kind = "words" if name[0].isupper() and _wordy(text.replace(":", " ")) else "setup"
            case ast.Import() | ast.ImportFrom():
                kind = "setup"
            case ast.Assign() | ast.AnnAssign():
                kind = "code" if any(isinstance(part, ast.Call) for part in ast.walk(node)) else "setup"
            case ast.Expr(value=ast.Constant()):
                kind = "value"
            case ast.Expr(value=value):
                # A notebook cell shows a variable by ending with its name: that is no prose.
                shown = {part.id for part in ast.walk(value) if isinstance(part, ast.Name)}
                kind = "words" if _wordy(text) and not shown <= assigned else "value"
        yield Statement(kind, defined, first, last)


def _python_rows(node: ast.stmt) -> tuple[int, int]:
    first = min(part.lineno for part in [node, *getattr(node, "decorator_list", [])])
    return first - 1, (node.end_lineno or node.lineno) - 1


def _python_definitions(code: str) -> Iterator[Definition]:
    tree = _python_tree(code)
    waiting: list[tuple[ast.AST, tuple[str, ...]]] = [] if isinstance(tree, int) else [(tree, ())]
    while waiting:
        node, scope = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            hollow = all(isinstance(part, ast.Expr) and _is_text(part.value) for part in node.body)
            yield Definition(node.name, scope, *_python_rows(node), hollow)
            scope = (*scope, node.name)
        waiting += [(child, scope) for child in ast.iter_child_nodes(node)]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@lru_cache(maxsize=4)
def _javascript_tree(code: str) -> Node:
    return _JAVASCRIPT.parse(code.encode("utf-8", "replace")).root_node


def _javascript_statements(root: Node) -> tuple[Statement, ...] | int:
    found = []
    for node in root.children:
        is_statement = node.type.endswith(("statement", "declaration", "statement_block", "comment", "hash_bang_line"))
        if node.has_error or not is_statement:
            return node.start_point.row
        if node.type in ("comment", "hash_bang_line"):
            continue
        if node.type == "labeled_statement" and node.named_children[-1].type not in _LABELLED:
            return node.start_point.row  # "Note: this" parses, but no program has such a label
        parts = [node]
        if node.type in _WRAPPERS:
            parts += [part for child in node.named_children for part in (child, *child.named_children)]
        defined = tuple(name for name, _ in filter(None, map(_javascript_definition, parts)))
        declared = (part.child_by_field_name("name") for part in parts if part.type == "variable_declarator")
        names = defined or tuple(_text(name) for name in declared if name)
        found.append(Statement(_javascript_kind(node, bool(defined)), names, *_javascript_rows(node)))
    return 0 if root.has_error else tuple(found)


def _javascript_kind(node: Node, defines: bool) -> Kind:
    text = _text(node)
    if any(line.lstrip().startswith("```") for line in text.split("\n")):
        return "words"  # a Markdown fence parses, as an empty template with a template after it
    if defines:
        return "definition"
    if node.type == "import_statement":
        return "setup"
    if node.type in ("lexical_declaration", "variable_declaration"):
        return "code" if "(" in text.replace("require(", "") else "setup"
    if node.type == "expression_statement":
        states = text.endswith(";") or node.named_children[0].type.endswith("assignment_expression")
        return "words" if _wordy(text) else "code" if states else "value"
    return "code" if node.type.endswith(("statement", "declaration")) else "value"


def _javascript_definitions(code: str) -> Iterator[Definition]:
    waiting: list[tuple[Node, tuple[str, ...]]] = [(_javascript_tree(code), ())]
    while waiting:
        node, scope = waiting.pop()
        if found := _javascript_definition(node):
            name, body = found
            inside = body.named_children if body and body.type in ("statement_block", "class_body") else [node]
            hollow = all(part.type == "comment" for part in inside)
            yield Definition(name, scope, *_javascript_rows(node), hollow)
            scope = (*scope, name)
        waiting += [(child, scope) for child in node.named_children]


def _javascript_definition(node: Node) -> tuple[str, Node | None] | None:
    """The name and the body of the function or class that ``node`` defines, if it does."""
    target, value = node.child_by_field_name("name"), node
    if node.type in ("variable_declarator", "assignment_expression"):
        target = target or node.child_by_field_name("left")
        value = node.child_by_field_name("value") or node.child_by_field_name("right") or node
    if target is None or value.type not in (_DECLARED if value is node else _ASSIGNED):
        return None
    return _text(target), value.child_by_field_name("body")


def _javascript_rows(node: Node) -> tuple[int, int]:
    return node.start_point.row, node.end_point.row


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
