"""Writes what happens to the journal, and keeps mere measures of progress few."""

from __future__ import annotations

import contextlib
import threading
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.job.events import Event, Measure
    from tui_transfer.job.journal import Journal

INTERVAL: Final = 0.5
"""Seconds between two measures of the same thing: views redraw no faster, and journals stay small."""


def now() -> datetime:
    """The time of an event, with its zone."""
    return datetime.now().astimezone()


class Recorder:
    """Thread-safe access to the journal of the worker's job.

    Facts are written at once. A measure that comes too soon waits: a later one of its kind replaces it.
    Whatever is written is preceded by those that wait, so that the state is never behind the facts and the
    journal in the order of time.
    """

    def __init__(self, journal: Journal, clock: Callable[[], float] = monotonic) -> None:
        self._journal = journal
        self._clock = clock
        self._lock = threading.Lock()
        self._written: dict[tuple[type, int], float] = {}
        self._waiting: dict[tuple[type, int], Measure] = {}
        self._closed = False

    def record(self, event: Event) -> None:
        """Writes a fact, durably.

        Raises:
            TransferError: DISK_FULL or DISK_UNWRITABLE; INTERRUPTED after the end: whoever writes what is
                about to be done must not do it then.
        """
        with self._lock:
            if self._closed:
                raise TransferError(Problem.INTERRUPTED, reason="le journal est clos")
            self._write_waiting()
            self._journal.append(event)

    def measure(self, event: Measure) -> None:
        """Writes a measure, now or before the next fact."""
        with self._lock:
            if self._closed:
                return
            key = (type(event), event.database)
            if self._clock() - self._written.get(key, float("-inf")) < INTERVAL:
                self._waiting[key] = event
                return
            self._waiting.pop(key, None)
            self._write_waiting()
            self._written[key] = self._clock()
            self._journal.append(event)

    def close(self, last: Event, limit: float) -> bool:
        """Writes the event that ends the worker; threads that still run can add nothing after it.

        Returns:
            False where another thread has been writing for `limit` seconds: its disk does not answer.

        Raises:
            TransferError: DISK_FULL or DISK_UNWRITABLE.
        """
        if not self._lock.acquire(timeout=limit):
            return False
        try:
            self._closed = True
            # On a full disk the last measures are lost: the last event matters more.
            with contextlib.suppress(TransferError):
                self._write_waiting()
            self._journal.finish(last)
        finally:
            self._lock.release()
        return True

    def _write_waiting(self) -> None:
        for key, measure in self._waiting.items():
            self._journal.append(measure)
            self._written[key] = self._clock()
        self._waiting.clear()
