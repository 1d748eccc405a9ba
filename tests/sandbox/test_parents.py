"""The warm parents: which of them a program gets, and how they hold their memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.records import Outcome
from harness.sandbox.interpreters import LIGHT, SCIENTIFIC, TABLES, TESTS, named, own
from harness.sandbox.languages import DRIVERS
from harness.sandbox.pool import Sandbox, choose_level
from harness.sandbox.program import Asserts, Program

HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
COLLAPSES = """
import kernel

def huge():
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("AnonHugePages:"))

held = [str(number) * 50 for number in range(100_000)]
before = huge()
kernel.use_huge_pages()
assert held == [str(number) * 50 for number in range(100_000)]
print(before, huge())
"""


@pytest.mark.parametrize(
    ("source", "profile"),
    [
        ("x = 1", TESTS),
        ("import re, json\nimport requests", TESTS),
        ("import numpy as np", TABLES),
        ("import os, pandas", TABLES),
        ("def f():\n    from matplotlib import pyplot", TABLES),
        ("from geopandas import GeoDataFrame", TABLES),
        ("import pandas\nfrom sklearn.svm import SVC", SCIENTIFIC),
        ("import nltk", SCIENTIFIC),
        ("import statsmodels.api as sm", SCIENTIFIC),
        ("pandas = 'import pandas'", TESTS),
    ],
)
def test_a_program_gets_the_smallest_parent_with_what_it_imports(source: str, profile: str) -> None:
    assert named(sys.executable).profile_of(source, inside=True) == profile


def test_where_nothing_is_installed_there_are_no_parents_with_libraries() -> None:
    assert [own().profile_of("import pandas", inside) for inside in (False, True)] == [LIGHT, TESTS]


@pytest.mark.skipif(not HUGE_PAGES.exists(), reason="this kernel has no huge pages")
def test_memory_moves_to_huge_pages_and_stays_what_it_is() -> None:
    done = subprocess.run([sys.executable, "-c", COLLAPSES], cwd=DRIVERS, capture_output=True, check=True, text=True)
    before, after = map(int, done.stdout.split())
    assert after >= before + 2048, "no huge page was made [KiB]"


def test_a_program_finds_the_same_environment_warm_and_cold() -> None:
    found = []
    source = "import os\nraise ValueError(sorted(os.environ))"
    for warm in (True, False):
        with Sandbox(choose_level(), slots=1, warm=warm) as sandbox:
            verdict = sandbox.run(Program("python", source, Asserts(("assert True",))))
        assert verdict.outcome is Outcome.FAILED
        found.append(verdict.message)
    assert found[0] == found[1]
    assert "PATH" in found[0]
    assert "GLIBC_TUNABLES" not in found[0]
