"""How many bytes may be under way, from what the link has been seen to carry. Pure: times are given.

Too few, and a distant Sharebox waits for us between two answers. Too many, and a cut loses them, a slow link
holds minutes of them, and progress comes in lumps. What a link holds is its rate times its round trip; twice
that keeps it busy, and lets the estimate double each round trip until it is right.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

LEAST: Final = 64 << 10
"""Two packets: with one alone the link would rest between two answers."""
ENOUGH: Final = 256_000
"""Eight packets: more than this only where the link has been seen to hold it."""
MOST: Final = 8 << 20
_SECONDS_IN_FLIGHT: Final = 1.0
_PACKETS_IN_FLIGHT: Final = 4
"""At least, where packets are longer than they must be: each costs its sender and its server some work."""
_MEMORY_SECONDS: Final = 10.0
"""A link that slows down is believed after this long."""


@dataclass(frozen=True, slots=True)
class Departure:
    """When a request was ready and when it left (seconds), and how many bytes were acknowledged by then."""

    ready: float
    at: float
    acknowledged: int


class FlowControl:
    """Watches requests leave and answers come, and says how much may be under way.

    Attributes:
        limit: bytes that may be under way now.
        busy: seconds for which the link has had requests to carry. The way there and back, for which what
            follows a pause is waited for, is not among them: it is as long whatever the link carries.
    """

    def __init__(self) -> None:
        self.limit = LEAST
        self.busy = 0.0
        self._acknowledged = 0
        self._last_arrival = float("-inf")
        self._shortest_trip = float("inf")
        self._rates: deque[tuple[float, float]] = deque()
        """Times and bytes per second, falling: the first is the highest that is not forgotten."""

    def depart(self, now: float, ready: float | None = None) -> Departure:
        """Notes that a request leaves; what it gives goes to `arrive` with the answer.

        `ready` is when the request could first have been sent; by default now. It may have waited since then,
        for room among those under way.
        """
        return Departure(now if ready is None else ready, now, self._acknowledged)

    def arrive(self, now: float, departure: Departure, length: int) -> None:
        """Notes that the answer to a request of `length` bytes came."""
        self._acknowledged += length
        trip = max(now - departure.at, 1e-6)
        self._shortest_trip = min(self._shortest_trip, trip)
        self.busy += max(0.0, now - max(self._last_arrival, departure.ready + self._shortest_trip))
        self._last_arrival = now
        self._remember(now, (self._acknowledged - departure.acknowledged) / trip)
        rate = self._rates[0][1]
        held = int(2 * rate * self._shortest_trip)
        second = min(max(LEAST, int(rate * _SECONDS_IN_FLIGHT)), ENOUGH)
        self.limit = min(max(held, second), MOST)

    def packet(self, least: int, longest: int) -> int:
        """Bytes that the next request should carry: `least`, or more where the link holds many."""
        return min(max(least, self.limit // _PACKETS_IN_FLIGHT), longest)

    def _remember(self, now: float, rate: float) -> None:
        while self._rates and self._rates[-1][1] <= rate:
            self._rates.pop()
        self._rates.append((now, rate))
        while self._rates[0][0] < now - _MEMORY_SECONDS:
            self._rates.popleft()
