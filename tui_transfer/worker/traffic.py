"""What is ready to be sent and what has arrived, told by the threads that pack and send."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from tui_transfer.worker.rate import Rate

if TYPE_CHECKING:
    from collections.abc import Callable

_HESITATION: Final = 1.0
"""Seconds that blocks may wait in all to be packed as the link, once it is known, wants them."""
_WORTH_WAITING: Final = 256 << 10
"""Bytes ready to be sent that keep a link busy until it is known, unless it is so fast that it is soon."""


class Traffic:
    """Of all databases of a job. Thread-safe; `clock` gives seconds, from any origin."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.changed = threading.Condition()
        self.rate = Rate()
        self.clock = clock
        self._ready: dict[int, int] = {}
        self._arrived: dict[int, tuple[int, float]] = {}
        self._sending: set[int] = set()
        self._hesitation = _HESITATION

    def ready(self, database: int, end: int) -> None:
        """The archive of `database` may be sent up to `end`."""
        with self.changed:
            self._ready[database] = end
            self._note()

    def arrived(self, database: int, end: int, busy: float) -> None:
        """It has arrived up to `end`, and the link has been busy with it for so many seconds.

        The first such report after a `stop` tells where both begin.
        """
        with self.changed:
            former_end, former_busy = self._arrived.get(database, (0, 0.0))
            self._arrived[database] = end, busy
            if database in self._sending:
                self._note(max(0, end - former_end), max(0.0, busy - former_busy))
            else:
                self._sending.add(database)
                self._note()

    def stop(self, database: int) -> None:
        """It is not being sent any more: the connection was lost, or what arrived is verified."""
        with self.changed:
            self._sending.discard(database)
            self._note()

    def hesitate(self) -> None:
        """Waits, for an instant and only at first, until what has arrived shows how fast the link is."""
        with self.changed:
            begin = self.clock()
            self.changed.wait_for(self._goes_on, self._hesitation)
            self._hesitation = max(0.0, self._hesitation - (self.clock() - begin))

    def _goes_on(self) -> bool:
        waits = bool(self._sending) and self.rate.waiting >= _WORTH_WAITING
        return not waits or self.rate.at(self.clock()) is not None

    def _note(self, moved: int = 0, busy: float = 0.0) -> None:
        arrived = {index: end for index, (end, _) in self._arrived.items()}
        waiting = sum(max(0, end - arrived.get(index, 0)) for index, end in self._ready.items())
        if self._sending:
            self.rate.observe(self.clock(), moved, busy, waiting)
        else:
            self.rate.rest(waiting)
        self.changed.notify_all()
