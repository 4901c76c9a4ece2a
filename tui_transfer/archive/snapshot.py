"""A consistent snapshot of an SQLite database, kept in our own folder and used again after a restart."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.archive.disk import open_unlinked, reading
from tui_transfer.archive.source import WAL_SUFFIX, Source
from tui_transfer.archive.sqlite import ROLLBACK_SUFFIX, SHARED_MEMORY_SUFFIX, Copying, OvertakenError
from tui_transfer.archive.stamp import Stamp, changed
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system.files import disk_errors, printable, write_private

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

LOCKED_AFTER: Final = 30.0
"""Seconds during which a locked database is asked again."""

_ATTEMPTS: Final = 5  # how often a copy may be overtaken by a writer before we give up
_PAUSE: Final = 0.2  # seconds between two, for whoever is at it to finish
_FILE_VERSIONS: Final = slice(18, 20)  # write and read version in SQLite's file header
_WAL_VERSION: Final = 2

_State = dict[str, Stamp]
"""The stamps of a database ("") and of the journals it has, by suffix."""


@dataclass(frozen=True)
class _Mark:
    """Says that a snapshot is complete, and which state of the original it is not older than."""

    original: _State
    snapshot: Stamp


@dataclass(frozen=True)
class Snapshot:
    """A database that will not change any more: its own copy in our folder.

    Attributes:
        source: what to read.
    """

    source: Source
    _file: Path
    _mark: _Mark
    _mark_file: Path

    def keep(self) -> None:
        """Sees to it that a restart finds the snapshot, rather than take another.

        That takes as long as the disk needs for all of it; it may be read meanwhile.

        Raises:
            TransferError: `DISK_FULL` or `DISK_UNWRITABLE`.
        """
        with disk_errors(self._file), self._file.open("rb+") as file:
            os.fsync(file.fileno())
        write_private(self._mark_file, msgspec.json.encode(self._mark))


def take_snapshot(
    source: Source,
    folder: Path,
    *,
    on_copied: Callable[[int], None],
    cancelled: threading.Event,
    locked_after: float = LOCKED_AFTER,
) -> Snapshot:
    """Takes a snapshot of `source`, of kind SQLITE, in `folder`.

    One that an earlier run kept is used again if the original has not changed since.

    Args:
        source: what `list_source` found.
        folder: an existing private folder.
        on_copied: told the bytes copied so far.
        cancelled: ends the copy with `INTERRUPTED`.
        locked_after: seconds after which a lock that does not go away is `DATABASE_LOCKED`.

    Raises:
        TransferError: `DATABASE_MISSING`, `DATABASE_LOCKED`, `DATABASE_UNREADABLE`, `DATABASE_CHANGED`
            (a writer overtook every attempt), `DISK_FULL`, `DISK_UNWRITABLE` or `INTERRUPTED`.
    """
    snapshot, mark_file = folder / "snapshot.sqlite", folder / "snapshot.json"
    mark = _read_mark(mark_file)
    if mark is None or mark.original != _state(source.path) or mark.snapshot != _stamp(snapshot):
        with disk_errors(mark_file):
            mark_file.unlink(missing_ok=True)
        state = _take(Copying(source.path, snapshot, on_copied, cancelled, locked_after))
        with disk_errors(snapshot):
            mark = _Mark(state, Stamp.of(snapshot.lstat()))
    (item,) = source.items
    modified_ns = mark.original[""].modified_ns
    item = item._replace(path=str(snapshot), modified_ns=modified_ns, stamp=mark.snapshot)
    return Snapshot(replace(source, items=(item,)), snapshot, mark, mark_file)


def _take(copying: Copying) -> _State:
    """Takes the snapshot; returns a state of the original that the snapshot is not older than."""
    for attempt in range(_ATTEMPTS):
        if attempt:
            copying.cancelled.wait(_PAUSE)
        state = _state(copying.original)
        if "" not in state:
            raise TransferError(Problem.DATABASE_MISSING, path=printable(copying.original))
        try:
            if _would_create_files(copying.original, state) or not copying.back_up():
                copying.copy(list(state))
                if _state(copying.original) != state:
                    continue
                copying.make_whole()
        except OvertakenError:
            continue
        return state
    raise changed(copying.original, "un programme ne cesse d'y écrire")


def _would_create_files(original: Path, state: _State) -> bool:
    """Whether a connection to the original would create ``-wal`` or ``-shm`` beside it.

    SQLite creates those that a WAL database lacks (both, usually, after a clean close), even with
    ``mode=ro``, and a read-only connection leaves them there.
    """
    with reading(original), open_unlinked(original) as file:
        versions = file.read(_FILE_VERSIONS.stop)[_FILE_VERSIONS]
    has_both = WAL_SUFFIX in state and _stamp(f"{original}{SHARED_MEMORY_SUFFIX}") is not None
    return _WAL_VERSION in versions and not has_both


def _read_mark(file: Path) -> _Mark | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Mark)
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
