"""Folders of runs as a finished command leaves them, with the scores that a test wants."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness.files import write_json
from harness.journal import RECORDS
from harness.manifest import MANIFEST, Manifest, PlannedJob, PlannedMetric, Session
from harness.metrics import Mean
from harness.records import Answer, Outcome, Record
from harness.summary import SUMMARY, summarise

SETTINGS = {"split": "complete", "subset": "hard", "calibrated": True, "prefill": True}
USE_CASES = {"bigcodebench": "code-completion", "code-completion": "code-completion"}


def record(benchmark: str, number: int, score: float, version: str = "1") -> Record:
    return Record(
        *(benchmark, version, f"{benchmark}/{number}", 0, f"{benchmark}/{number}", {}, "0" * 64),
        answer=Answer("an answer", "stop", 1, 1, 0.1),
        verdict=Outcome.PASSED if score == 1 else Outcome.FAILED,
        scores={"pass@1": score},
        detail={"message": "no"},
        finished_at="2026-01-01T00:00:00+00:00",
    )


def run_folder(
    root: Path,
    model: str,
    scores: dict[str, Sequence[float]],
    sha256: str = "a",
    version: str = "1",
    began: str = "2026-01-01T00:00:00+00:00",
    **settings: Any,
) -> Path:
    """A run of code-suggestions whose benchmarks have these scores, one for each sample."""
    folder = root / model
    folder.mkdir(parents=True)
    jobs = tuple(
        PlannedJob(
            *(USE_CASES.get(name, "code-generation"), name, version, "pass@1", len(found), 1),
            metrics=(PlannedMetric(Mean("pass@1"), len(found)),),
        )
        for name, found in scores.items()
    )
    manifest = Manifest(
        *(model, f"folder:{model}", {}, "code-suggestions"),
        settings={"benchmarks": dict.fromkeys(scores, SETTINGS | settings), "sampling": {"temperature": 0.0}},
        settings_hash="0123456789ab",
        data={f"{name}/test": {"place": "there", "sha256": sha256 * 64} for name in scores},
        jobs=jobs,
        left_out=(),
        unavailable=(),
        sessions=(Session(began, (), {}, {}, "", {}),),
    )
    write_json(folder / MANIFEST, manifest)
    adapter = TypeAdapter(Record)
    records = [record(name, at, score, version) for name, found in scores.items() for at, score in enumerate(found)]
    (folder / RECORDS).write_bytes(b"".join(adapter.dump_json(each) + b"\n" for each in records))
    write_json(folder / SUMMARY, summarise(manifest, records))
    return folder
