"""What the link carries, from what has arrived and how long it was busy with that. Pure: times are given."""

from __future__ import annotations

import math
from typing import Final

_MEMORY_SECONDS: Final = 4.0  # of being busy: what was seen longer ago counts less and less
_EVIDENCE_SECONDS, _EVIDENCE_BYTES = 0.2, 256 << 10
_LEAST_SECONDS: Final = 1e-3  # a thread is told of an answer a moment after it came
_SILENCE_SECONDS: Final = 1.0
"""Longer than this without an answer, and the link is taken to have become slower."""


class Rate:
    """Bytes per second that the link takes while it has something to take.

    Attributes:
        waiting: bytes that are ready and not acknowledged.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self._bytes = self._seconds = 0.0
        self._seen: float | None = None
        """When the link last gave an answer, or first got something to carry."""

    def observe(self, now: float, acknowledged: int, busy: float, waiting: int) -> None:
        """Notes that `acknowledged` more have arrived, within `busy` seconds, and `waiting` are left."""
        kept = math.exp(-busy / _MEMORY_SECONDS)
        self._bytes = self._bytes * kept + acknowledged
        self._seconds = self._seconds * kept + busy
        if acknowledged or self._seen is None or not self.waiting:
            self._seen = now
        self.waiting = waiting

    def rest(self, waiting: int) -> None:
        """Nothing is being sent: the time until the next `observe` tells nothing of the link."""
        self._seen, self.waiting = None, waiting

    def at(self, now: float) -> float | None:
        """Bytes per second; None until that is known."""
        if self._seconds < _EVIDENCE_SECONDS and self._bytes < _EVIDENCE_BYTES:
            return None
        silent = now - self._seen if self._seen is not None and self.waiting > 0 else 0.0
        return max(1.0, self._bytes) / (self._seconds + max(0.0, silent - _SILENCE_SECONDS) + _LEAST_SECONDS)
