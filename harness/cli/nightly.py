"""``evaluate nightly``: models times features, one after the other, and a report of the night."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.arguments import Parser
from harness.cli.gate import FAILED

if TYPE_CHECKING:
    from harness.nightly import Done, Job, Plan

INCOMPLETE = 3


def main(argv: Sequence[str]) -> int:
    """5 for a regression against the last good run, 3 where a job did not end well, 0 otherwise."""
    parser = Parser(
        "evaluate nightly",
        "Evaluates the models of a file, compares each run with the last good one, and writes reports.",
        "A night that was broken off goes on where it was with the same command, or with --night.",
    )
    parser.add_argument("plan", type=Path, metavar="FILE", help="such as configs/nightly.yaml")
    parser.add_argument("--group", default="", metavar="G", help="only the file's runs of this group")
    parser.add_argument("--night", default="", metavar="NAME", help="its folder's name (default: today's date in UTC)")
    parser.add_argument("--out", type=Path, default=Path("results/nights"), metavar="DIR", help="all nights")
    parser.add_argument("--site", type=Path, default=Path("public"), metavar="DIR", help="default: public")
    parser.add_argument("--json", action="store_true", help="for machines: night.json; all else goes to stderr")
    parser.add_argument("--dry-run", action="store_true", help="say what would be run, and run nothing")
    arguments = parser.parse_args(argv)

    from harness.nightly import NIGHT, jobs_of, read_plan

    plan = read_plan(arguments.plan)
    jobs = jobs_of(plan, arguments.group)
    night = arguments.out / (arguments.night or datetime.now(UTC).strftime("%Y-%m-%d"))
    commands = [["evaluate", *_options(job, night)] for job in jobs]
    if arguments.dry_run:
        print(json.dumps(commands, indent=1) if arguments.json else "\n".join(map(" ".join, commands)))
        return 0
    with contextlib.redirect_stdout(sys.stderr) if arguments.json else contextlib.nullcontext():
        code = _night(plan, jobs, night, arguments.site)
    if arguments.json:
        print((night / NIGHT).read_text(encoding="utf-8"), end="")
    return code


def _night(plan: "Plan", jobs: "Sequence[Job]", night: Path, site: Path) -> int:
    from harness.files import make_folder

    make_folder(night / "logs")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    done = [_run(job, night) for job in jobs]
    regressions = _report(plan, done, night, site)
    if regressions:
        return FAILED
    return INCOMPLETE if any(each.code for each in done) else 0


def _options(job: "Job", night: Path) -> list[str]:
    return ["--model", job.model, "--feature", job.feature, "--out", str(night / "runs"), *job.options]


def _run(job: "Job", night: Path) -> "Done":
    """Runs the main job in a process of its own: what brings it down does not bring down the night."""
    from harness.nightly import Done

    log, begun = night / "logs" / f"{job.name}.log", time.monotonic()
    print(f"{job.name}: begun, {log}", flush=True)
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.cli.main", *_options(job, night)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()  # the main job keeps what was answered
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()
            raise
    found = Done(job, code, time.monotonic() - begun, str(log))
    print(f"{job.name}: ended with {code} after {found.seconds:.0f} s", flush=True)
    if code:
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]:
            print(f"  | {line}", flush=True)
    return found


def _report(plan: "Plan", done: "Sequence[Done]", night: Path, site: Path) -> bool:
    """Writes the night's files and the site; returns whether a run does worse than the last good one."""
    from harness.nightly import check_night, other_nights
    from harness.reporting.night import write_night
    from harness.reporting.site.build import build
    from harness.runs import runs_in
    from harness.viability import assess_all

    runs, faults = runs_in([night / "runs"]) if (night / "runs").is_dir() else ([], [])
    others = other_nights(night.parent, night)
    checked = list(check_night(runs, others, plan.margin))
    by_night = {run.folder: run.folder.relative_to(night.parent).parts[0] for run in others}
    shown = list(dict.fromkeys(by_night.values()))[-plan.nights :]
    all_runs = [*(run for run in others if by_night[run.folder] in shown), *runs]
    assessed = assess_all(all_runs, plan.against)
    write_night(done, runs, checked, faults, night, assessed)
    print(build(all_runs, faults, site, plan.against, assessed))
    for each, _ in checked:
        for line in each.regressions or ([each.why] if each.why else []):
            print(f"{each.model} {each.feature}: {line}")
    return any(each.regressions for each, _ in checked)
