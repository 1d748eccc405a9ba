"""A run's records on disk: append-only, one JSON object a line, safe against a kill at any byte.

A record is one ``write`` of one line, so the worst a kill leaves is a last line without its end; it is dropped when the
journal is next opened. A lock held on the file itself keeps two runs apart and goes with the process that held it.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import TypeAdapter, ValidationError

from harness.errors import DataError, JournalError, OutputError, first_fault
from harness.records import Outcome, Record
from harness.scoring.judge import FAILED as JUDGE_FAILED

RECORDS = "records.jsonl"
SYNC_SECONDS = 1.0
"""The most that a loss of power (not of the process) can cost."""

Key = tuple[str, str, int]
_RECORD = TypeAdapter(Record)


def read_records(path: Path) -> Iterator[tuple[int, Record]]:
    """All whole records of a journal with the byte at which each ends; a torn last line is passed over.

    Raises:
        DataError: a line other than the last is malformed (names file and line).
    """
    end = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            end += len(line)
            try:
                yield end, _RECORD.validate_json(line)
            except ValidationError as error:
                fault = first_fault(error, "record")
                raise DataError(f"{path}:{number}: {fault}", "mend or remove that line; the rest is kept") from None


class Journal:
    """The records of one run, open for appending; a context manager.

    ``records`` holds the newest record of each (benchmark, sample, attempt).
    """

    def __init__(self, folder: Path) -> None:
        """Opens ``folder``'s journal, makes it if there is none, and drops a torn last line.

        Raises:
            OutputError: the folder cannot be written, or another run holds it.
            DataError: a line other than the last is malformed.
        """
        self.path = folder / RECORDS
        self.records: dict[Key, Record] = {}
        self._synced_at = time.monotonic()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise OutputError(f"cannot write to {folder}: {error.strerror}", "name another folder with --out") from None
        try:
            self._lock(folder)
            self._end = 0
            for end, record in read_records(self.path):
                self.records[record.key], self._end = record, end
            os.ftruncate(self._file, self._end)
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            os.fsync(self._file)
        if self._end == 0:
            self._leave_no_trace()
        os.close(self._file)

    def append(self, record: Record) -> None:
        """Writes one record down.

        Raises:
            JournalError: it could not be written (a full disk); the journal is as before.
        """
        line = _RECORD.dump_json(record) + b"\n"
        try:
            written = os.write(self._file, line)
            if written < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise JournalError(
                f"cannot write to {self.path}: {error.strerror}",
                "make room and run the same command again; what was written is kept",
            ) from None
        self._end += len(line)
        self.records[record.key] = record
        if time.monotonic() - self._synced_at > SYNC_SECONDS:
            os.fsync(self._file)
            self._synced_at = time.monotonic()

    def settled(self, key: Key) -> bool:
        """Whether nothing is left to do for ``key``; an infra error is tried again by the next run."""
        record = self.records.get(key)
        return record is not None and record.verdict is not Outcome.INFRA_ERROR and JUDGE_FAILED not in record.detail

    def answered(self, key: Key) -> bool:
        """Whether there is an answer for ``key``, scored or not: it is not asked again."""
        return key in self.records and self.records[key].answer is not None

    def _leave_no_trace(self) -> None:
        """Removes a journal without a record, and the folders that were made for it alone."""
        folder = self.path.parent
        with suppress(OSError):
            self.path.unlink()
            for made in (folder, *list(folder.parents)[:2]):
                made.rmdir()

    def _lock(self, folder: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._file).st_nlink == 0:  # its last holder has just removed it
                raise BlockingIOError
        except BlockingIOError:
            raise OutputError(
                f"another evaluate is running in {folder}", "wait for it, or name another folder with --out"
            ) from None
