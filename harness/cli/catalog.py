"""``evaluate catalog``: what can be evaluated, from configs/ and installed packages."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from harness import catalog
from harness.baselines import published, published_of
from harness.cli.arguments import Parser
from harness.entries import ModelEntry
from harness.errors import UnknownNameError
from harness.prompts.instructions import instructions
from harness.reporting.table import results_console

LONGEST_NAME = 24
FOR_MACHINES = ("key", "status", "sha256", "url")
"""Columns that a terminal has no room for."""


def main(argv: Sequence[str]) -> int:
    """Prints one part of the catalog."""
    parser = Parser("evaluate catalog", "What can be evaluated.")
    parser.add_argument("part", choices=("features", "benchmarks", "models", "prompts", "baselines"))
    parser.add_argument("--model", default="", metavar="NAME", help="of baselines: only this model's")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(argv)
    parts = {"features": _features, "benchmarks": _benchmarks, "models": _models, "prompts": _prompts}
    rows = parts[arguments.part]() if arguments.part in parts else _baselines(arguments.model)
    if arguments.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    table = Table(box=SIMPLE_HEAD)
    shown = [column for column in rows[0] if column not in FOR_MACHINES]
    for column in shown:
        names = all(" " not in str(row[column]) and len(str(row[column])) <= LONGEST_NAME for row in rows)
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=names)
    for row in rows:
        table.add_row(*(str(row[column]) for column in shown))
    results_console().print(table)
    return 0


def _features() -> list[dict[str, Any]]:
    known = catalog.benchmarks()

    def names(suite: tuple[str, ...]) -> str:
        return ", ".join(name if name in known else f"{name} (not in this version)" for name in suite)

    return [
        {
            "feature": feature.name,
            "use_case": case.name,
            "key": case.key,
            "status": case.status,
            "industry": names(case.industry),
            "gitlab": names(case.gitlab),
            "description": case.description,
        }
        for feature in catalog.features().values()
        for case in feature.use_cases
    ]


def _benchmarks() -> list[dict[str, Any]]:
    rows = []
    for entry in catalog.benchmarks().values():
        benchmark = catalog.open_benchmark(entry, {})
        rows.append(
            {
                "benchmark": entry.name,
                "version": benchmark.version,
                "suite": entry.suite,
                "metric": benchmark.metric,
                "title": entry.title,
                "settings": ", ".join(f"{field.name}={getattr(benchmark, field.name)}" for field in fields(benchmark)),
                "licence": entry.data.licence,
            }
        )
    blank = dict.fromkeys(rows[0], "")
    rows += [blank | {"benchmark": f"{each.name}:NAME", "title": each.title} for each in catalog.families().values()]
    return rows


def _models() -> list[dict[str, Any]]:
    return [
        {
            "model": model.name,
            "title": model.title,
            "licence": model.licence,
            "from": "; ".join(_places(model)),
            "infill": form.name if (form := catalog.infill_format(model.name)) else "by chat",
            "usd_per_million_tokens": f"{model.prices.prompt:g} / {model.prices.answer:g}" if model.prices else "",
            "description": model.description,
        }
        for model in catalog.models().values()
    ]


def _prompts() -> list[dict[str, Any]]:
    return [
        {"prompt": each.name, "version": each.version, "sha256": each.sha256, "system": each.system}
        for each in instructions().values()
    ]


def _places(model: ModelEntry) -> Iterator[str]:
    """Where a model comes from, in the order in which it is tried."""
    for source in model.sources:
        name = {"hub": "repo", "wheel": "package", "path": "path"}[source.kind]
        yield f"{source.kind} {getattr(source, name)}"
    if model.endpoint:
        yield f"{model.endpoint.protocol} {model.endpoint.base_url}"


def _baselines(model: str) -> list[dict[str, Any]]:
    """Published scores; ``model``'s alone, where one is named.

    Raises:
        UnknownNameError: the model has none.
    """
    found = published_of(model) if model else tuple(published())
    if not found:
        raise UnknownNameError("model with published scores", model, {each.model for each in published()})
    return [
        {
            "model": each.model,
            "benchmark": each.protocol.benchmark,
            "metric": each.protocol.metric,
            "settings": " ".join(f"{name}={value}" for name, value in each.protocol.settings.items()),
            "score": each.score,
            "n": each.protocol.n,
            "source": f"{each.source}, {each.as_of}",
            "url": each.url,
        }
        for each in found
    ]
