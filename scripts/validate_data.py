"""Checks the use-case data: every row is well-formed, its reference passes in the sandbox, its wrong answer fails.

python scripts/validate_data.py            # exit code 1 and one line for each fault
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from benchmarks.code_generation import CodeGeneration, Row
from harness import catalog
from harness.datasource import DataSource
from harness.records import Outcome
from harness.sandbox.languages import toolchain
from harness.sandbox.pool import Sandbox, choose_level


def faults(row: Row, sandbox: Sandbox) -> list[str]:
    """What is wrong with one task."""
    right, wrong = sandbox.run(row.program(row.reference)), sandbox.run(row.program(row.wrong))
    found = []
    if right.outcome is not Outcome.PASSED:
        found.append(f"{row.id}: the reference {right.outcome}: {right.test}: {right.message}")
    if wrong.outcome is not Outcome.FAILED:
        found.append(f"{row.id}: the wrong answer {wrong.outcome}, it must fail")
    return found


def main() -> int:
    entry = catalog.benchmark(CodeGeneration.name)
    source = DataSource(entry.name, entry.data)
    rows: list[Row] = [sample.target for sample in CodeGeneration().load(source.read)]
    here = [row for row in rows if toolchain(row.language)]
    with Sandbox(choose_level()) as sandbox, ThreadPoolExecutor(sandbox.slots) as threads:
        found = [fault for each in threads.map(lambda row: faults(row, sandbox), here) for fault in each]
    found += [f"{row.id}: appears twice" for row in rows if sum(other.id == row.id for other in rows) > 1]
    print(*found, f"{len(here)} of {len(rows)} tasks checked, {len(found)} faults", sep="\n")
    return 1 if found or len(here) < len(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
