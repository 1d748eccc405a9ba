"""A data set's rows by name: local mirror, shipped with the package, or the Hugging Face Hub at a pinned revision.

Whatever the place, rows are the same bytes: one JSON object a line as ``json.dumps(row, ensure_ascii=False)``. Their
SHA-256 is the fingerprint; it is checked against configs/datasets.yaml and goes into the manifest.
"""

import copy
import gzip
import hashlib
import json
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import urlopen

from pydantic import TypeAdapter, ValidationError

from harness.entries import DataSet
from harness.errors import DataError, UnavailableError, first_fault, first_line
from harness.shipped import shipped

Row = TypeVar("Row")

REVISION = "revision.txt"
"""In a mirror, beside rows that were pulled: the hub's commit that they are of."""
DATA_DIR_VARIABLE = "HARNESS_DATA_DIR"
_YES = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True)
class Origin:
    """Where one split was read from and what was read (SHA-256 of its rows)."""

    place: str
    sha256: str


@dataclass
class DataSource:
    """Reads the splits of one data set.

    ``origins`` remembers each split read, for the manifest; ``missing`` each that could not be had.
    """

    name: str
    data: DataSet
    data_dir: Path | None = None
    origins: dict[str, Origin] = field(default_factory=dict)
    missing: dict[str, UnavailableError] = field(default_factory=dict)

    def read(self, split: str, row: type[Row]) -> list[Row]:
        """The rows of ``<config>/<split>`` as instances of the dataclass ``row``.

        Raises:
            DataError: a row is malformed (names file and line) or the fingerprint is not the expected one.
            UnavailableError: no mirror has it and the hub cannot be reached.
        """
        try:
            lines, place = self._lines(split)
        except UnavailableError as error:
            self.missing[split] = error
            raise
        adapter = TypeAdapter(row)
        rows = [_parse(adapter, line, f"{place}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
        self._check(split, lines, place)
        return rows

    def file(self, split: str) -> Path | None:
        """The local file that holds a split, or None where only the hub can have it."""
        folders = [self.data_dir / self.data.folder] if self.data_dir else []
        folders += [shipped("datasets") / self.data.folder] if self.data.shipped else []
        return next((path for folder in folders if (path := folder / f"{split}.jsonl").is_file()), None)

    def _lines(self, split: str) -> tuple[list[bytes], str]:
        path = self.file(split)
        if path is None and self.data.hub and not self.data.revision:
            raise UnavailableError(
                f"no mirror holds {split} of {self.name}",
                f'run "evaluate data pull {self.name} --data-dir MIRROR" where there is a network, and name it here',
            )
        if path is None:
            return pull(self.name, self.data, split), f"hub:{self.data.hub}@{self.data.revision}/{split}"
        try:
            return path.read_bytes().splitlines(keepends=True), str(path)
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}", "check its permissions") from None

    def _check(self, split: str, lines: Iterable[bytes], place: str) -> None:
        found, expected = fingerprint(lines), self.data.files.get(split, "")
        if expected and found != expected:
            raise DataError(
                f"{place} is not the data this version was written for: sha256 {found}, expected {expected}",
                f'fetch it again with "evaluate data pull {self.name}", or point --data-dir at an unchanged mirror',
            )
        self.origins[split] = Origin(place, found)


def data_dir_from(option: Path | None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The mirror's folder: ``--data-dir``, else HARNESS_DATA_DIR, else None.

    Raises:
        DataError: it was named but is not a folder.
    """
    folder = option or (Path(environment[DATA_DIR_VARIABLE]) if environment.get(DATA_DIR_VARIABLE) else None)
    if folder is not None and not folder.is_dir():
        raise DataError(f"the data folder {folder} does not exist", "a mirror is <dataset>/<config>/<split>.jsonl")
    return folder


def fingerprint(lines: Iterable[bytes]) -> str:
    """SHA-256 (hex) of a split's lines, line ends included."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def pull(name: str, data: DataSet, split: str) -> list[bytes]:
    """Fetches one split from the hub at its pinned revision (the newest where it has none), as a mirror's lines.

    Raises:
        UnavailableError: the data set is on no hub, or the hub cannot be reached.
    """
    other = data.elsewhere.get(split)
    if other and other.url:
        return _download(name, split, other.url)
    hub, revision, part = (other.hub, other.revision, other.split) if other else (data.hub, data.revision, split)
    if not hub:
        raise UnavailableError(f"no mirror holds {split} of {name}", "point --data-dir at one")
    config, _, part = part.rpartition("/")
    if not Path(hub).is_dir() and not hub_reachable():
        mend = f'run "evaluate data pull {name}" where there is a network'
        raise UnavailableError("no mirror, hub not reachable", mend)
    from datasets import load_dataset

    try:
        place = config or data.hub_config or None
        rows = load_dataset(hub, place, split=part, revision=revision or None, **copy.deepcopy(dict(data.arguments)))
    except (OSError, ValueError, RuntimeError) as error:
        raise UnavailableError(
            f"the hub did not give {split} of {name}: {first_line(error)}", "try again, or use a mirror"
        ) from None
    try:
        return [json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows]
    except TypeError as error:
        raise UnavailableError(
            f"{split} of {name} holds what a mirror cannot: {error}",
            "no benchmark here asks about pictures or sound",
        ) from None


def pinned(name: str, data: DataSet, mirror: Path) -> DataSet:
    """The data set at a revision: its own, else that which ``mirror`` was pulled at, else the hub's newest.

    The newest is written down in the mirror, so that all splits are of one revision, now and later.

    Raises:
        UnavailableError: the hub cannot be reached.
    """
    if data.revision or "/" not in data.hub or Path(data.hub).is_dir():
        return data
    kept = mirror / data.folder / REVISION
    if not kept.is_file():
        if not hub_reachable():
            raise UnavailableError("hub not reachable", f'run "evaluate data pull {name}" where there is a network')
        from huggingface_hub import HfApi

        try:
            revision = HfApi().dataset_info(data.hub).sha
        except (OSError, ValueError) as error:
            raise UnavailableError(f"the hub did not say which {data.hub} is newest: {first_line(error)}") from None
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(f"{revision}\n")
    return replace(data, revision=kept.read_text().strip())


def _download(name: str, split: str, url: str) -> list[bytes]:
    """The lines of a file on the web, as they are."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in _YES:
        raise UnavailableError("no mirror, and HF_HUB_OFFLINE is set", f'run "evaluate data pull {name}" without it')
    try:
        with urlopen(url, timeout=60) as answer:
            found: bytes = answer.read()
        return (gzip.decompress(found) if url.endswith(".gz") else found).splitlines(keepends=True)
    except (OSError, EOFError, ValueError) as error:
        raise UnavailableError(
            f"{url} did not give {split} of {name}: {first_line(error)}", "try again, or use a mirror"
        ) from None


def hub_reachable(timeout: float = 3.0) -> bool:
    """Whether the Hugging Face Hub's host answers; False at once when HF_HUB_OFFLINE is set."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in _YES:
        return False
    url = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    try:
        port = url.port or (80 if url.scheme == "http" else 443)
        socket.create_connection((url.hostname or "", port), timeout).close()
    except OSError:
        return False
    return True


def _parse(adapter: TypeAdapter[Row], line: bytes, where: str) -> Row:
    try:
        value: Any = json.loads(line)
    except ValueError as error:
        raise DataError(f"{where}: not a JSON object: {error}", "mend the line, or fetch the data set again") from None
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        fault = first_fault(error, "row")
        raise DataError(f"{where}: {fault}", "mend the line, or fetch the data set again") from None
