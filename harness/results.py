"""What a run comes to: the schema of summary.json, field by field. Derived from manifest and records at any time."""

from collections.abc import Mapping
from dataclasses import dataclass

SUMMARY_SCHEMA = 1
"""Version of summary.json; raised when a field changes its meaning or goes away."""


@dataclass(frozen=True)
class Estimate:
    """A score with its 95 % interval over ``n`` samples; ``method`` names how the interval was made."""

    value: float
    low: float
    high: float
    n: int
    method: str


@dataclass(frozen=True)
class SummaryRow:
    """One benchmark and metric of a run.

    ``estimate`` is None when nothing could be scored. ``samples`` counts those planned, ``records`` the attempts
    written down; ``verdicts`` counts these by outcome. ``seconds`` is the time spent from the first to the last
    record in this run's own clock, idle time between interrupted sessions left out. ``groups`` holds estimates by
    tag and value, e.g. ``groups["language"]["python"]``.
    """

    use_case: str
    benchmark: str
    version: str
    metric: str
    estimate: Estimate | None
    samples: int
    records: int
    attempts: int
    verdicts: Mapping[str, int]
    seconds: float
    groups: Mapping[str, Mapping[str, Estimate]]
    fallbacks: int = 0
    """Answers that were asked for in another way than their prompts' own (see :class:`Answer`)."""
    shortened: int = 0
    """Answers whose prompts lost solved examples because they did not fit the model's context."""
    most_dropped: int = 0
    """The most solved examples that one of these lost."""
    cut: int = 0
    """Answers to infills that were asked without some of the code around them (see :class:`Cut`)."""
    inside: int = 0
    """Programs whose tests had to share their process: such a verdict is no proof against an adversary."""


@dataclass(frozen=True)
class Quantiles:
    """Median, 95th and 99th percentile, in seconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class LatencyRow:
    """How long ``n`` streamed answers of a benchmark took, ``concurrency`` at a time; see harness/latency.py.

    ``first_token`` is None where no answer had a token, ``total`` where none came; ``failed`` counts what did not come.
    """

    use_case: str
    benchmark: str
    concurrency: int
    n: int
    first_token: Quantiles | None
    total: Quantiles | None
    failed: int
    quick_enough: bool
    """Whether the whole answer's 95th percentile is within the gate."""


@dataclass(frozen=True)
class Usage:
    """What a run used: tokens of all its records, and what it paid where prices are known (US dollars).

    ``prefix_cache_hit_share`` is the part of prompt tokens that a server of ours did not compute again, None where no
    server told.
    """

    prompt_tokens: int
    answer_tokens: int
    cost_usd: float | None = None
    judge_cost_usd: float | None = None
    prefix_cache_hit_share: float | None = None


@dataclass(frozen=True)
class LeftOut:
    """Samples that were planned but cannot be scored here, and how to change that.

    ``samples`` is 0 where their number is not known, because their data could not be had.
    """

    benchmark: str
    what: str
    samples: int
    reason: str
    mend: str
    requested: bool
    """True when the user asked for them by name: then the run is incomplete without them."""


@dataclass(frozen=True)
class Missing:
    """A benchmark that could not be run at all, and how to change that."""

    benchmark: str
    use_case: str
    reason: str
    mend: str


@dataclass(frozen=True)
class GroundTruth:
    """How many of a benchmark's own solutions were run in its environment, and which fail there and why.

    ``environment`` is the fingerprint of what is installed; ``excluded`` says that the broken ones were not asked.
    """

    benchmark: str
    environment: str
    checked: int
    broken: Mapping[str, str]
    excluded: bool = False


@dataclass(frozen=True)
class Calibration:
    """How a judge graded ``answers`` whose grades are known, before it graded any others.

    ``agreement`` is Krippendorff's alpha by what is judged: each criterion (ordinal) and "good" (nominal); None where
    all grades were the same. ``confusion`` has by criterion how often each known grade (row, 1 to 4) was told as each
    grade (column). ``failed`` counts replies without grades. ``itself``: the judge is the candidate.
    """

    judge: str
    rubric: str
    answers: int
    failed: int
    agreement: Mapping[str, float | None]
    confusion: Mapping[str, tuple[tuple[int, ...], ...]]
    itself: bool = False


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The whole of summary.json: derived from manifest.json and records.jsonl alone, rebuildable at any time."""

    schema: int
    model: str
    feature: str
    settings_hash: str
    rows: tuple[SummaryRow, ...]
    left_out: tuple[LeftOut, ...]
    unavailable: tuple[Missing, ...]
    usage: Usage
    latency: tuple[LatencyRow, ...]
    ground_truth: tuple[GroundTruth, ...]
    calibrations: tuple[Calibration, ...] = ()
    complete: bool
    """False when something asked for could not be run, is not finished, or ended in infra errors."""
