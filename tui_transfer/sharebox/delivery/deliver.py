"""Delivers an archive to the Sharebox: sent to its partial file, verified, and only then given its name.

The final name appears by a rename, after the content was verified, so that it never stands for wrong bytes.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_transfer.sharebox.delivery.evidence import Step
from tui_transfer.sharebox.delivery.handover import Handover
from tui_transfer.sharebox.delivery.local import LocalArchive
from tui_transfer.sharebox.delivery.meanwhile import is_of_use
from tui_transfer.sharebox.delivery.part import part_path
from tui_transfer.sharebox.delivery.places import to_look_at
from tui_transfer.sharebox.delivery.progress import DeliveryStage, Reports
from tui_transfer.sharebox.delivery.sighting import find
from tui_transfer.sharebox.delivery.upload import Upload
from tui_transfer.sharebox.delivery.verification import ReadBefore, compare

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from tui_transfer.sharebox.delivery.evidence import Arrival, Content
    from tui_transfer.sharebox.delivery.growing import GrowingFile
    from tui_transfer.sharebox.delivery.ledger import Ledger
    from tui_transfer.sharebox.delivery.progress import DeliveryProgress
    from tui_transfer.sharebox.delivery.resume_state import ResumeState
    from tui_transfer.sharebox.delivery.trial import Trials
    from tui_transfer.sharebox.sftp.session import Attributes
    from tui_transfer.sharebox.ssh.sharebox import Sharebox


@dataclass(frozen=True)
class Consignment:
    """An archive to be delivered, and what is known of its delivery.

    Attributes:
        file: the archive, complete or growing.
        sha256: gives the hash of the whole archive, in hexadecimal; called once the file is finished.
        ledger: its final name, and what must outlive this process; goes on learning.
        resume_state: what spares this process work; goes on learning.
        on_progress: is told up to fifty times a second.
        cancelled: ends the delivery at the next answer of the server; `Sharebox.abort` ends it at once.
    """

    file: GrowingFile
    sha256: Callable[[], str]
    ledger: Ledger
    resume_state: ResumeState
    on_progress: Callable[[DeliveryProgress], None]
    cancelled: threading.Event


def send(sharebox: Sharebox, consignment: Consignment) -> None:
    """Does the first part of `deliver`, so that it may be left to another thread: makes the partial file
    whole, and remembers that it is.

    Nothing is done where that was done before, or something has the final name: `deliver` looks into that.

    Raises: as `deliver`.
    """
    ledger = consignment.ledger
    final = sharebox.path(ledger.name)
    with _archive_parcel(sharebox, consignment) as parcel:
        if (
            ledger.arrival is None
            and ledger.step is Step.SENDING
            and not (sharebox.address.temporary_names and find(sharebox, final).is_something)
        ):
            parcel.send()


def deliver(sharebox: Sharebox, consignment: Consignment, trials: Trials) -> Arrival:
    """Delivers an archive to the drop folder; safe to repeat after any failure.

    It waits until the archive is whole, as what is known of its delivery is bound to its hash: what sends it
    while it grows is `send`.

    Args:
        sharebox: where to.
        consignment: what.
        trials: tells what the server does with what it is given, where that is asked.

    Returns:
        The evidence that it arrived.

    Raises:
        TransferError: INTERRUPTED, DISK_UNWRITABLE, and as `Handover.run`.
        BaseException: what `GrowingFile.fail` was given.
    """
    with _archive_parcel(sharebox, consignment) as parcel:
        parcel.size()  # once it is whole, so is its hash
        consignment.ledger.bind(consignment.sha256())
        return Handover(sharebox, parcel, consignment.ledger, trials).run()


@contextmanager
def _archive_parcel(sharebox: Sharebox, consignment: Consignment) -> Iterator[_ArchiveParcel]:
    reports = Reports(consignment.on_progress, consignment.cancelled)

    def while_waiting() -> None:
        reports.check_cancelled()
        sharebox.check_alive()

    with LocalArchive(consignment.file, while_waiting) as archive:
        yield _ArchiveParcel(sharebox, consignment, archive, reports)


@dataclass(frozen=True)
class _ArchiveParcel:
    """The parcel of an archive, over one connection."""

    sharebox: Sharebox
    consignment: Consignment
    archive: LocalArchive
    reports: Reports

    def size(self) -> int:
        return self.archive.final_size()

    @property
    def sent_afresh(self) -> bool:
        whole = self.consignment.resume_state.whole
        return whole is not None and whole.over is self.sharebox.connection and whole.afresh

    def send(self) -> None:
        known, ledger = self.consignment.resume_state, self.consignment.ledger
        part = part_path(self.sharebox, ledger.name)
        Upload(self.sharebox, self.archive, part, self.reports, known, ledger).run()

    def compare(self, path: str, seen: Attributes) -> Content | None:
        size = self.size()

        def tell(done: int, total: int) -> None:
            self.reports.tell(DeliveryStage.VERIFYING, done, total)

        so_far, before = self.consignment.resume_state.read_back[path], self._read_before(path)
        tell(0, len(before.parts) if before else size)
        return compare(self.sharebox, path, seen, size, self.consignment.sha256(), tell, so_far, before)

    def _read_before(self, path: str) -> ReadBefore | None:
        """What was read of the file at `path` while it was sent, as far as that counts: another connection
        may be to a server that broke down meanwhile, and what has another name may be another file.
        """
        whole, part = (
            self.consignment.resume_state.whole,
            part_path(self.sharebox, self.consignment.ledger.name),
        )
        if path != part or whole is None or whole.over is not self.sharebox.connection:
            return None
        parts = to_look_at(self.size(), whole.same)
        if len(parts) == self.size() or not is_of_use(self.sharebox.knowledge):
            return None
        return ReadBefore(self.archive.open_again(), whole.same, parts)

    def forget(self) -> None:
        self.consignment.resume_state.forget()
        self.reports.begin_anew()

    def about_to_rename(self) -> None:
        self.reports.tell(DeliveryStage.PUBLISHING, self.size(), self.size())
