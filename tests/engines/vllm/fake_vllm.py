"""A stand-in for vLLM that needs no model: a real program that logs and serves as vLLM does, or fails as it does."""

import stat
import sys
from pathlib import Path
from typing import Any

from harness.engines.base import EngineSettings, Serving
from harness.engines.model import Model
from harness.engines.vllm.installation import Installation
from harness.engines.vllm.launch import Launch, launch_of

HEAD = f"""#!{sys.executable} -S
import http.server, json, os, signal, subprocess, sys, time
flags = dict(zip(sys.argv, sys.argv[1:]))
port, name, key = int(flags["--port"]), flags["--served-model-name"], os.environ["VLLM_API_KEY"]

def log(text, level="INFO"):
    print(f"(EngineCore pid=1) {{level}} 11-25 02:03:29 [core.py:1510] {{text}}", flush=True)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == "/health" or self.headers["Authorization"] == "Bearer " + key
        body = json.dumps({{"data": [{{"id": name, "max_model_len": 64}}]}}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments): ...

def serve():
    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def launching(folder: Path, body: str, **serving: Any) -> Launch:
    """A launch whose ``vllm serve`` is a program with ``body``."""
    script = folder / "bin/vllm"
    script.parent.mkdir(exist_ok=True)
    script.write_text(HEAD + body)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    installation = Installation(str(folder / "bin/python"), "vllm", "0.30.0")
    settings = EngineSettings("vllm", serving=Serving(**serving))
    return launch_of(installation, Model("tiny", "folder", {"a": "1"}, folder), settings, 0)
