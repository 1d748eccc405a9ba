"""What the benchmarks have in common that ask for a short text about a change: a commit message, a summary."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from benchmarks.conversation import Turn, sample_of, spoken
from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.prompts.extract import without_chat_junk
from harness.prompts.instructions import Instruction
from harness.prompts.markdown import fenced, fenced_blocks
from harness.quality.known import Known
from harness.records import Answer, Outcome, Sample, Score
from harness.scoring import likeness
from harness.scoring.judge import ToJudge
from harness.scoring.mentions import areas_missed, names_invented

ACC, FORMAT, AREAS, TRUE_NAMES = "acc", "format", "areas mentioned", "nothing invented"
_METRICS: tuple[Metric, ...] = (Mean(ACC), Mean(FORMAT, by=()), Mean(AREAS, by=()), Mean(TRUE_NAMES, by=()))
Areas = Annotated[list[Annotated[list[str], Field(min_length=1)]], Field(min_length=1)]


@dataclass(frozen=True)
class Row:
    """One change; of each of ``areas`` the text must use one of the forms."""

    id: str
    language: str
    difficulty: Literal["easy", "medium", "hard"]
    topics: list[str]
    history: list[Turn]
    diff: str
    areas: Areas
    reference: str
    wrong: Annotated[list[str], Field(min_length=2)]

    def sample(self, instruction: Instruction, asked: str) -> Sample:
        """The diff, and then what is asked."""
        return sample_of(self, instruction, f"{fenced(self.diff, 'diff')}\n\n{asked}", {"language": self.language})


@dataclass(frozen=True)
class ChangeText(ABC):
    """What both benchmarks are; ``likeness`` compares with the reference as well (extra ``similarity``)."""

    instruction: Instruction
    likeness: bool = False

    split: ClassVar[str]
    asked: ClassVar[str]
    metric: ClassVar[str] = ACC
    max_tokens: ClassVar[int] = 512
    stop: ClassVar[tuple[str, ...]] = ()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Whether all is well, then each part of it, then how like the reference the text is."""
        return (*_METRICS, *(likeness.likeness_metrics() if self.likeness else ()))

    def known(self, sample: Sample) -> Known:
        """What is right and wrong here, for the data's validation."""
        row: Row = sample.target
        return Known((row.reference,), tuple(row.wrong))

    def to_judge(self, sample: Sample, answer: Answer) -> ToJudge:
        """The text, and the one that was written by hand."""
        row: Row = sample.target
        return ToJudge(spoken(sample), text_of(answer), row.reference)

    @abstractmethod
    def faults(self, text: str) -> Sequence[str]:
        """What is wrong with the form of a text."""

    def load(self, read: ReadRows) -> list[Sample]:
        """All changes."""
        if self.likeness:
            likeness.ready()
        return [row.sample(self.instruction, self.asked) for row in read(self.split, Row)]

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Reads the text."""
        row, text = sample.target, text_of(answer)
        score = score_text(row, text, self.faults)
        like = await likeness.likeness(text, row.reference) if self.likeness else {}
        return replace(score, scores={**score.scores, **like})


def text_of(answer: Answer) -> str:
    """What a reply says, without the fence that it may have put around it."""
    text = without_chat_junk(answer.text).strip()
    blocks = [block.code.strip() for block in fenced_blocks(text) if block.code.strip()]
    return blocks[0] if len(blocks) == 1 else text


def score_text(row: Row, text: str, faults_of: Callable[[str], Sequence[str]]) -> Score:
    """acc: the text has no fault of format, mentions every area and names nothing that is not in what was shown."""
    if not text:
        return Score(Outcome.NO_ANSWER, dict.fromkeys((ACC, FORMAT, AREAS, TRUE_NAMES), 0.0), {"reason": "no text"})
    shown = "\n".join([row.diff, *(turn.content for turn in row.history)])
    faults, missed, invented = faults_of(text), areas_missed(text, row.areas), names_invented(text, shown)
    right = not faults and not missed and not invented
    scores = {
        ACC: float(right),
        FORMAT: float(not faults),
        AREAS: 1 - len(missed) / len(row.areas),
        TRUE_NAMES: float(not invented),
    }
    detail = {"format": list(faults), "missed": missed, "invented": invented}
    return Score(
        Outcome.PASSED if right else Outcome.FAILED, scores, {name: said for name, said in detail.items() if said}
    )
