"""Reads configs/: features, benchmarks and families of them with their data, models. Names in, typed entries out."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from harness.benchmark import Benchmark
from harness.entries import BenchmarkEntry, Family, Feature, HubSource, ModelEntry, UseCase
from harness.errors import UnknownNameError, UsageError, first_fault
from harness.prompts.infill import InfillFormat, matching
from harness.shipped import shipped

ENTRY_POINT_GROUP = "duo_model_evaluation.benchmarks"
"""A third party's package adds a benchmark by an entry point here that names a :class:`BenchmarkEntry`."""
FAMILY_ENTRY_POINT_GROUP = "duo_model_evaluation.families"
"""Likewise a family of benchmarks, by one that names a :class:`Family`."""

T = TypeVar("T")


def features() -> dict[str, Feature]:
    """All features by name."""
    return {
        name: _typed(Feature, {**body, "name": name, "use_cases": _named(body.get("use_cases", {}))}, "features.yaml")
        for name, body in _read("features.yaml").items()
    }


def benchmarks() -> dict[str, BenchmarkEntry]:
    """All benchmarks by name: those of configs/datasets.yaml, then those that installed packages add."""
    entries = {
        entry["name"]: _typed(BenchmarkEntry, entry, "datasets.yaml") for entry in _named(_read("datasets.yaml"))
    }
    for point in entry_points(group=ENTRY_POINT_GROUP):
        entries.setdefault(point.name, point.load())
    return entries


def families() -> dict[str, Family]:
    """All families of benchmarks by name: those of configs/families.yaml, then those that installed packages add."""
    entries = {entry["name"]: _typed(Family, entry, "families.yaml") for entry in _named(_read("families.yaml"))}
    for point in entry_points(group=FAMILY_ENTRY_POINT_GROUP):
        entries.setdefault(point.name, point.load())
    return entries


def models() -> dict[str, ModelEntry]:
    """All models by name: one file each in configs/models/."""
    names = sorted(path.stem for path in (shipped("configs") / "models").glob("*.yaml"))
    return {name: entry for name in names if (entry := model_entry(name))}


def model_entry(name: str) -> ModelEntry | None:
    """The model called ``name``; None where the catalog has none. Reads its file alone."""
    file = f"models/{name}.yaml"
    if not re.fullmatch(r"[\w.-]+", name) or not (shipped("configs") / file).is_file():
        return None
    return _typed(ModelEntry, {**_read(file), "name": name}, file)


def infill_formats() -> dict[str, InfillFormat]:
    """All families that can infill, by name, in the order in which a model's name is compared with them."""
    return {entry["name"]: _typed(InfillFormat, entry, "infill.yaml") for entry in _named(_read("infill.yaml"))}


def infill_format(name: str, *also: str) -> InfillFormat | None:
    """How the model called ``name`` is asked for an infill; ``also`` are other names of it. None: by chat.

    Raises:
        UnknownNameError: its entry names a family that is none.
    """
    formats, entry = infill_formats(), model_entry(name)
    if entry and entry.infill:
        return infill_family(entry.infill)
    repositories = [source.repo for source in entry.sources if isinstance(source, HubSource)] if entry else []
    return next((found for each in (name, *also, *repositories) if (found := matching(each, formats.values()))), None)


def infill_family(name: str) -> InfillFormat | None:
    """The family called ``name``; None for "none", which is asked by chat.

    Raises:
        UnknownNameError: there is none.
    """
    return None if name == "none" else _pick("infill family", name, {**infill_formats(), "none": None})


def feature(name: str) -> Feature:
    """The feature called ``name``.

    Raises:
        UnknownNameError: there is none.
    """
    return _pick("feature", name, features())


def use_case(of: Feature, name: str) -> UseCase:
    """The use case called ``name`` of feature ``of``.

    Raises:
        UnknownNameError: there is none.
    """
    return _pick(f"use case of {of.name}", name, {case.name: case for case in of.use_cases})


def benchmark(name: str) -> BenchmarkEntry:
    """The benchmark called ``name``, which may be a family's: FAMILY:NAME.

    Raises:
        UnknownNameError: there is none.
    """
    family, colon, member = name.partition(":")
    known = benchmarks()
    if not colon or name in known:
        return _pick("benchmark", name, known)
    made: BenchmarkEntry = resolve_name(_pick("family of benchmarks", family, families()).code)(member)
    return made


def open_benchmark(entry: BenchmarkEntry, settings: Mapping[str, str]) -> Benchmark:
    """Loads the benchmark's code and applies ``settings`` (text as given on the command line) over its defaults.

    Raises:
        UnknownNameError: the benchmark has no such setting.
        UsageError: a setting's value is not one it can have.
    """
    kind: type[Benchmark] = resolve_name(entry.code)
    known = kind.__dataclass_fields__.keys() - entry.arguments.keys()
    for setting in settings:
        if setting not in known:
            raise UnknownNameError(f"setting of {entry.name}", setting, known)
    try:
        # As in the YAML files: 0 is a number, true a boolean, everything else text.
        values = {setting: yaml.safe_load(text) for setting, text in settings.items()}
        return TypeAdapter(kind).validate_python(values | dict(entry.arguments))
    except yaml.YAMLError:
        raise UsageError(f"the settings of {entry.name} cannot be read", "see: evaluate catalog benchmarks") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([entry.name, *map(str, first["loc"])])
        raise UsageError(
            f"--set {where}={first['input']}: {first['msg']}", "see: evaluate catalog benchmarks"
        ) from None


def config(file: str, kind: type[T]) -> T:
    """The whole of configs/``file``, typed.

    Raises:
        UsageError: it is malformed.
    """
    return _typed(kind, _read(file), file)


def _pick(kind: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        raise UnknownNameError(kind, name, known)
    return known[name]


@cache
def _read(name: str) -> Any:
    path = shipped("configs") / name
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not YAML: {error}".replace("\n", " "), "mend the file") from None


def _named(entries: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**body, "name": name} for name, body in entries.items()]


def _typed(kind: type[T], value: Any, file: str) -> T:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise UsageError(f"configs/{file}: {first_fault(error, 'entry')}", "mend the file") from None
