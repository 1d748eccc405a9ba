"""Answers graded by other models: 1 to 4 for each criterion of a rubric, as GitLab's own evaluation has it.

Secondary to any deterministic score, and worth only as much as the judge agrees with known grades
(harness/scoring/calibration.py). A judge is asked at temperature 0, sees the question, the answer and, where there is
one, a reference, and replies with a JSON object. One that does not is asked once more, and then the sample is an
``infra_error``: a judge's failure says nothing of the answer.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from harness.benchmark import AskJudge, Benchmark
from harness.errors import EngineError, JudgeError
from harness.metrics import Mean, Metric
from harness.prompts.instructions import Instruction
from harness.prompts.markdown import fenced
from harness.records import Answer, Chat, Message, Outcome, Sample, Sampling, Score
from harness.scoring.answers import json_answer

CRITERIA = ("correctness", "completeness", "readability")
SCALE = (1, 2, 3, 4)
GOOD = 3
"""The least grade that counts as good (GitLab tells the share of answers judged 3 or 4)."""
JUDGED = "judged "
HEADLINE = f"{JUDGED}good"
RUBRIC = "judge"
"""The name of its text in configs/prompts/."""
FAILED = "judge failed"
"""In a record's detail: why there are no grades."""
SAMPLING = Sampling(max_tokens=512, temperature=0.0)
_SHOWN = 300
_AGAIN = "That is not what was asked for: {what}. Reply with the JSON object alone."

Grades = Mapping[str, int]
"""From 1 to 4 by criterion."""


@dataclass(frozen=True)
class ToJudge:
    """An answer, what was asked, and what a right answer would be ("" where nobody has written one)."""

    question: str
    answer: str
    reference: str = ""


@dataclass(frozen=True)
class Judgement:
    """One judge's grades and what it says for them."""

    grades: Grades
    reason: str


class Judged(Protocol):
    """A benchmark whose answers are worth a judge's opinion beside their score."""

    def to_judge(self, sample: Sample, answer: Answer) -> ToJudge:
        """What a judge is shown."""
        ...


@dataclass(frozen=True)
class Panel:
    """The judges of a run by name, and the rubric that all of them go by."""

    judges: Mapping[str, AskJudge]
    rubric: Instruction

    @property
    def first(self) -> AskJudge:
        """The judge of benchmarks that cannot score without one."""
        return next(iter(self.judges.values()))

    async def judged(self, score: Score, benchmark: Benchmark, sample: Sample, answer: Answer) -> Score:
        """``score`` with the judges' grades beside it; as it is where there is nothing to judge.

        A judge that gives no grades, or cannot be asked, is told in the detail: the score itself holds without it.
        """
        if not is_judged(benchmark) or score.outcome in (Outcome.NO_ANSWER, Outcome.INFRA_ERROR):
            return score
        item: ToJudge = benchmark.to_judge(sample, answer)  # type: ignore[attr-defined]
        try:
            found = await asyncio.gather(*(grade(item, self.rubric, ask) for ask in self.judges.values()))
        except EngineError as error:
            return replace(score, detail={**score.detail, FAILED: error.message})
        told = {name: {**each.grades, "reason": each.reason} for name, each in zip(self.judges, found, strict=True)}
        return replace(score, scores={**score.scores, **scores_of(found)}, detail={**score.detail, "judged": told})


def is_judged(benchmark: Benchmark) -> bool:
    """Whether the benchmark is one whose answers judges grade."""
    return hasattr(benchmark, "to_judge")


def judged_metrics() -> tuple[Metric, ...]:
    """What is summed up of grades: the share of good answers first, then the mean grade for each criterion."""
    by_criterion = (Mean(f"{JUDGED}{name}", by=(), bounded=False, sparse=True, failed=FAILED) for name in CRITERIA)
    return Mean(HEADLINE, by=(), sparse=True, failed=FAILED), *by_criterion


def scores_of(judgements: list[Judgement]) -> dict[str, float]:
    """The means over judges; an answer is good to a judge who finds it so by every criterion."""
    count = len(judgements)
    means = {f"{JUDGED}{name}": sum(each.grades[name] for each in judgements) / count for name in CRITERIA}
    return {HEADLINE: sum(is_good(each.grades) for each in judgements) / count, **means}


def is_good(grades: Grades) -> bool:
    """Whether all grades are 3 or 4."""
    return all(grades[name] >= GOOD for name in CRITERIA)


async def grade(item: ToJudge, rubric: Instruction, ask: AskJudge) -> Judgement:
    """One judge's opinion.

    Raises:
        JudgeError: its reply has no grades, and neither has the second.
        EngineError: it could not be asked.
    """
    parts = [*shown(item.question, item.reference), f"The answer to grade:\n{fenced(item.answer, 'text')}"]
    reply = await asked(rubric, "\n\n".join(parts), ask, grade_fault)
    return Judgement({name: int(reply[name]) for name in CRITERIA}, str(reply.get("reason", ""))[:_SHOWN])


def shown(question: str, reference: str) -> list[str]:
    """What a judge reads before any answer."""
    parts = [f"The question:\n{fenced(question, 'text')}"]
    return parts + ([f"A right answer, for comparison:\n{fenced(reference, 'text')}"] if reference else [])


class Fault(Protocol):
    """Says what a reply lacks, "" where it lacks nothing."""

    def __call__(self, reply: Mapping[str, Any]) -> str: ...  # noqa: D102


async def asked(rubric: Instruction, text: str, ask: AskJudge, fault: Fault) -> dict[str, Any]:
    """The JSON object that a judge replies with; one with a fault is asked for once more.

    Raises:
        JudgeError: it has a fault again.
        EngineError: the judge could not be asked.
    """
    turns = (Message("system", rubric.system), Message("user", text))
    answer = await ask(Chat(turns), SAMPLING)
    reply = json_answer(answer.text)
    if what := fault(reply):
        again = Message("assistant", answer.text or "-"), Message("user", _AGAIN.format(what=what))
        answer = await ask(Chat((*turns, *again)), SAMPLING)
        reply = json_answer(answer.text)
    if what := fault(reply):
        raise JudgeError(f"the judge, asked twice, did not judge: {what}; it said {answer.text[:_SHOWN]!r}")
    return reply


def grade_fault(reply: Any) -> str:
    """What is wrong with grades; a truth value or 3.5 is no grade."""
    if not isinstance(reply, Mapping) or not reply:
        return "no JSON object"
    wrong = [name for name in CRITERIA if type(reply.get(name)) is not int or reply[name] not in SCALE]
    return f"no whole number from {SCALE[0]} to {SCALE[-1]} for {', '.join(wrong)}" if wrong else ""
