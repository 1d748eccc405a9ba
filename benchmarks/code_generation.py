"""GitLab use-case data for code generation: a comment or an empty function in an open file asks for new code.

The model sees the file with the cursor marked and what is asked for; its answer is put at the cursor and the whole file
is run. Hidden cases are calls whose plain results are compared outside the program's process. The rows and their format
are described in datasets/code_generation/README.md. pass@1: all cases of the task hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field

from harness.benchmark import ReadRows, Tools
from harness.metrics import Mean, Metric
from harness.prompts.extract import extract_code
from harness.prompts.infill import CURSOR
from harness.prompts.instructions import Instruction, instruction
from harness.prompts.splice import splice
from harness.quality.gate import Task
from harness.records import Answer, Chat, Message, Outcome, Sample, Score
from harness.sandbox.program import Calls, Case, Program
from harness.scoring.code import metrics_beside, ready, scores_beside
from harness.scoring.program import no_code, score_program
from harness.scoring.verbatim import VERBATIM, with_verbatim

Spoken = Literal["python", "javascript", "typescript", "ruby", "go", "java", "rust", "cpp", "php", "bash"]
LANGUAGES: tuple[Spoken, ...] = get_args(Spoken)


@dataclass(frozen=True)
class Row:
    """One task; see the data set's card for each field."""

    id: str
    language: Spoken
    path: str
    trigger: Literal["comment", "empty_function", "small_file"]
    difficulty: Literal["easy", "medium", "hard"]
    topics: list[str]
    prefix: str
    suffix: str
    request: str
    cases: Annotated[list[Case], Field(min_length=1)]
    reference: str
    wrong: str

    def program(self, suggestion: str) -> Program:
        """The file after ``suggestion`` is accepted at the cursor, and the task's cases."""
        return self._tested(splice(suggestion, self.prefix, self.suffix, self.language))

    def placed(self, text: str) -> Program:
        """The file with ``text`` at the cursor as it is, and the task's cases."""
        return self._tested(self.prefix + text + self.suffix)

    def _tested(self, source: str) -> Program:
        return Program(self.language, source, Calls(tuple(self.cases)), self.path)


@dataclass(frozen=True)
class CodeGeneration:
    """The benchmark; its fields are its settings.

    ``cosine``: tell the similarity of each answer to the reference (extra ``similarity``). The system prompt is what
    --prompts-dir replaces.
    """

    cosine: bool = False
    instruction: Instruction = field(default_factory=lambda: instruction("code-generation"))

    name: ClassVar[str] = "code-generation"
    version: ClassVar[str] = "3"
    metric: ClassVar[str] = "pass@1"
    max_tokens: ClassVar[int] = 1024
    stop: ClassVar[tuple[str, ...]] = ()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """pass@1, and what stands beside it."""
        return (Mean(self.metric), VERBATIM, *metrics_beside(self.cosine))

    def load(self, read: ReadRows) -> list[Sample]:
        """All tasks, languages one after the other."""
        ready(self.cosine)
        rows = [row for language in LANGUAGES for row in read(language, Row)]
        return [
            Sample(
                id=row.id,
                prompt=Chat((Message("system", self.instruction.system), Message("user", _question(row)))),
                target=row,
                cluster=row.id,
                language=row.language,
                tags={"language": row.language, "trigger": row.trigger, "difficulty": row.difficulty},
            )
            for row in rows
        ]

    def tasks(self, samples: Iterable[Sample]) -> list[Task]:
        """What the data set's validation needs of each sample."""
        return [
            Task(
                id=row.id,
                file=row.id,
                language=row.language,
                prefix=row.prefix,
                reference=row.reference,
                suffix=row.suffix,
                wrong=(row.wrong,),
                asked=f"{row.prefix}\n{row.suffix}\n{row.request}",
                program=row.placed,
            )
            for row in (sample.target for sample in samples)
        ]

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Runs the whole file with the answer's code in its place."""
        row: Row = sample.target
        code = extract_code(answer.text, row.language)
        if not code:
            return no_code(*(metric.name for metric in self.metrics))
        program = row.program(code)
        ran = await score_program(self.metric, program, tools.run)
        if ran.outcome is Outcome.INFRA_ERROR:
            return ran
        beside = await scores_beside(program.source, code, row.reference, row.language, self.cosine)
        found = Score(ran.outcome, {**ran.scores, **beside}, ran.detail)
        return with_verbatim(found, code, row.reference, row.language)


def _question(row: Row) -> str:
    file = f"{row.prefix}{CURSOR}\n{row.suffix}"
    return f"File {row.path}:\n```{row.language}\n{file}\n```\n\nRequest: {row.request}"
