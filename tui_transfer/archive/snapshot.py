"""A consistent snapshot of an SQLite database, in our own folder.

It is a copy in clear: whoever is done with it removes it. One that stayed after a kill or a power cut is used
again, if the original has not changed since.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.archive.checksums import SpoolPart, damaged
from tui_transfer.archive.disk import open_unlinked, reading
from tui_transfer.archive.hashes import Hashes, Hashing
from tui_transfer.archive.recognition import ROLLBACK_SUFFIX, WAL_SUFFIX, is_torn
from tui_transfer.archive.sqlite import SHARED_MEMORY_SUFFIX, SUFFIXES, Copied, Copying, OvertakenError
from tui_transfer.archive.stamp import MODIFIED, Stamp, changed
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system import names
from tui_transfer.system.decoding import from_json
from tui_transfer.system.files import disk_errors, printable, read_file, write_private

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tui_transfer.archive.reader import Content
    from tui_transfer.archive.source import Source

SNAPSHOT_NAME: Final = "snapshot.sqlite"
_MARK_NAME: Final = "snapshot.json"

LOCKED_AFTER: Final = 30.0
"""Seconds during which a locked database is asked again."""

_ATTEMPTS: Final = 5  # how often a copy may be overtaken by a writer before we give up
_CHUNK: Final = 1 << 20
_PAUSE: Final = 0.2  # seconds between two, for whoever is at it to finish
_FILE_VERSIONS: Final = slice(18, 20)  # write and read version in SQLite's file header
_WAL_VERSION: Final = 2

_TOLD_OF_DATABASES: Final = {
    Problem.DATABASE_CHANGED,
    Problem.DATABASE_LOCKED,
    Problem.DATABASE_UNREADABLE,
}
_State = dict[str, Stamp]
"""The stamps of a database ("") and of the journals it has, by suffix."""


@dataclass(frozen=True)
class _Mark:
    """Says that a snapshot is complete, which state of the original it is not older than, and its SHA-256."""

    original: _State
    sha256: str


@dataclass
class Snapshot:
    """A database that will not change any more: its own copy in our folder.

    Attributes:
        source: what to read: the snapshot in the place of the main file, then what goes along with it.
    """

    source: Source
    _folder: Path
    _original: _State
    _hashes: Hashes | None
    """Of what was written; None where that is not known before it was read once."""

    @property
    def sha256(self) -> str | None:
        """Of what was written, in hexadecimal; None where that is not known before it was read once."""
        return self._hashes and self._hashes.sha256

    def keep(self) -> None:
        """Sees to it that a restart finds the snapshot, rather than take another.

        That takes as long as the disk needs for all of it; it may be read meanwhile.

        Raises:
            TransferError: `SPOOL_DAMAGED`, `DISK_FULL` or `DISK_UNWRITABLE`.
        """
        file = self._folder / SNAPSHOT_NAME
        with self._damage_told(), reading(file), file.open("rb+") as opened:
            with disk_errors(file):
                os.fsync(opened.fileno())
            if self._hashes is None:
                self._hashes = _hashes(file)
        mark = _Mark(self._original, self._hashes.sha256)
        write_private(self._folder / _MARK_NAME, msgspec.json.encode(mark))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Removes the snapshot after the body. What the body would tell of a database that cannot be read, or
        changes meanwhile, is told of the snapshot: that it is damaged.

        Raises:
            TransferError: `SPOOL_DAMAGED`; what the body raises.
        """
        try:
            with self._damage_told():
                yield
        finally:
            self.remove()

    def remove(self) -> None:
        """Removes the snapshot. One that cannot be is left: whoever lists the spool finds it."""
        with suppress(TransferError):
            remove_snapshot(self._folder)

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        file = self._folder / SNAPSHOT_NAME
        try:
            yield
        except TransferError as error:
            if error.problem not in _TOLD_OF_DATABASES or error.details["path"] != printable(file):
                raise
            raise damaged(file, SpoolPart.SNAPSHOT, error.details["reason"]) from error

    def check(self, read: Content) -> None:
        """Checks what was read of it, once it was kept, against what was written.

        Raises:
            TransferError: `SPOOL_DAMAGED`.
        """
        if (read.sha256, read.crc32) != self._hashes:
            raise damaged(self._folder / SNAPSHOT_NAME, SpoolPart.SNAPSHOT, MODIFIED)


def take_snapshot(
    source: Source,
    folder: Path,
    *,
    on_copied: Callable[[int], None],
    on_damaged: Callable[[], object],
    cancelled: threading.Event,
    locked_after: float = LOCKED_AFTER,
    on_locked: Callable[[float], object] = lambda _: None,
) -> Snapshot:
    """Takes a snapshot of `source`, of kind SQLITE, in `folder`.

    One that an earlier run kept is used again if the original has not changed since, and it is what was
    written then.

    Args:
        source: what `list_source` found.
        folder: an existing private folder.
        on_copied: told the bytes copied so far.
        on_damaged: called where an earlier snapshot is not what was written; another one is taken.
        cancelled: ends the copy with `INTERRUPTED`.
        locked_after: seconds after which a lock that does not go away is `DATABASE_LOCKED`.
        on_locked: told these seconds where there is a lock, and its end is waited for.

    Raises:
        TransferError: `DATABASE_MISSING`, `DATABASE_LOCKED`, `DATABASE_UNREADABLE`, `DATABASE_CHANGED`
            (a writer overtook every attempt), `DISK_FULL`, `DISK_UNWRITABLE` or `INTERRUPTED`. Nothing is
            left of a snapshot that is not whole.
    """
    file = folder / SNAPSHOT_NAME
    mark = _read_mark(folder / _MARK_NAME)
    if mark and mark.original == _state(source.path):
        if (found := _found(file, cancelled)) and found.sha256 == mark.sha256:
            return _snapshot(source, folder, mark.original, found)
        on_damaged()
    remove_snapshot(folder)
    try:
        state, copied = _take(Copying(source.path, file, on_copied, cancelled, locked_after, on_locked))
        return _snapshot(source, folder, state, copied.hashes)
    except BaseException:
        remove_snapshot(folder)
        raise


def remove_snapshot(folder: Path) -> None:
    """Removes a snapshot from its folder, if there is one, its mark first.

    Raises:
        TransferError: `DISK_UNWRITABLE`.
    """
    kept = [_MARK_NAME, *(f"{SNAPSHOT_NAME}{suffix}" for suffix in SUFFIXES)]
    for path in map(folder.joinpath, kept):
        with disk_errors(path):
            names.remove(path)


def _snapshot(source: Source, folder: Path, original: _State, hashes: Hashes | None) -> Snapshot:
    item, *others = source.items
    file = folder / SNAPSHOT_NAME
    with disk_errors(file):
        stamp = Stamp.of(file.lstat())
    item = item._replace(path=str(file), modified_ns=original[""].modified_ns, stamp=stamp)
    return Snapshot(replace(source, items=(item, *others)), folder, original, hashes)


def _found(file: Path, cancelled: threading.Event) -> Hashes | None:
    try:
        return _hashes(file, cancelled)
    except OSError:
        return None


def _hashes(file: Path, cancelled: threading.Event | None = None) -> Hashes:
    hashing = Hashing()
    with open_unlinked(file) as opened:
        while chunk := opened.read(_CHUNK):
            if cancelled and cancelled.is_set():
                raise TransferError(Problem.INTERRUPTED, reason="Arrêt demandé pendant la lecture de la base")
            hashing.update(chunk)
    return hashing.hashes


def _take(copying: Copying) -> tuple[_State, Copied]:
    """Takes the snapshot; returns a state of the original that the snapshot is not older than."""
    for attempt in range(_ATTEMPTS):
        if attempt:
            copying.cancelled.wait(_PAUSE)
        state = _state(copying.original)
        if "" not in state:
            raise TransferError(Problem.DATABASE_MISSING, path=printable(copying.original))
        try:
            beside = _would_write_beside(copying.original, state)
            copied = None if beside else copying.back_up()
            if copied is None:
                copied = copying.copy(list(state))
                if _state(copying.original) != state:
                    continue
                copying.make_whole() if len(state) > 1 else copying.check_whole()
        except OvertakenError:
            continue
        return state, copied
    raise changed(copying.original, "un programme ne cesse d’y écrire")


def _would_write_beside(original: Path, state: _State) -> bool:
    """Whether a connection to the original would write ``-wal`` or ``-shm`` beside it.

    SQLite creates those that a WAL database lacks (both, usually, after a clean close), even with
    ``mode=ro``, and a read-only connection leaves them there. Where the first page is torn, nothing in it
    says that it is a WAL database: SQLite goes by the log, and makes ``-shm`` anew.
    """
    if is_torn(str(original)):
        return True
    with reading(original), open_unlinked(original) as file:
        versions = file.read(_FILE_VERSIONS.stop)[_FILE_VERSIONS]
    has_both = WAL_SUFFIX in state and _stamp(f"{original}{SHARED_MEMORY_SUFFIX}") is not None
    return _WAL_VERSION in versions and not has_both


def _read_mark(file: Path) -> _Mark | None:
    try:
        return from_json(read_file(file), _Mark)
    except (OSError, msgspec.DecodeError):
        return None


def _state(original: Path) -> _State:
    found = {suffix: _stamp(f"{original}{suffix}") for suffix in ("", WAL_SUFFIX, ROLLBACK_SUFFIX)}
    return {suffix: stamp for suffix, stamp in found.items() if stamp}


def _stamp(path: str | Path) -> Stamp | None:
    try:
        return Stamp.of(os.lstat(path))
    except OSError:
        return None
