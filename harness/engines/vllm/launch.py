"""What a server is started with: its command line, its environment, and the fingerprint by which it is found again."""

import json
import os
import re
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.engines.base import EngineSettings
from harness.engines.model import Model
from harness.engines.vllm.installation import Installation
from harness.errors import ModelError, UsageError
from harness.records import canonical_sha256

HOST = "127.0.0.1"
KEY_VARIABLE = "VLLM_API_KEY"
"""Where vLLM reads its key, so that none stands on a command line."""

CPU_CACHE_GIB = "4"

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|AUTH|CREDENTIAL", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"://[^/@\s]*:[^/@\s]+@")
_OURS = re.compile(r"^(PYTHON(PATH|HOME)|VIRTUAL_ENV|OMP_WAIT_POLICY)$")
_RESERVED = ("host", "port", "api-key", "model", "served-model-name", "uds", "config")


@dataclass(frozen=True)
class Launch:
    """A server about to be started for one model: everything but port and key. ``name`` is what it calls the model."""

    installation: Installation
    model: Model
    settings: EngineSettings
    seed: int
    name: str

    def arguments(self, port: int) -> tuple[str, ...]:
        """The whole command."""
        serving = self.settings.serving
        flags: dict[str, object] = {
            "host": HOST,
            "port": port,
            "served-model-name": self.model.name,
            # Without it the model's own sampling defaults (temperature, top-k, ...) would silently change scores.
            "generation-config": "vllm",
            "enable-prefix-caching": True,
            "seed": self.seed,
            "dtype": self.settings.dtype,
            "max-model-len": self.settings.max_model_len,
            "tensor-parallel-size": serving.tensor_parallel,
            "pipeline-parallel-size": serving.pipeline_parallel,
            "data-parallel-size": serving.data_parallel,
            "quantization": serving.quantization or None,
            "trust-remote-code": serving.trust_remote_code,
            # On a CPU compiling takes minutes and gains nothing for the sizes that are run there.
            "enforce-eager": self.installation.for_cpu,
            **self.model.serve,
        }
        if serving.lora:
            flags |= {"enable-lora": True, "max-lora-rank": _rank(serving.lora)}
        listed = [part for name, value in flags.items() for part in _flag(name, value)]
        lora = ["--lora-modules", f"{self.name}={serving.lora}"] if serving.lora else []
        return (*self.installation.command, str(self.model.path), *listed, *lora, *serving.arguments)

    def environment(self, key: str) -> dict[str, str]:
        """This process's environment without its secrets, which code of a model's repository could read."""
        secret = {name for name, value in os.environ.items() if _SECRET.search(name) or _PASSWORD_IN_URL.search(value)}
        kept = {name: value for name, value in os.environ.items() if name not in secret and not _OURS.match(name)}
        quiet = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "TOKENIZERS_PARALLELISM": "false"}
        offline = {} if self.settings.serving.trust_remote_code else {"HF_HUB_OFFLINE": "1"}
        if self.installation.for_cpu:
            # vLLM would claim nine tenths of the memory for its cache and refuse to start where that is not free.
            quiet["VLLM_CPU_KVCACHE_SPACE"] = os.environ.get("VLLM_CPU_KVCACHE_SPACE", CPU_CACHE_GIB)
        path = f"{Path(self.installation.python).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
        return kept | quiet | offline | {"PATH": path, KEY_VARIABLE: key}

    @property
    def fingerprint(self) -> str:
        """Equal for servers that may stand in for each other."""
        what = {"model": self.model.fingerprint, "installation": asdict(self.installation)}
        return canonical_sha256(what | {"arguments": self.arguments(0)})[:16]


def launch_of(installation: Installation, model: Model, settings: EngineSettings, seed: int) -> Launch:
    """Checks what can be checked before a server is started.

    Raises:
        UsageError: an extra argument is one that the harness itself must set.
        ModelError: the adapter's folder is none.
    """
    for argument in settings.serving.arguments:
        name = argument.removeprefix("--").partition("=")[0].replace("_", "-")
        if argument.startswith("--") and name in _RESERVED:
            raise UsageError(f"--vllm-arg --{name}: the harness sets it", "leave it out")
    name = model.name
    if settings.serving.lora:
        if not (settings.serving.lora / "adapter_config.json").is_file():
            raise ModelError(f"{settings.serving.lora} has no adapter_config.json", "name a LoRA adapter's folder")
        name = f"{model.name}+{settings.serving.lora.resolve().name}"
    return Launch(installation, model, settings, seed, name)


def split_arguments(given: tuple[str, ...]) -> tuple[str, ...]:
    """--vllm-arg values as separate words: each may hold an option with its value."""
    return tuple(word for text in given for word in shlex.split(text))


def _rank(lora: Path) -> int:
    """The adapter's rank, rounded up to one that vLLM knows."""
    try:
        rank = int(json.loads((lora / "adapter_config.json").read_text())["r"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{lora}/adapter_config.json cannot be read: {error}", "name a LoRA adapter's folder"
        ) from None
    return next((known for known in (8, 16, 32, 64, 128, 256, 320, 512) if known >= rank), rank)


def _flag(name: str, value: object) -> list[str]:
    if value is None or value is False:
        return []
    return [f"--{name}"] if value is True else [f"--{name}", str(value)]


def shown(arguments: tuple[str, ...]) -> str:
    """A command for a reader."""
    return shlex.join(arguments)
