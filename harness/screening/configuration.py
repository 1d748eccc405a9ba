"""What the small files of a model's folder say, read within bounds: configuration, card, headers of weights."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from harness.engines.model import CARD
from harness.screening.findings import Finding, Policy, printable
from harness.screening.folder import Entry

_CARD_BYTES = 65_536
_INDEX = ".index.json"
_NEVER_READ = ("tokenizer.json", "vocab.json", "tekken.json")
"""Large, and without anything that screening asks for."""


@dataclass(frozen=True)
class Document:
    """A JSON file of the folder, parsed."""

    name: str
    content: dict[str, Any]

    @property
    def is_index(self) -> bool:
        """Whether it says in which files the weights are."""
        return self.name.endswith(_INDEX)


def documents(entries: Sequence[Entry], policy: Policy) -> tuple[list[Document], list[Finding]]:
    """All JSON files that engines read as configuration; those that cannot be read are findings."""
    found, findings = [], []
    for entry in entries:
        if not entry.top or not entry.path.name.endswith(".json") or entry.path.name in _NEVER_READ:
            continue
        try:
            if entry.bytes > policy.largest_config_bytes:
                raise ValueError(f"it has {entry.bytes:,} bytes")
            content = json.loads(entry.path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            what = f"{entry.name} cannot be read as configuration: {printable(str(error))}"
            findings.append(policy.finding("config-unreadable", what, "fetch the file anew, or remove it"))
            continue
        if isinstance(content, dict):
            found.append(Document(entry.name, content))
    return found, findings


def index_findings(document: Document, policy: Policy) -> Iterator[Finding]:
    """Files that an index names outside of the folder."""
    files = document.content.get("weight_map")
    named = set(map(str, files.values())) if isinstance(files, dict) else set()
    if outside := sorted(name for name in named if "/" in name or "\\" in name or not name.isprintable()):
        what = f"{document.name} names weights outside of the model's folder: {printable(outside[0])}"
        yield policy.finding("index-outside", what, "do not use this copy; fetch the model anew")


def card_claims(entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """What the head of the model's card says of the licence: ``license``, or ``license_name`` where that is "other"."""
    for entry in entries:
        if entry.path.name == CARD and entry.top:
            head = _front_matter(entry)
            told = head.get("license")
            # Texts only: a list of YAML aliases may be endless once it is written out.
            names = [each for each in (told if isinstance(told, list) else [told]) if isinstance(each, str) and each]
            if names == ["other"] and isinstance(head.get("license_name"), str):
                names = [head["license_name"]]
            if names:
                yield entry.name, " AND ".join(names)


def config_claims(document: Document) -> Iterator[tuple[str, str]]:
    """What a configuration file says of the licence."""
    told = document.content.get("license")
    if document.name == "config.json" and isinstance(told, str) and told.strip():
        yield document.name, told


def _front_matter(entry: Entry) -> dict[str, Any]:
    with entry.path.open("rb") as file:
        text = file.read(_CARD_BYTES).decode("utf-8", "replace").replace("\r\n", "\n")
    if not text.startswith("---\n"):
        return {}
    head, ended, _ = text.removeprefix("---\n").partition("\n---")
    try:
        found = yaml.load(head, Loader=yaml.BaseLoader) if ended else {}
    except (yaml.YAMLError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
