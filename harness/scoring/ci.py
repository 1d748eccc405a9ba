"""A .gitlab-ci.yml as GitLab reads it: `!reference`, `extends`, `default`, and when a job runs.

What it is made of is read and bounded by harness/scoring/ci_text.py; whatever is wrong with it is a CiError.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from harness.scoring.ci_rules import ExpressionError, holds
from harness.scoring.ci_text import MOST_DEEP, MOST_NODES, CiError, Reference

MOST_BASES = 11
MOST_JOBS = 300
DEFAULTS = (
    *("after_script", "artifacts", "before_script", "cache", "hooks", "id_tokens", "image", "interruptible", "retry"),
    *("services", "tags", "timeout"),
)
_OLD_DEFAULTS = ("after_script", "before_script", "cache", "image", "services")
"""Those that may stand at the top as well."""
_NO_JOBS = {*_OLD_DEFAULTS, "default", "include", "spec", "stages", "types", "variables", "workflow"}
_SCRIPTS = ("after_script", "before_script", "script")
_FOLDED = {"image": "name", "environment": "name", "retry": "max", "trigger": "project"}
"""Keywords that may be given as one value, and which of their fields it then is."""


class _Resolver:
    """Puts what references name in their place."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self.left = MOST_NODES

    def resolved(self, value: Any, within: tuple[tuple[str, ...], ...] = (), depth: int = 0) -> Any:
        self.left -= 1
        if self.left < 0 or depth > 2 * MOST_DEEP:
            raise CiError("references make too much of it")
        if isinstance(value, dict):
            return {key: self.resolved(each, within, depth + 1) for key, each in value.items()}
        if isinstance(value, list):
            return [self.resolved(each, within, depth + 1) for each in value]
        if not isinstance(value, Reference):
            return value
        if value.path in within or len(within) >= MOST_BASES:
            raise CiError(f"!reference {list(value.path)} comes back to itself")
        return self.resolved(at(self.content, value.path), (*within, value.path), depth + 1)


def at(value: Any, path: Sequence[str]) -> Any:
    """What stands at ``path``; a number counts in a list.

    Raises:
        CiError: nothing does.
    """
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise CiError(f"nothing at {'.'.join(path)}")
    return value


def merged(base: Any, own: Any) -> Any:
    """Mappings merged at every depth; anything else is replaced."""
    if not isinstance(base, dict) or not isinstance(own, dict):
        return own
    return base | {key: merged(base[key], each) if key in base else each for key, each in own.items()}


class Ci:
    """A parsed file, with all that GitLab makes of it before it starts a pipeline."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content: dict[str, Any] = _Resolver(content).resolved(content)
        self._jobs: dict[str, dict[str, Any]] = {}
        self._whole: dict[str, dict[str, Any]] = {}
        if len(self.names) > MOST_JOBS:
            raise CiError(f"more than {MOST_JOBS} jobs")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The jobs that are not hidden."""
        return tuple(
            name
            for name, each in self.content.items()
            if isinstance(each, dict) and name not in _NO_JOBS and not name.startswith(".")
        )

    @cached_property
    def stages(self) -> list[str]:
        """From the first to the last."""
        own = self.content.get("stages")
        names = own if isinstance(own, list) else ["build", "test", "deploy"]
        return [".pre", *(str(name) for name in names if name not in (".pre", ".post")), ".post"]

    def job(self, name: str) -> dict[str, Any]:
        """A job with what it extends and inherits, each keyword in one form.

        Raises:
            CiError: there is none of that name, or what it extends is not there.
        """
        if name not in self.names:
            raise CiError(f"no job {name}")
        if name not in self._jobs:
            self._jobs[name] = _in_one_form(self._with_defaults(self._extended(name, ())))
        return self._jobs[name]

    def _extended(self, name: str, within: tuple[str, ...]) -> dict[str, Any]:
        own = self.content.get(name)
        if not isinstance(own, dict):
            raise CiError(f"nothing to extend called {name}")
        if name in within or len(within) >= MOST_BASES:
            raise CiError(f"{name} extends itself")
        if name not in self._whole:
            bases = _listing(own.get("extends"))
            if len(bases) > MOST_BASES:
                raise CiError(f"{name} extends more than {MOST_BASES}")
            whole: dict[str, Any] = {}
            for base in bases:
                whole = merged(whole, self._extended(str(base), (*within, name)))
            self._whole[name] = merged(whole, {key: each for key, each in own.items() if key != "extends"})
        return self._whole[name]

    def _with_defaults(self, job: dict[str, Any]) -> dict[str, Any]:
        defaults = self._mapping("default")
        defaults = {key: self.content[key] for key in _OLD_DEFAULTS if key in self.content} | defaults
        inherit = job.get("inherit")
        wanted = inherit.get("default", True) if isinstance(inherit, dict) else True
        taken = DEFAULTS if wanted is True else wanted if isinstance(wanted, list) else ()
        inherited = {key: each for key, each in defaults.items() if key in DEFAULTS and key in taken}
        return {key: each for key, each in (inherited | job).items() if each is not None}

    def _mapping(self, name: str) -> dict[str, Any]:
        value = self.content.get(name)
        return value if isinstance(value, dict) else {}

    def stage(self, name: str) -> str:
        """A job's stage."""
        return str(self.job(name).get("stage", "test"))

    def needs(self, name: str) -> list[str] | None:
        """The jobs that a job names in `needs`, None where it has none."""
        needs = self.job(name).get("needs")
        return None if needs is None else [str(each) for each in _names(needs)]

    def waits_for(self, name: str) -> set[str]:
        """All jobs that must be done before a job starts."""
        done: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            needs = self.needs(current) if current in self.names else []
            before = self._earlier(current) if needs is None else needs
            waiting += [each for each in before if each not in done]
            done.update(before)
        return done

    def _earlier(self, name: str) -> list[str]:
        if self.stage(name) not in self.stages:
            raise CiError(f"no stage {self.stage(name)}")
        earlier = self.stages[: self.stages.index(self.stage(name))]
        return [each for each in self.names if self.stage(each) in earlier]

    def runs(self, name: str, variables: Mapping[str, str]) -> str:
        """When a job runs in a pipeline with these variables: the value of `when` that holds, "never" if it does not.

        Raises:
            CiError: that cannot be told: it hangs on changed files, or on `only`.
        """
        job, workflow = self.job(name), self._mapping("workflow").get("rules")
        given = dict(variables)
        known = _values(self._mapping("variables")) | given
        if isinstance(workflow, list):
            rule = self._first(workflow, known)
            if rule is None or rule.get("when") == "never":
                return "never"
            known = known | _values(rule.get("variables")) | given
        if "only" in job or "except" in job:
            raise CiError("only and except are not evaluated here")
        usual = str(job.get("when", "on_success"))
        rules = job.get("rules")
        if not isinstance(rules, list):
            # Without rules anywhere a job is for branches and tags.
            merge_request = variables.get("CI_PIPELINE_SOURCE") == "merge_request_event"
            return "never" if merge_request and not isinstance(workflow, list) else usual
        rule = self._first(rules, known | _values(job.get("variables")) | given)
        return "never" if rule is None else str(rule.get("when", usual))

    def _first(self, rules: list[Any], variables: Mapping[str, str]) -> dict[str, Any] | None:
        """The first rule that applies."""
        for rule in _flat(rules):
            if not isinstance(rule, dict):
                raise CiError("a rule that is no mapping")
            condition = rule.get("if")
            try:
                applies = condition is None or holds(str(condition), variables)
            except ExpressionError as error:
                raise CiError(f"rules:if: {error}") from None
            if applies and ("changes" in rule or "exists" in rule):
                raise CiError("changes and exists are not evaluated here")
            if applies:
                return rule
        return None


def _listing(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        yield from _flat(value) if isinstance(value, list) else (value,)


def _names(needs: Any) -> Iterator[Any]:
    for each in _flat(_listing(needs)):
        if not isinstance(each, dict):
            yield each
        elif "job" in each and "project" not in each and "pipeline" not in each:
            yield each["job"]


def _values(variables: Any) -> dict[str, str]:
    """Variables by name, each a string."""
    found = {}
    for name, value in variables.items() if isinstance(variables, dict) else ():
        value = value.get("value", "") if isinstance(value, dict) else value
        found[name] = value if isinstance(value, str) else json.dumps(value)
    return found


def _in_one_form(job: dict[str, Any]) -> dict[str, Any]:
    """``job`` with one spelling of what has several."""
    job = dict(job)
    for key in _SCRIPTS:
        if key in job:
            job[key] = list(_flat(_listing(job[key])))
    for key, name in _FOLDED.items():
        if key in job and not isinstance(job[key], dict):
            job[key] = {name: job[key]}
    if isinstance(job.get("services"), list):
        job["services"] = [each if isinstance(each, dict) else {"name": each} for each in job["services"]]
    if isinstance(job.get("cache"), list) and len(job["cache"]) == 1:
        job["cache"] = job["cache"][0]
    if "variables" in job:
        job["variables"] = _values(job["variables"])
    return job
