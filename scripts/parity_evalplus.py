"""Whether EvalPlus and we give the same verdict on wrong answers to MBPP+: mutants of its reference solutions.

    HARNESS_DATA_DIR=... python scripts/parity_evalplus.py --evalplus PYTHON [--mutants 2] [--every 1]

PYTHON is that of an environment with evalplus. ``--mutants`` files are written, each with one mutant of every task (of
every Nth with ``--every``), and scored by EvalPlus's own command and by ``evaluate rescore``. Prints JSON: how many
verdicts agree on the base and on the plus tests, and which do not; exits with 1 where any does not.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.quality.mutants import mutants
from harness.statistics import spread

DATA = "mbppplus/MbppPlus-v0.2.0.jsonl"
Verdicts = dict[str, tuple[bool, bool]]
"""By task: whether the base tests passed, and whether the plus tests did as well."""


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evalplus", required=True, metavar="PYTHON")
    parser.add_argument("--mutants", type=int, default=2, metavar="N")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    arguments = parser.parse_args(given)
    mirror = Path(os.environ["HARNESS_DATA_DIR"])
    tasks = [json.loads(line) for line in (mirror / DATA).read_text().splitlines()]
    changed = {
        task["task_id"]: spread(mutants("", task["canonical_solution"], "", "python"), arguments.mutants)
        for task in tasks[:: arguments.every]
    }
    compared, passed, differ = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.mutants):
            answers = {task: found[number].text for task, found in changed.items() if number < len(found)}
            # EvalPlus wants a sample of every task.
            lines = [{"task_id": task["task_id"], "solution": answers.get(task["task_id"], "")} for task in tasks]
            samples = Path(folder, f"mutants{number}.jsonl")
            samples.write_text("".join(json.dumps(line) + "\n" for line in lines))
            mine, other = ours(samples, mirror), theirs(samples, arguments.evalplus, mirror)
            for task, code in answers.items():
                compared += 1
                passed += mine[task][1]
                if mine[task] != other[task]:
                    differ.append({"task": task, "ours": mine[task], "theirs": other[task], "code": code})
    print(json.dumps({"compared": compared, "pass_here": passed, "differ": differ}, indent=1))
    return 1 if differ else 0


def ours(samples: Path, mirror: Path) -> Verdicts:
    """By ``evaluate rescore``."""
    command = [sys.executable, "-m", "harness.cli.main", "rescore", "--samples", samples.name, "--json"]
    command += ["--benchmark", "mbppplus", "--data-dir", str(mirror)]
    path = f"{Path(__file__).parents[1]}:{os.environ.get('PYTHONPATH', '')}"
    subprocess.run(command, cwd=samples.parent, env=os.environ | {"PYTHONPATH": path}, check=True, capture_output=True)
    [records] = (samples.parent / "results/runs" / samples.stem).rglob("records.jsonl")
    rows = map(json.loads, records.read_text().splitlines())
    return {
        row["sample"]: (row["scores"]["base pass@1"] == 1.0, row["scores"]["plus pass@1"] == 1.0)
        for row in rows
        if row["scores"]
    }


def theirs(samples: Path, python: str, mirror: Path) -> Verdicts:
    """By EvalPlus's own command."""
    command = [python, "-m", "evalplus.evaluate", "--dataset", "mbpp", "--samples", str(samples)]
    command += ["--parallel", str(os.cpu_count())]
    environment = os.environ | {"MBPP_OVERRIDE_PATH": str(mirror / DATA)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    [results] = samples.parent.glob(f"{samples.stem}*eval_results.json")
    told: dict[str, list[dict[str, Any]]] = json.loads(results.read_text())["eval"]
    return {
        task: (each["base_status"] == "pass", each["base_status"] == each["plus_status"] == "pass")
        for task, [each] in told.items()
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
