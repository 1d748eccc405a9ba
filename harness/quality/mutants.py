"""Wrong answers made of a right one: small changes to its syntax tree (mutation analysis, DeMillo et al. 1978).

An operator becomes its neighbour, a condition its negation, a number one more, a truth value the other one, a call of a
method the object itself; a statement goes; in Bash, whose programs hold others as texts, any line goes. Other texts are
left alone: messages that no test can know would count as survivors.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from harness.prompts.syntax.grammars import BLOCKS, is_text, text_of, tree

_SWAPS = {
    **{"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "===": "!==", "!==": "==="},
    **{"+": "-", "-": "+", "*": "+", "/": "*", "%": "*", "&&": "||", "||": "&&", "and": "or", "or": "and"},
    **{"+=": "-=", "-=": "+=", "*=": "+=", "++": "--", "--": "++", "..": "...", "in": "not in", "not in": "in"},
    **{"-lt": "-le", "-le": "-lt", "-gt": "-ge", "-ge": "-gt", "-eq": "-ne", "-ne": "-eq", "-z": "-n", "-n": "-z"},
}
_OPERATIONS = ("binary", "comparison", "boolean_operator", "assignment", "update", "logical", "test", "unary", "range")
_TRUTHS = {"true": "false", "false": "true", "True": "False", "False": "True"}
_NUMBERS = ("integer", "number", "int_literal", "integer_literal", "decimal_integer_literal", "number_literal")
_BLOCKS = (*BLOCKS, "function_body", "program", "source_file", "translation_unit")
_KEPT = ("definition", "declaration", "comment", "import", "_item", "package", "php_tag", "class", "method", "module")
_NEGATED = {"python": "not ({})", "ruby": "!({})", "go": "!({})", "rust": "!({})"}
_BRACKETED = "(!{})"


@dataclass(frozen=True)
class Mutant:
    """A changed answer, and what was changed: ``line`` counts from 1 in the answer."""

    text: str
    line: int
    change: str


def mutants(prefix: str, answer: str, suffix: str, language: str) -> list[Mutant]:
    """All mutants of ``answer`` where it stands, in order of their places; each text once."""
    whole = (prefix + answer + suffix).encode()
    start, end = len(prefix.encode()), len((prefix + answer).encode())
    found: dict[str, Mutant] = {}
    for node, replacement, change in _changes(tree(whole.decode(), language), language):
        if start <= node.start_byte and node.end_byte <= end:
            text = (whole[start : node.start_byte] + replacement.encode() + whole[node.end_byte : end]).decode()
            line = whole[start : node.start_byte].count(b"\n") + 1
            if text != answer and text.strip():
                found.setdefault(text, Mutant(text, line, change))
    lines = answer.splitlines(keepends=True) if language == "bash" else []
    for number, gone in enumerate(lines, 1):
        text = "".join([*lines[: number - 1], *lines[number:]])
        if text.strip() and gone.strip():
            found.setdefault(text, Mutant(text, number, f"gone: {_short(gone)}"))
    return sorted(found.values(), key=lambda mutant: (mutant.line, mutant.change, mutant.text))


def _changes(root: Node, language: str) -> Iterator[tuple[Node, str, str]]:
    """What may be replaced, by what, and what is said of it."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        text = text_of(node)
        above = node.parent.type if node.parent else ""
        if text in _SWAPS and not node.named_children and any(kind in above for kind in _OPERATIONS):
            yield node, _SWAPS[text], f"{text} -> {_SWAPS[text]}"
        elif text in _TRUTHS and not node.named_children:
            yield node, _TRUTHS[text], f"{text} -> {_TRUTHS[text]}"
        elif node.type in _NUMBERS and text.isdigit() and not node.named_children:
            yield node, str(int(text) + 1), f"{text} -> {int(text) + 1}"
        if (receiver := _receiver(node)) is not None:
            yield node, text_of(receiver), f"uncalled: {_short(text)}"
        condition = node.child_by_field_name("condition")
        if condition is not None and language != "bash" and "let" not in condition.type:
            negated = _NEGATED.get(language, _BRACKETED if text_of(condition).startswith("(") else "!({})")
            yield condition, negated.format(text_of(condition)), f"not: {_short(text_of(condition))}"
        if node.type in _BLOCKS:
            for child in node.named_children:
                if not is_text(child) and not any(kind in child.type for kind in _KEPT):
                    yield child, "pass" if language == "python" else "", f"gone: {_short(text_of(child))}"


def _receiver(node: Node) -> Node | None:
    """The object whose method ``node`` calls."""
    if node.type not in ("call", "call_expression", "method_invocation", "member_call_expression"):
        return None
    called = node.child_by_field_name("function")
    fields = ("object", "value", "receiver")
    return next(filter(None, (each.child_by_field_name(name) for each in (called or node,) for name in fields)), None)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"
