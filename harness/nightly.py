"""A night: models times features from a file, each run on its own, and what came of it against the last good one.

A night has a folder of its own, because a run's folder is named by its settings and would be the last night's again:

    <nights>/2026-11-26/
      runs/         as the main job writes them
      logs/         what each job printed
      night.json    the jobs with their exit codes, and the gate's verdicts
      metrics.txt, junit.xml, comment.md
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from harness import catalog
from harness.baselines import of_folder
from harness.comparison import compare
from harness.engines.model import slug
from harness.errors import HarnessError, UsageError, first_fault
from harness.gate import MARGIN, Gated, gated
from harness.runs import Run, runs_in

NIGHT = "night.json"
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Entry:
    """A model and the features that it is evaluated for, with further options of the main job."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    model: str
    features: Sequence[str]
    options: Sequence[str] = ()
    group: str = ""


@dataclass(frozen=True)
class Plan:
    """The whole of a nightly file: ``against`` is the baseline that gives labels, ``nights`` how many are shown."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    runs: Sequence[Entry]
    against: str = ""
    margin: float = MARGIN
    nights: int = 30


@dataclass(frozen=True)
class Job:
    """One call of the main job."""

    model: str
    feature: str
    options: tuple[str, ...]

    @property
    def name(self) -> str:
        """For people and for the name of its log."""
        return f"{slug(self.model)}--{self.feature}"


@dataclass(frozen=True)
class Done:
    """A job that has ended: its exit code (0 done, 3 incomplete, ...), and how long it took."""

    job: Job
    code: int
    seconds: float
    log: str


@dataclass(frozen=True)
class Checked:
    """A run against the last good one of the same settings; ``why`` says why where it was not compared."""

    model: str
    feature: str
    run: str
    last: str
    verdicts: tuple[str, ...]
    regressions: tuple[str, ...]
    why: str = ""


def read_plan(path: Path) -> Plan:
    """The nightly file at ``path``.

    Raises:
        UsageError: there is none, it is malformed, or it names a feature that is none.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        plan = TypeAdapter(Plan).validate_python(content)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "name a file such as configs/nightly.yaml") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not YAML: {error}".replace("\n", " "), "mend the file") from None
    except ValidationError as error:
        raise UsageError(f"{path}: {first_fault(error, 'plan')}", "mend the file") from None
    for entry in plan.runs:
        for feature in entry.features:
            catalog.feature(feature)
    return plan


def jobs_of(plan: Plan, group: str) -> list[Job]:
    """The jobs of ``group``, of all groups where it is "".

    Raises:
        UsageError: there are none.
    """
    wanted = [entry for entry in plan.runs if group in ("", entry.group)]
    if not wanted:
        known = ", ".join(sorted({entry.group for entry in plan.runs if entry.group})) or "none"
        raise UsageError(f'no run of the plan is of group "{group}"', f"known groups: {known}")
    return [Job(entry.model, feature, tuple(entry.options)) for entry in wanted for feature in entry.features]


def check_night(runs: Sequence[Run], others: Sequence[Run], margin: float) -> Iterator[tuple[Checked, list[Gated]]]:
    """Each of tonight's runs against the newest complete one of ``others``, oldest first, that began before it."""
    for run in runs:
        names = run.manifest.model, run.manifest.feature, str(run.folder)
        good = [each for each in others if _same(run, each) and each.began < run.began and each.state == "complete"]
        last = good[-1] if good else None
        if last is None:
            yield Checked(*names, "", (), (), "no complete run of the same settings in an earlier night"), []
            continue
        try:
            rows = list(gated(compare(of_folder(run.folder), of_folder(last.folder), all_metrics=False), margin))
        except HarnessError as error:
            yield Checked(*names, str(last.folder), (), (), error.message), []
            continue
        failed = tuple(row.text for row in rows if row.verdict == "failed")
        yield Checked(*names, str(last.folder), tuple(row.text for row in rows), failed), rows


def other_nights(nights: Path, tonight: Path) -> list[Run]:
    """All runs of all nights but ``tonight``, oldest first; what cannot be read is no good run."""
    places = [path / "runs" for path in nights.iterdir() if path.name != tonight.name]
    return runs_in(place for place in places if place.is_dir())[0]


def _same(one: Run, other: Run) -> bool:
    ours, theirs = one.manifest, other.manifest
    return (ours.model, ours.feature, ours.settings_hash) == (theirs.model, theirs.feature, theirs.settings_hash)
