"""What a reader must know before using a run's scores, in words: one wording for terminal, site and comments."""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.records import Outcome
from harness.results import GroundTruth, LeftOut, Summary, SummaryRow
from harness.summary import first_rows

FALLBACK = "an infill asked by chat, or a choice by a generated letter; compare them only with answers of that kind"
INSIDE = "a pass is hardened, but no proof against a program that is written to forge it (docs/sandbox.md)"


@dataclass(frozen=True)
class Note:
    """One thing to know, and the benchmark that it is about."""

    about: str
    text: str

    def __str__(self) -> str:
        return f"{self.about}: {self.text}"


def notes(summary: Summary) -> Iterator[Note]:
    """All of a run's: what is missing from its scores and how to get it, and what is unusual in them."""
    for missing in summary.unavailable:
        yield Note(missing.benchmark, f"unavailable: {missing.reason}; {missing.mend}")
    for left in summary.left_out:
        yield Note(left.benchmark, _left_out(left))
    for truth in summary.ground_truth:
        yield Note(truth.benchmark, _ground_truth(truth))
    for row in first_rows(summary):
        for text in _of(row):
            yield Note(row.benchmark, text)


def _left_out(left: LeftOut) -> str:
    what = f"{left.samples} {left.what} samples" if left.samples else left.what
    return f"{what} left out: {left.reason}; {left.mend}"


def _ground_truth(truth: GroundTruth) -> str:
    """What of the benchmark's own solutions passes, and every task that does not."""
    whole = f"{truth.checked - len(truth.broken)} of {truth.checked} reference solutions pass here"
    if not truth.broken:
        return whole
    counted = "left out" if truth.excluded else "counted; --exclude-broken leaves them out"
    return f"{whole}; broken and {counted}: {', '.join(truth.broken)}"


def _of(row: SummaryRow) -> Iterator[str]:
    unfinished = row.samples * row.attempts - row.records
    if unfinished > 0:
        yield f"{unfinished} answers are still to be asked; run the same command again"
    if row.fallbacks:
        yield f"{row.fallbacks} of {row.records} answers by fallback: {FALLBACK}"
    if row.shortened:
        many = f"{row.shortened} of {row.records} prompts lost up to {row.most_dropped} of their solved examples"
        yield f"{many}: they did not fit the model's context"
    if row.cut:
        many = f"{row.cut} of {row.records} infills were asked without some of the code around them"
        yield f"{many}: it did not fit the model's context"
    if row.inside:
        yield f"{row.inside} of {row.records} programs held their own tests: {INSIDE}"
    if infra := row.verdicts.get(Outcome.INFRA_ERROR):
        yield f"{infra} of {row.records} answers are infra errors, not scored; the same command tries them again"
