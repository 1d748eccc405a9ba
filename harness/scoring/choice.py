"""The option that a model finds most likely, as a score."""

from collections.abc import Sequence

from harness.records import Answer, Outcome, Score


def most_likely(answer: Answer) -> int | None:
    """The number of the most likely option, the first of equals; None where the likelihood of none is known."""
    told = [(value, -number) for number, value in enumerate(answer.options) if value is not None]
    return -max(told)[1] if told else None


def score_choice(answer: Answer, target: int, labels: Sequence[str]) -> Score:
    """Accuracy of one answer: whether its most likely option is number ``target``.

    ``labels`` are what the options say, in order; the chosen one is kept as "label".
    """
    number = most_likely(answer)
    if number is None:
        return Score(Outcome.NO_ANSWER, {"acc": 0.0}, {"reason": "no option was named"})
    right = number == target
    return Score(Outcome.PASSED if right else Outcome.FAILED, {"acc": float(right)}, {"label": labels[number]})
