"""Writes the site: all its pages, charts and samples, into a folder."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from harness import __version__, catalog
from harness.errors import NotInstalledError, UsageError
from harness.files import make_folder
from harness.journal import RECORDS
from harness.overview import industry_gaps
from harness.records import Outcome
from harness.reporting.site import feature as feature_page
from harness.reporting.site import run as run_page
from harness.reporting.site.overview import grid, page_of
from harness.reporting.site.samples import Pieces, write_samples
from harness.reporting.table import number
from harness.runs import Run, records_of
from harness.viability import Assessment

SOURCE = "'self' file:"
"""Whence pages may load scripts, styles and pictures: the site alone, be it served or opened from a disk."""
_HERE = files("harness.reporting.site")
Writer = Callable[[str, str, str, Mapping[str, Any]], None]
"""Fills a template with a title and values, and writes it as a page."""


def build(
    runs: Sequence[Run],
    faults: Sequence[str],
    out: Path,
    against: str = "",
    assessed: Mapping[Path, Assessment | str] = MappingProxyType({}),
) -> Path:
    """Writes the site of ``runs``, oldest first, to ``out``; returns its first page.

    ``faults`` name what could not be read; ``assessed`` are the runs' labels against the baseline ``against``.

    Raises:
        NotInstalledError: the extra ``report`` is missing.
        OutputError: ``out`` cannot be written.
        DataError: a file of a run is malformed.
    """
    write = _writer(out)
    runs = _once(runs)
    for name in ("charts", "features", "runs", "samples", "data", "assets"):
        make_folder(out / name)
    for asset in _HERE.joinpath("assets").iterdir():
        (out / "assets" / asset.name).write_bytes(asset.read_bytes())
    features = [each for each in catalog.features().values() if any(_of(run, each.name) for run in runs)]
    shared = {"features": [(each.name, each.title) for each in features]}
    labels = {run.folder: found for run in runs if isinstance(found := assessed.get(run.folder), Assessment)}
    unlabelled = [f"{_title(run)}: {why}" for run in runs if isinstance(why := assessed.get(run.folder), str)]
    grids = [grid(each, [run for run in runs if _of(run, each.name)], labels) for each in features]
    write(
        *("overview.html", "index.html", "Model evaluations"),
        shared
        | {
            "grids": [each for each in grids if each],
            "against": next((each.comparison.theirs for each in labels.values()), against),
            "runs": [_listed(run) for run in reversed(runs)],
            "faults": [*faults, *unlabelled],
        },
    )
    for each in features:
        mine = [run for run in runs if _of(run, each.name)]
        page = {
            "description": each.description,
            "cases": feature_page.cases(each, mine, [against] if against else [], out / "charts"),
            "tables": feature_page.tables(mine, industry_gaps(mine, [each])),
        }
        write("feature.html", f"features/{each.name}.html", each.title, shared | page)
    pieces = {page_of(run): _pieces(run, out) for run in runs}
    for run in runs:
        write("run.html", f"runs/{page_of(run)}", _title(run), shared | _run(run, labels.get(run.folder)))
        write(
            "samples.html", f"samples/{page_of(run)}", f"Samples: {_title(run)}", shared | _samples(run, runs, pieces)
        )
    return out / "index.html"


def _writer(out: Path) -> Writer:
    try:
        import altair  # noqa: F401  (that it is missing must not come up half way)
        import vl_convert  # noqa: F401
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ModuleNotFoundError as error:
        raise NotInstalledError("the report", error.name, "report") from None
    environment = Environment(
        loader=FileSystemLoader(str(_HERE.joinpath("templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    common = {"source": SOURCE, "version": __version__, "made": made}

    def write(template: str, page: str, title: str, values: Mapping[str, Any]) -> None:
        up = "../" * page.count("/")
        text = environment.get_template(template).render(**common, **values, title=title, up=up)
        (out / page).write_text(text, encoding="utf-8")

    return write


def _once(runs: Sequence[Run]) -> list[Run]:
    """``runs`` without copies, such as baselines that were kept from one of them: what has answers stays."""
    found: dict[str, Run] = {}
    for run in runs:
        if page_of(run) not in found or (run.folder / RECORDS).is_file():
            found[page_of(run)] = run
    return list(found.values())


def _of(run: Run, feature: str) -> bool:
    return run.manifest.feature == feature


def _title(run: Run) -> str:
    return f"{run.manifest.model}, {run.manifest.feature}, {run.began[:10] or 'not begun'}"


def _listed(run: Run) -> tuple[object, ...]:
    from markupsafe import Markup

    link = Markup('<a href="runs/{}">{}</a>').format(page_of(run), f"{run.manifest.model} {run.manifest.settings_hash}")
    return link, run.manifest.feature, run.began[:16].replace("T", " "), run.state


def _run(run: Run, assessment: Assessment | None) -> dict[str, Any]:
    return {
        "page": page_of(run),
        "state": run.state,
        "scores": run_page.scores(run.summary) if run.summary else [],
        "unusual": list(run_page.unusual(run.summary)) if run.summary else ["nothing was summed up yet"],
        "assessed": [run_page.labelled(assessment)] if assessment else [],
        "screening": run_page.screened(run),
        "facts": run_page.facts(run.manifest, run.state),
        "sessions": run_page.sessions(run.manifest),
        "settings": json.dumps(run.manifest.settings, indent=1, ensure_ascii=False),
        "data": run_page.data(run.manifest),
    }


def _pieces(run: Run, out: Path) -> Pieces:
    try:
        return write_samples(records_of(run), out / "data" / _stem(run))
    except UsageError:  # it has none yet
        return Pieces(0, 0, 0)


def _samples(run: Run, runs: Sequence[Run], pieces: Mapping[str, Pieces]) -> dict[str, Any]:
    mine = {job.benchmark for job in run.manifest.jobs}
    others = [each for each in runs if each is not run and mine & {job.benchmark for job in each.manifest.jobs}]
    return {
        "page": page_of(run),
        "run": _stem(run),
        "pieces": pieces[page_of(run)],
        "benchmarks": sorted(mine),
        "verdicts": [str(each) for each in Outcome],
        "others": [
            {"run": _stem(each), "lists": pieces[page_of(each)].lists, "title": _title(each)} for each in others
        ],
    }


def _stem(run: Run) -> str:
    return page_of(run).removesuffix(".html")
