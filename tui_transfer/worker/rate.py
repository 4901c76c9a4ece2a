"""What the link carries, from what was acknowledged while something waited to be. Pure: times are given."""

from __future__ import annotations

import math
from typing import Final

_MEMORY_SECONDS: Final = 4.0
"""Of waiting: what was seen longer ago counts less and less."""
_EVIDENCE_SECONDS: Final = 0.2
_EVIDENCE_BYTES: Final = 128 << 10
_MOST_OF_IT: Final = 0.8
"""Of the time until the first acknowledgement, what is put down to the round trip at most."""
_SILENCE_SECONDS: Final = 1.0
"""Longer than this without an answer, and the link is taken to have become slower."""


class Rate:
    """Bytes per second that the link takes while it has something to take.

    Attributes:
        waiting: bytes that are ready and not acknowledged.
        round_trip: seconds that the shortest request has taken so far. What was not waiting before is
            acknowledged this much later than the link was done with it, whatever the link carries.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self.round_trip = 0.0
        self._bytes = 0.0
        self._seconds = 0.0
        self._seen: float | None = None
        self._begins = True
        """Whether nothing has been acknowledged since the link last had nothing to take."""

    def observe(self, now: float, acknowledged: int, waiting: int) -> None:
        """Notes that `acknowledged` bytes more have arrived, and that `waiting` are left; both may be 0."""
        if self._seen is not None and self.waiting > 0:
            if not acknowledged:  # what has arrived since is told later, and the time with it
                self.waiting = waiting
                return
            elapsed = now - self._seen
            if self._begins:
                elapsed -= min(self.round_trip, _MOST_OF_IT * elapsed)
                self._begins = False
            kept = math.exp(-elapsed / _MEMORY_SECONDS)
            self._bytes = self._bytes * kept + acknowledged
            self._seconds = self._seconds * kept + elapsed
        self._seen, self.waiting = now, waiting
        self._begins = self._begins or not waiting

    def rest(self, waiting: int) -> None:
        """Nothing is being sent: the time until the next `observe` tells nothing of the link."""
        self._seen, self.waiting, self._begins = None, waiting, True

    def at(self, now: float) -> float | None:
        """Bytes per second; None until that is known."""
        if self._seconds < _EVIDENCE_SECONDS and self._bytes < _EVIDENCE_BYTES:
            return None
        silent = now - self._seen if self._seen is not None and self.waiting > 0 else 0.0
        return max(1.0, self._bytes) / (self._seconds + max(0.0, silent - _SILENCE_SECONDS) + 1e-6)
