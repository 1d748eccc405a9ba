"""The house stands as its design says: nothing imports from above, and data folders shadow nothing."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

FLOORS = [  # from the ground up; a module may import from its own floor and from those before it
    ["errors", "records", "results", "entries", "shipped", "cache", "files"],
    ["statistics", "sandbox", "prompts", "paired"],
    ["metrics", "benchmark", "quality"],
    ["catalog"],
    ["datasource", "environments", "scoring"],
    ["engines"],
    ["screening"],
    ["plan"],
    ["journal", "manifest", "latency", "groundtruth"],
    ["pipeline", "samples", "summary", "judges"],
    ["opinions", "baselines", "runs", "overview"],
    ["comparison", "importing"],
    ["viability", "gate"],
    ["nightly"],
    ["reporting"],
    ["cli"],
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
MODULES = sorted((ROOT / "harness").rglob("*.py"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            base = (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "harness" else [node.module]
            )
            names.update(base)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    inside = path.relative_to(ROOT / "harness").parts
    if "drivers" in inside:
        assert not any(name.startswith(("harness", "benchmarks")) for name in imported(path)), "drivers stand alone"
        return
    own = FLOOR.get(inside[0].removesuffix(".py"), 0)
    for name in imported(path):
        assert not name.startswith("benchmarks"), "the harness knows no benchmark by name"
        if match := re.fullmatch(r"harness\.(\w+)(\..*)?", name):
            assert FLOOR.get(match[1], -1) <= own, f"{path.name} imports {name} from above"


def test_every_part_of_the_harness_has_a_floor() -> None:
    parts = {path.relative_to(ROOT / "harness").parts[0].removesuffix(".py") for path in MODULES}
    assert parts - {"__init__"} == set(FLOOR)


def test_benchmarks_reach_only_what_is_below_the_plan() -> None:
    allowed = {name for names in FLOORS[: FLOOR["engines"]] for name in names}
    for path in (ROOT / "benchmarks").glob("*.py"):
        used = {name.split(".")[1] for name in imported(path) if name.startswith("harness.")}
        assert used <= allowed, path.name


def test_the_folder_datasets_does_not_shadow_the_library() -> None:
    code = "import datasets; print(datasets.load_dataset.__module__)"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert shown.stdout.strip() == "datasets.load", shown.stderr
    packages = [*(ROOT / "datasets").rglob("__init__.py"), *(ROOT / "datasets").glob("*/*.py")]
    assert not packages, "data only: a Python file would make a package of the folder"
