"""A run as lm-eval's results JSON (version 0.4.13: lm_eval/result_schema.py), for the viewers of its ecosystem."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from harness import __version__
from harness.comparison import metrics_of
from harness.manifest import Manifest, PlannedJob
from harness.metrics import Mean, Statistic
from harness.results import Summary, SummaryRow
from harness.runs import Run
from harness.statistics import Z95
from harness.summary import first_rows


def lm_eval_name(run: Run) -> str:
    """The file's name, as lm-eval makes it: its readers take the date from it."""
    return f"results_{run.began[:23].replace(':', '-') or 'never'}.json"


def lm_eval_results(run: Run, summary: Summary) -> str:
    """The results as JSON text: a task for each benchmark, a metric's name with its filter ("none" where it has none).

    A metric's standard error is that of a normal interval as wide as ours: (high - low) / (2 * 1.96).
    """
    manifest = run.manifest
    first = {row.benchmark: row for row in first_rows(summary) if row.estimate}
    rows = [row for row in summary.rows if row.estimate]
    settings = manifest.settings.get("benchmarks", {})
    session = manifest.sessions[0] if manifest.sessions else None
    engine = str(session.engine.get("engine", "")) if session else ""
    sampling = manifest.settings.get("sampling", {})
    jobs = {job.benchmark: job for job in manifest.jobs if job.benchmark in first}
    told: dict[str, Any] = {
        "results": {
            name: {"alias": name, "name": name, "sample_len": row.samples, **_scores(rows, name)}
            for name, row in first.items()
        },
        "group_subtasks": {name: [] for name in first},
        "configs": {name: _config(jobs[name], settings.get(name, {})) for name in first},
        "versions": {name: row.version for name, row in first.items()},
        "n-shot": {name: _shots(settings.get(name, {})) for name in first},
        "higher_is_better": {name: _higher_is_better(jobs[name]) for name in first},
        "n-samples": {
            name: {"original": row.samples, "effective": row.estimate.n if row.estimate else 0}
            for name, row in first.items()
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
        "task_hashes": _hashes(manifest, first),
        "total_evaluation_time_seconds": str(sum(row.seconds for row in first.values())),
        "duo_model_evaluation": {
            "version": __version__,
            "feature": manifest.feature,
            "run": manifest.settings_hash,
            "complete": summary.complete,
        },
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _scores(rows: list[SummaryRow], benchmark: str) -> dict[str, float]:
    found = {}
    for row in rows:
        if row.benchmark == benchmark and row.estimate:
            name, _, filtered = row.metric.partition(",")
            found[f"{name},{filtered or 'none'}"] = row.estimate.value
            error = (row.estimate.high - row.estimate.low) / (2 * Z95)
            found[f"{name}_stderr,{filtered or 'none'}"] = error
    return found


def _config(job: PlannedJob, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "task": job.benchmark,
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


def _hashes(manifest: Manifest, names: Mapping[str, Any]) -> dict[str, str]:
    """Of each benchmark, the hash of its first split's rows."""
    found: dict[str, str] = {}
    for split, origin in manifest.data.items():
        name = split.rpartition("/")[0]
        benchmark = next((each for each in names if name == each or name.startswith(f"{each}/")), None)
        if benchmark:
            found.setdefault(benchmark, origin["sha256"])
    return found
