"""The endpoint engine against a real local server that speaks OpenAI's protocol and can be made to fail."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest
from conftest import Evaluate

from harness.engines import api_key, open_engine
from harness.engines.base import Engine, EngineSettings
from harness.engines.model import served
from harness.errors import EngineError, PromptTooLongError, UnknownNameError, UsageError
from harness.records import Answer, Message, Sampling

T = TypeVar("T")
KEY = "sk-very-secret"
HELLO = (Message("user", "Hello"),)


class Server(ThreadingHTTPServer):
    """Answers every chat with ``text``; the next requests fail as ``faults`` say, first come first served."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.text = "```python\nx = 1\n```"
        self.faults: list[tuple[int, str]] = []
        self.requests: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self._send(401, {"error": {"message": f"bad key {self.headers['Authorization']}"}})
        else:
            self._send(200, {"object": "list", "data": [{"id": "org/big", "object": "model"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        status, message = self.server.faults.pop(0) if self.server.faults else (200, "")
        if message == "reset":
            self.connection.close()
        elif message == "truncated":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [')
            self.close_connection = True
        elif status != 200:
            self._send(status, {"error": {"message": message}})
        else:
            usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
            choice: dict[str, Any] = {"index": 0, "finish_reason": "length"}
            if "prompt" in body:
                choice["text"] = self.server.text
            else:
                choice["message"] = {"role": "assistant", "content": self.server.text}
            self._send(200, {"id": "1", "created": 1, "model": "m", "object": "o", "choices": [choice], "usage": usage})

    def _send(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("retry-after-ms", "5")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as opened:
        threading.Thread(target=opened.serve_forever, daemon=True).start()
        yield opened
        opened.shutdown()


def using(server: Server, work: Callable[[Engine], Awaitable[T]], name: str = "org/big", key: str = "GOOD") -> T:
    settings = EngineSettings("endpoint", base_url=server.url, api_key_env=key)

    async def session() -> T:
        async with open_engine(settings, served(name, server.url)) as engine:
            return await work(engine)

    return asyncio.run(session())


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOD", KEY)
    monkeypatch.setenv("BAD", "sk-wrong-secret")


def test_chat_and_completion_with_all_settings(server: Server) -> None:
    async def work(engine: Engine) -> list[Answer]:
        sampling = Sampling(9, temperature=0.5, top_p=0.9, stop=("END",), seed=4)
        return [await engine.chat(HELLO, sampling), await engine.complete("def f", sampling)]

    for answer in using(server, work):
        assert (answer.text, answer.finish_reason) == (server.text, "length")
        assert (answer.prompt_tokens, answer.answer_tokens) == (7, 3)
    chat, completion = server.requests
    assert chat["messages"] == [{"role": "user", "content": "Hello"}]
    assert completion["prompt"] == "def f"
    for sent in (chat, completion):
        wanted = {"model": "org/big", "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["END"], "seed": 4}
        assert wanted.items() <= sent.items()


@pytest.mark.parametrize("fault", [(429, "slow down"), (500, "oops"), (503, "busy"), (200, "reset")])
def test_a_passing_fault_is_retried(server: Server, fault: tuple[int, str]) -> None:
    server.faults = [fault]
    assert using(server, lambda engine: engine.chat(HELLO, Sampling(3))).text == server.text
    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", [(500, "oops"), (200, "truncated"), (200, "reset")])
def test_a_lasting_fault_is_an_engine_error(server: Server, fault: tuple[int, str]) -> None:
    server.faults = [fault] * 9
    with pytest.raises(EngineError):
        using(server, lambda engine: engine.chat(HELLO, Sampling(3)))


def test_a_prompt_beyond_the_context_is_told_apart(server: Server) -> None:
    server.faults = [(400, "This model's maximum context length is 10 tokens")]
    with pytest.raises(PromptTooLongError, match=r"prompt too long: .*maximum context length is 10"):
        using(server, lambda engine: engine.chat(HELLO, Sampling(3)))
    assert len(server.requests) == 1


def test_a_refused_key_is_not_shown(server: Server) -> None:
    with pytest.raises(UsageError, match="refuses the key") as caught:
        using(server, lambda engine: engine.chat(HELLO, Sampling(3)), key="BAD")
    assert "sk-wrong-secret" not in caught.value.message


def test_a_model_the_server_has_not_is_named(server: Server) -> None:
    with pytest.raises(UnknownNameError) as caught:
        using(server, lambda engine: engine.chat(HELLO, Sampling(3)), name="org/bg")
    assert 'did you mean "org/big"?' in caught.value.mend


@pytest.mark.parametrize("url", ["", "localhost:8000", "http://user:secret@host/v1", "http://host/v1?key=secret"])
def test_an_address_that_is_none_or_holds_a_key_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--base-url"):
        open_engine(EngineSettings("endpoint", base_url=url), served("m", url))


def test_a_key_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="NOWHERE is not set"):
        api_key("NOWHERE")
    assert api_key("") == ""


JOB = ("--feature", "code-suggestions", "--suite", "gitlab", "--limit", "4", "--engine", "endpoint")


def test_the_main_job_on_an_endpoint_leaves_no_trace_of_the_key(
    evaluate: Evaluate, server: Server, tmp_path: Path
) -> None:
    job = ("--model", "org/big", *JOB, "--base-url", server.url, "--api-key-env", "GOOD")
    shown = evaluate(*job, "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["rows"][0]["records"] == 4
    written = [path for path in (tmp_path / "results").rglob("*") if path.is_file()]
    assert {path.name for path in written} == {"manifest.json", "records.jsonl", "summary.json"}
    assert not any(KEY in text for text in (shown.stdout, shown.stderr, *(path.read_text() for path in written)))


def test_a_server_that_is_not_there_is_one_clear_line_and_nothing_is_written(
    evaluate: Evaluate, tmp_path: Path
) -> None:
    shown = evaluate("--model", "org/big", *JOB, "--base-url", "http://127.0.0.1:9/v1")
    assert shown.returncode == 2
    assert "error: http://127.0.0.1:9/v1: APIConnectionError" in shown.stderr
    assert list((tmp_path / "results").rglob("*")) == [tmp_path / "results/runs"]
