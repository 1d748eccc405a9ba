"""Runs as JUnit XML: a suite for each use case, a case for each benchmark, as GitLab's test reports read it."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence

from harness.records import Outcome
from harness.reporting.table import number
from harness.results import Missing, Summary, SummaryRow
from harness.runs import Run
from harness.summary import first_rows

Failures = Mapping[tuple[str, str], str]
"""By a run's folder and a benchmark what a gate says of it."""
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, not even escaped (its section 2.2)."""


def junit(runs: Sequence[tuple[Run, Summary]], failures: Failures | None = None) -> str:
    """The XML text. A low score is no failure: one stands only where ``failures`` has a message.

    A benchmark with infra errors, or with answers still to be asked, is an error; one that is unavailable is skipped.
    """
    suites = [suite for run, summary in runs for suite in _suites(run, summary, failures or {})]
    root = ET.Element("testsuites", _totals([case for suite in suites for case in suite]))
    root.extend(suites)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suites(run: Run, summary: Summary, failures: Failures) -> Iterator[ET.Element]:
    cases: dict[str, list[ET.Element]] = {}
    for row in first_rows(summary):
        case = _case(run, summary, row, failures.get((str(run.folder), row.benchmark), ""))
        cases.setdefault(row.use_case, []).append(case)
    for missing in summary.unavailable:
        cases.setdefault(missing.use_case, []).append(_skipped(run, summary, missing))
    for use_case, found in cases.items():
        name = " ".join(filter(None, (summary.model, summary.feature, use_case)))
        began = {"timestamp": run.began[:19]} if run.began else {}
        suite = ET.Element("testsuite", {"name": xml_text(name), **_totals(found), **began})
        suite.extend(found)
        yield suite


def _case(run: Run, summary: Summary, row: SummaryRow, failure: str) -> ET.Element:
    case = _empty_case(run, summary, row.use_case, row.benchmark, row.seconds)
    mine = [each for each in summary.rows if each.benchmark == row.benchmark]
    properties = ET.SubElement(case, "properties")
    _property(properties, "run", summary.settings_hash)
    _property(properties, "version", row.version)
    _property(properties, "metric", row.metric)
    if row.estimate:
        _property(properties, "score", repr(row.estimate.value))
        _property(properties, "interval", f"{row.estimate.low!r} to {row.estimate.high!r}")
    _property(properties, "n", str(row.estimate.n if row.estimate else 0))
    error = _error(row)
    told = "\n".join(map(_told, mine))
    if failure:
        _add(case, "failure", failure, f"{failure}\n{told}")
    elif error:
        _add(case, "error", error, f"{error}\n{told}")
    ET.SubElement(case, "system-out").text = xml_text(told)
    return case


def _skipped(run: Run, summary: Summary, missing: Missing) -> ET.Element:
    case = _empty_case(run, summary, missing.use_case, missing.benchmark, 0.0)
    _add(case, "skipped", missing.reason, f"{missing.reason}; {missing.mend}")
    return case


def _empty_case(run: Run, summary: Summary, use_case: str, benchmark: str, seconds: float) -> ET.Element:
    place = ".".join(filter(None, (summary.model, summary.feature, use_case)))
    names = {"name": benchmark, "classname": place, "file": str(run.folder)}
    return ET.Element("testcase", {name: xml_text(text) for name, text in names.items()} | {"time": f"{seconds:.1f}"})


def _error(row: SummaryRow) -> str:
    infra, open_ = row.verdicts.get(Outcome.INFRA_ERROR, 0), row.samples * row.attempts - row.records
    if infra:
        return f"{infra} of {row.records} answers ended in infra errors, which are not scored"
    return f"{open_} of {row.samples * row.attempts} answers are still to be asked" if open_ > 0 else ""


def _told(row: SummaryRow) -> str:
    found = row.estimate
    if not found:
        return f"{row.metric}: no score"
    interval = f"{number(found.low)} to {number(found.high)}"
    return f"{row.metric}: {number(found.value)}, 95 % interval {interval}, n {found.n}"


def _totals(cases: Sequence[ET.Element]) -> dict[str, str]:
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    counted = {name: str(sum(case.find(kind) is not None for case in cases)) for name, kind in kinds.items()}
    return {"tests": str(len(cases)), **counted, "time": f"{sum(float(case.attrib['time']) for case in cases):.1f}"}


def _property(properties: ET.Element, name: str, value: str) -> None:
    ET.SubElement(properties, "property", {"name": name, "value": xml_text(value)})


def _add(case: ET.Element, kind: str, message: str, text: str) -> None:
    ET.SubElement(case, kind, {"message": xml_text(message)}).text = xml_text(text)


def xml_text(text: str) -> str:
    """``text`` without the characters that XML 1.0 forbids."""
    return _FORBIDDEN.sub("", text)
