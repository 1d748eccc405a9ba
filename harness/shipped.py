"""Finds what travels with the package: configs/ and datasets/, in an installed wheel or in a checkout."""

import os
from importlib.resources import files
from pathlib import Path


def shipped(name: str) -> Path:
    """The folder ``configs`` or ``datasets``: inside the wheel (harness/_data), else beside harness/ in the checkout.

    Raises:
        FileNotFoundError: neither place has it; the installation is broken.
    """
    package = Path(str(files("harness")))
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"{name}/ is neither in {package / '_data'} nor beside {package}")


def cache_dir() -> Path:
    """Where fetched weights are kept: ``$XDG_CACHE_HOME`` or ~/.cache, then ``duo-model-evaluation``."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "duo-model-evaluation"
