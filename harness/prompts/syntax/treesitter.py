"""Every language but Python, by tree-sitter."""

from collections.abc import Iterator

from tree_sitter import Node

from harness.prompts.syntax.grammars import GRAMMARS, text_of, tree
from harness.prompts.syntax.types import Definition, Kind, Statement, wordy

_ASSIGNED = ("arrow_function", "function_expression", "generator_function", "class")
_LABELLED = ("for_statement", "for_in_statement", "while_statement", "do_statement", "statement_block")
_WRAPPERS = (
    *("lexical_declaration", "variable_declaration", "export_statement", "expression_statement"),
    *("type_declaration", "template_declaration", "namespace_definition"),
)
_ASIDE = ("comment", "line_comment", "block_comment", "hash_bang_line", "php_tag", "text_interpolation")
_SETUP = ("import", "use", "using", "package", "preproc", "const", "declare", "namespace_use", "attribute")
_SETUP_CALLS = ("require ", "require_relative ", "require(", "#")


def statements(code: str, language: str) -> tuple[Statement, ...] | int:
    """The top-level statements, or the row of the first error."""
    root = tree(code, language)
    found = []
    for node in root.children:
        if node.has_error or (node.is_named and not _states(node, language)):
            return node.start_point.row
        if node.type in _ASIDE or not node.is_named:
            continue
        if node.type == "labeled_statement" and node.named_children[-1].type not in _LABELLED:
            return node.start_point.row  # "Note: this" parses, but no program has such a label
        parts = [node]
        if node.type in _WRAPPERS:
            parts += [part for child in node.named_children for part in (child, *child.named_children)]
        defined = tuple(name for name, _ in filter(None, (_definition(part, language) for part in parts)))
        declared = (part.child_by_field_name("name") for part in parts if part.type == "variable_declarator")
        names = defined or tuple(text_of(name) for name in declared if name)
        found.append(Statement(_kind(node, bool(defined), language), names, *_rows(node)))
    return 0 if root.has_error else tuple(found)


def _states(node: Node, language: str) -> bool:
    """Whether a file of a JavaScript may hold ``node`` as it is: ``Sure`` and ``x: y`` parse there as bare words do."""
    ends = ("statement", "declaration", "statement_block", *_ASIDE)
    return language not in ("javascript", "typescript") or node.type.endswith(ends)


def _kind(node: Node, defines: bool, language: str) -> Kind:
    text = text_of(node)
    if any(line.lstrip().startswith("```") for line in text.split("\n")):
        return "words"  # a Markdown fence parses, as an empty template with a template after it
    if defines:
        return "definition"
    if node.type.startswith(_SETUP) or text.startswith(_SETUP_CALLS):
        return "setup"
    if GRAMMARS[language].prose:
        return "words" if text[:1].isupper() and len(text.split()) > 1 and wordy(text.rstrip(".:!")) else "code"
    if node.type in ("lexical_declaration", "variable_declaration", "declaration", "var_declaration"):
        return "code" if "(" in text.replace("require(", "") else "setup"
    if node.type == "expression_statement":
        states = text.endswith((";", "}")) or node.named_children[0].type.endswith("assignment_expression")
        return "words" if wordy(text) else "code" if states else "value"
    return "code" if language != "javascript" or node.type.endswith(("statement", "declaration")) else "value"


def definitions(code: str, language: str) -> Iterator[Definition]:
    """Every function and type, in no particular order."""
    waiting: list[tuple[Node, tuple[str, ...]]] = [(tree(code, language), ())]
    while waiting:
        node, scope = waiting.pop()
        if found := _definition(node, language):
            name, body = found
            yield Definition(name, scope, *_rows(node), _is_hollow(body, language))
            scope = (*scope, name)
        waiting += [(child, scope) for child in node.named_children]


def _definition(node: Node, language: str) -> tuple[str, Node | None] | None:
    """The name and the body of the function or type that ``node`` defines, if it does."""
    target, value = node.child_by_field_name("name"), node
    if node.type in ("variable_declarator", "assignment_expression"):
        target = target or node.child_by_field_name("left")
        value = node.child_by_field_name("value") or node.child_by_field_name("right") or node
    if value.type not in (GRAMMARS[language].definitions if value is node else _ASSIGNED):
        return None
    body = value.child_by_field_name("body")
    if language == "cpp":
        while target is None and (declared := value.child_by_field_name("declarator")):
            value, target = declared, declared if declared.type.endswith(("identifier", "_name")) else None
        return (text_of(target), body) if target and body else None
    name = text_of(target) if target else _header(node, body)
    receiver = node.child_by_field_name("receiver")  # Go's methods stand outside of their type
    return (f"{text_of(receiver).strip('()').split(' ')[-1].lstrip('*')}.{name}" if receiver else name), body


def _header(node: Node, body: Node | None) -> str:
    """What stands before the body: an ``impl`` of Rust has no other name."""
    end = body.start_byte - node.start_byte if body else None
    return " ".join((node.text or b"")[:end].decode("utf-8", "replace").split())


def _is_hollow(body: Node | None, language: str) -> bool:
    if body is None:
        return language == "ruby"
    return text_of(body).startswith("{") and all(child.type in _ASIDE for child in body.named_children)


def _rows(node: Node) -> tuple[int, int]:
    return node.start_point.row, node.end_point.row
