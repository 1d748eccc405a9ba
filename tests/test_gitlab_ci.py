"""The pipeline files: valid by GitLab's schema, and their script lines run for real in a clean folder."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml
from conftest import ROOT, evaluate_environment
from jsonschema import Draft7Validator

TEMPLATE = ROOT / "templates/evaluate.yml"
IMAGE = f"registry.example/evaluate@sha256:{'0' * 64}"
TOKEN = "glpat-only-for-this-test"


@pytest.fixture(scope="module")
def schema() -> Draft7Validator:
    vendored = files("check_jsonschema").joinpath("builtin_schemas/vendor/gitlab-ci.json")
    return Draft7Validator(json.loads(vendored.read_text(encoding="utf-8")))


def faults(schema: Draft7Validator, document: Any) -> list[str]:
    return [f"{list(error.absolute_path)}: {error.message}" for error in schema.iter_errors(document)]


def interpolated(**inputs: str) -> dict[str, Any]:
    """The template's jobs, its inputs filled in as GitLab does."""
    head, body = TEMPLATE.read_text().split("\n---\n")
    spec = yaml.safe_load(head)["spec"]["inputs"]
    values = {name: inputs.get(name, each.get("default")) for name, each in spec.items()}
    assert None not in values.values(), "an input without a default is given"
    filled: dict[str, Any] = yaml.safe_load(re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: values[found[1]], body))
    assert "$[[" not in str(filled)
    return filled


def run(job: dict[str, Any], folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A job's script in one shell, as a runner runs it."""
    known = {"CI_PIPELINE_ID": "77", **environment}
    variables = {name: known.get(str(value).removeprefix("$"), str(value)) for name, value in job["variables"].items()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = "set -eo pipefail\n" + "\n".join(job["script"])
    command = ["bash", "-c", script]
    changes = {"PATH": path, **known, **variables}
    return subprocess.run(command, cwd=folder, env=evaluate_environment(**changes), capture_output=True, text=True)


def test_the_pipeline_and_the_component_are_valid(schema: Draft7Validator) -> None:
    assert faults(schema, yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())) == []
    assert faults(schema, yaml.safe_load(TEMPLATE.read_text().split("\n---\n")[0])) == []
    assert faults(schema, interpolated(image=IMAGE)) == []
    assert faults(schema, {"a": {"script": 3}}) != []


@pytest.mark.parametrize(("image", "fits"), [(IMAGE, True), ("$IMAGE", True), ("python:3.11", False), ("a b", False)])
def test_an_image_is_named_by_its_digest(image: str, fits: bool) -> None:
    spec = next(yaml.safe_load_all(TEMPLATE.read_text()))["spec"]["inputs"]
    assert bool(re.search(spec["image"]["regex"], image)) is fits


def test_no_job_that_runs_models_has_the_token_and_none_may_fail(schema: Draft7Validator) -> None:
    for name, job in interpolated(image=IMAGE).items():
        mentions = "EVALUATION_COMMENT_TOKEN" in json.dumps(job)
        assert mentions == name.startswith("comment"), name
        assert job.get("allow_failure", False) is False
        assert ("evaluate nightly" in str(job["script"])) == name.startswith("evaluate")


def test_the_job_runs_models_and_leaves_its_reports(tiny_model: Path, tmp_path: Path) -> None:
    options = ["--suite", "gitlab", "--use-case", "code-generation", "--limit", "1", "--language", "python"]
    plan = {"runs": [{"model": str(tiny_model), "features": ["code-suggestions"], "options": options}]}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    jobs = interpolated(image=IMAGE, plan="plan.yaml")
    job = jobs["evaluate-models "]
    shown = run(job, tmp_path)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    reports = [path.replace("$NIGHT", "77") for path in job["artifacts"]["reports"].values()]
    assert all((tmp_path / path).stat().st_size for path in reports)
    assert (tmp_path / "site/index.html").is_file()
    assert run(jobs["pages "], tmp_path).returncode == 0
    assert (tmp_path / "public/index.html").is_file()


def test_the_job_fails_where_a_model_does(tmp_path: Path) -> None:
    plan = {"runs": [{"model": "no-such-model", "features": ["code-suggestions"]}]}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    shown = run(interpolated(image=IMAGE, plan="plan.yaml")["evaluate-models "], tmp_path)
    assert shown.returncode == 3
    assert (tmp_path / "results/nights/77/junit.xml").is_file()


class Api(BaseHTTPRequestHandler):
    """GitLab's API as far as a comment needs it."""

    seen: list[tuple[str, str, str]]
    status = 201
    processes = ""

    def do_POST(self) -> None:
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.seen.append((self.path, self.headers["PRIVATE-TOKEN"], body["body"][0]))
        type(self).processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def api() -> Iterator[str]:
    Api.seen, Api.status = [], 201
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api/v4"
        server.shutdown()


@pytest.mark.parametrize("status", [201, 403])
def test_the_comment_is_posted_and_its_token_is_seen_nowhere(api: str, tmp_path: Path, status: int) -> None:
    Api.status = status
    night = tmp_path / "results/nights/77"
    night.mkdir(parents=True)
    (night / "comment.md").write_text("## The night\n\n@all & <b> 100 %\n")
    places = {"CI_API_V4_URL": api, "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "9"}
    shown = run(interpolated(image=IMAGE)["comment-evaluation "], tmp_path, EVALUATION_COMMENT_TOKEN=TOKEN, **places)
    assert (shown.returncode == 0) == (status == 201)
    assert Api.seen == [("/api/v4/projects/5/merge_requests/9/notes", TOKEN, "## The night\n\n@all & <b> 100 %\n")]
    assert "curl --config -" in Api.processes
    assert TOKEN not in Api.processes
    assert TOKEN not in shown.stdout + shown.stderr
