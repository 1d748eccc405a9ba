"""Whether a model fits, before minutes are spent on loading it: its weights and the cache of one answer against memory.

An estimate from below: what a server needs beyond it (activations, graphs, more answers at once) is not counted, so a
model that is refused here could not have run.
"""

import json
import math
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ModelError

GIBIBYTE = 2**30
_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "half": 2, "float": 4}
_QUANTIZED = {"fp8": 1.0, "int8": 1.0, "bitsandbytes": 0.5, "awq": 0.5, "gptq": 0.5, "gptq_marlin": 0.5}
"""Bytes a weight where the server is told to quantise."""
GPU_SHARE = 0.92
"""The part of a GPU's memory that vLLM takes by default."""


@dataclass(frozen=True)
class Gpu:
    """One GPU of this machine; ``memory`` in bytes."""

    name: str
    memory: int
    driver: str


def gpus() -> tuple[Gpu, ...]:
    """The NVIDIA GPUs of this machine that this process may use, as nvidia-smi lists them."""
    if not shutil.which("nvidia-smi"):
        return ()
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"]
    try:
        shown = subprocess.run(query, check=True, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = [[part.strip() for part in line.split(",")] for line in shown.splitlines()]
    found = [Gpu(row[0], int(row[1]) * 2**20, row[2]) for row in rows if len(row) == 3 and row[1].isdigit()]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return tuple(found if visible is None else found[: len([each for each in visible.split(",") if each.strip()])])


def check_fits(folder: Path, dtype: str, quantization: str, context: int | None, devices: int, cpu: bool) -> None:
    """Refuses a model that cannot fit on ``devices`` GPUs, or in this machine's memory where ``cpu``.

    Raises:
        ModelError: it needs more than there is.
    """
    found = gpus()
    if not cpu and not found:
        return  # another accelerator: the server itself knows
    room = _free_ram() if cpu else int(GPU_SHARE * sum(gpu.memory for gpu in found[:devices]))
    where = "of this machine's memory is free" if cpu else f"can be used on {min(devices, len(found))} GPU(s)"
    config = _config(folder)
    weights = weight_bytes(folder, dtype, quantization)
    cache = cache_bytes(config, dtype, context)
    if weights + cache > room:
        raise ModelError(
            f"{folder.name} needs {weights / GIBIBYTE:.1f} GiB for its weights and {cache / GIBIBYTE:.1f} GiB for one "
            f"answer's cache; {room / GIBIBYTE:.1f} GiB {where}",
            "use more GPUs (--tensor-parallel), --quantization, a shorter --max-model-len or a smaller model",
        )


def weight_bytes(folder: Path, dtype: str, quantization: str) -> int:
    """Bytes of the weights once loaded as ``dtype`` ("auto": as stored), from the headers of the safetensors files."""
    total = 0.0
    for file in folder.glob("*.safetensors"):
        for name, tensor in _header(file).items():
            if name != "__metadata__":
                start, end = tensor["data_offsets"]
                floats = tensor["dtype"] in ("F32", "F16", "BF16")
                size = _QUANTIZED.get(quantization) or _BYTES.get(dtype)
                total += math.prod(tensor["shape"]) * size if floats and size else end - start
    return int(total)


def _header(file: Path) -> dict[str, Any]:
    """What a safetensors file says of its tensors."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > file.stat().st_size:
                raise ValueError("it is shorter than its header says")
            header: dict[str, Any] = json.loads(stream.read(length))
    except (OSError, ValueError) as error:
        # In a clone without Git LFS it is a small text that names the file.
        raise ModelError(f"{file} is no safetensors file: {error}", "fetch the weights again, whole") from None
    return header


def cache_bytes(config: dict[str, Any], dtype: str, context: int | None) -> int:
    """Bytes of keys and values of one answer as long as the context: 2 x layers x heads x head size x tokens."""
    heads = config.get("num_attention_heads") or 0
    size = config.get("head_dim") or (config.get("hidden_size", 0) // heads if heads else 0)
    tokens = context or config.get("max_position_embeddings") or 0
    stored = str(config.get("dtype") or config.get("torch_dtype") or "bfloat16")
    each = _BYTES.get(stored if dtype == "auto" else dtype, 2)
    window = config.get("sliding_window")
    if isinstance(window, int) and window > 0 and config.get("use_sliding_window", True):
        tokens = min(tokens, window)
    return int(
        2 * (config.get("num_hidden_layers") or 0) * (config.get("num_key_value_heads") or heads) * size * tokens * each
    )


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(config, dict):
        return {}
    text = config.get("text_config")
    return config | text if isinstance(text, dict) else config


def _free_ram() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
