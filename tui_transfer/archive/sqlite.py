"""Three ways to copy an SQLite database consistently, none of which writes beside it.

Two are a *backup*, through a read-only connection that holds one read transaction from beginning to end:

- Beside a rollback journal no writer touches the file meanwhile: they wait, and the file, which is all there
  is of the database, is copied as it is.
- With a write-ahead log (WAL) writers go on, and SQLite's own API picks the pages from both files. As the
  transaction stays open, it is not sent back to its start. It takes a tenth of a second more for 100 MB.

The third is a *copy*, without a lock, of the database and its journals, made whole by SQLite in our own
folder. It serves where a connection would have to write beside the original: to roll back what a program that
died left half done, or to create the files that a WAL database lacks. The caller compares stamps taken before
and after to know that nobody wrote meanwhile.

SQLite's locks on a file are lost when the same process closes any other descriptor of that file (POSIX
locks). Nothing here closes one while a connection lives, and nothing else in a worker opens a database while
it is copied.

Source: SQLite's documentation, "Online Backup API", "Write-Ahead Logging", "File Locking And Concurrency"
and "How To Corrupt" (2.2).
"""

from __future__ import annotations

import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote

from tui_transfer.archive.disk import open_private, open_unlinked, reading, unreadable
from tui_transfer.archive.hashes import Hashes, Hashing
from tui_transfer.archive.recognition import ROLLBACK_SUFFIX, WAL_SUFFIX
from tui_transfer.archive.stamp import Stamp
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system import names
from tui_transfer.system.files import disk_errors, printable
from tui_transfer.system.paths import is_plain

if TYPE_CHECKING:
    import io
    import threading
    from collections.abc import Callable
    from concurrent.futures import Future

SHARED_MEMORY_SUFFIX: Final = "-shm"
SUFFIXES: Final = ("", WAL_SUFFIX, ROLLBACK_SUFFIX, SHARED_MEMORY_SUFFIX)
"""Of the files that a database may consist of."""

_PAGES_PER_STEP: Final = 256
_CHUNK: Final = 1 << 20
_LOCK_BYTES: Final = 1 << 30
"""Where in a file SQLite's locks lie, if it is that long. No page is there. On Windows and its shares, what a
program that waits to write has locked cannot be read by anybody else."""
_BUSY_WAIT: Final = 0.2  # seconds SQLite waits for a lock before we look at `cancelled` again
_WRITE_ERRORS: Final = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_FSYNC,
}
_CANNOT_READ_IN_PLACE: Final = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
_MEANINGS: Final = {
    sqlite3.SQLITE_BUSY: (Problem.DATABASE_LOCKED, "un autre programme la garde verrouillée"),
    sqlite3.SQLITE_CORRUPT: (Problem.DATABASE_UNREADABLE, "cette base SQLite est endommagée"),
    sqlite3.SQLITE_NOTADB: (Problem.DATABASE_UNREADABLE, "ce n’est pas une base SQLite valide"),
}


class OvertakenError(Exception):
    """Some program has just been at a file that was to be copied: it is gone, replaced or rewritten."""


@dataclass(frozen=True)
class Copied:
    """What was written to a snapshot; None where SQLite wrote it, unseen."""

    hashes: Hashes | None


@dataclass(frozen=True)
class Copying:
    """One database on its way into `snapshot`.

    Attributes:
        original: the database, never written.
        snapshot: where it goes; what is there is replaced.
        on_copied: told the bytes copied so far.
        cancelled: ends a copy with `INTERRUPTED`.
        locked_after: seconds after which a lock that does not go away is `DATABASE_LOCKED`.
        on_locked: told these seconds where there is a lock, and its end is waited for.
    """

    original: Path
    snapshot: Path
    on_copied: Callable[[int], None]
    cancelled: threading.Event
    locked_after: float
    on_locked: Callable[[float], object] = lambda _: None

    def back_up(self) -> Copied | None:
        """Backs the database up; `None` if that would need writing beside it, or SQLite would not find it:
        it has Windows complete its paths, and may be given those of another database.

        Raises:
            OvertakenError: by a program that does not heed SQLite's locks.
            TransferError: `DATABASE_LOCKED`, `DATABASE_UNREADABLE`, `DISK_FULL`, `DISK_UNWRITABLE`,
                `INTERRUPTED`.
        """
        if not is_plain(self.original):
            return None
        self._start_anew()
        try:
            # The file is closed last: see above.
            with self._open("") as file, closing(_connect_read_only(self.original)) as original:
                self._begin_reading(original)
                if self._can_be_copied(original, file):
                    return Copied(self._copy_under_lock(file))
                self._back_up_pages(original)
                return Copied(None)
        except sqlite3.Error as error:
            if _primary_code(error) in _CANNOT_READ_IN_PLACE:
                return None
            raise self._failure(error) from error

    def copy(self, suffixes: list[str]) -> Copied:
        """Copies the files of the database: itself ("") and its journals, by suffix.

        Raises:
            OvertakenError: one of them is gone.
            TransferError: `DATABASE_UNREADABLE`, `DISK_FULL`, `DISK_UNWRITABLE`, `INTERRUPTED`.
        """
        self._start_anew()
        copied = 0
        with _HashingAside() as hashing:
            for suffix in suffixes:
                with self._open(suffix) as file:
                    copied = self._copy_open(file, suffix, copied, hashing.update)
        # With its journals, one file is made of several.
        return Copied(hashing.hashes if suffixes == [""] else None)

    def make_whole(self) -> None:
        """Lets SQLite play the journals that came with a copy, so that one file holds everything.

        Raises:
            TransferError: `DATABASE_UNREADABLE`, `DISK_FULL`, `DISK_UNWRITABLE`.
        """
        self._look_into(f"{_uri(self.snapshot)}?mode=rw", "PRAGMA wal_checkpoint(TRUNCATE)")

    def check_whole(self) -> None:
        """Sees whether SQLite takes a copy that came without journals for a database, and leaves it as it is.

        Raises:
            TransferError: `DATABASE_UNREADABLE`.
        """
        self._look_into(read_only_uri(self.snapshot))

    def _look_into(self, uri: str, *then: str) -> None:
        try:
            with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as copy:
                for statement in ("SELECT count(*) FROM sqlite_master", *then):
                    copy.execute(statement).fetchone()
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _begin_reading(self, original: sqlite3.Connection) -> None:
        """Opens the read transaction that pins one state of the database."""
        deadline, is_told = time.monotonic() + self.locked_after, False
        original.execute("BEGIN")
        while True:
            self._stop_if_cancelled()
            try:
                original.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.OperationalError as error:
                if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                if not is_told:
                    is_told = True
                    self.on_locked(self.locked_after)
            else:
                return

    def _can_be_copied(self, original: sqlite3.Connection, file: io.FileIO) -> bool:
        """Whether the transaction keeps all of the database in `file`, and `file` readable."""
        (journal,) = original.execute("PRAGMA journal_mode").fetchone()
        with reading(self.original):
            return journal != "wal" and os.fstat(file.fileno()).st_size <= _LOCK_BYTES - _CHUNK

    def _copy_under_lock(self, file: io.FileIO) -> Hashes:
        """Copies the file; returns the hashes of what was copied."""
        with reading(self.original):
            before = Stamp.of(os.fstat(file.fileno()))
        with _HashingAside() as hashing:
            copied = self._copy_open(file, "", 0, hashing.update)
        # The connection was opened by name: were another file there now, its lock would be that one's.
        with reading(self.original):
            try:
                after = Stamp.of(os.lstat(self.original))
            except FileNotFoundError as error:
                raise OvertakenError from error
        if after != before or copied != before.size:
            raise OvertakenError
        return hashing.hashes

    def _back_up_pages(self, original: sqlite3.Connection) -> None:
        with closing(sqlite3.connect(self.snapshot, isolation_level=None)) as snapshot:
            # Nothing of a half-made snapshot is ever used: it needs no journal, and is flushed once kept.
            snapshot.execute("PRAGMA journal_mode = OFF")
            snapshot.execute("PRAGMA synchronous = OFF")
            (page_size,) = original.execute("PRAGMA page_size").fetchone()
            original.backup(snapshot, pages=_PAGES_PER_STEP, progress=self._step(page_size))

    def _step(self, page_size: int) -> Callable[[int, int, int], None]:
        def step(_status: int, remaining: int, pages: int) -> None:
            self._stop_if_cancelled()
            self.on_copied((pages - remaining) * page_size)

        return step

    def _open(self, suffix: str) -> io.FileIO:
        original = f"{self.original}{suffix}"
        try:
            return open_unlinked(original)
        except FileNotFoundError as error:
            raise OvertakenError from error
        except OSError as error:
            raise unreadable(original, error) from error

    def _copy_open(
        self, file: io.FileIO, suffix: str, copied: int, on_chunk: Callable[[bytes], object]
    ) -> int:
        """Copies one file, each chunk told before; returns the bytes copied so far, `copied` included."""
        copy = Path(f"{self.snapshot}{suffix}")
        with disk_errors(copy), os.fdopen(open_private(copy, anew=True), "wb") as target:
            while True:
                self._stop_if_cancelled()
                with reading(f"{self.original}{suffix}"):
                    chunk = file.read(_CHUNK)
                if not chunk:
                    return copied
                on_chunk(chunk)
                target.write(chunk)
                copied += len(chunk)
                self.on_copied(copied)

    def _start_anew(self) -> None:
        with disk_errors(self.snapshot):
            for suffix in SUFFIXES[1:]:
                names.remove(Path(f"{self.snapshot}{suffix}"))
            os.close(open_private(self.snapshot, anew=True))

    def _stop_if_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise TransferError(Problem.INTERRUPTED, reason="Arrêt demandé pendant la lecture de la base")

    def _failure(self, error: sqlite3.Error) -> TransferError:
        """What an error of SQLite means: our disk, somebody's lock, or a damaged database."""
        code = _primary_code(error)
        snapshot, original = printable(self.snapshot), printable(self.original)
        if code == sqlite3.SQLITE_FULL:
            return TransferError(Problem.DISK_FULL, path=snapshot, reason="plus aucun espace libre")
        if error.sqlite_errorcode in _WRITE_ERRORS:
            return TransferError(Problem.DISK_UNWRITABLE, path=snapshot, reason="écriture refusée")
        problem, reason = _MEANINGS.get(code, (Problem.DATABASE_UNREADABLE, f"SQLite répond « {error} »"))
        return TransferError(problem, path=original, reason=reason)


class _HashingAside:
    """Takes hashes in a thread of its own: that takes no time where a core is free."""

    def __init__(self) -> None:
        self._hashing = Hashing()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="hash")
        self._at_work: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def update(self, chunk: bytes) -> None:
        """Adds a chunk, once the one before is done with: memory holds two."""
        if self._at_work:
            self._at_work.result()
        self._at_work = self._pool.submit(self._hashing.update, chunk)

    @property
    def hashes(self) -> Hashes:
        """Of all that was added; to be asked after the end."""
        return self._hashing.hashes


def _connect_read_only(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{_uri(database)}?mode=ro", uri=True, timeout=_BUSY_WAIT, isolation_level=None)


def read_only_uri(database: Path) -> str:
    """How SQLite opens a database that nobody writes, without a lock, and without a file beside it."""
    return f"{_uri(database)}?immutable=1"


def _uri(database: Path) -> str:
    """``file:///C:/…`` on Windows, any byte of a name quoted elsewhere."""
    rooted = os.fsencode("/" + database.absolute().as_posix().removeprefix("/"))
    return f"file://{quote(rooted, safe='/:')}"


def _primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without its extension; 0 if Python raised the error by itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
