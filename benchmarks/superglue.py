"""SuperGLUE (Wang et al. 2019, arXiv 1905.00537): eight tasks of reading and reasoning, on their validation rows.

Each is asked without examples and as multiple choice, with the texts of lm-eval's tasks of the same names, so that
every option's likelihood can be compared with it. The metrics are SuperGLUE's own: accuracy; for CB also macro-F1; for
MultiRC F1 over all answers (F1a) and exact match per question; for ReCoRD F1 and exact match of the chosen entity. The
average is the mean over the eight tasks, of the mean of a task's two metrics where it has two. Peers report plain
accuracy for MultiRC, so that is here, too, outside the average. MultiRC and ReCoRD ask many questions about one
passage: their intervals are clustered by passage.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from benchmarks.superglue_tasks import (
    CB_LABELS,
    BoolqRow,
    CopaRow,
    Entities,
    MultircRow,
    PairRow,
    RecordRow,
    Right,
    TaskName,
    WicRow,
    WscRow,
    boolq,
    cb,
    copa,
    multirc,
    record,
    rte,
    wic,
    wsc,
)
from harness.benchmark import ReadRows, Tools, samples_of_parts
from harness.metrics import F1, Average, Mean, Metric
from harness.records import Answer, Outcome, Sample, Score
from harness.scoring.choice import most_likely, score_choice
from harness.scoring.text import exact_match, word_f1


@dataclass(frozen=True)
class _Task:
    split: str
    row: type[Any]
    samples: Callable[[list[Any]], list[Sample]]
    metrics: tuple[Mean | F1, ...]
    beside: tuple[Mean | F1, ...] = ()
    """Metrics that are not part of the average."""


def _acc(task: TaskName) -> Mean:
    return Mean(f"{task} acc", score="acc", where={"task": task}, by=())


_MULTIRC = {"task": "multirc"}
_RECORD = {"task": "record"}
TASKS: dict[TaskName, _Task] = {
    "boolq": _Task("boolq/validation", BoolqRow, boolq, (_acc("boolq"),)),
    "cb": _Task("cb/validation", PairRow, cb, (_acc("cb"), F1("cb f1", CB_LABELS, {"task": "cb"}))),
    "copa": _Task("copa/validation", CopaRow, copa, (_acc("copa"),)),
    "multirc": _Task(
        "multirc/validation",
        MultircRow,
        multirc,
        (
            F1("multirc f1a", ("True",), _MULTIRC),
            Mean("multirc em", score="acc", where=_MULTIRC, unit="question", unit_size="answers", by=()),
        ),
        (_acc("multirc"),),
    ),
    "record": _Task(
        "record/validation",
        RecordRow,
        record,
        (
            Mean("record f1", score="f1", where=_RECORD, by=()),
            Mean("record em", score="em", where=_RECORD, by=()),
        ),
    ),
    "rte": _Task("rte/validation", PairRow, rte, (_acc("rte"),)),
    "wic": _Task("wic/validation", WicRow, wic, (_acc("wic"),)),
    # The data with HF's mended spans, as lm-eval has it.
    "wsc": _Task("wsc.fixed/validation", WscRow, wsc, (_acc("wsc"),)),
}


@dataclass(frozen=True)
class SuperGlue:
    """The benchmark; ``tasks`` are those that are asked."""

    tasks: tuple[TaskName, ...] = tuple(TASKS)

    name: ClassVar[str] = "super-glue"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "average"
    metrics: ClassVar[tuple[Metric, ...]] = (
        Average("average", tuple(tuple(metric.name for metric in task.metrics) for task in TASKS.values())),
        *(metric for task in TASKS.values() for metric in (*task.metrics, *task.beside)),
    )
    max_tokens: ClassVar[int] = 16
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All rows of the tasks whose data can be had."""
        chosen = [task for name, task in TASKS.items() if name in self.tasks]
        return samples_of_parts(chosen, lambda task: task.samples(read(task.split, task.row)))

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Whether the most likely option is right; for ReCoRD how well its entity matches the answers."""
        target: Right | Entities = sample.target
        if isinstance(target, Right):
            return score_choice(answer, target.number, target.labels)
        number = most_likely(answer)
        if number is None:
            return Score(Outcome.NO_ANSWER, {"f1": 0.0, "em": 0.0}, {"reason": "no option was named"})
        said = target.options[number]
        scores = {"f1": word_f1(said, target.answers), "em": exact_match(said, target.answers)}
        return Score(Outcome.PASSED if scores["em"] else Outcome.FAILED, scores, {"label": said})
