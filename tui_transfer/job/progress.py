"""Rate and time left, computed from what the Sharebox acknowledged. Pure: the clock is the caller's."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui_transfer.job.state import JobStatus, Step

if TYPE_CHECKING:
    from tui_transfer.job.state import JobState

WINDOW: Final = 20.0
"""Seconds over which the rate is averaged: long enough to be steady, short enough to follow the link."""
_SHORTEST: Final = 1.0


@dataclass(frozen=True)
class Estimate:
    """`rate` in bytes per second, `left` in seconds; None while unknown."""

    rate: float | None
    left: float | None


class Meter:
    """Watches states go by and estimates rate and time left.

    Feed it each new state with the time of its events (seconds, any origin). A new worker, which may
    begin from an earlier offset, starts the measure afresh.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()
        self._worker: int | None = None

    def observe(self, now: float, state: JobState) -> Estimate:
        """Takes `state` into account and gives the estimate as of `now`."""
        if state.status is not JobStatus.RUNNING:
            self._samples.clear()
            return Estimate(None, None)
        if state.worker_pid != self._worker:
            self._worker = state.worker_pid
            self._samples.clear()
        # What was there before this worker came was not sent by it.
        sent = sum(max(0, item.acknowledged - item.resumed_from) for item in state.databases)
        if len(self._samples) == 1 and self._samples[0][1] == sent:
            self._samples.clear()  # nothing has arrived yet: the measure begins with what does
        self._samples.append((now, sent))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW:
            self._samples.popleft()
        rate = self._rate()
        return Estimate(rate, _left(state, rate))

    def _rate(self) -> float | None:
        (first_time, first), (last_time, last) = self._samples[0], self._samples[-1]
        if last_time - first_time < _SHORTEST:
            return None
        return max(0.0, (last - first) / (last_time - first_time))


def _left(state: JobState, rate: float | None) -> float | None:
    """Seconds until all is sent; unknown while an archive's size is, or while nothing moves."""
    if not rate:
        return None
    missing = 0
    ratio = _packing_ratio(state)
    for database in state.databases:
        if database.transfer is Step.DONE:
            continue
        size = database.estimated_archive_size
        if size is None:
            if database.size is None or ratio is None:
                return None
            size = int(database.size * ratio)
        missing += max(0, size - database.acknowledged)
    return missing / rate


def _packing_ratio(state: JobState) -> float | None:
    read = sum(database.read for database in state.databases)
    return sum(database.packed for database in state.databases) / read if read else None
