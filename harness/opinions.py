"""What judges say of several runs' answers to the same questions; see harness/scoring/together.py."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from harness import catalog
from harness.baselines import Side, of_folder
from harness.benchmark import ReadRows
from harness.errors import EngineError, UsageError
from harness.prompts.instructions import Instruction
from harness.records import Record
from harness.results import Estimate
from harness.scoring.judge import CRITERIA, Grades, Panel, ToJudge, is_good, is_judged
from harness.scoring.together import Asked, Better, better, grade_together
from harness.statistics import proportion, spread

OPINIONS = "opinions.jsonl"


@dataclass(frozen=True)
class Opinion:
    """One line of opinions.jsonl: what one judge says of all ``runs``' answers to one sample.

    ``grades`` by run (consensus), or ``better`` of two (``pairwise``), or ``failed``, why there is neither.
    """

    benchmark: str
    sample: str
    judge: str
    runs: tuple[str, ...]
    pairwise: bool
    grades: Mapping[str, Grades] = field(default_factory=dict)
    better: Better | None = None
    failed: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What was asked."""
        return self.benchmark, self.sample, self.judge, self.runs, self.pairwise


@dataclass(frozen=True)
class Common:
    """Samples that all runs answered, and how many of each run have no counterpart, by benchmark."""

    questions: Mapping[tuple[str, str], Asked]
    unpaired: Mapping[str, Mapping[str, int]]


def read_runs(folders: Sequence[Path]) -> dict[str, Side]:
    """Each run by its model's name; by its folder where two have the same.

    Raises:
        UsageError: a folder is no run's, or fewer than two are given.
        DataError: a file is malformed.
    """
    if len(folders) < 2:
        raise UsageError("one run has nothing to be seen together with", "name two run folders or more")
    found: dict[str, Side] = {}
    for folder in folders:
        run = of_folder(folder)
        found[str(folder) if run.name in found else run.name] = run
    return found


def in_common(runs: Mapping[str, Side], source: Callable[[str], ReadRows], most: int | None) -> Common:
    """What all runs answered of the benchmarks that judges grade, ``most`` of each benchmark's samples.

    Answers belong together where benchmark, version, sample and prompt are the same; of several attempts the first
    counts.
    """
    answers: dict[str, dict[tuple[str, str, str, str], Record]] = {}
    for run, its in runs.items():
        first = (
            record for record in its.records if record.attempt == 0 and record.answer and record.answer.text.strip()
        )
        answers[run] = {(each.benchmark, each.sample, each.version, each.prompt_sha256): each for each in first}
    everywhere = set.intersection(*(set(keys) for keys in answers.values()))
    questions: dict[tuple[str, str], Asked] = {}
    unpaired: dict[str, dict[str, int]] = {}
    for name in sorted({key[0] for keys in answers.values() for key in keys}):
        entry = catalog.benchmarks().get(name)
        if entry is None or not is_judged(benchmark := catalog.open_benchmark(entry, {})):
            continue
        shared = sorted(key for key in everywhere if key[0] == name)
        unpaired[name] = {run: sum(key[0] == name for key in keys) - len(shared) for run, keys in answers.items()}
        samples = {sample.id: sample for sample in benchmark.load(source(name))}
        for key in spread([key for key in shared if key[1] in samples], most or len(shared)):
            items = {run: _item(benchmark, samples[key[1]], keys[key]) for run, keys in answers.items()}
            questions[name, key[1]] = Asked.of(items)
    return Common(questions, unpaired)


def _item(benchmark: Any, sample: Any, record: Record) -> ToJudge:
    found: ToJudge = benchmark.to_judge(sample, record.answer)
    return found


def read_opinions(path: Path) -> Iterator[Opinion]:
    """What was said before, but for what failed and a torn last line."""
    adapter = TypeAdapter(Opinion)
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        with suppress(ValidationError):
            if not (opinion := adapter.validate_json(line)).failed:
                yield opinion


async def opinions(
    common: Common, panel: Panel, rubric: Instruction, pairwise: bool, known: Iterable[Opinion], file: Path
) -> list[Opinion]:
    """Every judge's opinion of every question; those not among ``known`` are asked for and appended to ``file``.

    Raises:
        EngineDownError, CostLimitError: a judge cannot be asked any more; what was said is kept.
    """
    said = {each.key: each for each in known}
    adapter = TypeAdapter(Opinion)

    async def one(name: str, key: tuple[str, str], item: Asked) -> Opinion:
        opinion = Opinion(*key, name, tuple(item.answers), pairwise)
        if opinion.key in said:
            return said[opinion.key]
        try:
            if pairwise:
                opinion = replace(opinion, better=await better(item, rubric, panel.judges[name]))
            else:
                opinion = replace(opinion, grades=await grade_together(item, rubric, panel.judges[name]))
        except EngineError as error:
            opinion = replace(opinion, failed=error.message)
        with file.open("ab") as journal:
            journal.write(adapter.dump_json(opinion) + b"\n")
        return opinion

    asked = [one(name, key, item) for name in panel.judges for key, item in common.questions.items()]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in asked]
    except BaseExceptionGroup as ended:
        # All stop for the first one's reason; the rest is its echo.
        raise ended.exceptions[0] from None
    return [task.result() for task in tasks]


def good_shares(found: Sequence[Opinion], run: str) -> Estimate | None:
    """The share of the run's answers that are good by every criterion, over all judges; None where none was graded.

    The interval is over samples: a sample's score is the share of judges who find it good.
    """
    by_sample: dict[tuple[str, str], list[bool]] = {}
    for opinion in found:
        if run in opinion.grades:
            by_sample.setdefault((opinion.benchmark, opinion.sample), []).append(is_good(opinion.grades[run]))
    scores = [sum(goods) / len(goods) for goods in by_sample.values()]
    return proportion(scores) if scores else None


def mean_grades(found: Sequence[Opinion], run: str) -> dict[str, float]:
    """The mean grade for each criterion; {} where nothing was graded."""
    graded = [opinion.grades[run] for opinion in found if run in opinion.grades]
    return {name: sum(each[name] for each in graded) / len(graded) for name in CRITERIA} if graded else {}
