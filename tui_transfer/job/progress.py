"""Rate and time left, computed from what the Sharebox acknowledged. Pure: the clock is the caller's."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui_transfer.job.state import JobStatus, Step

if TYPE_CHECKING:
    from tui_transfer.job.state import DatabaseState, JobState

WINDOW: Final = 20.0
"""Seconds over which a rate is averaged: long enough to be steady, short enough to follow the link."""
_SHORTEST: Final = 3.0
"""Seconds before a rate is told: the first one, of a burst or a beginning, is far off."""
_READS_BACK: Final = "read-back"
_ALL: Final = 1 << 62
_LAG: Final = 1_000_000
"""Bytes: more than are under way, to and fro, where reading back keeps up with sending."""


@dataclass(frozen=True)
class Estimate:
    """`rate` in bytes per second of what goes on now, `left` in seconds; None while unknown."""

    rate: float | None
    left: float | None


class Meter:
    """Watches states go by and estimates rate and time left.

    Sending and reading back are measured apart: many links are faster one way than the other, and one
    database is read back while the next is sent, unless the Sharebox is seen not to allow it. Feed it each
    new state with the time of its events (seconds, any origin). A new worker, which may begin from an earlier
    offset, starts the measure afresh.
    """

    def __init__(self) -> None:
        self._sending, self._reading = _Pace(), _Pace()
        self._worker: int | None = None
        self._before: tuple[float, JobState] | None = None
        self._overlaps = True

    def observe(self, now: float, state: JobState) -> Estimate:
        """Takes `state` into account and gives the estimate as of `now`."""
        if state.worker_pid != self._worker:
            self._worker = state.worker_pid
            self._sending, self._reading, self._before = _Pace(), _Pace(), None
        before, self._before = self._before, (now, state)
        if state.status is not JobStatus.RUNNING or state.waiting is not None:
            return Estimate(None, None)
        if before is not None:
            # A clock may be set back while a transfer goes on.
            seconds = max(0.0, now - before[0])
            if _is_sending(before[1]):
                self._sending.advance(seconds, _moved(before[1], state, reading=False))
            if _is_verifying(before[1]) or _is_behind(state):
                self._reading.advance(seconds, _moved(before[1], state, reading=True))
        if _is_verifying(state):
            self._overlaps = _is_sending(state) or (self._overlaps and not _holds_back(state))
        shown = self._sending if _is_sending(state) or not _is_verifying(state) else self._reading
        left = _left(state, self._sending.rate, self._reading.rate, overlaps=self._overlaps)
        return Estimate(shown.rate, left)


def _is_sending(state: JobState) -> bool:
    """Whether something goes to the Sharebox; what is there, and waits to be verified, does not."""
    return any(item.transfer is Step.RUNNING and not item.is_sent for item in state.databases)


def _is_verifying(state: JobState) -> bool:
    return any(item.transfer is Step.VERIFYING for item in state.databases)


def _is_behind(state: JobState) -> bool:
    """Whether reading back what is being sent lags behind: otherwise it is as fast as that, whatever the line
    could carry.
    """
    return any(
        item.transfer is Step.RUNNING and item.read_back and item.acknowledged - item.read_back > _LAG
        for item in state.databases
    )


def _holds_back(state: JobState) -> bool:
    """Whether what could be sent waits, and nothing else, although a verification is well under way."""
    steps = {item.transfer for item in state.databases}
    well_under_way = any(item.transfer is Step.VERIFYING and item.checked for item in state.databases)
    ready = any(item.transfer is Step.WAITING and item.packed for item in state.databases)
    return well_under_way and ready and Step.RUNNING not in steps


class _Pace:
    """Bytes a second over the last `WINDOW` seconds that were spent so, from the first bytes on."""

    def __init__(self) -> None:
        self._clock = 0.0
        self._total = 0
        self._samples: deque[tuple[float, int]] = deque()

    def advance(self, seconds: float, count: int) -> None:
        """Counts `count` more bytes after `seconds` more."""
        if not self._samples:
            if count <= 0:
                return  # nothing has come yet: the measure begins with what does
            self._samples.append((0.0, 0))
        self._clock += seconds
        self._total += max(0, count)
        self._samples.append((self._clock, self._total))
        while len(self._samples) > 2 and self._samples[1][0] <= self._clock - WINDOW:
            self._samples.popleft()

    @property
    def rate(self) -> float | None:
        """None until it is known."""
        if not self._samples:
            return None
        (first_time, first), (last_time, last) = self._samples[0], self._samples[-1]
        if last_time - first_time < _SHORTEST:
            return None
        return (last - first) / (last_time - first_time)


def _moved(before: JobState, after: JobState, *, reading: bool) -> int:
    """Bytes that went over the link from one state to the next, one way."""
    pairs = zip(before.databases, after.databases, strict=True)
    if reading:
        return sum(max(0, new.checked - old.checked) + max(0, _read(new) - _read(old)) for old, new in pairs)
    # What was there before this worker came was not sent by it.
    return sum(max(0, _sent(new) - _sent(old)) for old, new in pairs)


def _sent(database: DatabaseState) -> int:
    return max(0, database.acknowledged - database.resumed_from) + database.beside_sent


def _read(database: DatabaseState) -> int:
    return max(0, database.read_back - database.read_before)


def _left(state: JobState, sending: float | None, reading: float | None, *, overlaps: bool) -> float | None:
    """Seconds until all is sent and verified; unknown while an archive's size is, or while nothing moves.

    As long as one way was not measured, it is taken to be as fast as the other.
    """
    sending, reading = sending or reading, reading or sending
    if not sending or not reading:
        return None
    reads_after, ratio = _reads_after(state), _packing_ratio(state)
    sent = finished = 0.0
    for database in state.databases:
        if database.transfer is Step.DONE:
            continue
        size = database.estimated_archive_size
        if size is None:
            if database.size is None or ratio is None:
                return None
            size = int(database.size * ratio)
        # It is verified once it is sent and the one before is finished; only then the next is begun.
        begun = sent if overlaps else finished
        sent = max(begun + max(0, size - database.acknowledged) / sending, finished)
        beside, after = database.beside - database.beside_sent, min(size, reads_after)
        if database.sends_beside:
            after = 0
        elif database.transfer is Step.VERIFYING:
            after = max(0, (database.to_check or size) - database.checked) if reads_after else 0
        elif 0 < reads_after < _ALL:  # what is read meanwhile may take longer
            finished = max(sent, begun + max(0, size - database.read_back) / reading)
        if reads_after and not database.sends_beside:  # once it is on its way, its pace is there and back
            after += beside
        finished = max(sent, finished) + beside / sending + after / reading
    return finished


def _reads_after(state: JobState) -> int:
    """How many bytes of an archive are read once it is sent, at most: as the last one was verified, or as is
    thought of the last that is being sent. Most servers need all of it.
    """
    for database in reversed(state.databases):
        if database.verified is not None and not database.read_meanwhile:
            return _ALL if database.verified == _READS_BACK else 0
        if database.transfer is not Step.WAITING and database.reads_after is not None:
            return database.reads_after
    return _ALL


def _packing_ratio(state: JobState) -> float | None:
    read = sum(database.read for database in state.databases)
    return sum(database.packed for database in state.databases) / read if read else None
