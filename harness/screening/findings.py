"""What screening finds, and what the policy of configs/screening.yaml makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from harness.catalog import config
from harness.errors import UsageError

Severity = Literal["refused", "warned", "noted"]
Label = Literal["full", "partial", "limited", "unclear"]
Kind = Literal[
    "licence-forbidden",
    "licence-unknown",
    "licence-unrated",
    "licence-restricts",
    "licence-conflict",
    "licence-not-preferred",
    "licence-agreed",
    "revision-unpinned",
    "too-many-files",
    "file-name",
    "file-not-regular",
    "link-outside",
    "weights-broken",
    "weights-pickled",
    "pickle-unsafe",
    "pickle-allowed",
    "weights-other",
    "archive",
    "executable",
    "config-unreadable",
    "index-outside",
    "code-wanted",
    "code-elsewhere",
    "code-trusted",
    "code-unused",
    "template-unsafe",
    "template-endless",
    "template-fails",
]

LONGEST = 200
"""Characters of a hostile text that are shown."""


@dataclass(frozen=True)
class Finding:
    """One thing found: ``what`` is wrong and how to ``mend`` it, one line each; ``severity`` is the policy's."""

    kind: Kind
    severity: Severity
    what: str
    mend: str


@dataclass(frozen=True)
class Caps:
    """The best label for a model whose licence forbids production, is unknown, or is rated by nobody."""

    no_production: Label
    unknown: Label
    unrated: Label


@dataclass(frozen=True)
class Policy:
    """configs/screening.yaml; see there."""

    preferred_ratings: tuple[str, ...]
    forbidden_licences: tuple[str, ...]
    agreements: tuple[str, ...]
    caps: Caps
    largest_config_bytes: int
    largest_header_bytes: int
    most_files: int
    findings: Mapping[Kind, Severity]

    def finding(self, kind: Kind, what: str, mend: str) -> Finding:
        """A finding at the severity that the policy gives its kind."""
        return Finding(kind, self.findings[kind], what, mend)


def read_policy() -> Policy:
    """The policy in force.

    Raises:
        UsageError: the file is malformed, or says nothing of a kind of finding.
    """
    policy = config("screening.yaml", Policy)
    if missing := set(get_args(Kind)) - set(policy.findings):
        raise UsageError(f"configs/screening.yaml says nothing of {', '.join(sorted(missing))}", "mend the file")
    return policy


def printable(text: str, longest: int = LONGEST) -> str:
    """``text`` for a terminal and for JSON: whatever cannot be seen is escaped, and what is too long is cut."""
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[: longest + 1])
    return shown if len(text) <= longest else f"{shown[:longest]}..."
