"""lm-eval's tasks by name, without importing lm-eval: where each is defined, and what its definition says.

lm-eval's own index parses all of its 14,000 YAML files each time it starts. Here their few lines that hold names are
read as text, once for each version of lm-eval (the names are kept in the cache folder), and of a task that is asked for
its own file and those that it includes are parsed. Functions that a definition names stay names: nothing is run.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from harness.cache import keep, recall
from harness.errors import NotInstalledError, UnknownNameError, UsageError

FAMILY, EXTRA = "lm-eval", "lm-eval"
_SCAN = 1
"""Version of :func:`scan`: names that another one found are not taken from the cache."""
_SHOWN = 60
"""How many members of a group a message lists."""
_LINE = re.compile(
    rb"""^["']?(task|group|tag|class|include)["']?[ \t]*:[ \t]*([^\n]*)((?:\n[ \t]*-[^\n]*)*)""", re.MULTILINE
)


@dataclass(frozen=True)
class Entry:
    """What a name is: a task or group with its file (below lm-eval's folder of tasks), or a tag of several tasks."""

    kind: str
    file: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A task as its files say, these merged; ``values`` holds functions as the text "!function NAME"."""

    name: str
    path: Path
    values: Mapping[str, Any]

    def text(self, key: str) -> str:
        """A value as text, "" where there is none."""
        return str(self.values.get(key) or "")


def definition(name: str) -> Definition:
    """The task called ``name``.

    Raises:
        NotInstalledError: lm-eval is not installed.
        UnknownNameError: it has no such name.
        UsageError: the name is that of a group, or of several tasks at once.
    """
    entries = index()
    entry = entries.get(name)
    if entry is None:
        raise unknown(name, entries)
    if entry.kind == "task":
        path = tasks_folder() / entry.file
        return Definition(name, path, _merged(path))
    members = entry.members or tuple(_members(_merged(tasks_folder() / entry.file)))
    shown = ", ".join(members[:_SHOWN]) + (f" and {len(members) - _SHOWN} more" if len(members) > _SHOWN else "")
    raise UsageError(
        f"{FAMILY}:{name} is a {entry.kind} of several tasks, each with a score of its own: {shown}",
        f"name the tasks that you want: --benchmark {FAMILY}:{next(iter(members), 'TASK')}",
    )


def unknown(name: str, known: Iterable[str]) -> UnknownNameError:
    """That there is no such name, with the nearest ones; all of them would be a book."""
    error = UnknownNameError(f"task of {FAMILY}", name, known)
    nearest = error.mend.partition("known: ")[0]
    error.mend = f"{nearest}all are listed by: lm-eval ls tasks"
    return error


def lm_eval_version() -> str:
    """The installed version.

    Raises:
        NotInstalledError: there is none.
    """
    tasks_folder()
    return version("lm_eval")


@cache
def tasks_folder() -> Path:
    """The folder of lm-eval's task definitions.

    Raises:
        NotInstalledError: lm-eval is not installed.
    """
    spec = find_spec("lm_eval")
    if spec is None or not spec.origin:
        raise NotInstalledError(f"a benchmark {FAMILY}:NAME", "lm_eval", EXTRA)
    return Path(spec.origin).parent / "tasks"


@cache
def index() -> Mapping[str, Entry]:
    """All names, from the cache folder where this version's are kept there."""
    folder = tasks_folder()
    kept = f"lm-eval-{lm_eval_version()}-{folder.stat().st_mtime_ns}-{_SCAN}.json"
    try:
        return TypeAdapter(dict[str, Entry]).validate_python(recall(kept))
    except ValidationError:
        entries = scan(folder)
        keep(kept, {name: asdict(entry) for name, entry in entries.items()})
        return entries


def scan(folder: Path) -> dict[str, Entry]:
    """All names below ``folder``, of a name that occurs twice the first, as lm-eval has it."""
    entries: dict[str, Entry] = {}
    tagged: defaultdict[str, set[str]] = defaultdict(set)
    heads = _Heads()
    # Text paths: 14,000 path objects would take longer than all the reading.
    for path in sorted(f"{at}/{file}" for at, _, files in os.walk(folder) for file in files if file.endswith(".yaml")):
        head = heads.of(path)
        name = head.get("group") if "class" not in head else None
        kind, name = ("group", name) if name else ("task", head.get("task"))
        if not isinstance(name, str) or name in entries:
            continue
        entries[name] = Entry(kind, path.removeprefix(f"{folder}/"))
        for tag in _listed(head.get("tag")) if kind == "task" else ():
            tagged[tag].add(name)
    for tag, names in tagged.items():
        entries.setdefault(tag, Entry("tag", members=tuple(sorted(names))))
    return entries


class _Heads:
    """The lines of definitions that hold names, with those of the files that they include."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def of(self, path: str) -> dict[str, Any]:
        """Those of one file."""
        if path not in self._known:
            self._known[path] = {}  # what includes itself says nothing
            self._known[path] = self._read(path)
        return self._known[path]

    def _read(self, path: str) -> dict[str, Any]:
        try:
            with open(path, "rb") as file:
                text = file.read()
            lines = [tuple(part.decode() for part in line) for line in _LINE.findall(text)]
        except (OSError, UnicodeDecodeError):
            return {}
        own: dict[str, Any] = {}
        for key, value, items in lines:
            own[key] = [_bare(item.strip()[1:]) for item in items.strip().splitlines()] if items else _bare(value)
        found: dict[str, Any] = {}
        for included in _listed(own.pop("include", None)):
            found |= self.of(os.path.normpath(os.path.join(os.path.dirname(path), included)))
        return found | own


def _bare(value: str) -> Any:
    """A scalar without its comment and quotes; a list in brackets as one."""
    value = value.partition(" #")[0].strip()
    if value.startswith("["):
        return [_bare(each) for each in value.strip("[]").split(",")]
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [value] if value else []


def _members(group: Mapping[str, Any]) -> Iterator[str]:
    """The names of what a group is made of."""
    for each in group.get("task") or ():
        yield str(each.get("task") or each.get("group")) if isinstance(each, dict) else str(each)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML with functions left as names."""


_Loader.add_constructor("!function", lambda loader, node: f"!function {loader.construct_scalar(node)}")


def _merged(path: Path) -> dict[str, Any]:
    """A definition with what it includes; its own values stand above these."""
    own: dict[str, Any] = yaml.load(path.read_bytes(), Loader=_Loader)
    found: dict[str, Any] = {}
    for included in _listed(own.pop("include", None)):
        found |= _merged(path.parent / included)
    found.pop("task_list", None)
    return found | own
