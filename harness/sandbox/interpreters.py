"""The Python that programs run on, and the profiles of warm parents: which libraries each has imported beforehand."""

import json
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from harness.errors import UsageError
from harness.sandbox.languages import toolchain

LIGHT, TESTS, TABLES, SCIENTIFIC = "light", "tests", "tables", "scientific"
JUDGE = "judge"
"""The profile of the parent whose children judge; it runs on this project's own Python."""


def _top_level(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.split(".")[0] for name in names)


_STANDARD = (
    *("bisect", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools"),
    *("heapq", "itertools", "math", "operator", "random", "re", "statistics", "string", "time", "typing"),
)
_INSIDE = (
    *("inside", "unittest.mock", "doctest", "importlib.metadata", "subprocess", "tempfile", "shutil", "pathlib"),
    *("json", "csv", "hashlib", "urllib.parse"),
)
# Dear to import, and used by programs that need no numbers.
_WEB = ("requests", "bs4", "faker", "sqlite3", "flask", "django.http")
_TABLES = (
    *("numpy", "pandas", "matplotlib", "matplotlib.pyplot", "matplotlib.backends.backend_agg"),
    *("pandas.plotting._matplotlib", "pandas.io.formats.csvs", "pandas.core.methods.to_dict", "numpy.testing"),
    "openpyxl",
)
_SCIENTIFIC = (
    *("scipy", "scipy.stats", "scipy.optimize", "seaborn", "nltk"),
    *("sklearn", "sklearn.linear_model", "sklearn.model_selection", "sklearn.preprocessing", "sklearn.metrics"),
    *("sklearn.decomposition", "sklearn.cluster", "sklearn.ensemble", "sklearn.feature_extraction.text"),
)
# Libraries that import those of a profile, besides these themselves. Forking a parent costs by what it holds, so that
# each program gets the smallest that has what it names.
_LEADS_TO = {
    SCIENTIFIC: _top_level(_SCIENTIFIC) | {"gensim", "keras", "skimage", "statsmodels", "tensorflow", "textblob"},
    TABLES: _top_level(_TABLES) | {"cv2", "folium", "geopandas", "pytesseract", "shapely", "wordcloud"},
}
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+([A-Za-z_][\w., \t]*)", re.MULTILINE)


@dataclass(frozen=True)
class Interpreter:
    """A Python: its command with options, the folders it must read, and the profiles that its programs may need."""

    command: tuple[str, ...]
    folders: tuple[str, ...]
    profiles: dict[str, tuple[str, ...]]

    def profile_of(self, source: str, inside: bool) -> str:
        """The smallest profile with what ``source`` imports; ``inside``: its tests share its process."""
        if SCIENTIFIC in self.profiles:
            named = _top_level(word for found in _IMPORT.findall(source) for word in re.split(r"[,\s]+", found))
            for profile, libraries in _LEADS_TO.items():
                if named & libraries:
                    return profile
        return TESTS if inside else LIGHT


def own() -> Interpreter:
    """The Python under this process's environment, with the standard library and nothing installed."""
    found = toolchain("python")
    assert found is not None
    return Interpreter(
        (found.tools["python"], "-s", "-S", "-B"), found.folders, {LIGHT: _STANDARD, TESTS: (*_STANDARD, *_INSIDE)}
    )


def contained(command: tuple[str, ...]) -> Interpreter:
    """The Python of a container's image, with the standard library and nothing installed."""
    return Interpreter(command, (), {LIGHT: _STANDARD, TESTS: (*_STANDARD, *_INSIDE)})


def named(executable: str) -> Interpreter:
    """The Python at ``executable``, with all that is installed for it.

    Raises:
        UsageError: it is not there, or no Python that can run the drivers.
    """
    ask = (
        "import json, sys; print(json.dumps([sys.version_info[:2], sys.prefix, sys.base_prefix, sys._base_executable]))"
    )
    try:
        done = subprocess.run([executable, "-I", "-c", ask], capture_output=True, check=True, text=True, timeout=60)
        version, *paths = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UsageError(f"no Python at {executable}: {error}", "name the python of an environment") from None
    if tuple(version) < (3, 10):
        raise UsageError(
            f"{executable} is Python {version[0]}.{version[1]}", "name the python of an environment with 3.10 or newer"
        )
    folders = tuple(dict.fromkeys(path for each in paths for path in (each, os.path.realpath(each))))
    return Interpreter(
        (os.path.abspath(executable), "-s", "-B"),
        folders,
        {
            LIGHT: _STANDARD,
            TESTS: (*_STANDARD, *_INSIDE, *_WEB),
            TABLES: (*_STANDARD, *_INSIDE, *_WEB, *_TABLES),
            SCIENTIFIC: (*_STANDARD, *_INSIDE, *_WEB, *_TABLES, *_SCIENTIFIC),
        },
    )
