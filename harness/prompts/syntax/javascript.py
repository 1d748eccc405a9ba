"""JavaScript, by tree-sitter."""

from collections.abc import Iterator
from functools import lru_cache

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from harness.prompts.syntax.types import Definition, Kind, Statement, wordy

_JAVASCRIPT = Parser(Language(tree_sitter_javascript.language()))
_DECLARED = ("function_declaration", "generator_function_declaration", "class_declaration", "method_definition")
_ASSIGNED = ("arrow_function", "function_expression", "generator_function", "class")
_LABELLED = ("for_statement", "for_in_statement", "while_statement", "do_statement", "statement_block")
_WRAPPERS = ("lexical_declaration", "variable_declaration", "export_statement", "expression_statement")


@lru_cache(maxsize=4)
def tree(code: str) -> Node:
    """The tree; a text with errors has one, too."""
    return _JAVASCRIPT.parse(code.encode("utf-8", "replace")).root_node


def statements(root: Node) -> tuple[Statement, ...] | int:
    """The top-level statements, or the row of the first error."""
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
        defined = tuple(name for name, _ in filter(None, map(_definition, parts)))
        declared = (part.child_by_field_name("name") for part in parts if part.type == "variable_declarator")
        names = defined or tuple(_text(name) for name in declared if name)
        found.append(Statement(_kind(node, bool(defined)), names, *_rows(node)))
    return 0 if root.has_error else tuple(found)


def _kind(node: Node, defines: bool) -> Kind:
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
        return "words" if wordy(text) else "code" if states else "value"
    return "code" if node.type.endswith(("statement", "declaration")) else "value"


def definitions(code: str) -> Iterator[Definition]:
    """Every function and class, in no particular order."""
    waiting: list[tuple[Node, tuple[str, ...]]] = [(tree(code), ())]
    while waiting:
        node, scope = waiting.pop()
        if found := _definition(node):
            name, body = found
            inside = body.named_children if body and body.type in ("statement_block", "class_body") else [node]
            hollow = all(part.type == "comment" for part in inside)
            yield Definition(name, scope, *_rows(node), hollow)
            scope = (*scope, name)
        waiting += [(child, scope) for child in node.named_children]


def _definition(node: Node) -> tuple[str, Node | None] | None:
    """The name and the body of the function or class that ``node`` defines, if it does."""
    target, value = node.child_by_field_name("name"), node
    if node.type in ("variable_declarator", "assignment_expression"):
        target = target or node.child_by_field_name("left")
        value = node.child_by_field_name("value") or node.child_by_field_name("right") or node
    if target is None or value.type not in (_DECLARED if value is node else _ASSIGNED):
        return None
    return _text(target), value.child_by_field_name("body")


def _rows(node: Node) -> tuple[int, int]:
    return node.start_point.row, node.end_point.row


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
