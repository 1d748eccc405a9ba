"""Runs on a real MLflow server."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Evaluate
from run_folders import run_folder

from harness.reporting.publish import metric_name


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    places = ["--backend-store-uri", f"sqlite:///{folder}/store.db", "--artifacts-destination", str(folder / "files")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*command, *places], stdout=log, stderr=log, cwd=folder)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/health", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def test_a_run_is_there_once_with_its_scores_settings_and_files(
    server: str, evaluate: Evaluate, tmp_path: Path
) -> None:
    from mlflow.tracking import MlflowClient

    folder = run_folder(tmp_path, "tiny", {"mbpp": [1.0] * 6 + [0.0] * 4})
    shown = evaluate("publish", str(folder), "--mlflow", server, "--experiment", "models")
    assert shown.returncode == 0, shown.stderr
    run_id = shown.stdout.split()[-1]
    client = MlflowClient(tracking_uri=server)
    found = client.get_run(run_id)
    assert found.data.metrics["mbpp/pass_at_1"] == 0.6
    assert found.data.metrics["mbpp/pass_at_1/low"] < 0.6 < found.data.metrics["mbpp/pass_at_1/high"]
    assert found.data.metrics["mbpp/pass_at_1/n"] == 10
    assert found.data.params["model"] == "tiny"
    assert found.data.params["mbpp/prefill"] == "true"
    assert found.info.status == "FINISHED"
    assert [file.path for file in client.list_artifacts(run_id)] == ["manifest.json", "summary.json"]
    again = evaluate("publish", str(folder), "--mlflow", server, "--experiment", "models", "--answers", "--json")
    assert json.loads(again.stdout) == {str(folder): run_id}
    assert "records.jsonl" in [file.path for file in client.list_artifacts(run_id)]
    experiment = client.get_experiment_by_name("models")
    assert experiment is not None
    assert len(client.search_runs([experiment.experiment_id])) == 1


def test_a_server_that_is_not_there_is_told(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    folder = run_folder(tmp_path, "tiny", {"mbpp": [1.0]})
    shown = evaluate("publish", str(folder), "--mlflow", "http://127.0.0.1:9")
    assert shown.returncode == 3
    assert "http://127.0.0.1:9 did not take the run" in shown.stderr
    assert not (folder / "mlflow.json").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "is no address of an MLflow server"), (("--mlflow", "file:///x"), "is no address of an MLflow server")],
)
def test_no_server_is_a_usage_error(evaluate: Evaluate, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    shown = evaluate("publish", str(run_folder(tmp_path, "tiny", {"mbpp": [1.0]})), *arguments)
    assert shown.returncode == 2
    assert said in shown.stderr


def test_a_malformed_note_of_where_it_was_published_is_told(evaluate: Evaluate, tmp_path: Path) -> None:
    folder = run_folder(tmp_path, "tiny", {"mbpp": [1.0]})
    (folder / "mlflow.json").write_text(json.dumps({"runs": 3}))
    shown = evaluate("publish", str(folder), "--mlflow", "http://127.0.0.1:9")
    assert shown.returncode == 2
    assert "mlflow.json" in shown.stderr


@pytest.mark.parametrize(
    ("text", "name"),
    [("mbpp/pass@1", "mbpp/pass_at_1"), ("a b:c-d.e", "a b:c-d.e"), ("ROUGE-L (x%)", "ROUGE-L _x__"), ("é\n", "é_")],
)
def test_names_are_such_as_mlflow_takes(text: str, name: str) -> None:
    assert metric_name(text) == name
