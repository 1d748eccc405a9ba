"""System prompts as files: configs/prompts/NAME.yaml, each with a version; a team may have others of the same names."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from harness.errors import UnknownNameError, UsageError, first_fault
from harness.shipped import shipped

SUFFIX = ".yaml"


@dataclass(frozen=True)
class Instruction:
    """A system prompt: its file's name, its version and its text."""

    name: str
    version: int
    system: str

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the text."""
        return sha256(self.system.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


def instructions(folder: Path | None = None) -> dict[str, Instruction]:
    """All system prompts by name: those of this package, or ``folder``'s own where it has a file of the same name.

    Raises:
        UsageError: the folder does not exist, or a file is not what it should be.
        UnknownNameError: a file in it has a name that no prompt has.
    """
    own = {path.stem: path for path in (shipped("configs") / "prompts").glob(f"*{SUFFIX}")}
    return {name: _read(path) for name, path in sorted((own | _others(folder, own)).items())}


def instruction(name: str, folder: Path | None = None) -> Instruction:
    """The system prompt called ``name``; raises as :func:`instructions` does, and UnknownNameError without one."""
    known = instructions(folder)
    if name not in known:
        raise UnknownNameError("prompt", name, known)
    return known[name]


def _others(folder: Path | None, known: dict[str, Path]) -> dict[str, Path]:
    if folder is None:
        return {}
    if not folder.is_dir():
        raise UsageError(f"the prompts folder {folder} does not exist", "name a folder with files such as those below")
    found = {path.name: path for path in folder.iterdir() if not path.name.startswith(".")}
    for name in found:
        if name.removesuffix(SUFFIX) not in known or not name.endswith(SUFFIX):
            raise UnknownNameError(f"prompt file of {folder}", name, [f"{each}{SUFFIX}" for each in known])
    return {path.stem: path for path in found.values()}


def _read(path: Path) -> Instruction:
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = TypeAdapter(_File).validate_python(value)
    except ValidationError as error:
        fault = first_fault(error, "prompt")
        raise UsageError(f"{path}: {fault}", "a prompt file holds version (a number) and system (text)") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise UsageError(f"{path} cannot be read: {said}", "a prompt file is YAML with version and system") from None
    return Instruction(path.stem, found.version, found.system.strip())


@dataclass(frozen=True)
class _File:
    version: int
    system: str
