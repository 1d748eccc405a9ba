"""The files of a model's folder, told apart before any is opened: names, links and sizes. Nothing here is trusted."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.screening.findings import Finding, Policy, printable

HIDDEN = "."
"""Folders whose names begin so hold what tools keep for themselves (.git, .cache); no engine looks into them."""


@dataclass(frozen=True)
class Entry:
    """One regular file: ``name`` is its path within the folder, fit to be shown; ``top`` says that engines see it."""

    path: Path
    name: str
    bytes: int
    top: bool


@dataclass(frozen=True)
class Listing:
    """The regular files of a folder that may be opened, and what was found on the way."""

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]


def listing(folder: Path, policy: Policy, prefix: str = "") -> Listing:
    """All files of ``folder`` that stay within it; ``prefix`` goes before their names."""
    root = folder.resolve()
    allowed = [root]
    if root.parent.name == "snapshots":  # how a hub's cache keeps files: links to ../../blobs
        allowed.append(root.parent.parent / "blobs")
    entries: list[Entry] = []
    findings: list[Finding] = []
    for number, path in enumerate(_walk(root)):
        if number >= policy.most_files:
            what = f"the folder has more than {policy.most_files} files"
            findings.append(policy.finding("too-many-files", what, "name the folder of one model"))
            break
        relative = str(path.relative_to(root))
        name = prefix + printable(relative)
        if not relative.isprintable():
            what = f"the name {name} has characters that cannot be seen"
            findings.append(policy.finding("file-name", what, "do not use this copy; fetch the model anew"))
        if path.is_symlink() and not any(path.resolve().is_relative_to(each) for each in allowed):
            what = f"{name} is a link that leads out of the model's folder"
            findings.append(policy.finding("link-outside", what, "put the file itself there, or remove the link"))
            continue
        try:
            status = path.stat()
        except OSError:
            what = f"{name} cannot be opened (a link that leads nowhere?)"
            findings.append(policy.finding("file-not-regular", what, "remove it, or fetch the model anew"))
            continue
        if stat.S_ISREG(status.st_mode):
            entries.append(Entry(path, name, status.st_size, path.parent == root))
        elif not stat.S_ISDIR(status.st_mode):
            what = f"{name} is no regular file"
            findings.append(policy.finding("file-not-regular", what, "remove it"))
    return Listing(tuple(entries), tuple(findings))


def _walk(root: Path) -> Iterator[Path]:
    """Files, and links whatever they lead to; links to folders are not followed."""
    for base, folders, files in os.walk(root):
        links = [name for name in folders if (Path(base) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not name.startswith(HIDDEN) and name not in links)
        for name in sorted([*files, *links]):
            yield Path(base) / name
