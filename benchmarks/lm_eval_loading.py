"""lm-eval's own task objects, set up as its evaluator does it, but with our rows and without any download."""

import logging
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.lm_eval_data import narrowed, rows
from benchmarks.lm_eval_names import FAMILY, Definition
from harness.benchmark import ReadRows
from harness.errors import HarnessError, UnavailableError, UsageError, first_line

_SEED, _NUMPY_SEED, _SHOTS_SEED = 0, 1234, 1234
"""lm-eval's own defaults."""


@dataclass(frozen=True)
class Loaded:
    """lm-eval's object for a task (a ``ConfigurableTask``), its questions, and how many solved examples each has."""

    task: Any
    docs: list[Any]
    shots: int


def load(definition: Definition, shots: int | None, read: ReadRows) -> Loaded:
    """Sets a task up; ``shots`` None are as many as its definition says.

    Raises:
        UsageError: its definition forbids solved examples.
        UnavailableError: its rows cannot be had, or something that lm-eval needs for it.
    """
    own = definition.values.get("num_fewshot")
    if shots and own == 0:
        raise UsageError(
            f"{FAMILY}:{definition.name} is asked without solved examples by its own definition",
            "leave out the setting shots",
        )
    count = shots if shots is not None else int(own or 0)
    splits = rows(definition, count, read)
    with as_lm_eval(definition.name):
        from lm_eval.api.task import ConfigurableTask
        from lm_eval.tasks._yaml_loader import load_yaml

        config = narrowed(load_yaml(definition.path), definition, count)
        for key in ("tag", "group", "task_list"):
            config.pop(key, None)
        metadata = config.get("metadata") or {}
        config["metadata"] = metadata if isinstance(metadata, dict) else {"_metadata": metadata}
        config["num_fewshot"] = count
        # The rows are there before lm-eval sets itself up, where it would have put those that it downloads.
        ours: Any = type("LocalTask", (ConfigurableTask,), {"download": lambda self, *_, **__: None, "dataset": splits})
        task = ours(config=config)
        task.set_fewshot_seed(_SHOTS_SEED)
        if task.OUTPUT_TYPE == "generate_until" and not callable(config.get("process_results")):
            for metric, function in task._metric_fn_list.items():
                if function is None:
                    raise UsageError(
                        f"{FAMILY}:{definition.name} is scored by {metric}, code that would be fetched from the hub",
                        "run it with lm-eval itself",
                    )
        return Loaded(task, list(task.eval_docs), count)


@contextmanager
def as_lm_eval(name: str) -> Iterator[None]:
    """For code of lm-eval and its tasks: seeds as its evaluator's, no chatter, no downloads, errors in one line.

    Raises:
        UnavailableError: it failed.
    """
    import numpy

    log, level = logging.getLogger("lm_eval"), logging.getLogger("lm_eval").level
    states = random.getstate(), numpy.random.get_state()
    log.setLevel(logging.CRITICAL)
    random.seed(_SEED)
    numpy.random.seed(_NUMPY_SEED)
    try:
        with warnings.catch_warnings(), _without_downloads():
            warnings.simplefilter("ignore")
            yield
    except HarnessError:
        raise
    except Exception as error:
        raise UnavailableError(
            f"lm-eval cannot do {name}: {type(error).__name__}: {first_line(error)}",
            "install what it names into this environment, or leave the task out; --debug shows more",
        ) from error
    finally:
        random.setstate(states[0])
        numpy.random.set_state(states[1])
        log.setLevel(level)


@contextmanager
def _without_downloads() -> Iterator[None]:
    """The libraries' functions that fetch by themselves, refusing; a task's module that takes one keeps it so."""
    import evaluate

    import datasets

    def refuse(what: str, *_: Any, **__: Any) -> Any:
        raise UnavailableError(f"it would download {what} by itself", "run it with lm-eval itself")

    kept = datasets.load_dataset, evaluate.load
    datasets.load_dataset = evaluate.load = refuse
    try:
        yield
    finally:
        datasets.load_dataset, evaluate.load = kept
