"""Screening as a whole: licence, files, code and templates of a model, and what GitLab says of it, on one page."""

import re
from dataclasses import dataclass
from pathlib import Path

from harness.catalog import model_entry
from harness.engines.model import Model, hashes
from harness.entries import HubSource, ModelEntry
from harness.errors import ScreeningError
from harness.screening.code import code_findings
from harness.screening.configuration import Document, card_claims, config_claims, documents, index_findings
from harness.screening.findings import Finding, Label, Policy, printable, read_policy
from harness.screening.folder import Entry, listing
from harness.screening.gguf_header import BadGgufError, read_texts
from harness.screening.licence import Licence, judged, label_cap, licence_findings
from harness.screening.template import template_findings, templates
from harness.screening.validated import Validated, validated
from harness.screening.weights import Kind, kind_of, metadata, weight_findings

SCREENING = "screening.json"
SCHEMA = 1
"""Version of screening.json; raised when a field changes its meaning or goes away."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Wish:
    """What is to be screened, as the user named it, and what the user allows.

    ``revision`` is the one named on the command line; ``feature`` limits what is told of GitLab's tables ("": all).
    """

    model: str
    feature: str = ""
    revision: str = ""
    allow_pickle: bool = False
    trust_remote_code: bool = False
    lora: Path | None = None


@dataclass(frozen=True)
class ModelFile:
    """One file of the model, with its size and what kind of file it is (see :mod:`harness.screening.weights`)."""

    name: str
    bytes: int
    sha256: str
    kind: Kind


@dataclass(frozen=True)
class Screening:
    """The whole of screening.json.

    ``commit`` is the hub's ("": the model has none), ``architectures`` what config.json names, ``label_cap`` the best
    label that the licence lets the model get (None: any), ``allowed`` what the user allowed beyond the policy.
    """

    schema: int
    model: str
    source: str
    commit: str
    feature: str
    licence: Licence
    label_cap: Label | None
    validated: tuple[Validated, ...]
    architectures: tuple[str, ...]
    files: tuple[ModelFile, ...]
    allowed: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> tuple[Finding, ...]:
        """What keeps the model from being loaded."""
        return tuple(each for each in self.findings if each.severity == "refused")

    def check(self) -> None:
        """Lets a model pass that nothing refuses.

        Raises:
            ScreeningError: something does.
        """
        if self.refused:
            first, log = self.refused[0], tuple(each.what for each in self.refused)
            raise ScreeningError(f"screening refuses {self.model}: {first.kind}", first.mend, log)


@dataclass(frozen=True)
class _Folder:
    """What was read of a model's folder."""

    files: tuple[ModelFile, ...] = ()
    documents: tuple[Document, ...] = ()
    claims: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()


def screen(wish: Wish, model: Model) -> Screening:
    """Looks at ``model``, which is located already; a model that a server elsewhere has shows no files.

    Raises:
        UsageError: configs/screening.yaml, licences.yaml or validated.yaml is malformed.
        NotInstalledError: something in the folder can be judged only with a package that is not installed.
    """
    policy, entry = read_policy(), model_entry(wish.model)
    seen = _read_folder(wish, model, policy) if model.files else _Folder()
    own = [(f"configs/models/{entry.name}.yaml", entry.licence)] if entry else []
    licence = judged([*own, *seen.claims])
    hub, _, commit = (
        model.source.removeprefix("hub:").partition("@") if model.source.startswith("hub:") else ("", "", "")
    )
    config = next((each.content for each in seen.documents if each.name == "config.json"), {})
    named = config.get("architectures")
    findings = [*licence_findings(licence, policy), *seen.findings]
    if hub and not _COMMIT.fullmatch(_asked_revision(wish, entry, hub)):
        what = f"no revision of {hub} is pinned; today it is {commit}"
        findings.append(policy.finding("revision-unpinned", what, f"add --revision {commit}"))
    order = ("refused", "warned", "noted")
    return Screening(
        schema=SCHEMA,
        model=model.name,
        source=printable(model.source),
        commit=commit,
        feature=wish.feature,
        licence=licence,
        label_cap=label_cap(licence, policy),
        validated=validated(_names(wish, entry, model, hub), wish.feature),
        architectures=tuple(printable(str(each)) for each in named[:5]) if isinstance(named, list) else (),
        files=seen.files,
        allowed=tuple(name for name in ("allow_pickle", "trust_remote_code") if getattr(wish, name)),
        findings=tuple(sorted(findings, key=lambda each: order.index(each.severity))),
    )


def _names(wish: Wish, entry: ModelEntry | None, model: Model, hub: str) -> list[str]:
    """All names by which GitLab's tables may know the model."""
    if model.source.startswith("folder:") and not entry:
        return [Path(wish.model).resolve().name]
    repositories = [each.repo for each in entry.sources if isinstance(each, HubSource)] if entry else []
    return [name for name in dict.fromkeys((hub, *repositories, model.served_name, wish.model)) if name]


def _asked_revision(wish: Wish, entry: ModelEntry | None, hub: str) -> str:
    pinned = (
        [each.revision for each in entry.sources if isinstance(each, HubSource) and each.repo == hub] if entry else []
    )
    return wish.revision or next(iter(pinned), "")


def _read_folder(wish: Wish, model: Model, policy: Policy) -> _Folder:
    listings = [listing(model.path, policy)]
    if wish.lora:
        listings.append(listing(wish.lora, policy, "lora/"))
    entries = [entry for each in listings for entry in each.entries]
    kinds = {entry: kind_of(entry) for entry in entries}
    read, unreadable = documents(entries, policy)
    found: list[Finding] = [finding for each in listings for finding in each.findings] + unreadable
    claims = [*card_claims(entries), *(claim for document in read for claim in config_claims(document))]
    shown = list(templates(read, entries, policy))
    for entry, kind in kinds.items():
        faults = list(weight_findings(entry, kind, policy, wish.allow_pickle))
        found += faults
        if kind == "safetensors" and not faults and "license" in (told := metadata(entry)):
            claims.append((entry.name, told["license"]))
        elif kind == "gguf":
            texts, broken = _gguf_texts(entry, policy)
            found += broken
            claims += [(entry.name, text) for key, text in texts.items() if key == "general.license"]
            shown += [(f"{entry.name} {key}", text) for key, text in texts.items() if key != "general.license"]
    found += [finding for document in read if document.is_index for finding in index_findings(document, policy)]
    code = [entry.name for entry, kind in kinds.items() if kind == "code"]
    found += code_findings(read, code, policy, wish.trust_remote_code)
    found += template_findings(shown, policy)
    digests = hashes(entry.path for entry in entries)
    files = (ModelFile(entry.name, entry.bytes, digests[entry.path], kind) for entry, kind in kinds.items())
    return _Folder(tuple(files), tuple(read), tuple(dict.fromkeys(claims)), tuple(found))


def _gguf_texts(entry: Entry, policy: Policy) -> tuple[dict[str, str], list[Finding]]:
    try:
        return read_texts(entry.path, policy.largest_config_bytes), []
    except BadGgufError as error:
        what = f"{entry.name} is no sound GGUF file: {error}"
        return {}, [policy.finding("weights-broken", what, "fetch it anew, whole, or remove it")]
