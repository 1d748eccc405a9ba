"""Servers that are kept up are found again by later runs with the same settings, and by nobody else."""

import json
import stat
from pathlib import Path

import pytest
from fake_vllm import launching
from local_server import serving

from harness.engines.vllm.launch import Launch
from harness.engines.vllm.registry import published, running
from harness.engines.vllm.server import Address


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/duo-model-evaluation/servers"


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    return launching(tmp_path, "")


def test_a_server_is_found_while_it_is_published(cache: Path, launch: Launch, tmp_path: Path) -> None:
    with serving(models=("tiny",), key="the-key") as server:
        address = Address(server.url, "the-key")
        assert running(launch) is None
        with published(launch, address) as path:
            assert path.parent == cache
            assert running(launch) == address
            assert running(launching(tmp_path, "", tensor_parallel=2)) is None, "other settings, another server"
            assert path.is_file()
        assert running(launch) is None
        assert list(cache.iterdir()) == []


def test_only_its_user_can_read_the_key(cache: Path, launch: Launch) -> None:
    address = Address("http://127.0.0.1:1/v1", "the-key")
    cache.mkdir(parents=True)
    (cache / f"{launch.fingerprint}.json").write_text("left by an earlier one, for all to read")
    with published(launch, address) as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert json.loads(path.read_text()) == {"url": address.url, "key": "the-key"}
    assert "the-key" not in repr(address)


def test_a_folder_made_for_them_is_its_users_alone(cache: Path, launch: Launch) -> None:
    with published(launch, Address("http://127.0.0.1:1/v1", "k")):
        assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_the_file_goes_however_its_server_ends(cache: Path, launch: Launch) -> None:
    with pytest.raises(RuntimeError), published(launch, Address("http://127.0.0.1:1/v1", "k")):
        raise RuntimeError
    assert list(cache.iterdir()) == []


def test_the_file_of_a_server_that_is_gone_is_removed(cache: Path, launch: Launch) -> None:
    with serving(models=("tiny",), key="k") as server:
        address = Address(server.url, "k")
    with published(launch, address) as path:
        assert running(launch) is None
        assert not path.exists()


@pytest.mark.parametrize(("models", "key"), [(("other",), "k"), ((), "k"), (("tiny",), "another key")])
def test_a_server_of_another_model_or_key_is_not_taken(
    cache: Path, launch: Launch, models: tuple[str, ...], key: str
) -> None:
    with serving(models=models, key=key) as server, published(launch, Address(server.url, "k")) as path:
        assert running(launch) is None
        assert not path.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"url": "http://127.0.0.1:1/v1"}'])
def test_a_file_that_cannot_be_read_is_no_server(cache: Path, launch: Launch, text: str) -> None:
    cache.mkdir(parents=True)
    (cache / f"{launch.fingerprint}.json").write_text(text)
    assert running(launch) is None
