"""Any task of lm-eval (the LM Evaluation Harness, Gao et al.) as a benchmark: ``--benchmark lm-eval:NAME``.

Texts, solved examples, filters and metrics come from lm-eval's own code for the task; rows, engines, journal and
intervals are this harness's. A task's kinds of requests become these prompts: options and single texts of which the
likelihood is wanted (``multiple_choice``, ``loglikelihood``) a :class:`~harness.records.Likelihood`, whole texts
(``loglikelihood_rolling``) a :class:`~harness.records.Passage`, texts to be continued (``generate_until``) a
:class:`~harness.records.FewShot`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from benchmarks.lm_eval_data import check, data_set
from benchmarks.lm_eval_loading import Loaded, as_lm_eval, load
from benchmarks.lm_eval_metrics import metrics_of, values_of
from benchmarks.lm_eval_names import FAMILY, definition, lm_eval_version
from benchmarks.lm_eval_prompts import Form, Prompts
from harness.benchmark import ReadRows, Tools
from harness.entries import BenchmarkEntry
from harness.metrics import Metric, Statistic
from harness.records import Answer, Outcome, Sample, Score

_LIMITS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
_DEFAULT_LIMIT = 256


def entry(name: str) -> BenchmarkEntry:
    """The entry of lm-eval's task ``name``.

    Raises:
        NotInstalledError: lm-eval is not installed.
        UnknownNameError: there is no such task.
        UsageError: it is no single task, or cannot be asked here.
    """
    task = definition(name)
    check(task)
    return BenchmarkEntry(
        name=f"{FAMILY}:{name}",
        title=f"{name}, of lm-eval {lm_eval_version()}",
        suite="industry",
        code=f"{__name__}:LmEvalTask",
        data=data_set(task),
        arguments={"task": name},
    )


@dataclass
class _State:
    loaded: Loaded | None = None
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True)
class LmEvalTask:
    """The benchmark. ``shots`` None are as many as the task's definition says; ``multiturn`` is for ``chat`` alone."""

    task: str
    shots: Annotated[int, Field(ge=0)] | None = None
    chat: bool = False
    multiturn: bool = True

    @property
    def name(self) -> str:
        """Its name in the catalog."""
        return f"{FAMILY}:{self.task}"

    @property
    def version(self) -> str:
        """The task's own version and lm-eval's."""
        metadata = definition(self.task).values.get("metadata")
        own = metadata.get("version", 0) if isinstance(metadata, dict) else metadata or 0
        return f"{own}/{lm_eval_version()}"

    @cached_property
    def _state(self) -> _State:
        return _State()

    @property
    def _loaded(self) -> Loaded:
        assert self._state.loaded, "its samples are loaded before anything is asked of it"
        return self._state.loaded

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The task's own, each for each of its filters."""
        return self._state.metrics

    @property
    def metric(self) -> str:
        """The first one."""
        return self.metrics[0].name

    @property
    def max_tokens(self) -> int:
        """The most tokens of an answer."""
        given = self._generation
        return int(next((given[key] for key in _LIMITS if given.get(key) is not None), _DEFAULT_LIMIT))

    @property
    def stop(self) -> tuple[str, ...]:
        """What ends an answer."""
        until = self._generation.get("until") or ()
        return (until,) if isinstance(until, str) else tuple(each for each in until if each)

    @property
    def _generation(self) -> dict[str, Any]:
        return self._loaded.task.config.generation_kwargs or {}

    def load(self, read: ReadRows) -> list[Sample]:
        """All documents, by their numbers."""
        loaded = load(definition(self.task), self.shots, read)
        with as_lm_eval(self.task):
            prompts = Prompts(loaded, Form(self.chat, self.multiturn))
            samples = [
                Sample(id=str(number), prompt=prompts.of(document, number), target=number, cluster=str(number))
                for number, document in enumerate(loaded.docs)
            ]
            self._state.metrics = metrics_of(loaded)
        self._state.loaded = loaded
        return samples

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """The values of the task's metrics: single numbers as scores, others in the detail, for the whole to be told.

        A sample counts as passed where its first metric is 1, or is not a number of a sample's own.
        """
        values = values_of(self._loaded, sample.target, sample.prompt, answer)
        whole = {metric.value for metric in self.metrics if isinstance(metric, Statistic)}
        scores = {
            name: float(value) for name, value in values.items() if name not in whole and isinstance(value, int | float)
        }
        passed = self.metric in whole or scores.get(self.metric) == 1.0
        detail = {"values": {name: value for name, value in values.items() if name in whole}}
        return Score(Outcome.PASSED if passed else Outcome.FAILED, scores, detail if whole else {})
