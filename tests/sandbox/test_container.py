"""Containers as a level: the command line that an engine would be given, and programs where one really runs."""

import json
import shutil

import pytest
from conftest import image_with_python

from harness.errors import SandboxError, UnknownNameError
from harness.records import Outcome
from harness.sandbox.container import Container, container, digest
from harness.sandbox.interpreters import contained
from harness.sandbox.languages import DRIVERS
from harness.sandbox.pool import Sandbox, choose_level
from harness.sandbox.program import Asserts, Calls, Case, Program

IMAGE = "python@sha256:" + "0" * 64


def test_the_command_line_takes_everything_away() -> None:
    command = " ".join(Container("docker", IMAGE).command("/usr/bin/docker", slots=2))
    for part in (
        "/usr/bin/docker run --rm --interactive",
        "--network none",
        "--read-only",
        "--pull never",
        "--cap-drop ALL",
        "--security-opt no-new-privileges",
        f"--volume {DRIVERS}:/harness:ro",
        "--pids-limit 512",
        f"{IMAGE} python3",
    ):
        assert part in command
    for part in ("--privileged", "SYS_ADMIN", "SYS_PTRACE", "/var/run", "--env"):
        assert part not in command
    assert "--tmpfs /tmp:rw,exec,nosuid,nodev,mode=1777,size=134217728" in command
    assert command.endswith("/harness/server.py")


def test_the_server_in_it_is_told_to_use_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    python = contained(("/usr/bin/env", "python3"))
    launch = Container("podman", IMAGE).launch(2, dict.fromkeys(python.profiles, python))
    assert launch.command[0] == "/usr/bin/podman"
    assert launch.settings["level"] == "landlock"
    assert launch.drivers == "/harness"
    assert json.dumps(launch.settings)


def test_an_image_is_used_by_its_digest() -> None:
    assert digest(json.dumps([{"Id": "sha256:1", "RepoDigests": [IMAGE]}])) == IMAGE
    assert digest(json.dumps([{"Id": "sha256:1", "RepoDigests": []}])) == "sha256:1"
    assert container(f"docker:{IMAGE}") == Container("docker", IMAGE)
    assert str(Container("docker", IMAGE)) == f"docker:{IMAGE}"


def test_an_engine_that_does_not_run_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="podman is not installed"):
        choose_level("podman:python:3.12")
    with pytest.raises(UnknownNameError, match='unknown sandbox level "dokcer:x"'):
        choose_level("dokcer:x")


@pytest.mark.usefixtures("other_tools")
def test_other_languages_in_a_container_are_no_failed_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/false")
    with Sandbox(Container("docker", IMAGE), slots=1) as sandbox:
        verdict = sandbox.run(Program("bash", "f() { :; }", Calls((Case("f", ""),))))
        assert verdict.outcome is Outcome.INFRA_ERROR
        assert "bash" in verdict.message
        broken = sandbox.run(Program("python", "x = 1", Asserts(("assert x == 1",))))
        assert broken.outcome is Outcome.INFRA_ERROR
        assert "exit status 1" in broken.message


def test_programs_run_in_a_container_where_an_engine_runs() -> None:
    wanted = image_with_python()
    if not wanted:
        pytest.skip("no container engine with an image of Python runs here")
    with Sandbox(choose_level(wanted), slots=2) as sandbox:
        for value, outcome in ((1, Outcome.PASSED), (2, Outcome.FAILED)):
            program = Program("python", f"def f(): return {value}", Asserts(("assert f() == 1",)))
            assert sandbox.run(program).outcome is outcome
