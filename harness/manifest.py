"""manifest.json: everything needed to repeat a run, and all that summary.json needs beside the records. No secret."""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness import __version__
from harness.benchmark import metrics_of
from harness.catalog import model_entry
from harness.entries import Prices
from harness.errors import DataError, OutputError
from harness.files import read_versioned
from harness.metrics import Metric, chosen, with_pass_at_k
from harness.plan import Job, Plan
from harness.results import GroundTruth, LeftOut, Missing
from harness.scoring.judge import is_judged, judged_metrics

MANIFEST = "manifest.json"
SCHEMA = 1
"""Raised when a folder that an earlier version wrote can no longer be read; what is only new has a default instead."""
_PACKAGES = ("torch", "transformers", "tokenizers", "datasets", "huggingface_hub", "pydantic", "tree-sitter")


@dataclass(frozen=True)
class PlannedMetric:
    """A metric and the number of samples that it is made of."""

    metric: Metric
    samples: int


@dataclass(frozen=True)
class PlannedJob:
    """One benchmark as planned: ``samples`` are asked ``attempts`` times each.

    ``metrics`` is what they are summed up to; empty (a run of an earlier version) means the mean of ``metric``.
    """

    use_case: str
    benchmark: str
    version: str
    metric: str
    samples: int
    attempts: int
    metrics: tuple[PlannedMetric, ...] = ()


@dataclass(frozen=True)
class Session:
    """One start of the command on this run; ``engine`` is what the engine says of itself."""

    asked_from: str
    command: tuple[str, ...]
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    sandbox: str
    engine: Mapping[str, Any]
    judge: Mapping[str, Any] | None = None
    """What each judge says of itself, by its name."""
    usage: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What candidate and judge counted in this session, added at its end (an engine's own counters with it)."""


@dataclass(frozen=True)
class Manifest:
    """A run's manifest. ``settings`` are what the settings hash is made of; each session adds one to ``sessions``.

    ``schema`` is that of the whole folder: of this file and of the records beside it.
    """

    schema: int = field(default=SCHEMA, kw_only=True)
    model: str
    model_source: str
    model_files: Mapping[str, str]
    feature: str
    settings: Mapping[str, Any]
    settings_hash: str
    data: Mapping[str, Mapping[str, str]]
    jobs: tuple[PlannedJob, ...]
    left_out: tuple[LeftOut, ...]
    unavailable: tuple[Missing, ...]
    ground_truth: tuple[GroundTruth, ...] = ()
    prices: Prices | None = None
    sessions: tuple[Session, ...] = ()


def manifest_of(plan: Plan, sessions: tuple[Session, ...] = ()) -> Manifest:
    """The plan as a manifest."""
    return Manifest(
        model=plan.model.name,
        model_source=plan.model.source,
        model_files=plan.model.files,
        feature=plan.feature.name,
        settings=plan.settings,
        settings_hash=plan.settings_hash,
        data=plan.origins,
        jobs=tuple(
            PlannedJob(
                job.use_case,
                job.entry.name,
                job.benchmark.version,
                job.benchmark.metric,
                len(job.samples),
                plan.options.attempts,
                _planned(job, plan.options.attempts, bool(plan.judges) and is_judged(job.benchmark)),
            )
            for job in plan.jobs
        ),
        left_out=plan.left_out,
        unavailable=plan.unavailable,
        ground_truth=plan.ground_truth,
        prices=prices(plan.options.model),
        sessions=sessions,
    )


def _planned(job: Job, attempts: int, judged: bool) -> tuple[PlannedMetric, ...]:
    """The job's metrics, those of judges too where they grade; without what no sample of this run is part of."""
    metrics = with_pass_at_k(metrics_of(job.benchmark), attempts) + (judged_metrics() if judged else ())
    counted = [PlannedMetric(metric, sum(chosen(metric, sample.tags) for sample in job.samples)) for metric in metrics]
    return tuple(each for each in counted if each.samples)


def prices(model: str) -> Prices | None:
    """What the model called ``model`` costs; None where the catalog does not know."""
    entry = model_entry(model)
    return entry.prices if entry else None


def new_session(
    command: tuple[str, ...], sandbox: str, engine: Mapping[str, Any], judge: Mapping[str, Any] | None = None
) -> Session:
    """A session that begins to ask now, on this machine."""
    return Session(
        asked_from=datetime.now(UTC).isoformat(timespec="milliseconds"),
        command=command,
        versions={"harness": __version__, "python": platform.python_version(), **_versions()},
        machine={
            "system": f"{platform.system()} {platform.release()}",
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "git_commit": _git_commit(),
        },
        sandbox=sandbox,
        engine=engine,
        judge=judge,
    )


def read_manifest(folder: Path) -> Manifest | None:
    """The folder's manifest, or None where there is none yet.

    Raises:
        DataError: it is malformed, or of a schema that this version does not read.
    """
    mend = "mend the file, read it with the version that wrote it, or move the run folder away"
    return read_versioned(folder / MANIFEST, Manifest, SCHEMA, mend)


def check_same_data(earlier: Manifest, plan: Plan) -> None:
    """Refuses to go on with a run whose rows have changed since it began.

    Raises:
        DataError: a split read now differs from the one the run began with.
    """
    for split, origin in plan.origins.items():
        before = earlier.data.get(split, origin)
        if before["sha256"] != origin["sha256"]:
            raise DataError(
                f"{origin['place']} has changed since this run began: {before['sha256']} then, {origin['sha256']} now",
                "move the run folder away to begin anew, or bring the earlier data back",
            )


def run_folder(plan: Plan, out: Path) -> Path:
    """Where this run lives: ``out``/model/feature/settings-hash.

    Raises:
        OutputError: ``out`` is a file.
    """
    if out.is_file():
        raise OutputError(f"{out} is a file", "name a folder with --out")
    return out / plan.model.name / plan.feature.name / plan.settings_hash


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _git_commit() -> str:
    """The commit of the checkout this code runs from, with "-dirty" when it was changed; "" for an installed wheel."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def command_line() -> tuple[str, ...]:
    """This process's command; no option of the harness takes a secret as its value."""
    return ("evaluate", *sys.argv[1:])
