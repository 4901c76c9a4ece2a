"""What a view tells of progress and time left while it follows a job, next to the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui_transfer.job import events as ev
from tui_transfer.job.progress import Progress
from tui_transfer.job.state import JobState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tui_transfer.job.spec import JobSpec

STEP: Final = 0.5
"""Seconds between two looks."""
SHARE, SECONDS = 0.2, 3.0
"""How far the time left may be from the truth: the greater of the two."""
GRACE: Final = 30.0
"""Seconds after a rate has changed in which nobody can know yet."""


@dataclass(frozen=True)
class Look:
    """What a view tells `at` so many seconds after the worker has begun, and the truth."""

    at: float
    share: float
    left: float | None
    truth: float

    @property
    def error(self) -> float:
        """By how much of the truth the time left is wrong; what it is too short by is negative."""
        return float("inf") if self.left is None else (self.left - self.truth) / max(self.truth, 1e-9)

    @property
    def holds(self) -> bool:
        """Whether it is near enough."""
        if self.left is None:
            return self.truth <= SECONDS
        return abs(self.left - self.truth) <= max(SHARE * self.truth, SECONDS)


def looks(spec: JobSpec, events: Sequence[ev.Event]) -> list[Look]:
    """What a view tells every half second of the last worker of a job that succeeded."""
    begun = max(event.at for event in events if isinstance(event, ev.WorkerStarted)).timestamp()
    end = events[-1].at.timestamp()
    return list(_looks(spec, events, begun, end))


def _looks(spec: JobSpec, events: Iterable[ev.Event], begun: float, end: float) -> Iterator[Look]:
    state, next_look = JobState.initial(spec), begun
    progress, told = Progress.begin(state), None
    for event in events:
        while next_look < event.at.timestamp():
            told = progress.told(told)
            yield Look(next_look - begun, told.share, told.left(next_look), end - next_look)
            next_look += STEP
        state = state.apply(event)
        progress = progress.after(event, state)
    assert progress.share == 1.0
    yield Look(end - begun, progress.share, progress.left(end), 0.0)


def judged(seen: Sequence[Look], changed_at: float | None = None) -> list[Look]:
    """Those that count: from the first quarter on, and some time after the rate has changed."""
    whole = seen[-1].at
    first = whole / 4 if changed_at is None else changed_at + GRACE
    return [look for look in seen[:-1] if look.at >= first]


def never_falls(seen: Sequence[Look]) -> bool:
    """Whether progress is never less than before, and whole at the end alone."""
    shares = [look.share for look in seen]
    return shares == sorted(shares) and shares[-1] == 1.0 and all(share < 1.0 for share in shares[:-1])
