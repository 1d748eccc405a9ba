"""The wheel works where there is no checkout: its own environment, an empty folder, nothing of this one."""

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, evaluate_environment


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_code_and_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"harness", "benchmarks"}
    for kind in ("configs", "datasets"):
        inside = {
            name.removeprefix(f"harness/_data/{kind}/") for name in names if name.startswith(f"harness/_data/{kind}/")
        }
        here = {str(path.relative_to(ROOT / kind)) for path in (ROOT / kind).rglob("*") if path.is_file()}
        assert inside == here


@pytest.mark.slow
def test_an_installed_wheel_works_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"
    empty = tmp_path / "empty"
    empty.mkdir()
    subprocess.run([python, "-m", "pip", "install", "-q", str(wheel)], check=True, capture_output=True, cwd=empty)

    environment = evaluate_environment(XDG_CACHE_HOME=str(tmp_path / "cache"))

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(tmp_path / "venv/bin/evaluate"), *arguments]
        return subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True)

    listed = run("data", "verify", "--json")
    assert listed.returncode == 0, listed.stderr
    places = [row["place"] for row in json.loads(listed.stdout)]
    assert places
    assert all(place.startswith(str(tmp_path / "venv")) for place in places)
    assert run("doctor").returncode == 0
    assert "mbpp" in run("catalog", "benchmarks", "--json").stdout
    without_torch = run("--model", "smollm2-135m", "--feature", "code-suggestions", "--suite", "gitlab", "--limit", "1")
    assert without_torch.returncode == 2
    assert 'pip install "duo-model-evaluation[cpu]"' in without_torch.stderr
