"""The transformers engine's two measures against waste on a CPU, each as a ratio to doing without it, in one run.

    HARNESS_DATA_DIR=... python scripts/perf/cpu_engine.py [PROMPTS]          # prints JSON

``decoding``: our decoder against transformers' own ``generate``, same model, same batch of MBPP 3-shot prompts, same
greedy answers. ``waiting``: the same decoder while another process keeps one core busy, with torch's threads sleeping
while they wait against spinning.
"""

import json
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version

TOKENS = 128


def main(count: int) -> None:
    decoding = child("passive", "compare", count, busy=False)
    passive, active = (child(policy, "ours", count, busy=True) for policy in ("passive", "active"))
    ours = "ours_tokens_per_second"
    shown = {
        "decoding": decoding,
        "waiting": {"passive": passive, "active": active, "ratio": round(passive[ours] / active[ours], 2)},
        "versions": {name: version(name) for name in ("torch", "transformers")},
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }
    print(json.dumps(shown, indent=1))


def child(policy: str, what: str, count: int, busy: bool) -> dict[str, float]:
    """Measures in a process of its own, because the policy is read when torch is loaded."""
    company = multiprocessing.Process(target=spin, daemon=True)
    if busy:
        company.start()
    command = [sys.executable, __file__, what, str(count if not busy else max(2, count // 4))]
    environment = {**os.environ, "OMP_WAIT_POLICY": policy}
    try:
        shown = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    finally:
        if busy:
            company.kill()
    found: dict[str, float] = json.loads(shown)
    return found


def spin() -> None:
    while True:
        pass


def measure(count: int, compare: bool) -> None:
    """Prints what one process measured."""
    from benchmarks.mbpp import Mbpp
    from harness import catalog
    from harness.datasource import DataSource, data_dir_from
    from harness.engines.batch import Decoder, Row
    from harness.engines.model import locate
    from harness.records import Chat, Sampling

    import torch  # isort: skip
    from transformers import AutoModelForCausalLM, AutoTokenizer  # isort: skip

    path = locate("smollm2-135m").path
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    samples = Mbpp().load(DataSource("mbpp", catalog.benchmark("mbpp").data, data_dir_from(None)).read)[:count]
    prompts = []
    for sample in samples:
        assert isinstance(sample.prompt, Chat)
        turns = [{"role": message.role, "content": message.content} for message in sample.prompt.messages]
        text = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        prompts.append(tokenizer(text, add_special_tokens=False)["input_ids"])

    started = time.perf_counter()
    rows = [Row(tuple(prompt), Sampling(TOKENS)) for prompt in prompts]
    ours = dict(Decoder(model, tokenizer).generate(rows))
    our_seconds = time.perf_counter() - started
    tokens = sum(answer.answer_tokens for answer in ours.values())
    found: dict[str, float] = {"ours_tokens_per_second": round(tokens / our_seconds, 1), "prompts": count}
    if compare:
        tokenizer.padding_side = "left"
        batch = tokenizer.pad({"input_ids": prompts}, return_tensors="pt")
        started = time.perf_counter()
        with torch.inference_mode():
            sequences = model.generate(**batch, do_sample=False, max_new_tokens=TOKENS)
        their_seconds = time.perf_counter() - started
        theirs = tokenizer.batch_decode(sequences[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)
        found |= {
            "ratio": round(their_seconds / our_seconds, 2),
            "generate_tokens_per_second": round(tokens / their_seconds, 1),
            "same_answers": sum(ours[number].text == text for number, text in enumerate(theirs)),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1:2] in (["compare"], ["ours"]):
        measure(int(sys.argv[2]), compare=sys.argv[1] == "compare")
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
