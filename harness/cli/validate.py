"""``evaluate data validate``: do the hidden tests of the use-case data accept what is right, and nothing else?"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness import catalog
from harness.cli.arguments import Parser
from harness.datasource import DataSource, data_dir_from
from harness.entries import BenchmarkEntry
from harness.errors import UnavailableError, UsageError
from harness.quality.duplicates import Overlap, overlaps
from harness.quality.gate import LEAST_SCORE, Examinable, Finding, Task, check, too_near
from harness.quality.known import Replies
from harness.records import Sample
from harness.sandbox.languages import missing_tool, toolchain
from harness.sandbox.pool import Sandbox, choose_level

RUNS = 5
MUTANTS = 12


def main(argv: Sequence[str]) -> int:
    """Validates the tasks of the named benchmarks; 2 where there are faults, 3 where some could not be run."""
    parser = Parser("evaluate data validate", "Runs right and wrong answers through the hidden tests of use-case data.")
    parser.add_argument("benchmark", nargs="*", help="default: all of this project's own use-case data")
    parser.add_argument("--language", action="append", default=[], metavar="L", help="only tasks in L (repeatable)")
    parser.add_argument("--mutants", type=int, default=MUTANTS, metavar="N", help=f"per task (default {MUTANTS})")
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"of each reference (default {RUNS})")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth task")
    parser.add_argument("--sandbox", default="auto", metavar="LEVEL", help="as for the main job")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="the mirror (or HARNESS_DATA_DIR)")
    parser.add_argument("--json", action="store_true", help="for machines: one object, every task")
    arguments = parser.parse_args(argv)
    entries = [catalog.benchmark(name) for name in arguments.benchmark] or [
        entry for entry in catalog.benchmarks().values() if entry.data.shipped
    ]
    mbpp = _mbpp(arguments.data_dir)
    report: dict[str, Any] = {}
    left_out: dict[str, int] = {}
    with Sandbox(choose_level(arguments.sandbox)) as sandbox:
        for entry in entries:
            tasks = _tasks(entry, arguments.data_dir)
            texts = {task.file: task.text for task in tasks}
            near = {"each other": overlaps(texts), "MBPP": overlaps(texts, mbpp)}
            wanted = [task for task in tasks if not arguments.language or task.language in arguments.language]
            here = []
            for task in wanted[:: arguments.every]:
                if not task.language or toolchain(task.language):
                    here.append(task)
                else:
                    left_out[task.language] = left_out.get(task.language, 0) + 1
            findings = []
            for finding in check(here, sandbox, arguments.mutants, arguments.runs):
                findings.append(finding)
                if not arguments.json:
                    _tell(finding)
            report[entry.name] = _summed(findings, near, len(tasks))
            if not arguments.json:
                _tell_all(entry.name, report[entry.name])
    if arguments.json:
        print(json.dumps(report | {"left_out": left_out}, indent=1, ensure_ascii=False))
    for language, count in left_out.items():
        print(f"{count} tasks in {language} left out: no {missing_tool(language)} here", file=sys.stderr)
    faulty = any(each["faults"] for each in report.values())
    return 2 if faulty else 3 if left_out else 0


def _tasks(entry: BenchmarkEntry, data_dir: Path | None) -> Sequence[Examinable]:
    benchmark = catalog.open_benchmark(entry, {})
    tasks: Callable[[list[Sample]], list[Task]] | None = getattr(benchmark, "tasks", None)
    if tasks is None and not hasattr(benchmark, "known"):
        raise UsageError(f"{entry.name} has no tasks to validate", "name use-case data, such as code-generation")
    samples = benchmark.load(DataSource(entry.name, entry.data, data_dir_from(data_dir)).read)
    return tasks(samples) if tasks else [Replies(benchmark, sample) for sample in samples]


@dataclass(frozen=True)
class _Solved:
    """What is read of an MBPP row."""

    task_id: int
    code: str


def _mbpp(data_dir: Path | None) -> dict[str, str]:
    """MBPP's solutions by name, which no task may repeat; what of it is not here is said, and not compared with."""
    entry = catalog.benchmark("mbpp")
    source = DataSource(entry.name, entry.data, data_dir_from(data_dir))
    found: dict[str, str] = {}
    for split in entry.data.files:
        try:
            found |= {f"MBPP {split} {row.task_id}": row.code for row in source.read(split, _Solved)}
        except UnavailableError as error:
            print(f"not compared with MBPP: {error}", file=sys.stderr)
            break
    return found


def _summed(findings: Sequence[Finding], near: dict[str, list[Overlap]], tasks: int) -> dict[str, Any]:
    common = [fault for pairs in near.values() for fault in too_near(pairs)]
    languages: dict[str, dict[str, int]] = {}
    for finding in findings:
        row = languages.setdefault(finding.language, {"tasks": 0, "mutants": 0, "killed": 0, "below_80_percent": 0})
        row["tasks"] += 1
        row["mutants"] += finding.mutants
        row["killed"] += finding.killed
        row["below_80_percent"] += finding.score is not None and finding.score < LEAST_SCORE
    return {
        "tasks": tasks,
        "examined": len(findings),
        "faults": sum(len(finding.faults) for finding in findings) + len(common),
        "duplicates": common,
        "nearest": {name: asdict(pairs[0]) for name, pairs in near.items() if pairs},
        "languages": languages,
        "findings": [asdict(finding) for finding in findings],
    }


def _tell(finding: Finding) -> None:
    for fault in finding.faults:
        print(f"{finding.task}: {fault}")
    if finding.faults and finding.survivors:
        print(*(f"  passes with {survivor}" for survivor in finding.survivors), sep="\n")


def _tell_all(name: str, summed: dict[str, Any]) -> None:
    for each in summed["duplicates"]:
        print(each)
    for language, row in summed["languages"].items():
        died = f"{row['killed']:5} of {row['mutants']:5} mutants die"
        share = f"  {died} ({row['killed'] / row['mutants']:.1%})" if row["mutants"] else ""
        print(f"{name:23} {language:11} {row['tasks']:4} tasks{share}")
    for whom, pair in summed["nearest"].items():
        print(f"nearest to {whom}: {pair['one']} and {pair['other']} share {pair['share']:.0%} of their 8-grams")
    print(f"{name}: {summed['examined']} of {summed['tasks']} tasks examined, {summed['faults']} faults")
