"""What must hold of a .gitlab-ci.yml, told by its structure and not by its text: plain JSON in a data set."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from harness.scoring.ci import Ci, at
from harness.scoring.ci_text import CiError

_ORDERED = {"after_script", "before_script", "rules", "script", "stages"}
_EXACT = ConfigDict(extra="forbid")


@checked(frozen=True, config=_EXACT)
class Stage:
    """A job is in this stage."""

    job: str
    stage: str

    def holds(self, ci: Ci) -> bool:
        """Whether it is so."""
        return ci.stage(self.job) == self.stage and self.stage in ci.stages


@checked(frozen=True, config=_EXACT)
class Needs:
    """A job needs these jobs and no others, all of which are there."""

    job: str
    needs: list[str]

    def holds(self, ci: Ci) -> bool:
        """Whether it is so."""
        needs = ci.needs(self.job)
        return needs is not None and sorted(needs) == sorted(self.needs) and set(needs) <= set(ci.names)


@checked(frozen=True, config=_EXACT)
class RunsWhen:
    """With these variables a job runs so (``manual``), or does not (``never``)."""

    job: str
    runs_when: dict[str, str]
    expected: Annotated[Literal["on_success", "manual", "delayed", "always", "on_failure", "never"], Field(alias="is")]

    def holds(self, ci: Ci) -> bool:
        """Whether it is so."""
        return ci.runs(self.job, self.runs_when) == self.expected


@checked(frozen=True, config=_EXACT)
class Has:
    """A job has this value at a dotted path, wherever it has it from; ``*`` is any item of a list."""

    job: str
    has: str
    value: Any

    def holds(self, ci: Ci) -> bool:
        """Whether it is so."""
        path = parts(self.has)
        return any(same(each, self.value, path) for each in _found(ci.job(self.job), path))


@checked(frozen=True, config=_EXACT)
class Lacks:
    """A job has nothing at a dotted path."""

    job: str
    lacks: str

    def holds(self, ci: Ci) -> bool:
        """Whether it is so."""
        return _value(ci.job(self.job), self.lacks) is None


@checked(frozen=True, config=_EXACT)
class Top:
    """The file has this value at a dotted path; null where it must have none."""

    top: str
    value: Any

    def holds(self, ci: Ci) -> bool:
        """Whether it is so."""
        return same(_value(ci.content, self.top), self.value, parts(self.top))


@checked(frozen=True, config=_EXACT)
class Order:
    """The second job never starts before the first is done."""

    order: Annotated[list[str], Field(min_length=2, max_length=2)]

    def holds(self, ci: Ci) -> bool:
        """Whether it is so."""
        first, second = self.order
        return first in ci.names and second in ci.names and first in ci.waits_for(second)


Fact = Stage | Needs | RunsWhen | Has | Lacks | Top | Order


@dataclass(frozen=True)
class Held:
    """Of a file's facts: how many hold, and why the first one that does not does not."""

    share: float
    fault: str


def held(facts: Sequence[Fact], ci: Ci) -> Held:
    """Looks at every fact; one that cannot be told does not hold."""
    faults = []
    for fact in facts:
        try:
            why = "" if fact.holds(ci) else "not so"
        except CiError as error:
            why = str(error)
        if why:
            faults.append(f"{fact}: {why}"[:300])
    return Held(1 - len(faults) / len(facts), next(iter(faults), ""))


def same(value: Any, expected: Any, path: Sequence[str] = ()) -> bool:
    """Whether both are the same to GitLab.

    The order of a list counts in scripts, stages and rules only; one value is as good as a list of it, a number as good
    as its digits, a folder with a final slash as good as one without.
    """
    ordered = bool(_ORDERED & set(path))
    return bool(_canonical(value, ordered) == _canonical(expected, ordered))


def parts(path: str) -> list[str]:
    """A dotted path taken apart; the dot of a hidden job belongs to its name."""
    first, *others = path.removeprefix(".").split(".")
    return [f".{first}" if path.startswith(".") else first, *others]


def _found(value: Any, path: Sequence[str]) -> list[Any]:
    """All that stands at ``path``."""
    if "*" not in path:
        return [at(value, path)]
    star = path.index("*")
    several = at(value, path[:star])
    found = []
    for each in several if isinstance(several, list) else ():
        with suppress(CiError):
            found += _found(each, path[star + 1 :])
    return found


def _value(value: Any, path: str) -> Any:
    try:
        return at(value, parts(path))
    except CiError:
        return None


def _canonical(value: Any, ordered: bool) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(each, ordered or key in _ORDERED) for key, each in value.items()}
    if isinstance(value, list):
        items = [_canonical(each, ordered) for each in value]
        if len(items) == 1:
            return items[0]
        return items if ordered else sorted(items, key=lambda item: json.dumps(item, sort_keys=True, default=str))
    if isinstance(value, str):
        return value.strip().rstrip("/") or value
    return json.dumps(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
