"""Several models' answers judged with each other in view: all at once (consensus), or two against each other.

Consensus: the judge grades each answer with the others beside it, so that what most of them agree on, or one alone
claims, counts (GitLab calls it consensus filtering). Which stands first changes from question to question. Pairwise:
the judge is asked twice, the second time with the answers swapped, and a win counts only where it is one both times,
because judges favour a place (Zheng et al. 2023, Judging LLM-as-a-Judge, section 3.4).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from harness.benchmark import AskJudge
from harness.prompts.instructions import Instruction
from harness.prompts.markdown import fenced
from harness.scoring.judge import CRITERIA, Grades, ToJudge, asked, grade_fault, shown

Better = Literal["first", "second", "neither", "swayed"]
"""``swayed``: the judge said otherwise when the answers changed places."""
_SIDES = ("first", "second", "neither")


@dataclass(frozen=True)
class Asked:
    """One question, what a right answer would be ("": not written), and the answers by who gave them."""

    question: str
    reference: str
    answers: Mapping[str, str]

    @classmethod
    def of(cls, items: Mapping[str, ToJudge]) -> "Asked":
        """The answers of several models to one question."""
        one = next(iter(items.values()))
        return cls(one.question, one.reference, {name: item.answer for name, item in items.items()})


async def grade_together(item: Asked, rubric: Instruction, ask: AskJudge) -> dict[str, Grades]:
    """Each answer's grades, by who gave it.

    Raises:
        JudgeError: the judge's reply lacks grades, and so does the second.
        EngineError: it could not be asked.
    """
    names = sorted(item.answers)
    turn = int(sha256(item.question.encode()).hexdigest(), 16) % len(names)
    order = {str(number): name for number, name in enumerate(names[turn:] + names[:turn], 1)}

    def fault(reply: Mapping[str, Any]) -> str:
        found = (grade_fault(reply.get(number)) for number in order)
        wrong = [f"answer {number}: {what}" for number, what in zip(order, found, strict=True) if what]
        return "; ".join(wrong)

    answers = [f"Answer {number}:\n{fenced(item.answers[name], 'text')}" for number, name in order.items()]
    reply = await asked(rubric, "\n\n".join([*shown(item.question, item.reference), *answers]), ask, fault)
    return {name: {each: int(reply[number][each]) for each in CRITERIA} for number, name in order.items()}


async def better(item: Asked, rubric: Instruction, ask: AskJudge) -> Better:
    """Which of two answers is better, asked in both orders.

    Raises:
        JudgeError, EngineError: as :func:`grade_together`.
    """
    one, other = item.answers

    async def said(first: str, second: str) -> str:
        sides = {"first": first, "second": second}
        answers = [f"The {side} answer:\n{fenced(item.answers[name], 'text')}" for side, name in sides.items()]
        text = "\n\n".join([*shown(item.question, item.reference), *answers])
        reply = await asked(rubric, text, ask, _side_fault)
        return str(reply["better"])

    straight, swapped = await asyncio.gather(said(one, other), said(other, one))
    back = {"first": "second", "second": "first"}.get(swapped, swapped)
    return straight if straight == back else "swayed"  # type: ignore[return-value]


def _side_fault(reply: Mapping[str, Any]) -> str:
    return "" if reply.get("better") in _SIDES else f'no "better" that is one of {", ".join(_SIDES)}'
