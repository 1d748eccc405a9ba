"""Rows as files: parquet for DuckDB and pandas, CSV for spreadsheets. Written in batches, never all in memory."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from harness.reporting.export.rows import COLUMNS, SCHEMA, Row

BATCH = 5000
"""Rows that are in memory at once: one row group of parquet."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet takes for a formula (OWASP, "CSV Injection"); the last four are wide = + - @."""


def write_parquet(path: Path, rows: Iterable[Row]) -> None:
    """Writes ``rows`` as parquet; each column's description is in the file, too."""
    import pyarrow
    from pyarrow import parquet

    types = {
        str: pyarrow.string(),
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        bool: pyarrow.bool_(),
        datetime: pyarrow.timestamp("ms"),
        Mapping[str, str]: pyarrow.map_(pyarrow.string(), pyarrow.string()),
        Mapping[str, float]: pyarrow.map_(pyarrow.string(), pyarrow.float64()),
    }
    schema = pyarrow.schema(
        [
            pyarrow.field(name, types[each.kind], each.optional, {"description": each.doc})
            for name, each in COLUMNS.items()
        ],
        metadata={"duo_model_evaluation.schema": str(SCHEMA)},
    )
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            lines = [{name: _pairs(value) for name, value in vars(row).items()} for row in batch]
            writer.write_batch(pyarrow.RecordBatch.from_pylist(lines, schema))


def write_csv(file: TextIO, rows: Iterable[Row], answers: bool) -> None:
    """Writes ``rows`` as CSV (RFC 4180), the text of answers only if wanted; maps are JSON.

    A model's words may be made to run as a formula in a spreadsheet: text that begins like one gets an apostrophe.
    """
    names = [name for name in COLUMNS if answers or name != "answer"]
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for name in names])


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def _pairs(value: Any) -> Any:
    return list(value.items()) if isinstance(value, Mapping) else value


def _cell(value: Any) -> str | float | int:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    text = json.dumps(dict(value), ensure_ascii=False) if isinstance(value, Mapping) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
