"""Chat templates: where a model keeps them, and whether one does more than write a conversation down.

A template is code. Engines run it in jinja's sandbox; here it is first parsed and rendered there on a harmless
conversation, in a process of its own with a limit of time and memory, and all that the sandbox refuses is a finding.
"""

from collections.abc import Iterator, Mapping, Sequence

from harness.screening.configuration import Document
from harness.screening.confined import EndlessError, probe
from harness.screening.findings import Finding, Policy, printable
from harness.screening.folder import Entry

_HOLDERS = ("tokenizer_config.json", "chat_template.json", "processor_config.json")
_MOST = 20
"""More templates than that are no model's."""


def templates(documents: Sequence[Document], entries: Sequence[Entry], policy: Policy) -> Iterator[tuple[str, str]]:
    """All templates with the place of each; of one that is too large, as much as shows that it is."""
    for document in documents:
        if document.name.rpartition("/")[2] in _HOLDERS:
            for name, text in _held(document.content.get("chat_template")):
                yield f"{document.name} {name}".rstrip(), text
    for entry in entries:
        if entry.path.name.endswith(".jinja"):
            with entry.path.open("rb") as file:
                yield entry.name, file.read(policy.largest_config_bytes + 1).decode("utf-8", "replace")


def template_findings(found: Sequence[tuple[str, str]], policy: Policy) -> Iterator[Finding]:
    """What the templates do that they should not; equal ones are looked at once.

    Raises:
        NotInstalledError: jinja2 is not installed.
    """
    places: dict[str, list[str]] = {}
    for place, text in found:
        places.setdefault(text, []).append(place)
    if len(places) > _MOST:
        what = f"the model has {len(places)} chat templates; more than {_MOST} are not looked at"
        yield policy.finding("template-endless", what, "remove those that are not needed")
        return
    for text, names in places.items():
        name = f"the chat template in {printable(', '.join(names))}"
        if len(text) > policy.largest_config_bytes:
            yield policy.finding("template-endless", f"{name} is too large", "remove it")
            continue
        try:
            seen = probe("templates", text=text)
        except EndlessError as error:
            what = f"{name} does not end: {printable(str(error))}"
            yield policy.finding("template-endless", what, "write a template of your own, or choose another model")
            continue
        if seen["refused"]:
            what = f"{name} reaches for what no conversation needs: {printable('; '.join(seen['refused']))}"
            yield policy.finding("template-unsafe", what, "write a template of your own, or choose another model")
        for failure in seen["failed"]:
            what = f"{name} fails on plain conversations: {printable(failure)}"
            yield policy.finding("template-fails", what, "mend it, or evaluate what needs no conversation")


def _held(value: object) -> Iterator[tuple[str, str]]:
    """A template, or a list of named ones."""
    if isinstance(value, str):
        yield "", value
    elif isinstance(value, Mapping):
        yield from ((str(name), text) for name, text in value.items() if isinstance(text, str))
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, dict) and isinstance(each.get("template"), str):
                yield str(each.get("name", "")), each["template"]
