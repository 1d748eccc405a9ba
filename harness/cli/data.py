"""``evaluate data``: which benchmark data is here, whether it is intact, and how to get the rest."""

import json
from collections.abc import Sequence
from pathlib import Path

from harness import catalog
from harness.cli import validate
from harness.cli.arguments import Parser
from harness.datasource import DataSource, data_dir_from, fingerprint, pinned, pull
from harness.entries import BenchmarkEntry
from harness.errors import OutputError, UsageError


def main(argv: Sequence[str]) -> int:
    """Runs ``list``, ``verify``, ``pull`` or ``validate``."""
    if argv and argv[0] == "validate":
        return validate.main(argv[1:])
    parser = Parser("evaluate data", "Benchmark data: what is here, whether it is intact, and getting the rest.")
    parser.add_argument("action", choices=("list", "verify", "pull", "validate"), help="validate: has its own --help")
    parser.add_argument("benchmark", nargs="*", help="default: all")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="the mirror (or HARNESS_DATA_DIR)")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(argv)
    entries = [catalog.benchmark(name) for name in arguments.benchmark] or list(catalog.benchmarks().values())
    if arguments.action == "pull":
        return _pull(entries, arguments.data_dir, arguments.json)
    rows = [row for entry in entries for row in _rows(entry, data_dir_from(arguments.data_dir))]
    if arguments.action == "list":
        _print(rows, arguments.json)
        return 0
    _print([row for row in rows if row["state"] != "not here"], arguments.json)
    return 2 if any(row["state"] == "changed" for row in rows) else 0


def _rows(entry: BenchmarkEntry, data_dir: Path | None) -> list[dict[str, str]]:
    source = DataSource(entry.name, entry.data, data_dir)
    rows = []
    for split, expected in entry.data.files.items():
        path = source.file(split)
        found = fingerprint(path.read_bytes().splitlines(keepends=True)) if path else ""
        state = "not here" if not path else "changed" if expected and found != expected else "intact"
        rows.append(
            {"benchmark": entry.name, "split": split, "state": state, "sha256": found, "place": str(path or "hub")}
        )
    return rows


def _pull(entries: Sequence[BenchmarkEntry], option: Path | None, as_json: bool) -> int:
    """Fetches from the hub into the mirror, checking each split before it is put in place."""
    if option:
        option.mkdir(parents=True, exist_ok=True)
    folder = data_dir_from(option)
    if folder is None:
        raise UsageError("no folder to pull into", "name one with --data-dir or HARNESS_DATA_DIR")
    files = {}
    for entry in entries:
        data = entry.data if entry.data.shipped else pinned(entry.name, entry.data, folder)
        for split, expected in entry.data.files.items() if not entry.data.shipped else ():
            lines = pull(entry.name, data, split)
            if expected and fingerprint(lines) != expected:
                raise UsageError(
                    f"the hub's {entry.name}/{split} has sha256 {fingerprint(lines)}, expected {expected}",
                    "nothing was written; this version was written for other rows",
                )
            path = folder / entry.data.folder / f"{split}.jsonl"
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"".join(lines))
            except OSError as error:
                raise OutputError(f"cannot write {path}: {error.strerror}", "name another --data-dir") from None
            files[str(path)] = len(lines)
            if not as_json:
                print(f"{path} ({len(lines)} rows)")
    if as_json:
        print(json.dumps(files, indent=1))
    return 0


def _print(rows: list[dict[str, str]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows, indent=1))
    else:
        for row in rows:
            print(f"{row['benchmark']:16} {row['split']:20} {row['state']:9} {row['sha256'][:12]:12} {row['place']}")
