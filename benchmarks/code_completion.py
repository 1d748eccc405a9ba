"""GitLab use-case data for code completion: the cursor stands inside existing code, and the answer fills the gap.

Asked as an infill: in the tokens of the model's family, or by chat where it has none. What an editor would do with
the answer is done (harness/prompts/postprocess.py; each step is a setting), the rest is put at the cursor and the whole
file is run. Hidden cases are calls whose plain results are compared outside the program's process. pass@1: all cases of
the file hold. The rows and their format are described in datasets/code_completion/README.md, the way of asking in
docs/prompts.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from benchmarks.code_generation import LANGUAGES, Spoken
from harness.benchmark import ReadRows, Tools, samples_of_parts
from harness.catalog import infill_formats
from harness.metrics import Mean, Metric
from harness.prompts.instructions import Instruction, instruction
from harness.prompts.postprocess import STEPS, Place, Processed, processed
from harness.quality.gate import Task
from harness.records import Answer, Infill, Outcome, Sample, Score
from harness.sandbox.program import Calls, Case, Program
from harness.scoring.code import metrics_beside, ready, scores_beside
from harness.scoring.program import no_code, score_program
from harness.scoring.text import edit_similarity

EXACT, EDIT = "exact match", "edit similarity"
MAX_TOKENS: Mapping[str, int] = {"rest_of_line": 64, "arguments": 64, "statement": 128, "block": 256, "body": 512}
"""By kind; twice what a long answer of the kind takes, so that a fence around it fits as well."""


@dataclass(frozen=True)
class Row:
    """One gap in a file; see the data set's card for each field."""

    id: str
    file: str
    language: Spoken
    path: str
    kind: Literal["rest_of_line", "statement", "block", "body", "arguments"]
    prefix: str
    middle: str
    suffix: str
    cases: Annotated[list[Case], Field(min_length=1)]

    def placed(self, text: str) -> Program:
        """The file with ``text`` at the cursor, and its cases."""
        return self.tested(self.prefix + text + self.suffix)

    def tested(self, source: str) -> Program:
        """``source`` as the whole file, and its cases."""
        return Program(self.language, source, Calls(tuple(self.cases)), self.path)

    @property
    def place(self) -> Place:
        """Where the answer goes."""
        return Place(self.prefix, self.suffix, self.language)


@dataclass(frozen=True)
class CodeCompletion:
    """The benchmark; its fields are its settings.

    Steps of post-processing, tokens beyond the kind's limit (for models that think first), whether to tell the
    similarity of each answer to what stood there (``cosine``, extra ``similarity``), and the system's turn for models
    that are asked by chat, which --prompts-dir replaces.
    """

    cut_at_stop: bool = True
    unfence: bool = True
    drop_prefix: bool = True
    drop_suffix: bool = True
    drop_torn: bool = True
    more_tokens: int = 0
    cosine: bool = False
    instruction: Instruction = field(default_factory=lambda: instruction("code-completion"))

    name: ClassVar[str] = "code-completion"
    version: ClassVar[str] = "3"
    metric: ClassVar[str] = "pass@1"
    max_tokens: ClassVar[int] = max(MAX_TOKENS.values())
    stop: ClassVar[tuple[str, ...]] = ()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """pass@1, how near the answer comes to what stood there, and what stands beside."""
        return (Mean(self.metric), Mean(EXACT, by=()), Mean(EDIT, by=()), *metrics_beside(self.cosine))

    def load(self, read: ReadRows) -> list[Sample]:
        """All gaps, languages one after the other; a language whose rows cannot be had is left out."""
        ready(self.cosine)
        return samples_of_parts(LANGUAGES, lambda language: map(self._sample, read(language, Row)))

    def tasks(self, samples: Iterable[Sample]) -> list[Task]:
        """What the data set's validation needs of each sample; wrong is what belongs into other gaps of its kind."""
        rows: list[Row] = [sample.target for sample in samples]
        return [
            Task(
                id=row.id,
                file=row.file,
                language=row.language,
                prefix=row.prefix,
                reference=row.middle,
                suffix=row.suffix,
                wrong=_others(row, rows),
                asked=f"{row.prefix}\n{row.suffix}",
                program=row.placed,
            )
            for row in rows
        ]

    async def score(self, sample: Sample, answer: Answer, tools: Tools) -> Score:
        """Runs the whole file with the answer in its place, and compares the answer with what stood there."""
        row: Row = sample.target
        found = self.inserted(row, answer)
        if not found.text.strip():
            empty = no_code(*(metric.name for metric in self.metrics))
            return replace(empty, detail={**empty.detail, **_told(found)})
        program = row.tested(answer.text) if answer.form == "program" else row.placed(found.text)
        ran = await score_program(self.metric, program, tools.run)
        if ran.outcome is Outcome.INFRA_ERROR:
            return ran
        ours, theirs = found.text.strip(), row.middle.strip()
        scores = {EXACT: float(ours == theirs), EDIT: edit_similarity(ours, theirs)}
        scores |= await scores_beside(program.source, found.text, row.middle, row.language, self.cosine)
        return Score(ran.outcome, {**ran.scores, **scores}, {**ran.detail, **_told(found)})

    def inserted(self, row: Row, answer: Answer) -> Processed:
        """What an editor would put at the cursor."""
        if answer.form == "program":
            return Processed(answer.text.removeprefix(row.prefix).removesuffix(row.suffix), ())
        formats = infill_formats()
        return processed(
            answer.text,
            row.place,
            chat=answer.form == "reply",
            torn=answer.finish_reason == "length",
            stop=formats[answer.family].stop if answer.family in formats else (),
            steps=tuple(step for step in STEPS if getattr(self, step)),
        )

    def _sample(self, row: Row) -> Sample:
        prompt = Infill(row.prefix, row.suffix, row.path, row.language, instruction=self.instruction.system)
        return Sample(
            id=row.id,
            prompt=prompt,
            target=row,
            cluster=row.file,
            language=row.language,
            tags={"language": row.language, "kind": row.kind},
            max_tokens=MAX_TOKENS[row.kind] + self.more_tokens,
        )


def _others(row: Row, rows: list[Row]) -> tuple[str, ...]:
    """The middles of the next files that have a gap of the same kind in the same language."""
    alike = [each for each in rows if (each.language, each.kind) == (row.language, row.kind)]
    at = alike.index(row)
    return tuple(dict.fromkeys(each.middle for each in [*alike[at:], *alike[:at]] if each.file != row.file))[:3]


def _told(found: Processed) -> dict[str, list[str]]:
    return {"steps": list(found.changed)} if found.changed else {}
