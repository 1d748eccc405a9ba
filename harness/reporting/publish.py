"""A run on an MLflow server: parameters, metrics and files. GitLab's model experiments speak this protocol as well."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from harness.errors import NotInstalledError, UnavailableError
from harness.files import read_json, write_json
from harness.results import Summary
from harness.runs import Run

PUBLISHED = "mlflow.json"
"""In a run's folder: where it was published. The same run published again is brought up to date, not doubled."""
FILES = ("manifest.json", "summary.json", "screening.json", "latency.json", "calibration.json")
_LONGEST = 250
"""Characters of a parameter that GitLab takes."""


@dataclass(frozen=True)
class Published:
    """A run's id on each server, by the server's address and the experiment's name."""

    runs: dict[str, str]


def publish(run: Run, summary: Summary, server: str, experiment: str, answers: bool) -> str:
    """Logs the run on the server at ``server``, in ``experiment`` (made where it is not there); returns its id.

    The journal goes along only with ``answers``. Credentials are those of MLflow's own variables of the environment.

    Raises:
        NotInstalledError: the extra ``mlflow`` is missing.
        UnavailableError: the server cannot be reached, or refuses.
    """
    try:
        import mlflow.tracking  # noqa: F401  (that it is missing must be told before anything else)
    except ModuleNotFoundError as error:
        raise NotInstalledError("publishing", error.name, "mlflow") from None
    with redirect_stdout(sys.stderr):  # MLflow says where a run is to be seen, on standard output
        return _publish(run, summary, server, experiment, answers)


def _publish(run: Run, summary: Summary, server: str, experiment: str, answers: bool) -> str:
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    known = read_json(run.folder / PUBLISHED, Published, "remove the file; the run is then published anew")
    place = f"{server} {experiment}"
    try:
        client = MlflowClient(tracking_uri=server)
        run_id = (known.runs if known else {}).get(place) or _made(client, experiment, run)
        at = int(client.get_run(run_id).info.start_time)
        metrics = [Metric(name, value, at, 0) for name, value in metrics_of(summary)]
        params = [Param(name, value[:_LONGEST]) for name, value in parameters_of(run)]
        for start in range(0, len(metrics), 500):
            client.log_batch(run_id, metrics=metrics[start : start + 500])
        client.log_batch(run_id, params=params, tags=[RunTag("complete", str(summary.complete).lower())])
        for name in (*FILES, *(("records.jsonl",) if answers else ())):
            if (run.folder / name).is_file():
                client.log_artifact(run_id, str(run.folder / name))
        client.set_terminated(run_id, "FINISHED" if summary.complete else "FAILED")
    except MlflowException as error:
        mend = "check --mlflow, the network, and MLFLOW_TRACKING_TOKEN or _USERNAME and _PASSWORD"
        raise UnavailableError(f"{server} did not take the run: {str(error).splitlines()[0][:300]}; {mend}") from None
    write_json(run.folder / PUBLISHED, Published({**(known.runs if known else {}), place: run_id}))
    return str(run_id)


def metrics_of(summary: Summary) -> Iterator[tuple[str, float]]:
    """Names and values: of each score the value, both ends of its interval, and n; infra errors, tokens and cost."""
    for row in summary.rows:
        name = metric_name(f"{row.benchmark}/{row.metric}")
        if row.estimate:
            found = row.estimate
            values = {"": found.value, "/low": found.low, "/high": found.high, "/n": float(found.n)}
            yield from ((f"{name}{end}", value) for end, value in values.items())
        yield f"{name}/infra_errors", float(row.verdicts.get("infra_error", 0))
    yield "tokens/prompt", float(summary.usage.prompt_tokens)
    yield "tokens/answer", float(summary.usage.answer_tokens)
    if summary.usage.cost_usd is not None:
        yield "cost_usd", summary.usage.cost_usd


def metric_name(text: str) -> str:
    """``text`` as MLflow takes it: pass@1 is pass_at_1."""
    return re.sub(r"[^\w\-. :/]", "_", text.replace("@", "_at_"))


def parameters_of(run: Run) -> Iterator[tuple[str, str]]:
    """What the run is of, and its settings, flat."""
    manifest = run.manifest
    yield "model", manifest.model
    yield "model_source", manifest.model_source
    yield "feature", manifest.feature
    yield "settings_hash", manifest.settings_hash
    for job in manifest.jobs:
        yield metric_name(f"{job.benchmark}/version"), job.version
        settings: dict[str, Any] = dict(manifest.settings.get("benchmarks", {}).get(job.benchmark, {}))
        for name, value in settings.items():
            plain = value["sha256"] if isinstance(value, dict) and "sha256" in value else value
            yield metric_name(f"{job.benchmark}/{name}"), plain if isinstance(plain, str) else json.dumps(plain)


def _made(client: Any, experiment: str, run: Run) -> str:
    found = client.get_experiment_by_name(experiment)
    place = found.experiment_id if found else client.create_experiment(experiment)
    name = f"{run.manifest.model} {run.manifest.feature} {run.manifest.settings_hash}"
    return str(client.create_run(place, run_name=name).info.run_id)
