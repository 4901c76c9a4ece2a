"""The jobs of a home as they stand, looked at again and again: each is read once, and then what is new of it.

A home may hold thousands. What was over is not read again while its journal stays as it was; of one that goes
on, only what was appended.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control, history
from tui_transfer.system.files import disk_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tui_transfer.job.control import Entry, Follower
    from tui_transfer.settings.config import Home

_DAMAGE: Final = frozenset({Problem.JOURNAL_INVALID, Problem.JOURNAL_NEWER})
"""What reading again does not mend, as long as the files are the same."""
QUICK: Final = 20
"""Jobs that are read, or found as they were, before anybody would notice."""
_SPELL: Final = 0.005
_PAUSE: Final = 0.003
"""Seconds of reading, and of leaving the processor to other threads then: a key is answered in between."""

_Stamp = tuple[int, int, int]


class Reading(NamedTuple):
    """A job of the list, and how it stands or why that cannot be told."""

    entry: Entry
    found: Follower | TransferError


class Jobs:
    """What was read of the jobs of `home` so far. Any thread may ask; one at a time reads."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock = threading.Lock()
        self._entries: dict[str, tuple[_Stamp | None, Entry]] = {}
        self._found: dict[str, tuple[_Stamp | None, Follower | TransferError]] = {}

    def look(self, *, gently: bool = False) -> list[Reading]:
        """All jobs, the newest first. It reads the disk.

        Args:
            gently: another thread of this process answers to a person meanwhile.

        Raises:
            TransferError: DISK_UNWRITABLE where the jobs cannot be listed.
        """
        with self._lock:
            pause = _Pause() if gently else None
            entries = control.list_entries(self.home, lambda folder: self._entry(folder, pause))
            names = {entry.name for entry in entries}
            for known in (self._entries, self._found):
                for name in known.keys() - names:
                    del known[name]
            return [Reading(entry, self._read(entry, pause)) for entry in entries]

    def look_if_quick(self, most: int = QUICK) -> list[Reading] | None:
        """The same where there are `most` jobs at most, and nobody else is reading: that takes an instant.

        Raises:
            TransferError: as `look`.
        """
        with disk_errors(self.home.jobs):
            try:
                count = sum(1 for _ in self.home.jobs.iterdir())
            except FileNotFoundError:
                count = 0
        return None if count > most or self._lock.locked() else self.look()

    def of_database(self, is_it: Callable[[str], bool]) -> Iterator[Reading]:
        """The jobs that have a database to whose path `is_it` says yes, the newest first. Each is read when
        it is asked for: whoever found what they want need not have the others read.

        Raises:
            TransferError: as `look`.
        """
        with self._lock:
            entries = control.list_entries(self.home, lambda folder: self._entry(folder, None))
        for entry in entries:
            job = entry.job
            if isinstance(job, TransferError) or not any(is_it(item.path) for item in job.spec.databases):
                continue
            with self._lock:
                found = self._read(entry, None)
            yield Reading(entry, found)

    def _entry(self, folder: Path, pause: _Pause | None) -> Entry:
        if pause is not None:
            pause.rest()
        stamp = _stamp_of(folder / control.SPEC_NAME)
        known = self._entries.get(folder.name)
        if known is None or stamp is None or known[0] != stamp:
            known = self._entries[folder.name] = stamp, control.entry_of(folder)
        return known[1]

    def _read(self, entry: Entry, pause: _Pause | None) -> Follower | TransferError:
        if isinstance(entry.job, TransferError):
            return entry.job
        if pause is not None:
            pause.rest()
        stamp = _stamp_of(entry.job.journal)
        known = self._found.get(entry.name)
        if known is not None and stamp is not None and known[0] == stamp and _is_over(known[1]):
            return known[1]
        found = known[1] if known is not None else None
        if isinstance(found, TransferError) or found is None or found.job is not entry.job:
            found = history.read(entry.job)
        else:
            try:
                found.poll()
            except TransferError as error:
                found = error
        self._found[entry.name] = stamp, found
        return found


class _Pause:
    """Lets other threads have the processor every few milliseconds."""

    def __init__(self) -> None:
        self._until = time.monotonic() + _SPELL

    def rest(self) -> None:
        if time.monotonic() >= self._until:
            time.sleep(_PAUSE)
            self._until = time.monotonic() + _SPELL


def _is_over(found: Follower | TransferError) -> bool:
    """Whether nothing comes any more while the files stay as they are."""
    return found.problem in _DAMAGE if isinstance(found, TransferError) else found.succeeded


def _stamp_of(file: Path) -> _Stamp | None:
    try:
        info = file.stat()
    except OSError:
        return None
    return info.st_size, info.st_mtime_ns, info.st_ino
