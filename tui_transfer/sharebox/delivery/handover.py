"""Delivers an archive to the Sharebox: sent to its partial file, verified, and only then given its name.

The final name appears by a rename, after the content was verified, so that it never stands for wrong bytes.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.delivery.local import LocalArchive
from tui_transfer.sharebox.delivery.progress import DeliveryStage, Reports, interrupted
from tui_transfer.sharebox.delivery.publication import PART, find, publish
from tui_transfer.sharebox.delivery.resume_state import ResumeState
from tui_transfer.sharebox.delivery.upload import Upload
from tui_transfer.sharebox.delivery.verification import Verification, verify

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from tui_transfer.sharebox.delivery.growing import GrowingFile
    from tui_transfer.sharebox.delivery.progress import DeliveryProgress
    from tui_transfer.sharebox.ssh.connection import Sharebox


@dataclass(frozen=True)
class Delivery:
    """A delivered file: its path on the Sharebox, its size in bytes, how it was verified.

    `resumed_from` is the offset from which it was sent; 0 if nothing of it was there.
    """

    path: str
    size: int
    verification: Verification
    resumed_from: int


def send(
    sharebox: Sharebox,
    file: GrowingFile,
    name: str,
    *,
    on_progress: Callable[[DeliveryProgress], None],
    cancelled: threading.Event,
    resume_state: ResumeState,
) -> None:
    """Does the first part of `deliver`, so that it may be left to another thread: makes the partial file
    whole, and remembers that it is.

    Args and Raises: as `deliver`. Nothing is done where the final name is there already.
    """
    with _handover(sharebox, file, name, on_progress, cancelled, resume_state) as handover:
        handover.send()


def deliver(
    sharebox: Sharebox,
    file: GrowingFile,
    name: str,
    *,
    sha256: Callable[[], str],
    on_progress: Callable[[DeliveryProgress], None],
    cancelled: threading.Event,
    resume_state: ResumeState | None = None,
) -> Delivery:
    """Delivers `file` as `name` in the drop folder; safe to repeat after any failure.

    Args:
        sharebox: where to.
        file: the archive, complete or growing.
        name: its final name.
        sha256: gives the hash of the whole archive, in hexadecimal; called once the file is finished.
        on_progress: is told up to fifty times a second.
        cancelled: ends the delivery at the next answer of the server; `Sharebox.abort` ends it at once.
        resume_state: what `send` and earlier attempts of this process know of it; goes on learning.

    Raises:
        TransferError: NAME_TAKEN, CONTENT_MISMATCH, INTERRUPTED, what the server refuses, CONNECTION_LOST.
        BaseException: what `GrowingFile.fail` was given.
    """
    with _handover(sharebox, file, name, on_progress, cancelled, resume_state or ResumeState()) as handover:
        return handover.deliver(sha256)


@contextmanager
def _handover(
    sharebox: Sharebox,
    file: GrowingFile,
    name: str,
    on_progress: Callable[[DeliveryProgress], None],
    cancelled: threading.Event,
    resume_state: ResumeState,
) -> Iterator[_Handover]:
    reports = Reports(on_progress, cancelled)

    def while_waiting() -> None:
        reports.check_cancelled()
        sharebox.check_alive()

    try:
        with LocalArchive(file, while_waiting) as archive:
            yield _Handover(sharebox, archive, name, reports, resume_state)
    except TransferError as error:
        if error.problem is Problem.CONNECTION_LOST and cancelled.is_set():
            raise interrupted() from error
        raise


@dataclass
class _Handover:
    """One delivery, from the first look at the Sharebox to the final name."""

    sharebox: Sharebox
    archive: LocalArchive
    name: str
    reports: Reports
    resume_state: ResumeState

    def __post_init__(self) -> None:
        self.final = self.sharebox.path(self.name)
        self.part = self.final + PART

    def send(self) -> None:
        """Makes the partial file whole, unless that or more is done already."""
        if self.resume_state.delivery is None and not self._is_there() and not self._is_whole():
            self._send()

    def deliver(self, sha256: Callable[[], str]) -> Delivery:
        """Does all that is left to do."""
        if self.resume_state.delivery is None:
            self.resume_state.delivery = (
                self._recognise(sha256) if self._is_there() else self._deliver(sha256)
            )
        return self.resume_state.delivery

    def _deliver(self, sha256: Callable[[], str]) -> Delivery:
        start, verification = self._send_and_verify(sha256)
        size = self.archive.final_size()
        self.reports.tell(DeliveryStage.PUBLISHING, size, size)
        path = publish(self.sharebox, self.part, self.final, size)
        if path != self.final:
            # Fetched or thrown away before it had its name: nobody knows, whatever was verified until then.
            verification = Verification.NONE
        return Delivery(path, size, verification, start)

    def _send_and_verify(self, sha256: Callable[[], str]) -> tuple[int, Verification]:
        """Makes the partial file whole and verifies it; gives the offset from which it was sent, too."""
        start = self.archive.final_size() if self._is_whole() else self._send()
        try:
            return start, self._verify(self.part, sha256)
        except TransferError as error:
            if error.problem is not Problem.CONTENT_MISMATCH or self._sent_now(afresh=True):
                raise
        # What was remembered is no longer there: all of it is compared, and repaired.
        self.resume_state.forget()
        return self._send_and_verify(sha256)

    def _is_there(self) -> bool:
        """Whether something has the final name. Nothing had when this connection began to send."""
        return not self._sent_now() and find(self.sharebox, self.final) is not None

    def _is_whole(self) -> bool:
        """Whether the partial file is known to be whole, and still there as far as one can see."""
        if self._sent_now():
            return True
        if self.resume_state.whole is None:
            return False
        found = find(self.sharebox, self.part)
        return found is not None and found.size == self.archive.size_so_far

    def _sent_now(self, *, afresh: bool = False) -> bool:
        """Whether this very connection made the partial file whole, and `afresh` where that is asked."""
        whole = self.resume_state.whole
        return whole is not None and whole.over is self.sharebox.connection and (whole.afresh or not afresh)

    def _recognise(self, sha256: Callable[[], str]) -> Delivery:
        """The final name is there: delivered by an earlier attempt that could not say so, or not ours."""
        size = self.archive.final_size()
        try:
            verification = self._verify(self.final, sha256)
        except TransferError as error:
            if error.problem is Problem.CONTENT_MISMATCH:
                raise TransferError(Problem.NAME_TAKEN, path=self.final) from error
            raise
        return Delivery(self.final, size, verification, size)

    def _send(self) -> int:
        return Upload(self.sharebox, self.archive, self.part, self.reports, self.resume_state).run()

    def _verify(self, path: str, sha256: Callable[[], str]) -> Verification:
        size = self.archive.final_size()

        def tell(done: int) -> None:
            self.reports.tell(DeliveryStage.VERIFYING, done, size)

        tell(0)
        return verify(self.sharebox, path, size, sha256(), tell, self.resume_state.read_back[path])
