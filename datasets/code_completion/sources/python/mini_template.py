"""A small template language for notification mails.

    Hello {{ user.name | title }},
    {% for issue in issues %}* {{ issue.title }}{% if issue.labels %} ({{ issue.labels | join }}){% end %}
    {% else %}Nothing to do.
    {% end %}

A line break right after a tag in {% %} is left out.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

_TAG = re.compile(r"\{\{\s*(.+?)\s*\}\}|\{%\s*(.+?)\s*%\}\n?", re.DOTALL)
_PATH = re.compile(r"[a-z_]+(?:\.(?:[a-z_]+|[0-9]+))*")

FILTERS: dict[str, Callable[[Any], Any]] = {
    "title": lambda value: str(value or "").title(),
    "join": lambda value: ", ".join(map(str, value)),
    "count": len,
    "quote": lambda value: '"' + str(value).replace('"', '\\"') + '"',
}


class TemplateError(Exception):
    """The template is malformed, or needs something it was not given."""


@dataclass
class Text:
    """Text that is copied as it is."""

    text: str

    def render(self, context: dict) -> str:
        return self.text


@dataclass
class Value:
    """The place of a value."""

    path: str
    filters: list[str]

    def render(self, context: dict) -> str:
        value = lookup(self.path, context)
        for name in self.filters:
            value = FILTERS[name](value)
        return "" if value is None else str(value)


@dataclass
class Block:
    """An ``if`` or ``for`` with its two branches."""

    path: str
    variable: str = ""
    negated: bool = False
    body: list = field(default_factory=list)
    otherwise: list = field(default_factory=list)

    def render(self, context: dict) -> str:
        value = lookup(self.path, context)
        if not self.variable:
            chosen = self.body if bool(value) != self.negated else self.otherwise
            return render_all(chosen, context)
        if not value:
            return render_all(self.otherwise, context)
        return "".join(
            render_all(self.body, {**context, self.variable: item, "loop": number})
            for number, item in enumerate(value, start=1)
        )


def lookup(path: str, context: dict) -> Any:
    """Follow a path such as ``issue.labels.0``; keys that are missing make it None."""
    first, *rest = path.split(".")
    if first not in context:
        raise TemplateError(f"unknown name: {first}")
    value = context[first]
    for key in rest:
        if isinstance(value, (list, tuple)):
            value = value[int(key)] if key.isdigit() and int(key) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(key)
        else:
            return None
    return value


def render_all(nodes: list, context: dict) -> str:
    """Return the text of all nodes."""
    return "".join(node.render(context) for node in nodes)


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    position = 0
    for match in _TAG.finditer(source):
        if match.start() > position:
            yield "text", source[position : match.start()]
        yield ("value", match[1]) if match[1] is not None else ("tag", match[2])
        position = match.end()
    if position < len(source):
        yield "text", source[position:]


def _value(source: str) -> Value:
    path, *filters = (part.strip() for part in source.split("|"))
    if not _PATH.fullmatch(path):
        raise TemplateError(f"not a value: {source}")
    for name in filters:
        if name not in FILTERS:
            raise TemplateError(f"unknown filter: {name}")
    return Value(path, filters)


def _block(tag: str) -> Block:
    match tag.split():
        case ["if", path]:
            block = Block(path)
        case ["if", "not", path]:
            block = Block(path, negated=True)
        case ["for", variable, "in", path] if variable.isidentifier():
            block = Block(path, variable)
        case _:
            raise TemplateError(f"not understood: {tag}")
    if not _PATH.fullmatch(block.path):
        raise TemplateError(f"not a value: {block.path}")
    return block


def compile_template(source: str) -> list:
    """Return the nodes of a template."""
    nodes: list = []
    current = nodes
    open_blocks: list[tuple[Block, list]] = []
    for kind, text in _tokens(source):
        if kind == "text":
            current.append(Text(text))
        elif kind == "value":
            current.append(_value(text))
        elif text == "end":
            if not open_blocks:
                raise TemplateError("end without a beginning")
            current = open_blocks.pop()[1]
        elif text == "else":
            if not open_blocks or current is not open_blocks[-1][0].body:
                raise TemplateError("else is out of place")
            current = open_blocks[-1][0].otherwise
        else:
            block = _block(text)
            current.append(block)
            open_blocks.append((block, current))
            current = block.body
    if open_blocks:
        raise TemplateError(f"{len(open_blocks)} blocks are not ended")
    return nodes


def render(source: str, **context: Any) -> str:
    """Return the text that a template makes of the values."""
    return render_all(compile_template(source), context)
