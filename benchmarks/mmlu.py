"""MMLU, Massive Multitask Language Understanding (Hendrycks et al. 2021, arXiv 2009.03300): 57 subjects, four options.

Asked as lm-eval's task ``mmlu`` asks it: an introduction that names the subject, up to five solved examples of the
subject (the first of its ``dev`` rows), the question with its options as A to D, and then how likely each letter is.
Accuracy over all questions, so that a subject weighs as many questions as it has; each subject is a stratum. With
``chat`` the introduction is the system's turn, examples and question are the user's, and the letter begins the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.records import Answer, Choice, Sample, Score
from harness.scoring.choice import score_choice

LETTERS = ("A", "B", "C", "D")
CATEGORIES: Mapping[str, str] = {
    "STEM": """abstract_algebra anatomy astronomy college_biology college_chemistry college_computer_science
        college_mathematics college_physics computer_security conceptual_physics electrical_engineering
        elementary_mathematics high_school_biology high_school_chemistry high_school_computer_science
        high_school_mathematics high_school_physics high_school_statistics machine_learning""",
    "humanities": """formal_logic high_school_european_history high_school_us_history high_school_world_history
        international_law jurisprudence logical_fallacies moral_disputes moral_scenarios philosophy prehistory
        professional_law world_religions""",
    "social sciences": """econometrics high_school_geography high_school_government_and_politics
        high_school_macroeconomics high_school_microeconomics high_school_psychology human_sexuality
        professional_psychology public_relations security_studies sociology us_foreign_policy""",
    "other": """business_ethics clinical_knowledge college_medicine global_facts human_aging management marketing
        medical_genetics miscellaneous nutrition professional_accounting professional_medicine virology""",
}
"""The paper's four categories with their subjects."""
CATEGORY = {subject: category for category, names in CATEGORIES.items() for subject in names.split()}


@dataclass(frozen=True)
class Row:
    """A question with its four options; ``answer`` is the number of the right one."""

    question: str
    subject: str
    choices: list[str]
    answer: int


@dataclass(frozen=True)
class Mmlu:
    """The benchmark; its fields are its settings."""

    shots: Literal[0, 1, 2, 3, 4, 5] = 5
    chat: bool = False

    name: ClassVar[str] = "mmlu"
    version: ClassVar[str] = "1"
    metric: ClassVar[str] = "acc"
    metrics: ClassVar[tuple[Metric, ...]] = (
        Mean("acc", strata="subject", by=("category", "subject")),
        *(
            Mean(f"acc {category}", score="acc", where={"category": category}, strata="subject", by=())
            for category in CATEGORIES
        ),
    )
    max_tokens: ClassVar[int] = 16
    stop: ClassVar[tuple[str, ...]] = ()

    def load(self, read: ReadRows) -> list[Sample]:
        """All test questions, subject after subject."""
        solved: dict[str, list[str]] = {}
        for row in read("dev", Row) if self.shots else ():
            solved.setdefault(row.subject, []).append(f"{_question(row)} {LETTERS[row.answer]}\n\n")
        # One tuple a subject, shared by all of its questions.
        shots = {subject: tuple(examples[: self.shots]) for subject, examples in solved.items()}
        options = LETTERS if self.chat else tuple(f" {letter}" for letter in LETTERS)
        samples = []
        numbers: dict[str, int] = {}
        for row in read("test", Row):
            number = numbers[row.subject] = numbers.get(row.subject, -1) + 1
            name = f"{row.subject}/{number}"
            prompt = Choice(
                lead=_introduction(row.subject),
                shots=shots.get(row.subject, ()),
                context=_question(row),
                options=options,
                chat=self.chat,
            )
            tags = {"subject": row.subject, "category": CATEGORY[row.subject]}
            samples.append(Sample(id=name, prompt=prompt, target=row.answer, cluster=name, tags=tags))
        return samples

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Accuracy: whether the most likely letter is the right one."""
        return score_choice(answer, sample.target, LETTERS)


def _introduction(subject: str) -> str:
    return f"The following are multiple choice questions (with answers) about {subject.replace('_', ' ')}.\n\n"


def _question(row: Row) -> str:
    options = "\n".join(f"{letter}. {text}" for letter, text in zip(LETTERS, row.choices, strict=True))
    return f"{row.question.strip()}\n{options}\nAnswer:"
