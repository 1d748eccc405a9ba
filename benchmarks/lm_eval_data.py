"""The rows of an lm-eval task: which splits it needs, where they lie in a mirror, and as the library's own data set."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from benchmarks.lm_eval_names import FAMILY, Definition
from harness import catalog
from harness.benchmark import ReadRows
from harness.entries import DataSet
from harness.errors import UsageError

_HARMLESS = frozenset({"trust_remote_code", "revision", "streaming"})
"""Arguments of a task's data set that do not choose its rows."""


def check(task: Definition) -> None:
    """Refuses a task that cannot be asked here.

    Raises:
        UsageError: it cannot, and why.
    """
    name = f"{FAMILY}:{task.name}"
    values = task.values
    if values.get("unsafe_code"):
        own = ", ".join(entry for entry in catalog.benchmarks() if entry in ("mbpp", "mbppplus", "bigcodebench"))
        raise UsageError(
            f"{name} runs the code that models write, unprotected", f"ask one that runs it in the sandbox: {own}"
        )
    reasons = {
        "is a Python class that fetches its own data": values.get("class"),
        "makes its data by code of its own": values.get("custom_dataset"),
        "asks about pictures or sound": values.get("doc_to_image") or values.get("doc_to_audio"),
        f"asks each question {values.get('repeats')} times to vote": int(values.get("repeats") or 1) > 1,
        "names no data set": not values.get("dataset_path"),
        "names no split to be asked": not asked_split(task),
    }
    for reason, holds in reasons.items():
        if holds:
            raise UsageError(f"{name} {reason}, which is not supported", "run it with lm-eval itself")


def asked_split(task: Definition) -> str:
    """The split whose rows are the questions."""
    return task.text("test_split") or task.text("validation_split")


def shots_split(task: Definition) -> str:
    """The split that solved examples are drawn from; "" where they stand in the definition itself."""
    config = task.values.get("fewshot_config") or {}
    named = str(config.get("split") or "") or task.text("fewshot_split")
    if named or config.get("samples"):
        return named
    return task.text("training_split") or task.text("validation_split") or asked_split(task)


def data_set(task: Definition) -> DataSet:
    """Where its rows come from: the place of a data set that the catalog knows already, else one of its own.

    In a mirror that is ``<repository>/<configuration>/<split>.jsonl``; rows that are chosen by more than repository and
    configuration have a folder of the task's name.
    """
    hub, config = task.text("dataset_path"), task.text("dataset_name")
    given = dict(task.values.get("dataset_kwargs") or {})
    arguments = {key: value for key, value in given.items() if key not in _HARMLESS}
    splits = [split for split in dict.fromkeys((asked_split(task), shots_split(task))) if split]
    files = {f"{config}/{split}" if config else split: "" for split in splits}
    found = DataSet(
        folder=f"{FAMILY}/{task.name}" if arguments else hub,
        licence="see the data set's card",
        files=files,
        hub=hub,
        revision=str(given.get("revision", "")),
        arguments=arguments,
    )
    same = [entry.data for entry in catalog.benchmarks().values() if entry.data.hub == hub and not arguments]
    if not same:
        return found
    known = {split: same[0].files.get(split, "") for split in files}
    return replace(found, folder=same[0].folder, revision=same[0].revision, licence=same[0].licence, files=known)


def rows(task: Definition, shots: int, read: ReadRows) -> dict[str, Any]:
    """The splits that a task needs, as data sets of the library that lm-eval uses; raises what reading raises."""
    from datasets import Dataset

    config = task.text("dataset_name")
    splits = (asked_split(task), shots_split(task) if shots else "")
    return {
        split: Dataset.from_list(read(f"{config}/{split}" if config else split, dict))
        for split in dict.fromkeys(splits)
        if split
    }


def narrowed(config: Mapping[str, Any], task: Definition, shots: int) -> dict[str, Any]:
    """A definition that names no split but those of :func:`rows`: the others are not there to be read."""
    spare = {
        key
        for key in ("training_split", "validation_split")
        if config.get(key) not in (asked_split(task), shots_split(task) if shots else None)
    }
    if not shots:
        spare |= {"fewshot_split", "fewshot_config"}
    return {key: value for key, value in config.items() if key not in spare}
