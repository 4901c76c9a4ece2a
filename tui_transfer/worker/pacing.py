"""Chooses how hard each block is packed, so that packing and sending end together.

The harder a database is packed, the longer that takes and the sooner it is sent. It ends soonest where both
take as long, between two neighbouring presets: with the quicker one sending takes longer, with the harder one
packing does. So each block gets the hardest preset, up to the harder one of these, that is done before the
link has nothing left to do: it never rests, and the two are mixed as it wants them. Where the link carries
what packing saves faster than all cores save it, blocks are stored as soon as that ends sooner.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from tui_transfer.job.events import PresetChosen
from tui_transfer.worker.costs import PRESETS
from tui_transfer.worker.recorder import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.archive.blocks import Preset
    from tui_transfer.worker.costs import Costs
    from tui_transfer.worker.traffic import Traffic

ASSUMED_RATE: Final = 4e6
"""Bytes per second, until the link has shown what it carries: an ordinary line, far from either end."""
_WORTH_PACKING: Final = 0.98
"""What the first preset must leave of data, and each other one of what the one before leaves."""


class Pacer:
    """Chooses the presets of one database, block by block, and tells the journal when and why they change.

    Args:
        database: its position in the job.
        threads: blocks packed at the same time.
        costs, traffic: of the job.
        record: takes the event.
    """

    def __init__(
        self,
        database: int,
        threads: int,
        costs: Costs,
        traffic: Traffic,
        record: Callable[[PresetChosen], object],
    ) -> None:
        self._database, self._threads = database, threads
        self._costs, self._traffic, self._record = costs, traffic, record
        self._former: Preset | None = None
        self._begun: deque[tuple[Preset, int]] = deque()  # that are being packed, and their sizes

    def choose(self, size: int, left: int) -> Preset:
        """The preset for the next block of `size` bytes, `left` more coming after it."""
        self._traffic.hesitate()
        with self._traffic.changed:
            known, waiting = self._traffic.rate.at(self._traffic.clock()), self._traffic.rate.waiting
        costs, rate, left = self._costs, known or ASSUMED_RATE, left + size
        on_the_way = waiting + sum(size * costs.share(preset) for preset, size in self._begun)
        chosen, seconds, former = PRESETS[0], (waiting + left) / rate, 1.0
        for preset in PRESETS[1:]:
            share, is_first = costs.share(preset), preset == PRESETS[1]
            if share > _WORTH_PACKING * former and not is_first:
                continue  # the first one is used all the same where there is time: it shows when data shrink
            packing = left * costs.seconds(preset) / self._threads
            sending = (waiting + left * share) / rate
            in_time = on_the_way >= rate * size * costs.seconds(preset)
            saving = (1 - share) / rate  # seconds of sending, for a byte
            # Sending takes cores, too: what storing spares them goes there unless the link is that fast.
            is_worth_it = saving >= costs.computing / self._threads
            is_sooner = packing <= sending + size * saving  # than with this block stored
            if in_time or (is_first and (known is None or is_worth_it or is_sooner)):
                chosen, seconds = preset, max(packing, sending)
            if packing > sending:
                break
            former = share
        if chosen != self._former:
            reason = "link-behind" if chosen > (self._former or 0) else "packing-behind"
            if costs.share(PRESETS[1]) > _WORTH_PACKING:
                reason = "incompressible"
            elif known is None or self._former is None:
                reason = "start"
            self._record(
                PresetChosen(
                    at=now(),
                    database=self._database,
                    preset=chosen,
                    reason=reason,
                    rate=round(rate),
                    backlog=waiting,
                    left=left,
                    seconds=round(seconds, 1),
                )
            )
        self._former = chosen
        self._begun.append((chosen, size))
        return chosen

    def packed(self, packed: int, seconds: float, computing: float) -> None:
        """The earliest block chosen for, of those not packed yet, became `packed` bytes in `seconds`, for
        `computing` of which it had a core.
        """
        self._costs.learn(*self._begun.popleft(), packed, seconds, computing)
