"""From options and catalog to what will be run: which benchmarks, which samples, with which settings."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from harness import catalog, environments
from harness.benchmark import Benchmark, settings_of, slow_first, with_instructions
from harness.datasource import DataSource
from harness.engines.base import EngineSettings
from harness.engines.model import Model, served
from harness.entries import BenchmarkEntry, Endpoint, Feature
from harness.errors import UnavailableError, UnknownNameError, UsageError
from harness.prompts import choice, infill
from harness.prompts.instructions import instruction, instructions
from harness.records import Infill, Sample, Sampling, canonical_sha256, prompt_order
from harness.results import GroundTruth, LeftOut, Missing
from harness.sandbox.languages import LANGUAGES, language, missing_tool, toolchain
from harness.scoring.judge import RUBRIC
from harness.statistics import spread

HASH_LENGTH = 12


@dataclass(frozen=True)
class JudgeOption:
    """A model that grades answers; always asked at an endpoint."""

    model: str
    endpoint: Endpoint


@dataclass(frozen=True)
class Options:
    """What the user asked for; the command line's main options, by the same names."""

    model: str
    feature: str
    use_cases: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    suite: Literal["all", "industry", "gitlab"] = "all"
    settings: tuple[str, ...] = ()
    """``benchmark.setting=value``, as given with --set."""
    limit: int | None = None
    attempts: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    languages: tuple[str, ...] = ()
    engine: EngineSettings = field(default_factory=EngineSettings)
    judges: tuple[JudgeOption, ...] = ()
    max_cost: float | None = None
    """US dollars that the run may spend, where the models have prices."""
    data_dir: Path | None = None
    strict: bool = False
    infill: str = ""
    """The family by which infills are asked, "none": by chat, "": the one that the model's name says."""
    prompts_dir: Path | None = None
    """A folder with system prompts to take in place of those of the same names in configs/prompts/."""
    exclude_broken: bool = False
    """Leave out the tasks whose own solution fails in the benchmark's environment."""


@dataclass(frozen=True)
class Job:
    """One benchmark of a run with the samples that will be asked; those whose prompts begin alike stand together.

    ``all_samples`` are those of the benchmark, whatever the run asks of them; ``python`` is the interpreter of its
    environment, "" where it has none, and ``environment`` that one's fingerprint.
    """

    use_case: str
    entry: BenchmarkEntry
    benchmark: Benchmark
    samples: tuple[Sample, ...]
    all_samples: tuple[Sample, ...] = ()
    python: str = ""
    environment: str = ""

    def most_tokens(self, sample: Sample) -> int:
        """The limit of an answer to ``sample``."""
        return sample.max_tokens or self.benchmark.max_tokens


@dataclass(frozen=True)
class Plan:
    """What will be run, and what of it cannot be. ``origins`` maps ``benchmark/split`` to where its rows came from."""

    options: Options
    model: Model
    judges: tuple[Model, ...]
    feature: Feature
    jobs: tuple[Job, ...]
    left_out: tuple[LeftOut, ...]
    unavailable: tuple[Missing, ...]
    not_in_version: tuple[str, ...]
    origins: Mapping[str, Mapping[str, str]]
    settings: Mapping[str, Any]
    ground_truth: tuple[GroundTruth, ...] = ()

    @property
    def asks_infills(self) -> bool:
        """Whether the model will be asked for what belongs at a cursor."""
        return any(isinstance(sample.prompt, Infill) for job in self.jobs for sample in job.samples)

    @property
    def settings_hash(self) -> str:
        """Names the run folder: equal for commands whose scores may be put together."""
        return canonical_sha256(self.settings)[:HASH_LENGTH]

    def sampling(self, job: Job, sample: Sample, attempt: int) -> Sampling:
        """How attempt number ``attempt`` at a sample of the job is drawn: each attempt has a seed of its own."""
        options = self.options
        return Sampling(
            max_tokens=job.most_tokens(sample),
            temperature=options.temperature,
            top_p=options.top_p,
            stop=job.benchmark.stop,
            seed=options.seed + attempt,
        )


def make_plan(options: Options, find_model: Callable[[], Model]) -> Plan:
    """Chooses benchmarks, loads their samples and, last because it may take long, finds the model; asks nothing yet.

    Raises:
        UsageError: an option names what there is not, or no benchmark is left to run.
        DataError: a data file is malformed or not the expected one.
    """
    _check(options)
    feature = catalog.feature(options.feature)
    chosen, not_in_version = _choose(options, feature)
    overrides = _overrides(options, [entry.name for _, entry in chosen])
    jobs: list[Job] = []
    left_out: list[LeftOut] = []
    unavailable: list[Missing] = []
    origins: dict[str, dict[str, str]] = {}
    settings: dict[str, dict[str, Any]] = {}
    for use_case, entry in chosen:
        benchmark = with_instructions(catalog.open_benchmark(entry, overrides[entry.name]), options.prompts_dir)
        settings[entry.name] = {"version": benchmark.version, **settings_of(benchmark)}
        source = DataSource(entry.name, entry.data, options.data_dir)
        python = environment = ""
        try:
            if entry.environment:
                python = environments.python_of(entry.environment)
                environment = environments.fingerprint(python)
                settings[entry.name] |= {"environment": environment, "exclude_broken": options.exclude_broken}
            samples = benchmark.load(source.read)
        except UnavailableError as error:
            unavailable.append(Missing(entry.name, use_case, error.message, error.mend))
            continue
        left_out += [
            LeftOut(entry.name, split, 0, error.message, error.mend, requested=True)
            for split, error in source.missing.items()
        ]
        origins |= {f"{entry.name}/{split}": asdict(origin) for split, origin in source.origins.items()}
        wanted = _in_languages(samples, options.languages)
        wanted = spread(wanted, options.limit or len(wanted))
        runnable, missing = _split_by_toolchain(entry.name, wanted, options)
        left_out += missing
        jobs.append(
            Job(use_case, entry, benchmark, _in_order(runnable, benchmark), tuple(samples), python, environment)
        )
    judges = tuple(served(judge.model, judge.endpoint) for judge in options.judges)
    model = find_model()
    if options.infill:
        model = replace(model, infill=catalog.infill_family(options.infill))
    return Plan(
        options=options,
        model=model,
        judges=judges,
        feature=feature,
        jobs=tuple(jobs),
        left_out=tuple(left_out),
        unavailable=tuple(unavailable),
        not_in_version=not_in_version,
        origins=origins,
        settings=_all_settings(options, model, judges, settings),
    )


def with_ground_truth(plan: Plan, found: Mapping[str, GroundTruth]) -> Plan:
    """The plan with what is known of its benchmarks' own solutions; the broken are left out where that is wanted."""
    drop = plan.options.exclude_broken
    truths = {name: replace(truth, excluded=drop) for name, truth in found.items()}
    jobs = []
    for job in plan.jobs:
        broken = truths[job.entry.name].broken if drop and job.entry.name in truths else ()
        jobs.append(replace(job, samples=tuple(sample for sample in job.samples if sample.id not in broken)))
    return replace(plan, jobs=tuple(jobs), ground_truth=tuple(truths.values()))


def _check(options: Options) -> None:
    if options.limit is not None and options.limit < 1:
        raise UsageError(f"--limit {options.limit} asks for no sample", "give 1 or more, or leave it out for all")
    if options.attempts < 1:
        raise UsageError(f"--attempts {options.attempts} asks for no attempt", "give 1 or more")
    if options.temperature < 0 or not 0 < options.top_p <= 1:
        raise UsageError("--temperature must be 0 or more and --top-p in (0, 1]", "leave them out for greedy answers")
    if options.attempts > 1 and options.temperature == 0:
        raise UsageError("several greedy attempts are one attempt", "add --temperature, e.g. --temperature 0.8")
    if options.max_cost is not None and options.max_cost <= 0:
        raise UsageError(f"--max-cost {options.max_cost:g} buys nothing", "give a number of US dollars above 0")
    for name in options.languages:
        language(name)
    if options.infill:
        catalog.infill_family(options.infill)
    if options.prompts_dir:
        instructions(options.prompts_dir)


def _choose(options: Options, feature: Feature) -> tuple[list[tuple[str, BenchmarkEntry]], tuple[str, ...]]:
    """(use case, benchmark) pairs to run, and the names the process has but this version has not."""
    known = catalog.benchmarks()
    cases = [catalog.use_case(feature, name) for name in options.use_cases] or list(feature.use_cases)
    pairs: list[tuple[str, str]] = []
    for case in cases:
        pairs += [(case.name, name) for name in case.industry if options.suite != "gitlab"]
        pairs += [(case.name, name) for name in case.gitlab if options.suite != "industry"]
    if options.benchmarks:
        mapped = {name: case for case, name in pairs}
        named = {name: catalog.benchmark(name) for name in options.benchmarks}
        known, pairs = known | named, [(mapped.get(name, ""), name) for name in named]
    chosen = [(case, known[name]) for case, name in pairs if name in known]
    absent = tuple(name for _, name in pairs if name not in known)
    if not chosen:
        what = f"{feature.name}{' / ' if options.use_cases else ''}{', '.join(options.use_cases)}"
        mend = f"not in this version: {', '.join(absent)}" if absent else "see: evaluate catalog features"
        raise UsageError(f"no benchmark for {what} with --suite {options.suite}", mend)
    return chosen, absent


def _overrides(options: Options, chosen: list[str]) -> dict[str, dict[str, str]]:
    """--set values by benchmark."""
    overrides: dict[str, dict[str, str]] = {name: {} for name in chosen}
    for text in options.settings:
        target, equals, value = text.partition("=")
        name, dot, setting = target.rpartition(".")  # names of benchmarks may hold dots
        if not equals or not dot:
            raise UsageError(f"--set {text} is not BENCHMARK.SETTING=VALUE", "e.g. --set mbpp.shots=0")
        if name not in overrides:
            raise UnknownNameError("benchmark of this run", name, chosen)
        overrides[name][setting] = value
    return overrides


def _all_settings(
    options: Options, model: Model, judges: Sequence[Model], benchmarks: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that may change a score, and nothing else."""
    rubric = instruction(RUBRIC, options.prompts_dir).sha256 if judges else ""
    return {
        "model": {
            "name": model.name,
            "fingerprint": model.fingerprint,
            "infill": asdict(model.infill) if model.infill else None,
            "serve": model.serve,
        },
        "judge": {"models": [judge.source for judge in judges], "rubric": rubric} if judges else None,
        "prompts": {"infill": infill.VERSION, "choice": choice.VERSION},
        "feature": options.feature,
        "benchmarks": benchmarks,
        "limit": options.limit,
        "languages": sorted(options.languages),
        "sampling": {
            "attempts": options.attempts,
            "temperature": options.temperature,
            "top_p": options.top_p,
            "seed": options.seed,
        },
        "engine": options.engine.changing_scores(),
    }


def _in_order(samples: list[Sample], benchmark: Benchmark) -> tuple[Sample, ...]:
    return tuple(slow_first(benchmark, sorted(samples, key=lambda sample: prompt_order(sample.prompt))))


def _in_languages(samples: list[Sample], languages: tuple[str, ...]) -> list[Sample]:
    return [sample for sample in samples if not languages or sample.language in languages]


def _split_by_toolchain(name: str, samples: list[Sample], options: Options) -> tuple[list[Sample], list[LeftOut]]:
    counts = Counter(sample.language for sample in samples if sample.language and toolchain(sample.language) is None)
    missing = [
        LeftOut(
            benchmark=name,
            what=each,
            samples=count,
            reason=f"{missing_tool(each)} is not installed",
            mend=LANGUAGES[each].install,
            requested=options.strict or each in options.languages,
        )
        for each, count in counts.items()
    ]
    return [sample for sample in samples if sample.language not in counts], missing


def attempts(plan: Plan) -> Iterator[tuple[Job, Sample, int]]:
    """Everything to be asked, in order."""
    for job in plan.jobs:
        for sample in job.samples:
            for attempt in range(plan.options.attempts):
                yield job, sample, attempt
