"""The time that a simulated process is told: it stands still while anything works, and leaps while all wait.

`install` must come before the program is imported, which keeps the functions of `time` where it needs them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from tests.simulation.replacing import replace

_monotonic: Final = time.monotonic
_LOOK: Final = 1e-6
"""Seconds that one look at the clock takes: a loop that waits for a moment to come gets there."""
BEGINNING: Final = datetime(2022, 3, 2, 9, 0, 0, tzinfo=UTC)
"""When every simulation begins, by the clock on the wall."""


@dataclass
class Clock:
    """Seconds since the simulation began, and what a clock on the wall shows then.

    Attributes:
        now: seconds.
        turned: seconds by which somebody has turned the clock on the wall.
    """

    now: float = 0.0
    turned: float = 0.0

    def read(self) -> float:
        """Seconds, as `time.monotonic` gives them."""
        self.now += _LOOK
        return self.now

    @property
    def wall(self) -> datetime:
        """What the clock on the wall shows."""
        return BEGINNING + timedelta(seconds=self.now + self.turned)


_current: Clock | None = None


def use(clock: Clock | None) -> None:
    """Has this process read `clock` from now on; the real one for None."""
    global _current
    _current = clock


def _read() -> float:
    return _monotonic() if _current is None else _current.read()


def install() -> None:
    """Puts functions that follow `use` in the place of `time`'s."""
    replace(time, monotonic=_read, perf_counter=_read)


class SimulatedDatetime(datetime):
    """Stands in for `datetime` where the program asks what time it is."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        """The time on the wall."""
        if _current is None:
            return datetime.now(tz)
        local = _current.wall.astimezone(tz)
        return local if tz is not None else local.replace(tzinfo=None)


install()
