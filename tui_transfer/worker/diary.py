"""Keeps in the journal what must be known of deliveries whatever happens to the worker."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tui_transfer.job import events as ev
from tui_transfer.job.beside import MANIFEST
from tui_transfer.job.state import FileState
from tui_transfer.sharebox.delivery.evidence import Arrival, Evidence, Step
from tui_transfer.sharebox.delivery.ledger import FREE, Ledger
from tui_transfer.worker.recorder import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.job.state import DatabaseState
    from tui_transfer.sharebox.delivery.evidence import Delivery, TrialFate


class Diary:
    """The diary of the files of one database.

    Args:
        database: its position in the job.
        known: what the journal tells of it so far.
        record: takes an event, durably.
        on_lost: is told when a file is to be sent anew.
    """

    def __init__(
        self,
        database: int,
        known: DatabaseState,
        record: Callable[[ev.Event], None],
        on_lost: Callable[[], object],
    ) -> None:
        self._database = database
        self._known = known
        self._record = record
        self._on_lost = on_lost

    def archive(self) -> Ledger:
        """The ledger of the archive. Whoever creates its partial file owns that name, and those of all that
        lies beside it.
        """
        name = self._known.archive
        return self._ledger(name, owned=self._known.owns_names)

    def beside(self, name: str) -> Ledger:
        """The ledger of a file that lies beside it."""
        return self._ledger(name, owned=True)

    def _state(self, name: str) -> FileState:
        return self._known.sent.get(name, FileState())

    def _ledger(self, name: str, *, owned: bool) -> Ledger:
        known = self._state(name)
        if known.about is None or known.step == FREE:
            return Ledger(name, self, owned=owned, losses=known.lost)
        return Ledger(
            name,
            self,
            owned=owned,
            step=Step(known.step),
            about=known.about,
            losses=known.lost,
            arrival=_arrival(known),
        )

    def step(self, file: str, step: str) -> None:
        """Writes the next step of a file."""
        self._record(ev.DeliveryStep(at=now(), database=self._database, file=file, step=step))

    def lost(self, file: str, times: int) -> None:
        """Writes that a file is gone."""
        self._on_lost()
        self._record(ev.DeliveryLost(at=now(), database=self._database, file=file, times=times))

    def arrived(self, file: str, arrival: Arrival) -> None:
        """Writes what was seen of a file that arrived."""
        self._record(
            ev.ArrivalSeen(
                at=now(),
                database=self._database,
                file=file,
                path=arrival.path,
                modified=arrival.modified,
                evidence=arrival.evidence.in_words(),
            )
        )


def _arrival(known: FileState) -> Arrival | None:
    """The arrival that an earlier worker saw: its evidence is judged again, by the table as it is now."""
    if known.arrival is None:
        return None
    with contextlib.suppress(KeyError, ValueError):
        evidence = Evidence.from_words(known.arrival.evidence)
        return Arrival(known.arrival.path, evidence, known.arrival.modified)
    return None


def trial_followed(fate: TrialFate) -> ev.TrialFollowed:
    """The event that tells what became of a trial file."""
    return ev.TrialFollowed(at=now(), fate=fate)


def delivered(database: int, delivery: Delivery, signed_by: str) -> ev.Delivered:
    """The event that tells of a delivery. It is made here alone, of what was seen."""
    return ev.Delivered(
        at=now(),
        database=database,
        path=delivery.path,
        verified=delivery.verification,
        read_meanwhile=delivery.read_meanwhile,
        manifest_refused=next((why for name, why in delivery.refused.items() if name.endswith(MANIFEST)), ""),
        refused=dict(delivery.refused),
        signed_by=signed_by,
    )
