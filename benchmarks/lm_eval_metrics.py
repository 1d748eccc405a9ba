"""lm-eval's metrics of a task: what its own code makes of an answer, and how values become one number.

A mean is this harness's own; everything else is lm-eval's function over all samples' values.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from benchmarks.lm_eval_loading import Loaded, as_lm_eval
from benchmarks.lm_eval_names import definition
from harness.errors import UnavailableError
from harness.metrics import Mean, Metric, Statistic
from harness.records import Answer, FewShot, Likelihood, Prompt

_PLACE = f"{__name__}:aggregate"


def metrics_of(loaded: Loaded) -> tuple[Metric, ...]:
    """The task's metrics, each for each of its filters."""
    from lm_eval.api.metrics import mean

    task = loaded.task
    found: list[Metric] = []
    for filtering in task._filters:
        for metric, function in task.aggregation().items():
            name = metric_name(metric, filtering.name)
            if function is mean or function is None:
                found.append(Mean(name, by=(), sparse=True))
            elif metric != "bypass":
                arguments = {"task": task.config.task, "metric": metric}
                found.append(Statistic(name, value=name, function=_PLACE, arguments=arguments))
    return tuple(found)


def metric_name(metric: str, filtering: str) -> str:
    """As lm-eval has it in its results, without the name of the filter that does nothing."""
    return metric if filtering == "none" else f"{metric},{filtering}"


def values_of(loaded: Loaded, number: int, prompt: Prompt, answer: Answer) -> dict[str, Any]:
    """What the task's own code makes of an answer to document ``number``, by metric and filter, ready for JSON.

    Raises:
        UnavailableError: it failed.
    """
    from lm_eval.api.instance import Instance

    task, document = loaded.task, loaded.docs[number]
    instances = [
        Instance(
            request_type=task.OUTPUT_TYPE,
            doc=document,
            arguments=(),
            idx=index,
            metadata=(task.config.task, number, 1),
            resps=[response],
        )
        for index, response in enumerate(_responses(prompt, answer))
    ]
    found: dict[str, Any] = {}
    with as_lm_eval(task.config.task):
        for filtering in task._filters:
            filtering.apply(instances)
            results = [instance.filtered_resps[filtering.name] for instance in instances]
            for metric, value in task.process_results(document, results).items():
                found[metric_name(metric, filtering.name)] = _written(value)
    return found


def _responses(prompt: Prompt, answer: Answer) -> Sequence[Any]:
    """An answer as lm-eval's models give it."""
    if isinstance(prompt, FewShot):
        return [answer.text]
    if isinstance(prompt, Likelihood):
        return list(zip(answer.options, answer.greedy, strict=True))
    return list(answer.options)


def _written(value: Any) -> Any:
    """A value as JSON has it: numpy's numbers and arrays as Python's, tuples as lists."""
    if hasattr(value, "tolist"):
        return _written(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): _written(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_written(each) for each in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise UnavailableError(f"a score of type {type(value).__name__} cannot be written down", "leave the task out")


def aggregate(values: list[Any], task: str, metric: str) -> float:
    """What lm-eval's function for the metric makes of all samples' values."""
    with as_lm_eval(task):
        return float(_function(task, metric)(values))


@cache
def _function(task: str, metric: str) -> Callable[[list[Any]], Any]:
    from lm_eval.api.registry import get_aggregation, get_metric_aggregation
    from lm_eval.tasks._yaml_loader import load_yaml

    for each in load_yaml(definition(task).path).get("metric_list") or ():
        named = each["metric"]
        if metric == (named if isinstance(named, str) else getattr(named, "__name__", "")) and "aggregation" in each:
            function: Any = each["aggregation"]
            return get_aggregation(function) if isinstance(function, str) else function  # type: ignore[no-any-return]
    return get_metric_aggregation(metric)  # type: ignore[no-any-return]
