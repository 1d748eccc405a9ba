"""Whether lm-eval's own evaluator and ours say the same of the same model, data and settings, option by option.

    HARNESS_DATA_DIR=... python scripts/parity_lm_eval.py [--engine vllm] [--model M] [--mmlu 4] [--superglue 50] ...

``--mmlu`` is questions a subject (57 subjects, 5-shot), ``--superglue`` rows a task. Compared are the texts, every
option's log-probability, the chosen option and every metric that both have. A prompt that does not fit the context is
counted as shortened and not compared: lm-eval cuts tokens from its front, we drop whole examples. Prints JSON; exits
with 1 where the goals are missed: in float32 every option within 1e-3, on vLLM the chosen option of at least 99 %, and
no option without a log-probability on either.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.mmlu import CATEGORY
from benchmarks.superglue import SuperGlue
from harness.engines.base import EngineSettings, Serving
from harness.engines.model import locate
from harness.metrics import estimates
from harness.records import Choice, Sample
from harness.scoring.choice import most_likely
from scripts.peers.comparison import TASKS, Asked, Ours, Theirs, mmlu_rows, our_plan, ours, row_name, theirs

TOLERANCE = 1e-3


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("transformers", "vllm"), default="transformers")
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--mmlu", type=int, default=4, help="questions a subject")
    parser.add_argument("--subjects", type=int, default=57)
    parser.add_argument("--superglue", type=int, default=50, help="rows a task")
    parser.add_argument("--lm-eval-python", default=sys.executable, help="of an environment that has lm-eval")
    parser.add_argument("--vllm-python", default="", help="of the environment that has vLLM")
    parser.add_argument("--context", type=int, default=4096, help="tokens")
    arguments = parser.parse_args(given)
    found = {}
    for benchmark, count in (("mmlu", arguments.mmlu), ("super-glue", arguments.superglue)):
        if count:
            found[benchmark] = compared(benchmark, count, arguments)
            print(json.dumps({benchmark: found[benchmark]}, indent=1), flush=True)
    return 0 if all(each["good"] for each in found.values()) else 1


def compared(benchmark: str, count: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """One benchmark on both sides."""
    model = locate(arguments.model)
    on_vllm = arguments.engine == "vllm"
    dtype = "bfloat16" if on_vllm else "float32"
    settings = EngineSettings(arguments.engine, dtype, arguments.context, serving=Serving(python=arguments.vllm_python))
    if benchmark == "mmlu":
        tasks = mmlu_rows(count, tuple(CATEGORY)[: arguments.subjects])
        rows = {name.removeprefix("mmlu_"): numbers for name, numbers in tasks.items()}
    else:
        rows = {name: list(range(count)) for name in TASKS}
        tasks = {theirs_name: rows[name] for name, theirs_name in TASKS.items()}
    backend: dict[str, Any] = {"dtype": dtype, "batch_size": 1, "device": "cpu", "max_length": arguments.context}
    if on_vllm:
        backend = {"dtype": dtype, "batch_size": "auto", "max_model_len": arguments.context, "enforce_eager": True}
    asked = Asked(tasks, 5 if benchmark == "mmlu" else 0)
    kind = "vllm" if on_vllm else "hf"
    (reference,) = theirs(arguments.lm_eval_python, model.path, kind, backend, [asked])
    (mine,) = ours([our_plan(benchmark, model, settings, rows)], Choice("2 + 2 =", (" 3", " 4")))
    options = differences(mine, reference)
    metrics = same_metrics(benchmark, mine, reference)
    chosen_equal = sum(each["chosen"] for each in options) / len(options)
    worst = max(each["difference"] for each in options)
    texts_equal = all(each["texts"] for each in options)
    missing = sum(each["missing"] for each in options)
    exact = worst <= TOLERANCE and not _unequal(metrics)
    return {
        "good": texts_equal and not missing and chosen_equal >= 0.99 and (on_vllm or exact),
        "samples": len(options),
        "shortened": len(mine.samples) - len(options),
        "options": sum(each["count"] for each in options),
        "missing": missing,
        "worst_difference": worst,
        "chosen_equal": round(chosen_equal, 4),
        "texts_equal": texts_equal,
        "metrics": metrics,
        "seconds": {"lm_eval": round(reference.seconds, 1), "ours": round(mine.seconds, 1)},
    }


def differences(mine: Ours, reference: Theirs) -> list[dict[str, Any]]:
    """For each sample: the largest difference of an option, how many lack one; whether texts and choice are equal."""
    found = []
    for sample in mine.samples:
        if shortened(mine, sample):
            continue
        theirs_row = reference_row(sample, reference)
        record = mine.records[sample.id]
        assert isinstance(sample.prompt, Choice)
        assert record.answer
        other = [float(value) for value in theirs_row["options"]]
        pairs = list(zip(record.answer.options, other, strict=True))
        # What one side does not tell is a difference, too, but none that a number can say.
        apart = [math.nan if value is None else abs(value - reference) for value, reference in pairs]
        told = [value for value in apart if not math.isnan(value)]
        found.append(
            {
                "count": len(pairs),
                "missing": len(pairs) - len(told),
                "difference": max(told, default=0.0),
                "chosen": most_likely(record.answer) == other.index(max(other)),
                "texts": list(sample.prompt.options) == theirs_row["continuations"]
                and {sample.prompt.text} == set(theirs_row["contexts"]),
            }
        )
    return found


def shortened(mine: Ours, sample: Sample) -> bool:
    """Whether a sample's prompt lost solved examples."""
    answer = mine.records[sample.id].answer
    return bool(answer and answer.dropped_shots)


def reference_row(sample: Sample, reference: Theirs) -> Any:
    """lm-eval's row of one of our samples."""
    part, _, number = row_name(sample).rpartition("/")
    task = TASKS.get(part, f"mmlu_{part}")
    return reference.samples[task][int(number)]


def same_metrics(benchmark: str, mine: Ours, reference: Theirs) -> dict[str, Any]:
    """Each metric that both have: ours and lm-eval's.

    lm-eval's MultiRC accuracy is of the opposite (benchmarks/superglue_tasks.py), so it is turned round here; MMLU's
    are compared subject by subject.
    """
    records = list(mine.records.values())
    if benchmark == "mmlu":
        cut = {sample.tags["subject"] for sample in mine.samples if shortened(mine, sample)}
        subjects = sorted({record.tags["subject"] for record in records} - cut)
        pairs = {}
        for subject in subjects:
            scores = [record.scores["acc"] for record in records if record.tags["subject"] == subject]
            pairs[subject] = (sum(scores) / len(scores), reference.results[f"mmlu_{subject}"]["acc,none"])
    else:
        told = {name: found.value for name, found in estimates(SuperGlue.metrics, records) if found}
        pairs = {
            f"{task} acc": (told[f"{task} acc"], reference.results[name]["acc,none"]) for task, name in TASKS.items()
        }
        ours_multirc, opposite = pairs["multirc acc"]
        pairs["multirc acc"] = (ours_multirc, 1 - opposite)
        pairs["cb f1"] = (told["cb f1"], reference.results["cb"]["f1,none"])
    return {name: {"ours": round(a, 6), "lm_eval": round(float(b), 6)} for name, (a, b) in pairs.items()}


def _unequal(metrics: dict[str, Any]) -> list[str]:
    """Metrics that differ in the third decimal."""
    return [name for name, each in metrics.items() if abs(each["ours"] - each["lm_eval"]) >= 5e-4]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
