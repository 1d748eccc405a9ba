"""Do a benchmark's own solutions pass in the environment at hand? Asked before any answer is scored there.

A task whose reference fails (a library of another version, no network) can be solved by nobody. Verdicts are kept in
the cache folder by environment, sandbox level and benchmark version: when one of these changes, all are run again.
"""

import asyncio
from collections.abc import Callable, Sequence, Set
from contextlib import ExitStack
from functools import cache

from harness.benchmark import Benchmark, Tools, slow_first
from harness.cache import keep, recall
from harness.errors import GroundTruthError
from harness.plan import Job, Plan, with_ground_truth
from harness.records import Answer, Outcome, Sample, canonical_sha256
from harness.results import GroundTruth
from harness.sandbox.container import Container
from harness.sandbox.isolation import Level
from harness.sandbox.pool import Sandbox, choose_level

FOLDER = "groundtruth"
LEAST_SHARE = 0.99
"""The share of references that must pass, unless the user accepts less: BigCodeBench's own threshold."""

OpenSandbox = Callable[[], Sandbox]


def check(
    benchmark: Benchmark, samples: Sequence[Sample], environment: str, level: str, opened: OpenSandbox
) -> GroundTruth:
    """Runs the references of ``samples`` that were not run before; ``opened`` is called when there are some."""
    name = place(benchmark, environment, level)
    known: dict[str, str] = recall(name) or {}  # reasons by task, "" for one that passes
    left = [sample for sample in samples if sample.id not in known]
    unsettled: dict[str, str] = {}
    if left:
        found = asyncio.run(_run(benchmark, left, opened()))
        # A machine that others use as well can make a reference too slow: what failed is tried once more.
        again = [sample for sample in left if found[sample.id][1] and sample.id not in hopeless(benchmark)]
        found |= asyncio.run(_run(benchmark, again, opened()))
        unsettled = {task: reason for task, (outcome, reason) in found.items() if outcome is Outcome.INFRA_ERROR}
        keep(name, known := known | {task: why for task, (_, why) in found.items() if task not in unsettled})
    reasons = {sample.id: known.get(sample.id) or unsettled.get(sample.id, "") for sample in samples}
    broken = {task: reason for task, reason in reasons.items() if reason}
    return GroundTruth(benchmark.name, environment, len(samples), broken)


def place(benchmark: Benchmark, environment: str, level: str) -> str:
    """The file in the cache folder that holds what is known."""
    key = canonical_sha256([benchmark.name, benchmark.version, environment, level])
    return f"{FOLDER}/{benchmark.name}-{key[:16]}.json"


def checked(plan: Plan, level: str, accept_broken: bool, tell: Callable[[str], None]) -> Plan:
    """``plan`` with what is known of its benchmarks' own solutions at the sandbox level called ``level``.

    Raises:
        GroundTruthError: too few of them pass, and ``accept_broken`` is not set.
        SandboxError, UnknownNameError: there is no such level here.
    """
    found = {}
    for job in plan.jobs:
        if not job.python:
            continue
        chosen = choose_level(level)
        with ExitStack() as stack:

            def opened(job: Job = job, stack: ExitStack = stack, chosen: Level | Container = chosen) -> Sandbox:
                tell(f"{job.entry.name}: running its own solutions in {job.python}; once for an environment")
                return stack.enter_context(sandbox_for(job, chosen))

            truth = check(job.benchmark, job.all_samples, job.environment, str(chosen), cache(opened))
        if not accept_broken:
            require(truth, hopeless(job.benchmark))
        found[job.entry.name] = truth
    return with_ground_truth(plan, found)


def sandbox_for(job: Job, level: Level | Container) -> Sandbox:
    """A sandbox on the job's own environment."""
    return Sandbox(level, python=job.python)


def own_sandboxes(plan: Plan, level: Level | Container, stack: ExitStack) -> dict[str, Sandbox]:
    """Sandboxes of the benchmarks that have an environment of their own, open until ``stack`` is."""
    return {job.entry.name: stack.enter_context(sandbox_for(job, level)) for job in plan.jobs if job.python}


def hopeless(benchmark: Benchmark) -> Set[str]:
    """The tasks whose references no environment here can let pass: they need the internet."""
    found: Set[str] = getattr(benchmark, "hopeless", frozenset())
    return found


def require(truth: GroundTruth, excused: Set[str] = frozenset()) -> None:
    """Raises GroundTruthError where too few references pass of those that any environment here can let pass."""
    passed = truth.checked - len(truth.broken)
    if passed + len(excused & truth.broken.keys()) < LEAST_SHARE * truth.checked:
        raise GroundTruthError(
            f"only {passed} of {truth.checked} reference solutions of {truth.benchmark} pass in its environment; "
            f"broken: {', '.join(truth.broken)}",
            "mend the environment, or add --accept-broken to go on as it is",
        )


async def _run(benchmark: Benchmark, samples: Sequence[Sample], sandbox: Sandbox) -> dict[str, tuple[Outcome, str]]:
    """Outcome and, unless it passed, the reason by task."""
    tools = Tools(sandbox.run_async)
    reference: Callable[[Sample], str] = benchmark.reference  # type: ignore[attr-defined]
    places = asyncio.Semaphore(2 * sandbox.capacity)

    async def one(sample: Sample) -> tuple[Outcome, str]:
        async with places:
            score = await benchmark.score(sample, Answer(reference(sample), "stop", 0, 0, 0.0, form="program"), tools)
        said = str(score.detail.get("message") or score.detail.get("reason") or "")
        reason = f"{score.outcome}: {' '.join(said.split())[:200]}".rstrip(": ")
        return score.outcome, "" if score.outcome is Outcome.PASSED else reason

    samples = slow_first(benchmark, samples)
    found = await asyncio.gather(*map(one, samples))
    return {sample.id: each for sample, each in zip(samples, found, strict=True)}
