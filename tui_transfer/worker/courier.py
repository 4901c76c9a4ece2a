"""Delivers databases over a link that may break: after a cut the same delivery is simply done again.

A delivery finds out what is already there, so that doing it again is going on with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_transfer.errors import Problem, Recovery, TransferError
from tui_transfer.job import events as ev
from tui_transfer.sharebox.memory import Memory
from tui_transfer.sharebox.publication import put_small
from tui_transfer.sharebox.upload import Stage, deliver
from tui_transfer.worker.manifest import manifest_name
from tui_transfer.worker.recorder import now
from tui_transfer.worker.shipment import DatabaseError

if TYPE_CHECKING:
    import threading

    from tui_transfer.sharebox.connection import Sharebox
    from tui_transfer.sharebox.upload import Delivery, UploadProgress
    from tui_transfer.worker.connecting import Link
    from tui_transfer.worker.pacer import Traffic
    from tui_transfer.worker.patience import Patience
    from tui_transfer.worker.recorder import Recorder
    from tui_transfer.worker.shipment import Shipment


class Courier:
    """Takes shipments to the Sharebox, one after the other.

    Args:
        link: the way there.
        recorder: where what happens is told.
        patience: how long to try again after the connection was lost.
        cancelled: ends a delivery or a pause.
        traffic: is told what arrives.
    """

    def __init__(
        self,
        link: Link,
        recorder: Recorder,
        patience: Patience,
        cancelled: threading.Event,
        traffic: Traffic,
    ) -> None:
        self._link = link
        self._recorder = recorder
        self._patience = patience
        self._cancelled = cancelled
        self._traffic = traffic

    def deliver(self, shipment: Shipment) -> None:
        """Delivers the archive and its manifest, and says so, however often the connection is lost.

        Raises:
            DatabaseError: what stands in the way of this database.
            TransferError: what stands in the way of all.
        """
        progress = _Progress(shipment.index, self._recorder, self._patience, self._traffic)
        memory = Memory()
        while (delivery := self._attempt(shipment, progress, memory)) is None:
            progress.begins_anew()
        self._patience.got_ahead()
        self._recorder.record(
            ev.Delivered(
                at=now(), database=shipment.index, path=delivery.path, verified=delivery.verification
            )
        )

    def _attempt(self, shipment: Shipment, progress: _Progress, memory: Memory) -> Delivery | None:
        """One attempt; None, after a pause, where the connection was lost."""
        try:
            sharebox = self._link.open()
        except TransferError as error:
            self._pause_after(error)
            return None
        try:
            return self._deliver(sharebox, shipment, progress, memory)
        except TransferError as error:
            self._link.close()
            try:
                self._pause_after(error)
            except TransferError as final:
                if final.problem is Problem.INTERRUPTED:
                    raise
                raise DatabaseError(shipment.index, final) from error
            return None

    def _deliver(
        self, sharebox: Sharebox, shipment: Shipment, progress: _Progress, memory: Memory
    ) -> Delivery:
        delivery = deliver(
            sharebox,
            shipment.growing,
            shipment.spec.archive,
            sha256=lambda: shipment.sha256,
            on_progress=progress,
            cancelled=self._cancelled,
            memory=memory,
        )
        put_small(sharebox, manifest_name(shipment.spec.archive), shipment.manifest.read_bytes())
        return delivery

    def _pause_after(self, error: TransferError) -> None:
        """Waits before the next attempt.

        Raises:
            TransferError: `error` itself, where trying again cannot help or has been tried for long enough;
                INTERRUPTED.
        """
        self._check_cancelled(error)
        if error.meaning.recovery is not Recovery.TRANSIENT:
            raise error
        pause = self._patience.next_pause()
        if pause is None:
            raise error
        self._recorder.record(
            ev.Waiting(at=now(), attempt=self._patience.attempt, seconds=pause, reason=error.why)
        )
        self._cancelled.wait(pause)
        self._check_cancelled(error)

    def _check_cancelled(self, error: TransferError) -> None:
        if self._cancelled.is_set():
            # Cutting the connection is how the work is cancelled: that is not its failure.
            raise TransferError(Problem.INTERRUPTED, reason="À la demande d'une personne") from error


class _Progress:
    """Turns the uploader's progress into events, the first of which says where it starts from."""

    def __init__(self, index: int, recorder: Recorder, patience: Patience, traffic: Traffic) -> None:
        self._index = index
        self._recorder = recorder
        self._patience = patience
        self._traffic = traffic
        self._sending = False
        self._furthest: dict[Stage, int] = {}

    def begins_anew(self) -> None:
        """The next attempt says again where it starts from."""
        self._sending = False
        self._traffic.stop()

    def __call__(self, progress: UploadProgress) -> None:
        if progress.done > self._furthest.get(progress.stage, 0):
            # Also at an attempt's start: what the one before sent in its last instants is found there.
            self._patience.got_ahead()
            self._furthest[progress.stage] = progress.done
        if progress.stage is Stage.SENDING:
            self._sent(progress.done)
            return
        self._traffic.stop()
        if progress.stage in (Stage.CHECKING, Stage.VERIFYING) and progress.total:
            self._recorder.measure(
                ev.VerificationProgress(
                    at=now(), database=self._index, checked=progress.done, total=progress.total
                )
            )

    def _sent(self, acknowledged: int) -> None:
        self._traffic.arrived(self._index, acknowledged)
        if not self._sending:
            self._sending = True
            self._recorder.record(ev.UploadStarted(at=now(), database=self._index, offset=acknowledged))
        self._recorder.measure(ev.UploadProgress(at=now(), database=self._index, acknowledged=acknowledged))
