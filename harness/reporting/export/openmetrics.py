"""Runs as OpenMetrics text (openmetrics.io, version 1.0), for GitLab's metrics reports and for Prometheus."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.records import Outcome
from harness.results import Summary

PREFIX = "duo_evaluation_"


@dataclass
class _Family:
    """One gauge: its name without prefix, what it says, its unit, and its samples."""

    name: str
    help: str
    unit: str = ""
    samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        name = f"{PREFIX}{self.name}"
        yield f"# TYPE {name} gauge"
        if self.unit:
            yield f"# UNIT {name} {self.unit}"
        yield f"# HELP {name} {self.help}"
        for labels, value in self.samples:
            told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            yield f"{name}{{{told}}} {_number(value)}"


def openmetrics(summaries: Sequence[Summary]) -> str:
    """All runs' figures as gauges. Label ``run`` is there only where two runs are of one model and feature.

    A run's hash changes with any setting: with it in every label, no figure could be followed over such a change.
    """
    score = _Family("score", "A metric's value.")
    low = _Family("score_low", "Lower end of its 95 % interval.")
    high = _Family("score_high", "Upper end of its 95 % interval.")
    samples = _Family("samples", "Samples that the score is made of.")
    infra = _Family("infra_errors", "Answers that could not be had or scored for no fault of the model; not scored.")
    prompt = _Family("prompt_tokens", "Tokens of all prompts.")
    answer = _Family("answer_tokens", "Tokens of all answers.")
    cost = _Family("cost_usd", "What the candidate's answers cost, in US dollars.")
    judge = _Family("judge_cost_usd", "What the judges' replies cost, in US dollars.")
    p95 = _Family("latency_p95_seconds", "95th percentile of a whole answer, streamed.", "seconds")
    complete = _Family("complete", "1 where all that was asked for could be run and scored, else 0.")
    alike = Counter((summary.model, summary.feature) for summary in summaries)
    for summary in summaries:
        own = {"model": summary.model, "feature": summary.feature}
        if alike[summary.model, summary.feature] > 1:
            own["run"] = summary.settings_hash
        for row in summary.rows:
            labels = {**own, "use_case": row.use_case, "benchmark": row.benchmark, "metric": row.metric}
            samples.samples.append((labels, row.estimate.n if row.estimate else 0))
            infra.samples.append((labels, row.verdicts.get(Outcome.INFRA_ERROR, 0)))
            if row.estimate:
                score.samples.append((labels, row.estimate.value))
                low.samples.append((labels, row.estimate.low))
                high.samples.append((labels, row.estimate.high))
        for timed in summary.latency:
            if timed.total:
                at = {"use_case": timed.use_case, "benchmark": timed.benchmark, "concurrency": str(timed.concurrency)}
                p95.samples.append(({**own, **at}, timed.total.p95))
        prompt.samples.append((own, summary.usage.prompt_tokens))
        answer.samples.append((own, summary.usage.answer_tokens))
        if summary.usage.cost_usd is not None:
            cost.samples.append((own, summary.usage.cost_usd))
        if summary.usage.judge_cost_usd is not None:
            judge.samples.append((own, summary.usage.judge_cost_usd))
        complete.samples.append((own, int(summary.complete)))
    families = (score, low, high, samples, infra, prompt, answer, cost, judge, p95, complete)
    lines = [line for family in families if family.samples for line in family.lines()]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
