"""Is a judge to be trusted? It grades hand-made answers of known quality first, and is held against these grades.

The answers are datasets/judge/answers.jsonl; their card says how they were made. A judge whose agreement
(Krippendorff's alpha) is below 0.6 is not trusted: its grades are shown and marked so.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness.benchmark import AskJudge
from harness.datasource import DataSource
from harness.entries import DataSet
from harness.errors import JudgeError, PromptTooLongError
from harness.files import read_json
from harness.prompts.instructions import Instruction
from harness.results import Calibration
from harness.scoring.agreement import confusion, krippendorff_alpha
from harness.scoring.judge import CRITERIA, SCALE, Grades, Panel, ToJudge, grade, is_good

CALIBRATION = "calibration.json"
"""In a run's folder."""
LEAST_AGREEMENT = 0.6
GOOD = "good"
Known = Annotated[int, Field(ge=SCALE[0], le=SCALE[-1])]


@dataclass(frozen=True)
class Row:
    """An answer, what was asked, a good answer, and the grades that the one to be judged deserves, and why."""

    id: str
    use_case: str
    question: str
    reference: str
    answer: str
    correctness: Known
    completeness: Known
    readability: Known
    why: str

    @property
    def grades(self) -> Grades:
        """By criterion."""
        return {name: getattr(self, name) for name in CRITERIA}


@dataclass(frozen=True)
class Calibrations:
    """The whole of calibration.json."""

    judges: tuple[Calibration, ...]


def rows() -> list[Row]:
    """All answers of known quality."""
    return DataSource("judge", DataSet("judge", "MIT", {"answers": ""}, shipped=True)).read("answers", Row)


async def calibrate(panel: Panel, candidates: Collection[str], answers: Sequence[Row]) -> Calibrations:
    """What each judge of ``panel`` makes of ``answers``; ``candidates`` are the models, by name, that it judges later.

    Raises:
        EngineError: a judge could not be asked.
    """
    found: list[Calibration] = []
    for name, ask in panel.judges.items():
        grades = await asyncio.gather(*(_grades(row, panel.rubric, ask) for row in answers))
        found.append(compared(name, str(panel.rubric), answers, grades, name in candidates))
    return Calibrations(tuple(found))


async def _grades(row: Row, rubric: Instruction, ask: AskJudge) -> Grades | None:
    try:
        return (await grade(ToJudge(row.question, row.answer, row.reference), rubric, ask)).grades
    except (JudgeError, PromptTooLongError):
        return None


def compared(
    judge: str, rubric: str, answers: Sequence[Row], told: Sequence[Grades | None], itself: bool
) -> Calibration:
    """The agreement of ``told``, None where a reply had no grades, with what is known."""
    known = [row.grades for row in answers]
    agreement, tables = {}, {}
    for name in CRITERIA:
        ours, theirs = [each[name] for each in known], [each[name] if each else None for each in told]
        agreement[name] = krippendorff_alpha(list(zip(ours, theirs, strict=True)))
        tables[name] = confusion(ours, theirs, SCALE)
    good = [[None if each is None else int(is_good(each)) for each in pair] for pair in zip(known, told, strict=True)]
    agreement[GOOD] = krippendorff_alpha(good, ordinal=False)
    failed = sum(each is None for each in told)
    return Calibration(judge, rubric, len(answers), failed, agreement, tables, itself)


def trusted(calibration: Calibration, what: str) -> bool:
    """Whether the judge agrees well enough on ``what`` (a criterion, or "good"), and graded nine in ten at least."""
    alpha = calibration.agreement.get(what)
    return alpha is not None and alpha >= LEAST_AGREEMENT and calibration.failed * 10 <= calibration.answers


def read_calibrations(folder: Path) -> tuple[Calibration, ...]:
    """What the run's folder says of its judges; () where it says nothing.

    Raises:
        DataError: the file is malformed.
    """
    found = read_json(folder / CALIBRATION, Calibrations, "remove the file to calibrate anew")
    return found.judges if found else ()
