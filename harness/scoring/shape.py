"""What a refactoring aims at, measured on a file's syntax tree: how long, how deep, how repetitive its code is.

    longest_function   lines of the longest function, of its definition and what it holds
    deepest            most control structures inside each other in a function; an else-if is no deeper than its if
    most_parameters    of any function; the object itself (self, this) is none
    repeated           tokens of the longest run of statements that is there twice, whatever names and texts they use
    gone, present      identifiers

A repeated run is a clone of type 2: it agrees but for identifiers, numbers and strings (Roy and Cordy 2007, A Survey on
Software Clone Detection Research, section 2).
"""

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tree_sitter import Node

from harness.prompts.syntax import parses
from harness.prompts.syntax.grammars import BLOCKS, text_of, tree

MOST_NODES = 30_000
"""Of a tree: what is compared pair by pair stays within seconds."""
_NAMED = (
    *("function_definition", "function_declaration", "generator_function_declaration", "method_definition"),
    *("method", "singleton_method", "method_declaration", "constructor_declaration", "function_item"),
)
_NAMELESS = (
    *("function_expression", "generator_function", "arrow_function", "func_literal", "lambda_expression", "lambda"),
    *("closure_expression", "anonymous_function", "anonymous_function_creation_expression"),
)
_CONTROL = (
    *("if_statement", "for_statement", "while_statement", "do_statement", "for_in_statement", "switch_statement"),
    *("try_statement", "match_statement", "if", "unless", "while", "until", "for", "case", "case_match", "begin"),
    *("do_block", "expression_switch_statement", "type_switch_statement", "select_statement", "switch_expression"),
    *("enhanced_for_statement", "try_with_resources_statement", "if_expression", "for_expression", "while_expression"),
    *("loop_expression", "match_expression", "for_range_loop", "foreach_statement", "case_statement"),
    "c_style_for_statement",
)
_IFS = ("if_statement", "if_expression", "if")
_ALTERNATIVES = ("else_clause", "else")
_HOLDERS = (
    *(*BLOCKS, "module", "program", "source_file", "translation_unit", "function_body", "declaration_list"),
    *("class_body", "field_declaration_list", "switch_case", "switch_default", "switch_block_statement_group"),
    *("case_statement", "expression_case", "default_case", "case_item", "if_statement", "elif_clause", "else_clause"),
)
"""Nodes with statements among their children; Bash and Go have some without a block."""
_COMMENTS = ("comment", "line_comment", "block_comment")
_TEXTS = re.compile("string|char|rune|symbol|heredoc_body")
_NUMBERS = re.compile("integer|number|float|int_literal")
_NAMES = re.compile("identifier|name|constant|instance_variable|^word$")
_NO_PARAMETERS = ("self_parameter", "keyword_separator", "positional_separator")
_SELVES = ("self", "cls", "&self", "&mut self", "this")


@dataclass(frozen=True)
class Shape:
    """The most that a file may have of each measure (None: any), and names that it must not, and must, have."""

    longest_function: int | None = None
    deepest: int | None = None
    most_parameters: int | None = None
    repeated: int | None = None
    gone: tuple[str, ...] = ()
    present: tuple[str, ...] = ()


class _Statement(NamedTuple):
    """Which run of statements it is of, what it is but for names and the like, and how many tokens it has."""

    run: int
    kind: int
    tokens: int


def misses(code: str, language: str, shape: Shape) -> list[str]:
    """Where ``code`` does not hold ``shape``, in words; a file with syntax errors holds none."""
    if not parses(code, language):
        return ["the file does not parse"]
    root = tree(code, language)
    measures = {
        "longest_function": longest_function,
        "deepest": deepest,
        "most_parameters": most_parameters,
        "repeated": repeated,
    }
    if len(list(itertools.islice(_all(root), MOST_NODES))) == MOST_NODES:
        return ["the file is too long to be measured"]
    found = []
    for name, measure in measures.items():
        most = getattr(shape, name)
        if most is not None and (measured := measure(root)) > most:
            found.append(f"{name.replace('_', ' ')}: {measured}, not {most} or less")
    names = identifiers(root)
    found += [f"{name} is still there" for name in shape.gone if name in names]
    return found + [f"{name} is not there" for name in shape.present if name not in names]


def longest_function(root: Node) -> int:
    """Lines of the longest function; 0 where there is none."""
    return max((node.end_point.row - node.start_point.row + 1 for node in _functions(root)), default=0)


def most_parameters(root: Node) -> int:
    """Parameters of the function that has most; 0 where there is none."""
    return max((_parameters(node) for node in _functions(root)), default=0)


def deepest(root: Node) -> int:
    """How many control structures are inside each other where there are most."""
    most, waiting = 0, [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        if node.type in _NAMED:
            depth = 0
        elif node.is_named and node.type in _CONTROL and not _continues(node):
            depth += 1
            most = max(most, depth)
        waiting += [(child, depth) for child in node.children]
    return most


def repeated(root: Node) -> int:
    """Tokens of the longest run of consecutive statements that occurs twice; 0 where none does."""
    tokens = list(_tokens(root))
    starts = [start for start, _ in tokens]
    statements: list[_Statement] = []
    kinds: dict[tuple[str, ...], int] = {}
    seen = set()  # of a block that holds nothing but a list of statements, only the one counts
    for run, block in enumerate(block for block in _all(root) if block.type in _HOLDERS):
        condition = block.child_by_field_name("condition")
        for child in block.named_children:
            within = child.start_byte, child.end_byte
            if child.type not in _COMMENTS and child != condition and within not in seen:
                seen.add(within)
                first, last = (bisect_left(starts, byte) for byte in within)
                kind = kinds.setdefault(tuple(token for _, token in tokens[first:last]), len(kinds))
                statements.append(_Statement(run, kind, last - first))
    return _longest_twice(statements)


def identifiers(root: Node) -> set[str]:
    """All names in the code, not those in comments and strings."""
    leaves = (node for node in _all(root) if not node.named_children and node.is_named)
    return {text_of(node).lstrip("$@") for node in leaves if _is(node, _NAMES)}


def _longest_twice(statements: Sequence[_Statement]) -> int:
    """Tokens of the longest sequence within one run that is there twice without overlapping itself."""
    until = [0, *itertools.accumulate(each.tokens for each in statements)]
    most = 0
    follow: dict[int, int] = {}  # by a later statement: how many from there agree with those from the one after this
    for one in reversed(range(len(statements))):
        agree: dict[int, int] = {}
        for other in range(one + 1, len(statements)):
            if statements[one].kind == statements[other].kind:
                goes_on = other + 1 in follow and all(
                    statements[at].run == statements[at + 1].run for at in (one, other)
                )
                agree[other] = 1 + (follow[other + 1] if goes_on else 0)
                apart = other - one if statements[one].run == statements[other].run else agree[other]
                most = max(most, until[one + min(agree[other], apart)] - until[one])
        follow = agree
    return most


def _tokens(root: Node) -> Iterator[tuple[int, str]]:
    """Where each token begins and what it is; names, numbers and strings are each taken as the same."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if _is(node, _TEXTS):
            yield node.start_byte, "string"
        elif node.children:
            waiting += reversed(node.children)
        elif node.type not in _COMMENTS and node.end_byte > node.start_byte:
            kind = "name" if _is(node, _NAMES) else "number" if _is(node, _NUMBERS) else ""
            yield node.start_byte, kind or text_of(node)


def _is(node: Node, kind: re.Pattern[str]) -> bool:
    """Whether a node is of a kind: grammars call them by longer words, ``hex_integer_literal`` for one."""
    return node.is_named and kind.search(node.type) is not None


def _continues(node: Node) -> bool:
    """Whether an if is another's else-if."""
    above = node.parent
    if above is not None and above.type in _ALTERNATIVES and len(above.named_children) == 1:
        node, above = above, above.parent
    if above is None or above.type not in _IFS or node.type not in (*_ALTERNATIVES, *_IFS):
        return False
    return node in above.children_by_field_name("alternative")


def _parameters(function: Node) -> int:
    declared = function
    while (listed := declared.child_by_field_name("parameters")) is None:
        inner = declared.child_by_field_name("declarator")
        if inner is None:
            return int(function.child_by_field_name("parameter") is not None)
        declared = inner
    count = 0
    for each in listed.named_children:
        if each.type not in (*_COMMENTS, *_NO_PARAMETERS) and text_of(each) not in _SELVES:
            count += max(1, len(each.children_by_field_name("name")))
    return count


def _functions(root: Node) -> Iterator[Node]:
    return (node for node in _all(root) if node.type in _NAMED or (node.is_named and node.type in _NAMELESS))


def _all(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)
