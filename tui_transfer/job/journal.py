"""The journal of a job: one event a line, appended only, each line bound to the one before.

A line is `{"n": 3, "previous": "<hash of line 2>", "event": {…}, "hash": "<hash of this line>"}`. The hash, a
SHA-256, is that of the line's bytes before `,"hash"`. So a reader notices a line that an accident changed,
took out or moved. That the last lines are gone, or that somebody reckoned all hashes anew, it cannot notice.
A line cut short by a crash has no newline yet: readers stop before it, and the next writer cuts it off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.events import Event, Measure, WorkerStarted
from tui_transfer.job.fields import Count
from tui_transfer.job.spec import FORMAT
from tui_transfer.system import names
from tui_transfer.system.decoding import from_json
from tui_transfer.system.files import PRIVATE_FILE, UnfitFileError, disk_errors, open_regular, sync_folder
from tui_transfer.system.locks import Lock, LockHeldError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

RESERVE_NAME: Final = "journal.reserve"
RESERVE_SIZE: Final = 64 << 10
"""Bytes kept for the last lines, which take a few hundred: file systems count in blocks."""
_START: Final = "0" * 64
_LONGEST_LINE: Final = 16 << 20
"""Bytes. A line takes some hundred; what is longer is none, and is not taken into memory."""


class _Line(msgspec.Struct, frozen=True):
    n: int
    previous: str
    event: Event


class _Told(msgspec.Struct, frozen=True):
    format: Count = 0


class _AnyLine(msgspec.Struct, frozen=True):
    event: _Told


_SEAL_SIZE: Final = len(f',"hash":"{_START}"}}\n')
_encoder = msgspec.json.Encoder()


class JournalReader:
    """Reads a journal from its start, and again what was appended since, as often as asked.

    A view that follows a running worker keeps one and calls `read` on a timer.

    Args:
        path: the journal.
        databases: how many the job has; events that speak of another are damage. None: that is not looked at.
    """

    def __init__(self, path: Path, databases: int | None = None) -> None:
        self.path = path
        self._databases = databases
        self.offset = 0
        """Bytes read so far: the end of the last whole line."""
        self.count = 0
        self.last_hash = _START

    def read(self) -> Iterator[Event]:
        """Yields the events of the whole lines that were not read yet.

        Raises:
            TransferError: JOURNAL_INVALID naming the line; JOURNAL_NEWER where a later version of the program
                wrote it; DISK_UNWRITABLE where the file cannot be read.
        """
        with disk_errors(self.path):
            try:
                stream = open_regular(self.path)
            except FileNotFoundError:
                if self.count:  # taken away under a worker, which cannot tell any more what it does
                    raise
                return
            except UnfitFileError as error:
                raise self._invalid(1, str(error)) from error
            with stream:
                stream.seek(self.offset)
                while (line := stream.readline(_LONGEST_LINE)).endswith(b"\n"):
                    event = self._check(line)
                    self.offset += len(line)
                    yield event
                if len(line) == _LONGEST_LINE:
                    raise self._invalid(self.count + 1, "elle n’a pas de fin")

    def _check(self, line: bytes) -> Event:
        number = self.count + 1
        whole, digest = _seal(line[:-_SEAL_SIZE])
        if whole != line:
            raise self._invalid(number, "elle est illisible, ou a été modifiée")
        try:
            decoded = from_json(line, _Line)
        except msgspec.DecodeError as error:
            if (found := _format_told_by(line)) > FORMAT:
                raise self._newer(found) from error
            raise self._invalid(number, f"elle est illisible ({error})") from error
        if decoded.n != number or decoded.previous != self.last_hash:
            raise self._invalid(number, "une ligne a été retirée, ajoutée ou déplacée avant elle")
        if isinstance(decoded.event, WorkerStarted) and decoded.event.format > FORMAT:
            raise self._newer(decoded.event.format)
        database: int = getattr(decoded.event, "database", None) or 0
        if self._databases is not None and not 0 <= database < self._databases:
            raise self._invalid(number, f"elle parle de la base {database + 1}, que ce transfert n’a pas")
        self.count = number
        self.last_hash = digest
        return decoded.event

    def _newer(self, found: int) -> TransferError:
        return TransferError(Problem.JOURNAL_NEWER, file=self.path, found=found, known=FORMAT)

    def _invalid(self, line: int, reason: str) -> TransferError:
        return TransferError(Problem.JOURNAL_INVALID, file=self.path, line=line, reason=reason)


class Journal:
    """Appends events. There is one writer at a time: an open journal is locked.

    A reserve of disk space is kept beside the journal, and given back just before the last event is written:
    so it can be told that the disk is full.

    Args:
        path: the journal.
        databases: how many the job has, as for `JournalReader`.
        may_write: is called before each line; what it raises keeps the line from being written.

    Raises:
        TransferError: JOURNAL_INVALID where what is there cannot be continued; JOB_RUNNING where somebody
            else writes it; DISK_FULL or DISK_UNWRITABLE.
    """

    def __init__(
        self, path: Path, databases: int | None = None, may_write: Callable[[], object] = lambda: None
    ) -> None:
        self.path = path
        self._may_write = may_write
        self._lock = Lock(path, create=True)
        try:
            self._lock.acquire()
        except LockHeldError as error:
            raise TransferError(Problem.JOB_RUNNING, job=path.parent.name) from error
        reader = JournalReader(path, databases)
        self.past = tuple(reader.read())
        """The events that were there when it was opened."""
        self._count, self._last_hash = reader.count, reader.last_hash
        with disk_errors(path):
            as_it_is = getattr(os, "O_BINARY", 0)  # Windows would end lines in its own way
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | as_it_is, PRIVATE_FILE)
            os.ftruncate(self._descriptor, reader.offset)
            os.lseek(self._descriptor, 0, os.SEEK_END)
            self._reserve = _Reserve(path.with_name(RESERVE_NAME))
            sync_folder(path.parent)

    def append(self, event: Event) -> None:
        """Writes one event; it is on the disk when this returns, unless it only measures progress."""
        fields = _encoder.encode(_Line(self._count + 1, self._last_hash, event))
        line, digest = _seal(fields.removesuffix(b"}"))
        self._may_write()
        self._lock.check()  # a journal that was removed would take the line all the same, and nobody read it
        with disk_errors(self.path):
            self._write(line, durably=not isinstance(event, Measure))
        self._count += 1
        self._last_hash = digest

    def finish(self, event: Event) -> None:
        """Writes the last event, even where the disk is full, and ends writing."""
        self._reserve.give_back()
        self.append(event)
        self.close()

    def _write(self, line: bytes, *, durably: bool) -> None:
        """Writes the whole line or, where the disk refuses part of it or its syncing, nothing."""
        start = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        if os.fstat(self._descriptor).st_size != start:  # where a lock is not seen by other machines
            reason = "un autre programme y a écrit"
            raise TransferError(Problem.DISK_UNWRITABLE, path=self.path, reason=reason)
        written = 0
        try:
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
            if durably:
                os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, start)
            os.lseek(self._descriptor, start, os.SEEK_SET)
            raise

    def close(self) -> None:
        """Ends writing."""
        os.close(self._descriptor)
        self._reserve.give_back()
        self._lock.release()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Reserve:
    """Space on the disk that nobody else can take.

    Raises:
        OSError: it is not to be had.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.free()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(os.urandom(RESERVE_SIZE))  # chance, which no file system makes smaller
                file.flush()
                os.fsync(descriptor)
        except OSError:
            self.free()
            raise

    def free(self) -> None:
        """Removes what there is of it.

        Raises:
            OSError: it stays.
        """
        names.remove(self._path)

    def give_back(self) -> None:
        """Gives the space back where the disk lets it go. Otherwise the last line may find room all the same,
        and the next worker frees it.
        """
        with contextlib.suppress(OSError):
            self.free()


def _format_told_by(line: bytes) -> int:
    """The format that a line tells, whatever else a later version made of it; 0 if it tells none."""
    try:
        return from_json(line, _AnyLine).event.format
    except msgspec.DecodeError:
        return 0


def _seal(content: bytes) -> tuple[bytes, str]:
    """A line as it is written, its hash added to its other fields, and that hash."""
    digest = hashlib.sha256(content).hexdigest()
    return content + f',"hash":"{digest}"}}\n'.encode(), digest
