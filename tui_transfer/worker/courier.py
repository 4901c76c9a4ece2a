"""Delivers databases over a link that may break: after a cut the same delivery is simply done again.

A delivery finds out what is already there, so that doing it again is going on with it. While one database is
sent, the one before is verified and gets its name.
"""

from __future__ import annotations

import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import events as ev
from tui_transfer.sharebox.delivery.deliver import Consignment, deliver, send
from tui_transfer.sharebox.delivery.evidence import Delivery, Step, Verification
from tui_transfer.sharebox.delivery.exploration import verification
from tui_transfer.sharebox.delivery.part import part_path
from tui_transfer.sharebox.delivery.places import bytes_read_after
from tui_transfer.sharebox.delivery.progress import DeliveryStage
from tui_transfer.sharebox.delivery.resume_state import ResumeState
from tui_transfer.sharebox.delivery.small_file import put_small
from tui_transfer.sharebox.delivery.trial import Trials
from tui_transfer.sharebox.sftp.session import SftpError
from tui_transfer.worker.companions import companions, signed_by
from tui_transfer.worker.diary import Diary, delivered, trial_followed
from tui_transfer.worker.recorder import now
from tui_transfer.worker.sessions import Sessions

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import TypeVar

    from tui_transfer.job.state import DatabaseState
    from tui_transfer.report.signer import Signer
    from tui_transfer.sharebox.delivery.ledger import Ledger
    from tui_transfer.sharebox.delivery.progress import DeliveryProgress
    from tui_transfer.sharebox.ssh.sharebox import Sharebox
    from tui_transfer.system.cancellation import Cancellation
    from tui_transfer.worker.backoff import Backoff
    from tui_transfer.worker.companions import Companion
    from tui_transfer.worker.connector import Connector
    from tui_transfer.worker.recorder import Recorder
    from tui_transfer.worker.shipment import Shipment
    from tui_transfer.worker.traffic import Traffic

    Result = TypeVar("Result")


_REFUSALS: Final = frozenset({Problem.SHAREBOX_REFUSED, Problem.SHAREBOX_PERMISSION})

_ATTEMPTS_BESIDE: Final = 2
"""What is refused twice is not refused by chance."""
_WORTH_TELLING: Final = 1 << 16
"""Bytes beside an archive that take long enough for a person to see them move."""
_log = logging.getLogger("tui_transfer.worker")


class Courier:
    """Takes shipments to the Sharebox: one thread sends them in turn, another finishes them in turn.

    At most one is being finished while the next is sent, and none is begun before: a delivered archive is
    removed at once, so that the disk holds few. A server that allows one session only gets one after another.

    Args:
        connector: the way there.
        databases: of the job, as its journal tells so far.
        recorder: where what happens is told.
        backoff: how long to try again after the connection was lost.
        work: ends all of it; cancelled where one failed, so that the others end as well.
        cancelled: is set with it, for what looks there.
        traffic: is told what arrives.
        signer: signs the manifests.
    """

    def __init__(
        self,
        connector: Connector,
        databases: Sequence[DatabaseState],
        recorder: Recorder,
        backoff: Backoff,
        work: Cancellation,
        cancelled: threading.Event,
        traffic: Traffic,
        signer: Signer,
    ) -> None:
        self._signer = signer
        self._sessions = Sessions(connector, recorder, backoff, work)
        self._work = work
        self._databases = databases
        self._recorder = recorder
        self._backoff = backoff
        self._cancelled = cancelled
        self._traffic = traffic
        self._trials = Trials(lambda fate: recorder.record(trial_followed(fate)))

    def deliver(
        self, shipments: Sequence[Shipment], on_delivered: Callable[[Shipment, ev.Delivered], object]
    ) -> None:
        """Delivers each archive and what lies beside it, and says so, however often the connection is lost.

        Args:
            shipments: in their order.
            on_delivered: is told of each, by the thread that finishes.

        What stands in the way of one database is told the journal, and the next has its turn.

        Raises:
            TransferError: what stands in the way of all.
        """
        finish_before: Callable[[], object] = _nothing
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="finisher") as finisher:
            for shipment in shipments:
                task = self._task(shipment)
                sent = overlaps = False
                try:
                    with self._alone(shipment):
                        overlaps = self._send(task, is_last=shipment is shipments[-1])
                        sent = True
                finally:
                    # Where both threads failed, what stopped the earlier database is reported: the later one
                    # may have failed because of it.
                    finish_before()
                finishing = finisher.submit(self._finish, task, on_delivered, overlaps) if sent else None
                finish_before = finishing.result if finishing else _nothing
                if not overlaps:
                    finish_before()

    @contextlib.contextmanager
    def _alone(self, shipment: Shipment) -> Iterator[None]:
        """Tells the journal what stops the body, where that is of this database alone: the others go on.

        Damage to the spool is left with the shipment: whoever packs can mend it.
        """
        try:
            yield
        except TransferError as error:
            if not error.is_of_one_database:
                raise
            _log.warning("database %d: %s", shipment.index, error)
            if error.problem is Problem.SPOOL_DAMAGED:
                shipment.damage = error
                return
            self._recorder.record(
                ev.DatabaseFailed(
                    at=now(), database=shipment.index, problem=error.problem, details=error.details
                )
            )

    def _task(self, shipment: Shipment) -> _Task:
        index = shipment.index
        progress = _Progress(index, self._recorder, self._backoff, self._traffic)
        diary = Diary(index, self._databases[index], self._recorder.record, progress.begins_anew)
        archive = Consignment(
            shipment.growing,
            lambda: shipment.sha256,
            diary.archive(),
            ResumeState(),
            progress,
            self._cancelled,
        )
        return _Task(shipment, progress, archive, cache(diary.beside))

    def _send(self, task: _Task, *, is_last: bool) -> bool:
        """Makes the partial file whole; tells whether another one can be sent while this one is finished."""

        def work(sharebox: Sharebox) -> bool:
            task.progress.reads_after = bytes_read_after(sharebox.knowledge)
            send(sharebox, task.archive)
            task.progress.rests()
            return not is_last and self._sessions.has_second(sharebox)

        return self._keep_at(task, self._sessions.first, work)

    def _finish(
        self, task: _Task, on_delivered: Callable[[Shipment, ev.Delivered], object], beside: bool
    ) -> None:
        try:
            with self._alone(task.shipment):
                delivery = self._keep_at(
                    task,
                    self._sessions.second if beside else self._sessions.first,
                    lambda sharebox: self._deliver(sharebox, task),
                )
                self._backoff.got_ahead()
                event = delivered(task.shipment.index, delivery, task.signed_by)
                self._recorder.record(event)
                on_delivered(task.shipment, event)
        except BaseException:
            # The sender is not to find out only when it has done with the next one.
            self._work.cancel()
            raise

    def _deliver(self, sharebox: Sharebox, task: _Task) -> Delivery:
        """Verifies the partial file and gives it its name, sends it anew where it is no longer as it was, and
        puts beside it what tells of it.
        """
        archive = deliver(sharebox, task.archive, self._trials)
        if archive.verification is not verification(sharebox.knowledge.abilities):
            sharebox.knowledge.doubt()
        refused = {}
        beside = companions(task.shipment, archive.verification, self._signer)
        total, sent = sum(len(companion.content) for companion in beside), 0
        for companion in beside:
            tell = partial(task.progress.sent_beside, sent, total)
            if why := self._put_beside(sharebox, task, companion, archive.verification, tell):
                refused[companion.name] = why
            sent += len(companion.content)
        task.signed_by = signed_by(beside, refused)
        return Delivery(archive, refused)

    def _put_beside(
        self,
        sharebox: Sharebox,
        task: _Task,
        companion: Companion,
        verification: Verification,
        tell: Callable[[int], None],
    ) -> str:
        """Puts one file beside the archive, and tells how far that is: of what is read back, half counts
        once it is sent, and half once it is read.

        Returns:
            Why it is refused, in French, which is no loss to the base; empty where it is not.
        """
        ledger = task.ledger_beside(companion.name)
        ledger.bind(task.shipment.sha256)
        size, ways = len(companion.content), 2 if verification is Verification.READ_BACK else 1
        for attempt in range(_ATTEMPTS_BESIDE):
            if attempt:  # what was refused may have been no more than a look at what became of it
                ledger.reach(Step.SENDING)
            try:
                put_small(
                    sharebox,
                    companion.content,
                    ledger,
                    self._trials,
                    on_acknowledged=lambda count: tell(count // ways),
                    on_compared=lambda count: tell((size + count) // ways),
                )
                return ""
            except TransferError as error:
                if error.problem not in _REFUSALS:
                    raise
                refusal = error
        part = part_path(sharebox, companion.name)
        with sharebox.refusals("suppression de", part), contextlib.suppress(SftpError):
            sharebox.sftp.remove(part)
        return refusal.why

    def _keep_at(
        self,
        task: _Task,
        session: Callable[[Sharebox], AbstractContextManager[Sharebox]],
        work: Callable[[Sharebox], Result],
    ) -> Result:
        """Does `work` in a session, and does it again after each loss of the connection."""
        while True:
            connection = self._sessions.open()
            try:
                with session(connection) as sharebox:
                    return work(sharebox)
            except TransferError as error:
                task.progress.begins_anew()
                if not self._finds_otherwise(connection, error):
                    self._sessions.recover(connection, error)

    def _finds_otherwise(self, connection: Sharebox, refused: TransferError) -> bool:
        """Whether what the server refused is due to what was thought of it, and is now known better."""
        if refused.problem not in _REFUSALS:
            return False
        try:
            return self._sessions.finds_otherwise(connection)
        except TransferError as error:
            self._sessions.recover(connection, error)
            return True


class _Progress:
    """Turns the uploader's progress into events, the first of which says where it starts from."""

    def __init__(self, index: int, recorder: Recorder, backoff: Backoff, traffic: Traffic) -> None:
        self._index = index
        self._recorder = recorder
        self._backoff = backoff
        self._traffic = traffic
        self._sending = False
        self.reads_after: int | None = None
        """Bytes that are to be read after the sending; `None` for all."""
        self._furthest: dict[DeliveryStage, int] = {}
        self._furthest_beside = 0

    def begins_anew(self) -> None:
        """The next attempt says again where it starts from."""
        self._sending = False
        self.rests()

    def rests(self) -> None:
        """Nothing of it is being sent any more."""
        self._traffic.stop(self._index)

    def __call__(self, progress: DeliveryProgress) -> None:
        if progress.done > self._furthest.get(progress.stage, 0):
            # Also at an attempt's start: what the one before sent in its last instants is found there.
            self._backoff.got_ahead()
            self._furthest[progress.stage] = progress.done
        if progress.stage is DeliveryStage.SENDING:
            self._sent(progress)
            return
        self.rests()
        if progress.stage in (DeliveryStage.CHECKING, DeliveryStage.VERIFYING) and progress.total:
            self._recorder.measure(
                ev.VerificationProgress(
                    at=now(), database=self._index, checked=progress.done, total=progress.total
                )
            )

    def sent_beside(self, before: int, total: int, count: int) -> None:
        """`count` bytes of a file beside the archive arrived, after `before` of others, of `total`."""
        sent = before + count
        if sent > self._furthest_beside:
            self._backoff.got_ahead()
            self._furthest_beside = sent
        if total >= _WORTH_TELLING:
            self._recorder.measure(ev.BesideProgress(at=now(), database=self._index, sent=sent, total=total))

    def _sent(self, progress: DeliveryProgress) -> None:
        self._traffic.arrived(self._index, progress.done, progress.busy)
        if not self._sending:
            self._sending = True
            self._recorder.record(
                ev.UploadStarted(
                    at=now(),
                    database=self._index,
                    offset=progress.done,
                    read_back=progress.read_back,
                    reads_after=self.reads_after,
                )
            )
        self._recorder.measure(
            ev.UploadProgress(
                at=now(),
                database=self._index,
                acknowledged=progress.done,
                read_back=progress.read_back,
            )
        )


def _nothing() -> None:
    """What there is to wait for before the first one."""


@dataclass
class _Task:
    """One shipment on its way from the thread that sends to the one that finishes."""

    shipment: Shipment
    progress: _Progress
    archive: Consignment
    ledger_beside: Callable[[str], Ledger]
    """The ledger of a file beside the archive, by its name; always the same one."""
    signed_by: str = ""
    """The public key of the signature beside it."""
