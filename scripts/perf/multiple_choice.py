"""Wall time of lm-eval's own backends for multiple choice, as a ratio to ours, same model and settings, in one run.

    HARNESS_DATA_DIR=... python scripts/perf/multiple_choice.py [--engine vllm] [--subjects 3] [--mmlu 20] ...

Prints JSON: ``{"mmlu": {"ratio": ...}, "boolq": ..., "copa": ..., "multirc": ...}``. Counted is the asking and scoring
of questions with all that either side does for it (tokenizing, batching, our journal), not the loading of model and
data. Goals on vLLM: MMLU 5-shot 12, BoolQ and MultiRC 2, COPA 1; on transformers: MMLU 3. With --subjects 57 and
--mmlu 2000 MMLU is whole.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.mmlu import CATEGORY
from harness.engines.base import EngineSettings, Serving
from harness.engines.model import locate
from harness.engines.vllm.memory import gpus
from harness.records import Choice
from scripts.peers.comparison import Asked, mmlu_rows, our_plan, ours, theirs

CONTEXT = 4096


def main(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("transformers", "vllm"), default="transformers")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--subjects", type=int, default=3)
    parser.add_argument("--mmlu", type=int, default=20, help="questions a subject")
    parser.add_argument("--superglue", type=int, default=40, help="rows of BoolQ, COPA and MultiRC each")
    parser.add_argument("--lm-eval-python", default=sys.executable, help="of an environment with lm-eval (and vLLM)")
    parser.add_argument("--vllm-python", default="")
    arguments = parser.parse_args(given)
    model, on_vllm = locate(arguments.model), arguments.engine == "vllm"
    dtype = "bfloat16" if on_vllm else "float32"
    settings = EngineSettings(arguments.engine, dtype, CONTEXT, serving=Serving(python=arguments.vllm_python))
    subjects = tuple(CATEGORY)[: arguments.subjects]
    names = ["mmlu"] * bool(arguments.mmlu) + [name for name in ("boolq", "copa", "multirc") if arguments.superglue]
    asked, plans = [], []
    for name in names:
        if name == "mmlu":
            tasks, shots = mmlu_rows(arguments.mmlu, subjects), 5
            rows = {task.removeprefix("mmlu_"): numbers for task, numbers in tasks.items()}
        else:
            tasks, shots = {name: list(range(arguments.superglue))}, 0
            rows = tasks
        asked.append(Asked(tasks, shots))
        plans.append(our_plan("mmlu" if name == "mmlu" else "super-glue", model, settings, rows))
    backend: dict[str, Any] = {"dtype": dtype, "batch_size": 1, "device": "cpu", "max_length": CONTEXT}
    if on_vllm:
        backend = {"dtype": dtype, "batch_size": "auto", "max_model_len": CONTEXT, "enable_prefix_caching": True}
        backend |= {"enforce_eager": not gpus()}
    mine = ours(plans, Choice("2 + 2 =", (" 3", " 4")))
    other = theirs(arguments.lm_eval_python, model.path, "vllm" if on_vllm else "hf", backend, asked)
    shown: dict[str, Any] = {
        name: {
            "ratio": round(reference.seconds / found.seconds, 2),
            "lm_eval_seconds": round(reference.seconds, 2),
            "our_seconds": round(found.seconds, 2),
            "questions": len(found.samples),
        }
        for name, found, reference in zip(names, mine, other, strict=True)
    }
    shown |= {
        "engine": arguments.engine,
        "model": arguments.model,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {[gpu.name for gpu in gpus()] or 'no GPU'}",
    }
    print(json.dumps(shown, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
