"""How fast all of BigCodeBench's own solutions are scored, as a ratio to the official check of the same tasks.

    HARNESS_DATA_DIR=... python scripts/perf/bigcodebench.py --ours PYTHON [--theirs PYTHON]
        [--every N] [--seconds S ...] [--without NUMBER ...]

Prints JSON. ``--ours`` is the environment that scripts/bigcodebench_env.sh builds, ``--theirs`` one with the same
libraries and bigcodebench itself. First all 1,140 tasks end to end on our side alone: from opening the sandbox to the
last verdict. Then, for each of ``--seconds``, both sides on the same tasks: every ``--every``-th of those whose
solution takes less wall time than that here (0: no limit), since the official check of all takes most of an hour on two
cores. ``--without`` leaves out tasks that hang the peer. Starting is left out on both sides there, as in
scripts/perf/execution.py, whose comparison this is.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

from execution import CORES, against, canonical_solutions, ours

from benchmarks.bigcodebench import LIMITS
from harness.records import Outcome
from harness.sandbox.program import Program, Unittest


def main() -> None:
    parser = argparse.ArgumentParser(description="Ratio of our speed to BigCodeBench's own check.")
    parser.add_argument("--ours", required=True, metavar="PYTHON")
    parser.add_argument("--theirs", default="", metavar="PYTHON")
    parser.add_argument("--every", type=int, default=4, metavar="N")
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.0, 5.0], metavar="S")
    parser.add_argument("--without", nargs="+", default=[], metavar="NUMBER")
    parser.add_argument("--level", default="auto")
    arguments = parser.parse_args()
    tasks = canonical_solutions(Path(os.environ["HARNESS_DATA_DIR"]) / "bigcodebench/v0.1.4.jsonl")
    programs = [Program("python", row["code"], Unittest(row["test"]), limits=LIMITS) for row in tasks]
    began = time.perf_counter()
    verdicts, seconds, start, cpu = ours(programs, arguments.level, arguments.ours)
    found: dict[str, Any] = {
        "all": {
            "programs": len(tasks),
            "end_to_end_seconds": round(time.perf_counter() - began, 1),
            "start_seconds": round(start, 1),
            "seconds": round(seconds, 1),
            "cpu_seconds": round(cpu, 1),
            "passed": sum(verdict.outcome is Outcome.PASSED for verdict in verdicts),
            "broken": [
                row["id"] for row, each in zip(tasks, verdicts, strict=True) if each.outcome is not Outcome.PASSED
            ],
        }
    }
    for limit in arguments.seconds if arguments.theirs else ():
        chosen = [n for n, verdict in enumerate(verdicts) if verdict.wall_seconds < (limit or float("inf"))]
        chosen = [n for n in chosen if tasks[n]["id"].partition("/")[2] not in arguments.without][:: arguments.every]
        found[f"below_{limit:g}_seconds" if limit else "of_any_length"] = {
            "every": arguments.every,
            "left_out": arguments.without,
            **against(
                "bigcodebench",
                arguments.theirs,
                [tasks[number] for number in chosen],
                [programs[number] for number in chosen],
                arguments.level,
                arguments.ours,
            ),
        }
    machine = f"{CORES} cores, {platform.machine()}, Python {platform.python_version()}, Linux {platform.release()}"
    print(json.dumps(found | {"machine": machine}, indent=1))


if __name__ == "__main__":
    main()
