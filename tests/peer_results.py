"""Results of other harnesses, as they write them."""

import json
from pathlib import Path


def evalplus(path: Path, statuses: dict[str, list[tuple[str, str | None]]]) -> Path:
    """A file as EvalPlus 0.3 writes it."""
    told = {
        "date": "2026-01-02 03:04",
        "hash": "0" * 32,
        "eval": {
            task: [
                {
                    "task_id": task,
                    "solution": "def solve(): pass",
                    "base_status": base,
                    "plus_status": plus,
                    "base_fail_tests": [],
                    "plus_fail_tests": [],
                }
                for base, plus in tries
            ]
            for task, tries in statuses.items()
        },
    }
    path.write_text(json.dumps(told))
    return path
