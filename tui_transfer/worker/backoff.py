"""How long to wait before the next attempt after a lost connection, and when to give up."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0


@dataclass(frozen=True)
class Pause:
    """`seconds` to wait before the attempt number `attempt`: 1 for the first after a failure."""

    attempt: int
    seconds: float


class Backoff:
    """Pauses that double from one attempt to the next, up to a minute, until too much time has gone by.
    Thread-safe.

    Each is shortened at random by up to half: the programs that one outage cut off do not all come back at
    the same instant.

    Args:
        seconds: from the first failure since something last got ahead to the last attempt.
        clock: gives seconds.
        chance: gives a number from 0 to 1.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._attempts = 0
        self._lock = threading.Lock()
        self._seconds = seconds
        self._clock = clock
        self._chance = chance
        self._since: float | None = None

    def got_ahead(self) -> None:
        """Something was achieved since the last failure: the next one is the first again."""
        with self._lock:
            self._attempts, self._since = 0, None

    def next_pause(self) -> Pause | None:
        """What comes before the next attempt; None where it is time to give up."""
        with self._lock:
            now = self._clock()
            if self._since is None:
                self._since = now
            left = self._since + self._seconds - now
            if left <= 0:
                return None
            pause = min(FIRST_PAUSE * 2.0**self._attempts, LONGEST_PAUSE) * (1 - self._chance() / 2)
            self._attempts += 1
            return Pause(self._attempts, min(pause, left))
