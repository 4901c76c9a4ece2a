"""Ties `pacing` to what happens: the clock, the thread that packs, the one that sends, and the journal."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui_transfer.job import events as ev
from tui_transfer.worker.pacing import Choice, Pacing
from tui_transfer.worker.rate import Rate
from tui_transfer.worker.recorder import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.archive.blocks import Preset
    from tui_transfer.worker.costs import Costs


_READ_BACK: Final = 0.3
"""Most servers have no hash to tell, and most lines bring back faster than they take."""
_HESITATION: Final = 1.0
"""Seconds that blocks may wait in all to be packed as the link, once it is known, wants them."""
_WORTH_WAITING: Final = 256 << 10
"""Bytes ready to be sent that keep a link busy until it is known, unless it is so fast that it is soon."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    """Up to where an archive has arrived, and for how many seconds the link was busy with that."""

    end: int = 0
    busy: float = 0.0


class Traffic:
    """What is ready to be sent and what has arrived, over all databases of a job. Thread-safe.

    Args:
        clock: seconds, from any origin.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.changed = threading.Condition()
        self.rate = Rate()
        self.clock = clock
        self._ready: dict[int, int] = {}
        self._arrived: defaultdict[int, _Arrived] = defaultdict(_Arrived)
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
            before = self._arrived[database]
            self._arrived[database] = _Arrived(end, busy)
            if database in self._sending:
                self._note(max(0, end - before.end), max(0.0, busy - before.busy))
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
        waiting = sum(max(0, end - self._arrived[index].end) for index, end in self._ready.items())
        if self._sending:
            self.rate.observe(self.clock(), moved, busy, waiting)
        else:
            self.rate.rest(waiting)
        self.changed.notify_all()


class Pacer:
    """Chooses the presets of one database, and tells the journal when and why they change.

    Args:
        database: its position in the job.
        threads: blocks packed at the same time.
        costs: what earlier databases taught.
        traffic: of the job.
        record: takes the event.
    """

    def __init__(
        self, database: int, threads: int, costs: Costs, traffic: Traffic, record: Callable[[ev.Event], None]
    ) -> None:
        self._database = database
        self._traffic = traffic
        self._pacing = Pacing(threads, costs, traffic.rate, _READ_BACK)
        self._record = record
        self._told: Choice | None = None

    def choose(self, size: int, left: int) -> Preset:
        """The preset for the next block of `size` bytes, `left` more coming after it."""
        self._traffic.hesitate()
        with self._traffic.changed:
            preset = self._pacing.choose(self._traffic.clock(), size, left)
        choice = self._pacing.choice
        if choice is not None and choice is not self._told:
            self._told = choice
            self._record(_event(self._database, choice))
        return preset

    def packed(self, packed: int, seconds: float) -> None:
        """The next of the blocks chosen for became `packed` bytes within `seconds` of one thread."""
        self._pacing.packed(packed, seconds)


def _event(database: int, choice: Choice) -> ev.PresetChosen:
    return ev.PresetChosen(
        at=now(),
        database=database,
        preset=choice.preset,
        reason=choice.reason,
        rate=round(choice.rate),
        backlog=choice.backlog,
        left=choice.left,
        seconds=round(choice.seconds, 1),
        instead=None if choice.instead is None else round(choice.instead, 1),
    )
