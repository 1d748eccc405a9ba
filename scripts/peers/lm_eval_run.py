"""Runs lm-eval's own evaluator on chosen rows of a local mirror, in whatever environment has lm-eval. Stands alone.

    python lm_eval_run.py JOB.json RESULT.json

JOB: ``model`` (folder), ``backend`` ("hf" or "vllm"), ``arguments`` (of that backend), ``folders`` (of lm-eval's tasks,
so that only these are indexed), ``runs`` (each with ``tasks``: name -> row numbers or null for all, ``shots`` (null for
the task's own), ``chat`` and ``multiturn``), ``data`` (the mirror). RESULT, for each run: ``seconds`` (of evaluating;
loading model and data is not counted), ``results`` and, for each task, its ``samples``: the ``arguments`` and
``responses`` of each request and, where there are options, every one's log-probability.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

FOLDERS = {"cais/mmlu": "mmlu", "aps/super_glue": "super_glue"}
"""Names on the hub, and in the mirror where these differ."""


def main(job: dict[str, Any]) -> list[dict[str, Any]]:
    import lm_eval
    from lm_eval.api.registry import get_model
    from lm_eval.tasks import TaskManager

    import datasets

    mirror = Path(job["data"])

    def load_dataset(path: str, name: str | None = None, **_: Any) -> Any:
        """The mirror's rows of a data set, by split; never the hub's."""
        folder = mirror / FOLDERS.get(path, path)
        subjects = FOLDERS.get(path) == "mmlu" and (folder / "test.jsonl").is_file()
        files = sorted((folder if subjects or name is None else folder / name).glob("*.jsonl"))
        rows = {file.stem: [json.loads(line) for line in file.read_text().splitlines()] for file in files}
        if subjects:
            rows = {split: [row for row in found if row["subject"] == name] for split, found in rows.items()}
        return datasets.DatasetDict({split: datasets.Dataset.from_list(found) for split, found in rows.items()})

    datasets.load_dataset = load_dataset
    root = Path(lm_eval.__file__).parent / "tasks"
    manager = TaskManager(include_defaults=False, include_path=[str(root / folder) for folder in job["folders"]])
    loaded = [list(manager.load(list(each["tasks"]))["tasks"].values()) for each in job["runs"]]
    model = get_model(job["backend"])(pretrained=job["model"], **job["arguments"])
    return [_run(model, each, tasks, manager) for each, tasks in zip(job["runs"], loaded, strict=True)]


def _run(model: Any, job: dict[str, Any], tasks: list[Any], manager: Any) -> dict[str, Any]:
    from lm_eval.evaluator import simple_evaluate

    started = time.perf_counter()
    found = simple_evaluate(
        model=model,
        tasks=tasks,
        num_fewshot=job["shots"],
        samples=job["tasks"] if all(job["tasks"].values()) else None,
        apply_chat_template=job.get("chat", False),
        fewshot_as_multiturn=job.get("multiturn", True),
        bootstrap_iters=0,
        log_samples=True,
        task_manager=manager,
    )
    seconds = time.perf_counter() - started
    assert found is not None
    samples = {
        task: [
            {
                "row": sample["doc_id"],
                "arguments": sample["arguments"],
                "responses": [response[0] for response in sample["resps"]],
                **_options(sample),
            }
            for sample in rows
        ]
        for task, rows in found["samples"].items()
    }
    return {"seconds": seconds, "results": found["results"], "samples": samples}


def _options(sample: dict[str, Any]) -> dict[str, Any]:
    if not all(len(arguments) == 2 and isinstance(arguments[1], str) for arguments in sample["arguments"]):
        return {}
    return {
        "contexts": [context for context, _ in sample["arguments"]],
        "continuations": [option for _, option in sample["arguments"]],
        "options": [float(response[0][0]) for response in sample["resps"]],
    }


if __name__ == "__main__":
    result = main(json.loads(Path(sys.argv[1]).read_text()))
    Path(sys.argv[2]).write_text(json.dumps(result, default=str))
