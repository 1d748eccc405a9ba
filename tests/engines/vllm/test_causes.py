"""Why a server did not start, read from logs as vLLM writes them."""

import pytest

from harness.engines.vllm.causes import CAUSES, SHOWN_LINES, likely, tail

PREFIX = "(EngineCore pid=71) ERROR 11-25 02:03:29 [core.py:1510] "
STARTING = """\
(APIServer pid=9) INFO 11-25 02:03:01 [utils.py:233] non-default args: {'model': '/m', 'trust_remote_code': False}
(APIServer pid=9) INFO 11-25 02:03:02 [model.py:631] Resolved architecture: LlamaForCausalLM
(APIServer pid=9) WARNING 11-25 02:03:02 [system_utils.py:152] out of memory is not what this line is about
(EngineCore pid=71) INFO 11-25 02:03:20 [core.py:112] Initializing a V1 LLM engine with quantization=None
"""
TRACEBACK = """\
EngineCore failed to start.
Traceback (most recent call last):
  File "/env/lib/python3.12/site-packages/vllm/v1/engine/core.py", line 1484, in run_engine_core
    engine_core = EngineCoreProc(*args, engine_index=dp_rank, **kwargs)
                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/env/lib/python3.12/site-packages/vllm/transformers_utils/config.py", line 700, in get_config
    config = get_config(self.model, self.trust_remote_code, trust_remote_code=trust_remote_code)
"""
ENDING = """\
(APIServer pid=9) Traceback (most recent call last):
(APIServer pid=9)   File "/env/lib/python3.12/vllm/v1/engine/utils.py", line 1021, in wait_for_engine_startup
(APIServer pid=9)     raise RuntimeError(
(APIServer pid=9) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
"""
SAID = {
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.17 GiB. GPU 0 has a total capacity of 79.18 GiB "
    "of which 1.02 GiB is free.": "it ran out of memory",
    "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing "
    "the engine.": "it ran out of memory",
    "ValueError: To serve at least one request with the models's max seq len (131072), (16.00 GiB KV cache is needed, "
    "which is larger than the available KV cache memory (4.00 GiB).": "it ran out of memory",
    "ValueError: Free memory on device cuda:0 (10.2/79.18 GiB) on startup is less than desired GPU memory utilization "
    "(0.92, 72.8 GiB).": "it ran out of memory",
    "RuntimeError: [enforce fail at alloc_cpu.cpp:119] DefaultCPUAllocator: can't allocate memory: you tried to "
    "allocate 9 bytes. Error code 12 (Cannot allocate memory)": "it ran out of memory",
    "OSError: You are trying to access a gated repo.": "the model's repository is closed",
    "huggingface_hub.errors.GatedRepoError: 401 Client Error.": "the model's repository is closed",
    "ValueError: The repository /m contains custom code which must be executed to load the model. Please pass "
    "the argument `trust_remote_code=True` to allow custom code to be run.": "the model brings code of its own",
    "RuntimeError: Failed to load the model config. If the model is a custom model, consider using the "
    "--trust-remote-code flag in the CLI.": "the model brings code of its own",
    "ValueError: Model architectures ['NewForCausalLM'] are not supported for now. Supported architectures: "
    "dict_keys(['LlamaForCausalLM'])": "this vLLM does not know the model's architecture",
    "ValueError: The checkpoint you are trying to load has model type `new` but Transformers does not recognize this "
    "architecture.": "this vLLM does not know the model's architecture",
    "RuntimeError: The NVIDIA driver on your system is too old (found version 12040).": (
        "vLLM and this machine's GPU driver do not fit together"
    ),
    "RuntimeError: Failed to infer device type, please set the environment variable `VLLM_LOGGING_LEVEL=DEBUG`": (
        "vLLM and this machine's GPU driver do not fit together"
    ),
    "torch.AcceleratorError: CUDA error: no kernel image is available for execution on the device": (
        "vLLM and this machine's GPU driver do not fit together"
    ),
    "AttributeError: '_OpNamespace' '_C' object has no attribute 'init_cpu_memory_env'": (
        "vLLM's compiled part does not load: a system library is missing"
    ),
    "OSError: [Errno 98] Address already in use": "its port is taken",
    "ValueError: World size (8) is larger than the number of available GPUs (2) in this node.": (
        "the model cannot be spread over that many GPUs"
    ),
    "  Value error, Total number of attention heads (9) must be divisible by tensor parallel size (2).": (
        "the model cannot be spread over that many GPUs"
    ),
    "  Value error, User-specified max_model_len (16384) is greater than the derived max_model_len "
    "(max_position_embeddings=8192 or model_max_length=None in model's config.json).": (
        "--max-model-len is longer than the model's context"
    ),
    "  Value error, Unknown quantization method: fp9. Must be one of ['awq', 'fp8'].": (
        "this quantisation does not fit the model or the GPU"
    ),
    "ValueError: The quantization method fp8 is not supported for the current GPU. Minimum capability: 89. Current "
    "capability: 75.": "this quantisation does not fit the model or the GPU",
    "  Value error, Quantization method specified in the model config (awq) does not match the quantization method "
    "specified in the `quantization` argument (fp8).": "this quantisation does not fit the model or the GPU",
}


def logged(text: str) -> list[str]:
    return [PREFIX + line for line in text.splitlines()]


@pytest.mark.parametrize(("said", "what"), SAID.items(), ids=[said[:40] for said in SAID])
def test_the_cause_is_what_the_engine_said_first(said: str, what: str) -> None:
    log = STARTING.splitlines() + logged(TRACEBACK + said) + ENDING.splitlines()
    found = likely(log)
    assert found.what == what
    assert found.mend
    assert "\n" not in found.what + found.mend


def test_every_cause_has_a_log_that_names_it() -> None:
    assert {cause.what for cause in CAUSES} - set(SAID.values()) == {"it does not know one of its arguments"}


@pytest.mark.parametrize("said", ["unrecognized arguments: --max-num-sqes 8", "argument --dtype: invalid choice: 'x'"])
def test_an_unknown_argument_is_told_from_the_usage_that_names_all_of_them(said: str) -> None:
    log = [
        "usage: api_server.py [-h] [--host HOST] [--port PORT] [--trust-remote-code | --no-trust-remote-code]",
        "                     [--quantization QUANTIZATION] [--trust-remote-code | --no-trust-remote-code]",
        f"api_server.py: error: {said}",
    ]
    assert likely(log).what == "it does not know one of its arguments"
    assert tail(log) == (f"api_server.py: error: {said}",)


def test_an_error_of_no_known_kind_is_shown_as_it_stands() -> None:
    log = STARTING.splitlines() + logged(TRACEBACK + "KeyError: 'lm_head.weight'") + ENDING.splitlines()
    assert likely(log).what == "KeyError: 'lm_head.weight'"
    assert likely([]).what == "it ended without a word"
    assert likely(STARTING.splitlines()).what == "it ended without a word"


def test_a_line_of_information_is_no_cause() -> None:
    assert likely(["INFO 11-25 02:03:02 [x.py:1] address already in use"]).what == "it ended without a word"


def test_the_last_lines_are_those_that_say_something() -> None:
    log = STARTING.splitlines() + logged("\n".join(f"line {number}" for number in range(40))) + ["", "   "]
    shown = tail(log)
    assert shown == tuple(f"line {number}" for number in range(40 - SHOWN_LINES, 40))
    assert all(len(line) <= 300 for line in tail(["x" * 9999]))
