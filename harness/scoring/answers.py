"""Short answers that can be checked: found in a reply, and compared with all accepted spellings of the right one."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from harness.records import Outcome, Score

UNKNOWN = "cannot be known from this"
"""The right answer to a question that what is shown does not answer."""
_MARKED = re.compile(r"^[ \t>*_#-]*(?:final\s+)?answer[ \t*_]*:[ \t*_]*(.*)$", re.IGNORECASE | re.MULTILINE)
_FENCE = re.compile(r"^\s*```[\w-]*\s*$", re.MULTILINE)
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_SHOWN = 200
_WRAPPING = "\"'`*_\u201c\u201d\u2018\u2019 \t"


def final_answer(reply: str) -> str:
    """What stands after the reply's last "Answer:"; of a reply that is one line without it the line; else "".

    Where nothing stands on the marked line itself, the answer is what follows it.
    """
    reply = _THINKING.sub("", reply).strip()
    marked = list(_MARKED.finditer(reply))
    if marked:
        last = marked[-1]
        return last[1].strip() or _FENCE.sub("", reply[last.end() :]).strip()
    return "" if "\n" in reply else reply


def replies(answers: Iterable[str]) -> tuple[str, ...]:
    """Each answer as :func:`final_answer` wants it."""
    return tuple(f"It is as follows.\n\nAnswer: {answer}" for answer in answers)


def same(answer: str, accepted: Iterable[str]) -> bool:
    """Whether ``answer`` is one of the accepted spellings, or the same JSON value as one.

    Letter case, white space, quotes and emphasis around it and a final full stop do not count.
    """
    return any(normalised(answer) == normalised(each) or _equal(answer, each) for each in accepted)


def normalised(text: str) -> str:
    """``text`` as it is compared."""
    text = " ".join(text.split()).strip(_WRAPPING)
    return text.removesuffix(".").strip(_WRAPPING).casefold()


def json_answer(reply: str) -> dict[str, Any]:
    """The last JSON object in a reply, wherever it stands, its keys in lower case; {} where there is none."""
    reply = _THINKING.sub("", reply)
    decoder, found, at = json.JSONDecoder(), {}, reply.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(reply, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found = {str(key).lower(): each for key, each in value.items()}
        at = reply.find("{", end)
    return found


def first_number(value: Any) -> int | None:
    """The first number in "CWE-89", "89: SQL injection", 89."""
    found = re.search(r"\d{1,9}", str(value))
    return int(found[0]) if found else None


def _equal(one: str, other: str) -> bool:
    try:
        first, second = (json.loads(text.strip(_WRAPPING.replace('"', ""))) for text in (one, other))
    except (ValueError, RecursionError):
        return False
    return type(first) is type(second) and bool(first == second)


def score_short(metric: str, answer: str, accepted: Iterable[str]) -> Score:
    """1 for an accepted answer, else 0; "" is no answer."""
    if not answer:
        return Score(Outcome.NO_ANSWER, {metric: 0.0}, {"reason": "no answer in the reply"})
    right = same(answer, accepted)
    return Score(Outcome.PASSED if right else Outcome.FAILED, {metric: float(right)}, {"answer": answer[:_SHOWN]})


def score_fields(metric: str, right: Mapping[str, bool]) -> Score:
    """``metric`` is 1 where all fields of a structured answer are right; each field is told beside it.

    No fields at all are no answer.
    """
    if not right:
        return Score(Outcome.NO_ANSWER, {metric: 0.0}, {"reason": "no JSON object in the reply"})
    whole = all(right.values())
    scores = {metric: float(whole), **{name: float(value) for name, value in right.items()}}
    return Score(Outcome.PASSED if whole else Outcome.FAILED, scores)
