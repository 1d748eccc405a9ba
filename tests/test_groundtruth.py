"""A benchmark's own solutions in its environment: run once for it, named where they fail, refused where many do."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from harness import environments
from harness.benchmark import ReadRows, Tools
from harness.entries import Environment
from harness.errors import GroundTruthError, UnavailableError, UsageError
from harness.groundtruth import check, require
from harness.records import Answer, Completion, Sample, Score
from harness.results import GroundTruth
from harness.sandbox.pool import Sandbox, choose_level
from harness.sandbox.program import Asserts, Program
from harness.scoring.program import score_program

SOLUTIONS = {"right": "x = 1", "wrong": "x = 2", "raises": "import a_library_that_is_not_here"}


@dataclass(frozen=True)
class Three:
    name: ClassVar[str] = "three"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "pass@1"
    max_tokens: ClassVar[int] = 1
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        return [Sample(name, Completion(""), name, name, "python") for name in SOLUTIONS]

    def reference(self, sample: Sample) -> str:
        return SOLUTIONS[sample.id]

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        return await score_program(self.metric, Program("python", answer.text, Asserts(("assert x == 1",))), tools.run)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def opened() -> Iterator[Sandbox]:
    with Sandbox(choose_level(), slots=2) as sandbox:
        yield sandbox


def test_what_fails_is_named_and_known_until_something_changes(opened: Sandbox) -> None:
    asked = []

    def sandbox() -> Sandbox:
        asked.append(1)
        return opened

    def broken(environment: str, level: str = "namespaces", samples: slice = slice(None)) -> dict[str, str]:
        found = check(Three(), Three().load(None)[samples], environment, level, sandbox)  # type: ignore[arg-type]
        assert found.checked == len(SOLUTIONS if samples == slice(None) else [1])
        return dict(found.broken)

    first = broken("a", samples=slice(1))
    assert first == {}
    both = broken("a")
    assert list(both) == ["wrong", "raises"]
    assert both["wrong"].startswith("failed")
    assert "a_library_that_is_not_here" in both["raises"]
    runs = len(asked)
    assert broken("a") == both
    assert len(asked) == runs, "nothing has changed"
    assert broken("b") == both
    assert broken("a", "landlock") == both
    assert len(asked) > runs


def test_what_fails_is_tried_once_more_but_for_what_nothing_could_let_pass(opened: Sandbox) -> None:
    @dataclass(frozen=True)
    class Counted(Three):
        hopeless: ClassVar[frozenset[str]] = frozenset({"raises"})
        run: ClassVar[list[str]] = []

        async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
            self.run.append(sample.id)
            return await super().score(sample, answer, tools)

    found = check(Counted(), Counted().load(None), "c", "namespaces", lambda: opened)  # type: ignore[arg-type]
    assert list(found.broken) == ["wrong", "raises"]
    assert sorted(Counted.run) == ["raises", "right", "wrong", "wrong"]


def test_too_few_are_refused_unless_no_environment_could_pass_them() -> None:
    broken = {f"task/{n}": "failed" for n in range(2)}
    truth = GroundTruth("bench", "0" * 64, 200, broken)
    require(truth)
    worse = replace(truth, broken={**broken, "task/9": "failed"})
    with pytest.raises(GroundTruthError, match=r"only 197 of 200 .*broken: task/0, task/1, task/9"):
        require(worse)
    require(worse, frozenset({"task/9"}))


def test_an_environment_is_named_by_its_variable_and_known_by_what_is_in_it(tmp_path: Path) -> None:
    environment = Environment("HARNESS_X_PYTHON", "scripts/x.sh")
    with pytest.raises(UnavailableError, match="no HARNESS_X_PYTHON") as raised:
        environments.python_of(environment, {})
    assert "scripts/x.sh" in raised.value.mend
    with pytest.raises(UnavailableError, match="is not there"):
        environments.python_of(environment, {"HARNESS_X_PYTHON": str(tmp_path / "python")})
    assert environments.python_of(environment, {"HARNESS_X_PYTHON": sys.executable}) == sys.executable
    found = environments.fingerprint(sys.executable)
    environments.fingerprint.cache_clear()
    assert environments.fingerprint(sys.executable) == found
    with pytest.raises(UsageError, match="no Python"):
        environments.fingerprint("/bin/false")
