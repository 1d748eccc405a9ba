"""Code that a model brings along: Python files, and configuration that asks an engine to run some (``auto_map``).

transformers and vLLM import what ``auto_map`` names when they are told to trust it. "other/repository--module.Class"
means code of another repository, at whatever revision that has on the day.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from harness.screening.configuration import Document
from harness.screening.findings import Finding, Policy, printable

_ASKING = ("auto_map", "custom_pipelines")
_DEEPEST = 20


def code_findings(
    documents: Sequence[Document], files: Sequence[str], policy: Policy, trusted: bool
) -> Iterator[Finding]:
    """What of a model would run as code; ``files`` are its Python files, ``trusted`` is ``--trust-remote-code``."""
    wanted = [(document.name, each) for document in documents for each in _wanted(document.content)]
    for name, reference in wanted:
        shown = f"{name} asks for the code {printable(reference)}"
        if "--" in reference:
            what = f"{shown} of another repository, whose revision nobody has pinned"
            mend = "copy that code into the model's folder, read it, and mend the entry"
            yield policy.finding("code-elsewhere", what, mend)
        elif not trusted:
            mend = "read the code, then add --trust-remote-code; or choose a model that needs none"
            yield policy.finding("code-wanted", shown, mend)
    if not files:
        return
    listed = ", ".join(files[:10]) + (f" and {len(files) - 10} more" if len(files) > 10 else "")
    if trusted:
        what = f"code of the model's folder may run: {listed}"
        yield policy.finding("code-trusted", what, "read it at this revision; its SHA-256 is listed")
    elif not wanted:
        yield policy.finding("code-unused", f"the folder holds code that nothing asks for: {listed}", "remove it")


def _wanted(value: Any, depth: int = 0) -> Iterator[str]:
    """Every reference to code in a configuration, however deep it stands."""
    if depth > _DEEPEST:
        yield f"(nested more than {_DEEPEST} deep)"
    elif isinstance(value, list):
        for each in value:
            yield from _wanted(each, depth + 1)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in _ASKING:
                yield from _texts(each)
            else:
                yield from _wanted(each, depth + 1)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(each)
