"""``evaluate doctor``: what this machine can do, and what to install for the rest."""

import json
import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness import __version__, catalog, environments
from harness.cli.arguments import Parser
from harness.datasource import DATA_DIR_VARIABLE, hub_reachable
from harness.engines.vllm.installation import required
from harness.engines.vllm.memory import GIBIBYTE, gpus
from harness.errors import HarnessError, UsageError
from harness.sandbox.isolation import Level
from harness.sandbox.languages import LANGUAGES, toolchain
from harness.sandbox.pool import probe
from harness.shipped import cache_dir


def main(argv: Sequence[str]) -> int:
    """Prints one line a finding; exit code 2 when model-written programs cannot be isolated here."""
    parser = Parser("evaluate doctor", "What this machine can do, and what to install for the rest.")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(argv)
    reasons = {level: probe(level) for level in (Level.NAMESPACES, Level.LANDLOCK)}
    best = next((level for level, reason in reasons.items() if not reason), None)
    findings = [
        (
            "harness",
            True,
            f"{__version__} on Python {platform.python_version()}, {platform.system()} {platform.release()}",
        ),
        (
            "machine",
            True,
            f"{os.cpu_count()} cores, {_memory_gib():.0f} GiB",
        ),
        _gpus(),
        _vllm(),
        *((f"sandbox {level}", not reason, reason or "works") for level, reason in reasons.items()),
        ("sandbox in use", best is not None, best or "none: install bubblewrap (Debian: apt-get install bubblewrap)"),
        *(_language(name) for name in LANGUAGES),
        *_environments(),
        _package("torch", 'pip install "duo-model-evaluation[cpu]"'),
        _package("transformers", 'pip install "duo-model-evaluation[cpu]"'),
        _package("openai", 'pip install "duo-model-evaluation[endpoints]"'),
        _package("anthropic", 'pip install "duo-model-evaluation[endpoints]"'),
        _package("lm_eval", 'pip install "duo-model-evaluation[lm-eval]"'),
        *(
            _package(name, 'pip install "duo-model-evaluation[screening]"')
            for name in ("license-expression", "picklescan", "cyclonedx-python-lib")
        ),
        *(
            _package(name, 'pip install "duo-model-evaluation[report]"')
            for name in ("altair", "vl-convert-python", "jinja2")
        ),
        ("hub", hub_reachable(), os.environ.get("HF_ENDPOINT", "https://huggingface.co")),
        _data(),
        ("cache", True, str(cache_dir())),
    ]
    if arguments.json:
        print(json.dumps([{"what": what, "ok": ok, "found": found} for what, ok, found in findings], indent=1))
    else:
        for what, ok, found in findings:
            print(f"{'ok' if ok else '--'}  {what:20} {found}")
    return 0 if best else 2


def _memory_gib() -> float:
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) / 2**30


def _gpus() -> tuple[str, bool, str]:
    found = gpus()
    each = [f"{gpu.name} ({gpu.memory / GIBIBYTE:.0f} GiB, driver {gpu.driver})" for gpu in found]
    return "GPUs", bool(found), ", ".join(each) or "none that nvidia-smi shows"


def _vllm() -> tuple[str, bool, str]:
    try:
        found = required()
    except UsageError as error:
        return "vLLM", False, f"{error.message}; {error.mend}"
    return "vLLM", True, f"{found.package} {found.version} of {found.python}"


def _language(name: str) -> tuple[str, bool, str]:
    found = toolchain(name)
    return f"language {name}", found is not None, ", ".join(found.tools.values()) if found else LANGUAGES[name].install


def _environments() -> Iterator[tuple[str, bool, str]]:
    """Whether the environments that benchmarks bring for their programs are there."""
    for entry in catalog.benchmarks().values():
        if entry.environment:
            try:
                python = environments.python_of(entry.environment)
                yield f"python {entry.name}", True, f"{python} ({environments.fingerprint(python)[:12]})"
            except HarnessError as error:
                yield f"python {entry.name}", False, f"{error.message}; {error.mend}"


def _package(name: str, install: str) -> tuple[str, bool, str]:
    try:
        return f"package {name}", True, version(name)
    except PackageNotFoundError:
        return f"package {name}", False, install


def _data() -> tuple[str, bool, str]:
    folder = os.environ.get(DATA_DIR_VARIABLE, "")
    here = bool(folder) and Path(folder).is_dir()
    return "benchmark data", here, folder if here else f"set {DATA_DIR_VARIABLE} to a mirror, or use --data-dir"
