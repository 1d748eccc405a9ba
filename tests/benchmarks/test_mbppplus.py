"""MBPP+ as EvalPlus scores it, on the real data: references pass, warm and cold, and rules hold case by case."""

import ast
import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.mbppplus import BASE, PLUS, MbppPlus, Task
from benchmarks.mbppplus_rules import JUDGE, arguments, literal
from harness import catalog
from harness.benchmark import Tools
from harness.datasource import DataSource
from harness.records import Answer, Outcome, Sample, Score
from harness.sandbox.pool import Sandbox, choose_level

BENCHMARK = MbppPlus()
# Most CPU of all references, up to half a minute each: scripts/reference_solutions.py runs them as well.
DEAR = {"Mbpp/599", "Mbpp/255", "Mbpp/392", "Mbpp/271", "Mbpp/603", "Mbpp/123", "Mbpp/592", "Mbpp/589", "Mbpp/300"}


@pytest.fixture(scope="module")
def samples(mirror: Path) -> dict[str, Sample]:
    entry = catalog.benchmark("mbppplus")
    loaded = BENCHMARK.load(DataSource(entry.name, entry.data, mirror).read)
    return {sample.id: sample for sample in loaded}


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def program(code: str) -> Answer:
    return Answer(code, "stop", 1, 1, 0.1, form="program")


def scores(sandbox: Sandbox, answers: list[tuple[Sample, str]]) -> list[Score]:
    async def all_of() -> list[Score]:
        tools = Tools(sandbox.run_async)
        return await asyncio.gather(*(BENCHMARK.score(sample, program(code), tools) for sample, code in answers))

    return asyncio.run(all_of())


@pytest.mark.mirror
def test_378_tasks_with_all_inputs(samples: dict[str, Sample]) -> None:
    tasks: list[Task] = [sample.target for sample in samples.values()]
    assert len(tasks) == 378
    assert sum(len(task.row.base_input) for task in tasks) == 1174
    assert sum(len(task.inputs) for task in tasks) == 1174 + 39841
    assert [task.row.task_id for task in tasks if len(task.inputs) == len(task.row.base_input)] == ["Mbpp/793"]


@pytest.mark.mirror
def test_inputs_have_the_types_of_the_original_format(samples: dict[str, Sample], mirror: Path) -> None:
    """The release holds its inputs twice: as JSON, and as Python source with most of the same inputs."""
    for line in (mirror / "mbppplus/test.jsonl").read_text().split("\n"):
        if not line:
            continue
        row = json.loads(line)
        ours: Task = samples[f"Mbpp/{row['task_id']}"].target
        nodes = [node for node in ast.parse(row["test"]).body if isinstance(node, ast.Assign)]
        [inputs] = [node.value for node in nodes if ast.unparse(node.targets[0]) == "inputs"]
        scope = {"inf": float("inf"), "nan": float("nan")}
        theirs = eval(compile(ast.Expression(inputs), "<inputs>", "eval"), scope)
        # Two tasks have complex numbers, whose repr loses the sign of a zero.
        same: Callable[[Any], Any] = tuple if row["task_id"] in (124, 252) else lambda each: repr(tuple(each))
        known = set(map(same, ours.inputs))
        assert [each for each in theirs if same(each) not in known] == [], ours.row.task_id


@pytest.mark.mirror
@pytest.mark.slow
def test_reference_solutions_pass(samples: dict[str, Sample]) -> None:
    some = [sample for task, sample in samples.items() if task not in DEAR]
    with Sandbox(choose_level()) as sandbox:
        found = scores(sandbox, [(sample, _reference(sample)) for sample in some])
    assert [score.detail for score in found if set(score.scores.values()) != {1.0}] == []


@pytest.mark.mirror
@pytest.mark.slow
def test_reference_solutions_pass_in_fresh_interpreters(samples: dict[str, Sample]) -> None:
    some = [sample for task, sample in samples.items() if task not in DEAR][::6]
    with Sandbox(choose_level(), warm=False) as sandbox:
        found = scores(sandbox, [(sample, _reference(sample)) for sample in some])
    assert [score.detail for score in found if set(score.scores.values()) != {1.0}] == []


def _reference(sample: Sample) -> str:
    task: Task = sample.target
    return task.row.prompt + task.row.canonical_solution


RIGHT_ON_BASE = "def is_not_prime(n):\n    return {1: True, 2: False, 10: True, 35: True, 37: False}[n]\n"
FLATTERER = """
class Any(int):
    def __eq__(self, other):
        return True
def is_not_prime(n):
    return Any()
"""
ANSWERS = {
    "wrong on base": ("Mbpp/3", "def is_not_prime(n):\n    return False\n", 0, 0, Outcome.FAILED),
    "right on base alone": ("Mbpp/3", RIGHT_ON_BASE, 1, 0, Outcome.FAILED),
    "other name": ("Mbpp/3", "def f(n):\n    return True\n", 0, 0, Outcome.FAILED),
    "does not parse": ("Mbpp/3", "def is_not_prime(n)\n", 0, 0, Outcome.FAILED),
    "leaves early": ("Mbpp/3", "import os\nos._exit(0)\n", 0, 0, Outcome.CRASHED),
    "equals everything": ("Mbpp/3", FLATTERER, 0, 0, Outcome.FAILED),
    "nothing": ("Mbpp/3", "", 0, 0, Outcome.NO_ANSWER),
    "other order": (
        "Mbpp/2",
        "def similar_elements(a, b):\n    return [x for x in b if x in a]\n",
        1,
        1,
        Outcome.PASSED,
    ),
}


@pytest.mark.mirror
@pytest.mark.parametrize(("task", "code", "base", "plus", "outcome"), ANSWERS.values(), ids=ANSWERS)
def test_answers(samples: dict[str, Sample], task: str, code: str, base: float, plus: float, outcome: Outcome) -> None:
    with Sandbox(choose_level(), slots=2) as sandbox:
        [score] = scores(sandbox, [(samples[task], code)])
    assert (dict(score.scores), score.outcome) == ({BASE: base, PLUS: plus}, outcome)


HOLDS = {
    "equal": ("equal", 0, [(1, 1, None, True), (1, 2, None, False), ((1,), [1], None, False), (1.0, 1, None, True)]),
    "float": ("equal", 0, [(0.1 + 0.2, 0.3, None, True), (0.3001, 0.3, None, False), (1, 1.0000001, None, False)]),
    "floats in a list": ("equal", 0, [([0.1 + 0.2], [0.3], None, True), ([0.3, 1.0], [0.3], None, False)]),
    "no tolerance without floats": ("equal", 0, [(10**9 + 1, 10**9, None, False)]),
    "tolerance stays": ("equal", 0, [(0.5, 0.5, None, True), (10**9 + 1, 10**9, None, True), (11, 10, None, False)]),
    "tolerance of the task": ("equal", 1e-4, [(1.00005, 1.0, None, True), (1.001, 1.0, None, False)]),
    "infinite": ("equal", 0, [(float("inf"), float("inf"), None, True), (1.0, float("inf"), None, False)]),
    "nan": ("equal", 0, [(float("nan"), float("nan"), None, False)]),
    "text never near": ("equal", 1e-4, [("a", "b", None, False), (None, 0.0, None, False)]),
    "set": ("set", 0, [([2, 1, 1], (1, 2), None, True), ([1], [1, 2], None, False)]),
    "any": ("any", 0, [(False, True, None, True)]),
    "or zero": ("or zero", 0, [(0, 7, None, True), (7, 7, None, True), (6, 7, None, False)]),
    "or near": ("or near", 0, [(33, 39, 33, True), (34, 39, 33, False)]),
    "or other": ("or other", 0, [(8, 6, 8, True), (6, 6, 8, True), (None, 6, None, False)]),
}


@pytest.mark.parametrize(("rule", "atol", "cases"), HOLDS.values(), ids=HOLDS)
def test_rules(rule: str, atol: float, cases: list[tuple[Any, Any, Any, bool]]) -> None:
    scope: dict[str, Any] = {"RULE": rule, "ATOL": atol}
    exec(JUDGE, scope)
    assert [scope["holds"](value, [right, other]) for value, right, other, _ in cases] == [case[3] for case in cases]


@pytest.mark.parametrize(
    ("task", "given", "expected"),
    [
        (1, [[1, [2]]], ([1, [2]],)),
        (2, [[1], [2]], ((1,), (2,))),
        (63, [[[1], [2]]], ([(1,), (2,)],)),
        (75, [[[1]], [1]], ([(1,)], [1])),
        (106, [[1], [2]], ([1], (2,))),
        (115, [[[1], [], {}]], ([{1}, {}, {}],)),
        (124, [1, "2+3j"], (1.0, 2 + 3j)),
        (252, ["1j"], (1j,)),
        (259, [[[1], [2]], [[3]]], (((1,), (2,)), ((3,),))),
        (278, [[1, [2]]], ((1, (2,)),)),
        (307, [[1], 2, 3], ((1,), 2, 3)),
        (580, [[1, [2, [3]]]], ((1, (2, (3,))),)),
        (722, [{"a": [1, 2]}, 1, 2], ({"a": (1, 2)}, 1, 2)),
    ],
)
def test_arguments(task: int, given: list[Any], expected: tuple[Any, ...]) -> None:
    assert arguments(task, given) == expected


@pytest.mark.parametrize(
    "value", [1, -1.5, "a'b", [1, (2,), ()], {"a": [1]}, {1, 2}, 1j, complex(-0.0, -1), None, float("inf"), -0.0]
)
def test_literals_are_source(value: Any) -> None:
    found = eval(literal(value))
    assert repr(found) == repr(value)
