"""A real local HTTP server that speaks OpenAI's and Anthropic's protocols and can be made to fail."""

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

KEY = "sk-very-secret"
PROMPT_TOKENS, ANSWER_TOKENS = 7, 3


@dataclass(frozen=True)
class Fault:
    """How one request fails. ``status`` sends ``message``; the others break the connection in their own way."""

    kind: Literal["status", "truncated", "empty", "hang", "reset", "broken-stream"] = "status"
    status: int = 500
    message: str = "oops"
    retry_after: float | None = None


TRUNCATED, EMPTY, HANG, RESET = Fault("truncated"), Fault("empty"), Fault("hang"), Fault("reset")
BROKEN_STREAM = Fault("broken-stream")


@dataclass(frozen=True)
class Request:
    """One POST as it arrived; ``at`` is monotonic time, ``key`` what it authenticated with."""

    path: str
    body: dict[str, Any]
    at: float
    key: str


@dataclass
class Behaviour:
    """How the server answers; the next requests fail as ``faults`` say, first come first served."""

    text: str = "```python\nx = 1\n```"
    reply: Callable[[dict[str, Any]], str] | None = None
    finish: Literal["length", "stop"] = "length"
    models: tuple[str, ...] = ("org/big",)
    key: str = KEY
    faults: list[Fault] = field(default_factory=list)
    top_logprobs: dict[str, float] | None = None
    most_logprobs: int = 20
    echoes: Literal["yes", "with BOS", "refuses", "ignores"] = "ignores"
    without: tuple[str, ...] = ()
    """Paths that it does not have."""
    seconds: float = 0.0


class LocalServer(ThreadingHTTPServer):
    """Answers every question with the same text, and remembers each request."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, **behaviour: Any) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = Behaviour(**behaviour)
        self.requests: list[Request] = []
        self.in_flight = self.most_in_flight = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request.body for request in self.requests]

    def handle_error(self, request: object, address: object) -> None:
        """A client that gave up is part of the game."""


@contextmanager
def serving(**behaviour: Any) -> Iterator[LocalServer]:
    with LocalServer(**behaviour) as opened:
        thread = threading.Thread(target=opened.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    server: LocalServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/health":
            self._send(200, {})
        elif self._key() != self.server.behaviour.key:
            self._send(401, {"error": {"message": f"bad key {self._key()}"}})
        elif self.path.split("?")[0] == "/v1/models":
            listed = [{"id": name, "object": "model", "type": "model"} for name in self.server.behaviour.models]
            self._send(200, {"object": "list", "data": listed, "has_more": False})
        else:
            self._send(404, {"error": {"message": f"no {self.path}"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        behaviour, path = self.server.behaviour, self.path.split("?")[0]
        with self.server.lock:
            self.server.requests.append(Request(path, body, time.monotonic(), self._key()))
            fault = behaviour.faults.pop(0) if behaviour.faults else None
            self.server.in_flight += 1
            self.server.most_in_flight = max(self.server.most_in_flight, self.server.in_flight)
        time.sleep(behaviour.seconds)
        try:
            if self._key() != behaviour.key:
                self._send(401, {"error": {"message": f"bad key {self._key()}"}})
            elif fault:
                self._fail(fault)
            elif path in behaviour.without:
                self._send(404, {"detail": "Not Found"})
            elif path == "/v1/messages":
                self._message(body)
            else:
                self._choice(path, body)
        finally:
            with self.server.lock:
                self.server.in_flight -= 1

    def _key(self) -> str:
        return self.headers["x-api-key"] or str(self.headers["Authorization"]).removeprefix("Bearer ")

    def _text(self, body: dict[str, Any]) -> str:
        return self.server.behaviour.reply(body) if self.server.behaviour.reply else self.server.behaviour.text

    def _choice(self, path: str, body: dict[str, Any]) -> None:
        behaviour, chat = self.server.behaviour, path == "/v1/chat/completions"
        if (body.get("logprobs") or 0) > behaviour.most_logprobs:
            self._send(400, {"error": {"message": f"logprobs must be at most {behaviour.most_logprobs}"}})
            return
        usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": ANSWER_TOKENS}
        usage["total_tokens"] = PROMPT_TOKENS + ANSWER_TOKENS
        head = {"id": "1", "created": 1, "model": body["model"], "object": "o"}
        text = self._text(body)
        if body.get("stream"):
            pieces = [text[:4], text[4:]]
            events = [
                {"index": 0, "finish_reason": None, **({"delta": {"content": piece}} if chat else {"text": piece})}
                for piece in pieces
            ]
            last = {"index": 0, "finish_reason": behaviour.finish, **({"delta": {}} if chat else {"text": ""})}
            chunks: list[dict[str, Any]] = [{**head, "choices": [event]} for event in [*events, last]]
            if body.get("stream_options", {}).get("include_usage"):
                chunks.append({**head, "choices": [], "usage": usage})
            self._stream([*(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks), "data: [DONE]\n\n"])
            return
        choice: dict[str, Any] = {"index": 0, "finish_reason": behaviour.finish}
        choice |= {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        if chat and body.get("logprobs") and behaviour.top_logprobs is not None:
            top = [{"token": token, "logprob": value} for token, value in behaviour.top_logprobs.items()]
            choice["logprobs"] = {"content": [{"token": "x", "logprob": -1.0, "top_logprobs": top}]}
        if not chat and body.get("logprobs") and behaviour.top_logprobs is not None:
            choice["logprobs"] = {"top_logprobs": [behaviour.top_logprobs], "tokens": ["x"], "token_logprobs": [-1.0]}
        choices = [choice]
        if body.get("echo") and behaviour.echoes == "refuses":
            self._send(400, {"error": {"message": "echo is not supported"}})
            return
        if body.get("echo") and behaviour.echoes != "ignores":
            choices = [self._echo(index, text, body) for index, text in enumerate(body["prompt"])]
        elif isinstance(body.get("prompt"), list):
            choices = [{**choice, "index": index} for index in range(len(body["prompt"]))]
        self._send(200, {**head, "choices": choices, "usage": usage})

    def _echo(self, index: int, prompt: str, body: dict[str, Any]) -> dict[str, Any]:
        """The prompt with one more token; a token is a word with the space before it, -0.1 for each of its letters."""
        bos = ["<s>"] if self.server.behaviour.echoes == "with BOS" else []
        tokens = [*bos, *re.findall(r"\s*\S+", prompt), " more"]
        offsets = [sum(map(len, tokens[:at])) for at in range(len(tokens))]
        # Where it tells the likeliest token: that of the text, if this begins with a space.
        tops = [None, *({token: -0.1 * len(token)} if token[0] == " " else {"x": -0.01} for token in tokens[1:])]
        told = {"tokens": tokens, "text_offset": offsets, "top_logprobs": tops if body.get("logprobs") else None}
        told |= {"token_logprobs": [None, *(-0.1 * len(token) for token in tokens[1:])]}
        return {"index": index, "finish_reason": "length", "text": f"{prompt} more", "logprobs": told}

    def _message(self, body: dict[str, Any]) -> None:
        text, reason = self._text(body), "max_tokens" if self.server.behaviour.finish == "length" else "end_turn"
        head = {"id": "1", "type": "message", "role": "assistant", "model": body["model"], "stop_sequence": None}
        usage = {"input_tokens": PROMPT_TOKENS, "output_tokens": ANSWER_TOKENS}
        if not body.get("stream"):
            block = {"type": "text", "text": text}
            self._send(200, {**head, "content": [block], "stop_reason": reason, "usage": usage})
            return
        opened = {**head, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
        deltas: list[dict[str, Any]] = [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
            for piece in (text[:4], text[4:])
        ]
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": opened},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            *deltas,
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": reason, "stop_sequence": None},
                "usage": {"output_tokens": ANSWER_TOKENS},
            },
            {"type": "message_stop"},
        ]
        self._stream([f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events])

    def _fail(self, fault: Fault) -> None:
        if fault.kind == "status":
            self._send(fault.status, {"error": {"message": fault.message}}, fault.retry_after)
        elif fault.kind == "empty":
            self._send(200, {"id": "1", "object": "o", "choices": [], "content": []})
        elif fault.kind == "truncated":
            self._head(200, {"Content-Type": "application/json", "Content-Length": "1000"})
            self.wfile.write(b'{"choices": [')
            self.close_connection = True
        elif fault.kind == "hang":
            with suppress(OSError):
                self.connection.recv(1)  # returns when the client gives up
            self.close_connection = True
        elif fault.kind == "broken-stream":
            head = {"id": "1", "created": 1, "model": "m", "object": "o"}
            choice = {"index": 0, "finish_reason": None, "delta": {"content": "x = "}, "text": "x = "}
            self._stream([f"data: {json.dumps({**head, 'choices': [choice]})}\n\n"], whole=False)
        else:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()

    def _stream(self, events: list[str], whole: bool = True) -> None:
        self._head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        for event in [*events, *([""] if whole else [])]:
            self.wfile.write(f"{len(event.encode()):x}\r\n".encode() + event.encode() + b"\r\n")
        self.close_connection = not whole

    def _send(self, status: int, body: object, retry_after: float | None = None) -> None:
        data = json.dumps(body).encode()
        told = {"retry-after-ms": "5"} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        self._head(status, {"Content-Type": "application/json", "Content-Length": str(len(data)), **told})
        self.wfile.write(data)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *arguments: object) -> None: ...
