"""Parses and renders the chat template on standard input in jinja's sandbox, and prints what it found as JSON.

The environment is that of transformers (utils/chat_template_utils.py): the same extensions, filters and functions. The
sandbox refuses by making a value undefined, which a template can hide; here each refusal is written down.
"""

import json
import re
import sys
from datetime import datetime
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

INTERNAL = re.compile(r"__\w+__|\b(?:func_globals|func_code|gi_frame|gi_code|cr_frame|f_globals|f_builtins|mro)\b")
"""Names by which Python's insides are reached; no template of a conversation needs one."""
NAMING: dict[type[nodes.Node], str] = {
    nodes.Name: "name",
    nodes.Getattr: "attr",
    nodes.Const: "value",
    nodes.Keyword: "key",
}
"""Parts of a template's code that hold a name, and where; the text that it writes is none of them."""
USER = {"role": "user", "content": "Hello"}
ASSISTANT = {"role": "assistant", "content": "Hello. What can I do?"}
SYSTEM = {"role": "system", "content": "You write code."}
TOOL = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds two numbers.",
        "parameters": {"type": "object", "properties": {"first": {"type": "number", "description": "a number"}}},
    },
}
CONVERSATIONS: list[dict[str, Any]] = [
    {"messages": [USER], "add_generation_prompt": True},
    {"messages": [SYSTEM, USER, ASSISTANT, USER], "add_generation_prompt": True},
    {"messages": [USER, ASSISTANT], "add_generation_prompt": False},
    {"messages": [USER], "add_generation_prompt": True, "tools": [TOOL]},
]


class Generation(Extension):
    """The block in which templates mark what the assistant says."""

    tags = {"generation"}  # noqa: RUF012 - as jinja declares it

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """Its body, as if the marks were not there."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class Watched(ImmutableSandboxedEnvironment):
    """The sandbox, which remembers what it refused."""

    refused: set[str]

    def unsafe_undefined(self, obj: Any, attribute: str) -> Any:
        """What stands for a value that a template may not have."""
        self.refused.add(f"it asks for {attribute} of a {type(obj).__name__}")
        return super().unsafe_undefined(obj, attribute)


def environment() -> Watched:
    """As transformers makes it."""
    made = Watched(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    made.refused = set()

    def raise_exception(message: str) -> None:
        raise TemplateError(message)

    def tojson(value: Any, ensure_ascii: bool = False, **how: Any) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, **how)

    made.filters["tojson"] = tojson
    made.globals |= {
        "raise_exception": raise_exception,
        "strftime_now": lambda layout: datetime.now().strftime(layout),
        "namespace": Namespace,
    }
    return made


def named(tree: nodes.Template) -> set[str]:
    """Names of Python's insides that stand in the template's code, and other files that it wants."""
    found = set()
    for kind, field in NAMING.items():
        for text in (getattr(node, field) for node in tree.find_all(kind)):
            found |= {f"it names {match}" for match in INTERNAL.findall(text)} if isinstance(text, str) else set()
    if any(tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))):
        found.add("it wants another file")
    return found


def inspect(text: str) -> dict[str, list[str]]:
    """Why the template must not be rendered by an engine (``refused``), and how it fails on all (``failed``)."""
    made = environment()
    try:
        tree = made.parse(text)
        refused, failures = named(tree), []
        template = made.from_string(tree)
    except (TemplateError, SyntaxError, RecursionError) as error:
        return {"refused": [], "failed": [f"it is no template: {error}"]}
    for conversation in CONVERSATIONS:
        try:
            template.render(bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>", **conversation)
        except SecurityError as error:
            refused.add(str(error))
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a template may get anything wrong
            failures.append(f"{type(error).__name__}: {error}")
    refused |= made.refused
    failed = failures[:1] if len(failures) == len(CONVERSATIONS) else []
    return {"refused": sorted(refused), "failed": failed}


if __name__ == "__main__":
    print(json.dumps(inspect(sys.stdin.read())))
