"""The text of a .gitlab-ci.yml: its YAML, with GitLab's one tag, and what GitLab's schema says of it.

The text is a model's: it is bounded, nothing in it is executed, and whatever is wrong with it is a CiError.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from harness.errors import UnavailableError

MOST_BYTES = 64 * 1024
MOST_NODES = 20_000
"""With every alias and reference written out."""
MOST_DEEP = 50
_SCHEMA = "builtin_schemas/vendor/gitlab-ci.json"


class CiError(ValueError):
    """A text that is no .gitlab-ci.yml, or a question about it that has no answer."""


@dataclass(frozen=True)
class Reference:
    """GitLab's tag ``!reference [job, keyword, ...]``."""

    path: tuple[str, ...]


class _Loader(yaml.SafeLoader):
    """YAML with GitLab's one tag; of YAML's own those that JSON has a type for."""


_KEPT = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str", "seq", "map")}
_Loader.yaml_constructors = {
    tag: make for tag, make in yaml.SafeLoader.yaml_constructors.items() if tag in _KEPT | {None}
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if not tag.endswith(":timestamp")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("!reference", lambda loader, node: _reference(loader, node))


def _reference(loader: Any, node: yaml.Node) -> Reference:
    path = loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else []
    if not path or not all(isinstance(part, str) for part in path):
        raise yaml.constructor.ConstructorError(None, None, "!reference takes a list of names", node.start_mark)
    return Reference(tuple(path))


def parse(text: str) -> dict[str, Any]:
    """The file's content, as yet with references and `extends`; keys are strings.

    Raises:
        CiError: it is too large, not YAML, has a tag of its own, or is no mapping.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise CiError(f"larger than {MOST_BYTES} bytes")
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None:
            _size(node, {})
        content = _plain(loader.construct_document(node)) if node is not None else None
    except CiError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise CiError(f"not YAML: {next(iter(str(error).splitlines()), type(error).__name__)}") from None
    if not isinstance(content, dict):
        raise CiError("no mapping")
    return content


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes come of ``node`` once its aliases are written out."""
    if id(node) in known:
        if not known[id(node)]:
            raise CiError("an alias of itself")
        return known[id(node)]
    known[id(node)] = 0
    children: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode):
        children = node.value
    elif isinstance(node, yaml.MappingNode):
        children = [each for pair in node.value for each in pair]
    known[id(node)] = 1 + sum(_size(child, known) for child in children)
    if known[id(node)] > MOST_NODES:
        raise CiError(f"more than {MOST_NODES} values")
    return known[id(node)]


def _plain(value: Any, depth: int = 0) -> Any:
    """``value`` with strings for keys, every alias a copy of its own."""
    if depth > MOST_DEEP:
        raise CiError("too deep")
    if isinstance(value, dict):
        names = {key if isinstance(key, str) else str(key).lower(): each for key, each in value.items()}
        return {name: _plain(each, depth + 1) for name, each in names.items()}
    return [_plain(each, depth + 1) for each in value] if isinstance(value, list) else value


def unavailable() -> UnavailableError | None:
    """Why nothing can be held against GitLab's schema here, if so."""
    if find_spec("check_jsonschema") and find_spec("jsonschema"):
        return None
    return UnavailableError(
        "GitLab's CI schema comes with check-jsonschema, which is not installed",
        'pip install "duo-model-evaluation[chat]"',
    )


@lru_cache(maxsize=1)
def _validator() -> Any:
    from jsonschema.validators import validator_for

    spec = find_spec("check_jsonschema")
    assert spec is not None
    assert spec.origin is not None
    schema = json.loads((Path(spec.origin).parent / _SCHEMA).read_text(encoding="utf-8"))
    return validator_for(schema)(schema)


def schema_fault(content: Mapping[str, Any]) -> str:
    """What GitLab's CI schema says against a file, "" if nothing; references are lists to it."""
    error = next(_validator().iter_errors(_listed(content)), None)
    return "" if error is None else f"{error.json_path}: {error.message}"[:300]


def _listed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _listed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_listed(each) for each in value]
    return list(value.path) if isinstance(value, Reference) else value
