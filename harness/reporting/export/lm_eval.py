"""A run as lm-eval's results JSON (version 0.4.13: lm_eval/result_schema.py), for the viewers of its ecosystem."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harness import __version__
from harness.comparison import metrics_of
from harness.manifest import Manifest, PlannedJob
from harness.metrics import Mean, Statistic
from harness.results import Estimate, Summary
from harness.runs import Run
from harness.statistics import Z95
from harness.summary import first_rows

PARTS = ("subject", "language")
"""The tag whose values are told as tasks of their own, as lm-eval has one for each subject of MMLU: the first of these
that the benchmark has."""


@dataclass(frozen=True)
class _Task:
    """What stands as a task in the results: a benchmark, or a part of one; its estimates are by metric."""

    name: str
    alias: str
    benchmark: str
    samples: int
    estimates: Mapping[str, Estimate]
    parts: tuple[str, ...] = ()


def lm_eval_name(run: Run) -> str:
    """The file's name, as lm-eval makes it: its readers take the date from it."""
    return f"results_{run.began[:23].replace(':', '-') or 'never'}.json"


def lm_eval_results(run: Run, summary: Summary) -> str:
    """The results as JSON text: a task for each benchmark and for its parts, which stand below it.

    A metric's name stands with its filter ("none" where it has none).

    A metric's standard error is that of a normal interval as wide as ours: (high - low) / (2 * 1.96).
    """
    manifest = run.manifest
    tasks = {task.name: task for task in _tasks(summary)}
    settings = {name: manifest.settings.get("benchmarks", {}).get(task.benchmark, {}) for name, task in tasks.items()}
    session = manifest.sessions[0] if manifest.sessions else None
    engine = str(session.engine.get("engine", "")) if session else ""
    sampling = manifest.settings.get("sampling", {})
    by_name = {job.benchmark: job for job in manifest.jobs}
    jobs = {name: by_name[task.benchmark] for name, task in tasks.items()}
    results = {name: _result(task) for name, task in tasks.items()}
    told: dict[str, Any] = {
        "results": results,
        "groups": {name: results[name] for name, task in tasks.items() if task.parts},
        "group_subtasks": {name: list(task.parts) for name, task in tasks.items() if task.name == task.benchmark},
        "configs": {name: _config(name, job, settings[name]) for name, job in jobs.items()},
        "versions": {name: job.version for name, job in jobs.items()},
        "n-shot": {name: _shots(settings[name]) for name in tasks},
        "higher_is_better": {name: _higher_is_better(job) for name, job in jobs.items()},
        "n-samples": {
            name: {"original": task.samples, "effective": next(iter(task.estimates.values())).n}
            for name, task in tasks.items()
        },
        "config": {
            "model": engine,
            "model_args": {"pretrained": manifest.model},
            "model_revision": manifest.model_source,
            "gen_kwargs": {name: sampling[name] for name in ("temperature", "top_p") if name in sampling},
            "limit": manifest.settings.get("limit"),
            "bootstrap_iters": 0,
            "random_seed": sampling.get("seed"),
        },
        "git_hash": session.machine.get("git_commit") or None if session else None,
        "date": datetime.fromisoformat(run.began).timestamp() if run.began else None,
        "model_source": engine,
        "model_name": manifest.model,
        "model_name_sanitized": re.sub(r"[\"<>:/|\\?*\[\]]+", "__", manifest.model),
        "task_hashes": _hashes(manifest, [name for name, task in tasks.items() if name == task.benchmark]),
        "total_evaluation_time_seconds": str(sum(row.seconds for row in first_rows(summary))),
        "duo_model_evaluation": {
            "version": __version__,
            "feature": manifest.feature,
            "run": manifest.settings_hash,
            "complete": summary.complete,
        },
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _tasks(summary: Summary) -> Iterator[_Task]:
    """Each benchmark that has a score, and then its parts."""
    for row in first_rows(summary):
        if not row.estimate:
            continue
        mine = {
            each.metric: each.estimate for each in summary.rows if each.benchmark == row.benchmark and each.estimate
        }
        tag = next((tag for tag in PARTS if tag in row.groups), "")
        parts = {f"{row.benchmark}_{value}": (value, found) for value, found in row.groups.get(tag, {}).items()}
        yield _Task(row.benchmark, row.benchmark, row.benchmark, row.samples, mine, tuple(parts))
        for name, (value, found) in parts.items():
            yield _Task(name, value, row.benchmark, found.n, {row.metric: found})


def _result(task: _Task) -> dict[str, Any]:
    told: dict[str, Any] = {"alias": task.alias, "name": task.name, "sample_len": task.samples}
    for metric, estimate in task.estimates.items():
        name, _, filtered = metric.partition(",")
        told[f"{name},{filtered or 'none'}"] = estimate.value
        told[f"{name}_stderr,{filtered or 'none'}"] = (estimate.high - estimate.low) / (2 * Z95)
    return told


def _config(name: str, job: PlannedJob, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "task": name,
        "num_fewshot": _shots(settings),
        "repeats": job.attempts,
        "metadata": {"version": job.version, "use_case": job.use_case, **settings},
    }


def _shots(settings: Mapping[str, Any]) -> int:
    shots = settings.get("shots")
    return shots if isinstance(shots, int) else 0


def _higher_is_better(job: PlannedJob) -> dict[str, bool]:
    """Known of a first metric that is a share alone: labels rest on more of it being better."""
    first = metrics_of(job)[0].metric
    share = not isinstance(first, Statistic) and not (isinstance(first, Mean) and not first.bounded)
    return {first.name.partition(",")[0]: True} if share else {}


def _hashes(manifest: Manifest, names: Sequence[str]) -> dict[str, str]:
    """Of each benchmark, the hash of its first split's rows."""
    found: dict[str, str] = {}
    for split, origin in manifest.data.items():
        name = split.rpartition("/")[0]
        benchmark = next((each for each in names if name == each or name.startswith(f"{each}/")), None)
        if benchmark:
            found.setdefault(benchmark, origin["sha256"])
    return found
