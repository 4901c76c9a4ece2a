"""Delivers an archive to the Sharebox: resumed where it can be, verified, and only then given its name.

It goes to `NAME.part` first. Everything but the 32-byte signature header is sent while the archive grows; the
header goes last, so that a partial file is never a valid archive. The final name appears by a rename, after
the content was verified, so that it never stands for wrong bytes.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.delivery.growing import HEADER_BYTES
from tui_transfer.sharebox.delivery.publication import PART, find, open_part, publish
from tui_transfer.sharebox.delivery.resume_state import ResumeState, Whole
from tui_transfer.sharebox.delivery.verification import Verification, verify
from tui_transfer.sharebox.sftp.session import CREATE, READ, TRUNCATE, WRITE, SftpError
from tui_transfer.sharebox.sftp.window import WriteWindow, read_ahead

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from tui_transfer.sharebox.delivery.growing import ArchiveReader, GrowingFile
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

_PATIENCE_SECONDS: Final = 0.2
_LOOK_SECONDS: Final = 0.002
"""Between two looks at whether answers have come, while the archive grows: they tell how fast the link is."""
_REPORT_SECONDS: Final = 0.02
"""Blocks are chosen by what the last report told of the link: on a fast one, megabytes arrive between two."""


class DeliveryStage(StrEnum):
    """What a delivery is doing."""

    CHECKING = "checking"
    """Comparing what an earlier attempt left with the archive."""
    SENDING = "sending"
    VERIFYING = "verifying"
    PUBLISHING = "publishing"
    """Giving the file its final name."""


@dataclass(frozen=True)
class DeliveryProgress:
    """How far a stage is, in bytes of the archive; `total` is None while the archive grows.

    While sending, `done` counts what the server acknowledged, and what was found there; `busy` is the seconds
    for which the link had something of it to carry, over this connection.
    """

    stage: DeliveryStage
    done: int
    total: int | None
    busy: float = field(default=0.0, compare=False)


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
    with _upload(sharebox, file, name, on_progress, cancelled, resume_state) as upload:
        upload.send()


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
        cancelled: ends the delivery at the next answer of the server; the connection's own ends it at once.
        resume_state: what `send` and earlier attempts of this process know of it; goes on learning.

    Raises:
        TransferError: NAME_TAKEN, CONTENT_MISMATCH, INTERRUPTED, what the server refuses, CONNECTION_LOST.
        BaseException: what `GrowingFile.fail` was given.
    """
    with _upload(sharebox, file, name, on_progress, cancelled, resume_state or ResumeState()) as upload:
        return upload.deliver(sha256)


@contextmanager
def _upload(
    sharebox: Sharebox,
    file: GrowingFile,
    name: str,
    on_progress: Callable[[DeliveryProgress], None],
    cancelled: threading.Event,
    resume_state: ResumeState,
) -> Iterator[_Upload]:
    try:
        with file.open() as local:
            yield _Upload(sharebox, file, local, name, on_progress, cancelled, resume_state)
    except TransferError as error:
        if error.problem is Problem.CONNECTION_LOST and cancelled.is_set():
            raise _interrupted() from error
        raise


@dataclass
class _Upload:
    """One delivery, from the first look at the Sharebox to the final name."""

    sharebox: Sharebox
    file: GrowingFile
    local: ArchiveReader
    name: str
    on_progress: Callable[[DeliveryProgress], None]
    cancelled: threading.Event
    resume_state: ResumeState

    def __post_init__(self) -> None:
        self.final = self.sharebox.path(self.name)
        self.part = self.final + PART
        self.reported: DeliveryProgress | None = None
        self.report_again = 0.0
        self.ready = 0

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
        size = self._final_size()
        self._report(DeliveryStage.PUBLISHING, size)
        path = publish(self.sharebox, self.part, self.final, size)
        if path != self.final:
            # Fetched or thrown away before it had its name: nobody knows, whatever was verified until then.
            verification = Verification.NONE
        return Delivery(path, size, verification, start)

    def _send_and_verify(self, sha256: Callable[[], str]) -> tuple[int, Verification]:
        """Makes the partial file whole and verifies it; gives the offset from which it was sent, too."""
        start = self._final_size() if self._is_whole() else self._send()
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
        return found is not None and found.size == self.file.size

    def _sent_now(self, *, afresh: bool = False) -> bool:
        """Whether this very connection made the partial file whole, and `afresh` where that is asked."""
        whole = self.resume_state.whole
        return whole is not None and whole.over is self.sharebox.connection and (whole.afresh or not afresh)

    def _recognise(self, sha256: Callable[[], str]) -> Delivery:
        """The final name is there: delivered by an earlier attempt that could not say so, or not ours."""
        size = self._final_size()
        try:
            verification = self._verify(self.final, sha256)
        except TransferError as error:
            if error.problem is Problem.CONTENT_MISMATCH:
                raise TransferError(Problem.NAME_TAKEN, path=self.final) from error
            raise
        return Delivery(self.final, size, verification, size)

    def _send(self) -> int:
        """Makes the partial file whole; gives the offset from which it was sent.

        It is not closed after a failure: the server does that when the connection ends.
        """
        sftp, afresh = self.sharebox.sftp, self.resume_state.is_blank
        with self.sharebox.refusals("écriture de", self.part):
            handle, there = self._open()
            start = self._check(handle, there)
            self._require_room(there)
            self._stream(handle, start)
            size = self._final_size()
            if there > size:
                sftp.truncate(handle, size)
            sftp.fsync(handle)
            self._write_header(handle)
            sftp.fsync(handle)
            sftp.close(handle)
        self.resume_state.whole = Whole(self.sharebox.connection, afresh)
        return start if start > HEADER_BYTES else 0

    def _open(self) -> tuple[bytes, int]:
        """Opens the partial file as it is, to read it too where that is allowed; gives its size as well."""
        sftp = self.sharebox.sftp
        handle = open_part(sftp, self.part, READ | WRITE | CREATE, WRITE | CREATE)
        try:
            return handle, sftp.fstat(handle).size or 0
        except SftpError:  # the server tells no size: nothing of what may be there is kept
            sftp.close(handle)
            return open_part(sftp, self.part, WRITE | CREATE | TRUNCATE), 0

    def _require_room(self, there: int) -> None:
        """Begins nothing that cannot end: what is packed by now must fit, `there` bytes being there already.

        Over a slow link the refusal would come after hours. Servers that tell no room refuse when it is full.
        """
        free = self.sharebox.sftp.free_bytes(self.sharebox.address.directory)
        missing = self.file.wait(beyond=-1, timeout=0) - there
        if free is not None and missing > free:
            reason = f"il faut encore {french.size(missing)}, et {french.size(free)} y sont libres"
            raise TransferError(Problem.SHAREBOX_FULL, path=self.final, reason=reason)

    def _check(self, handle: bytes, there: int) -> int:
        """Compares what is there with the archive, as far as that was not done before; gives the offset up to
        which it is the same.

        Where the server lets nobody read, nothing there is trusted.
        """
        offset = self.resume_state.begin_comparing(there)
        try:
            for theirs in read_ahead(self.sharebox.sftp, handle, offset, there):
                ours = self._read_when_there(offset, len(theirs))
                if ours != theirs:
                    return offset + _length_in_common(ours, theirs)
                offset += len(ours)
                self.resume_state.same_until = offset
                self._report(DeliveryStage.CHECKING, offset)
        except SftpError:
            self.resume_state.forget()
            return HEADER_BYTES
        return offset

    def _stream(self, handle: bytes, start: int) -> None:
        """Sends the archive from `start` to its end, as it grows."""
        window = WriteWindow(self.sharebox.sftp, handle, self._acknowledged(start))
        window.write(0, bytes(HEADER_BYTES))  # no header: what an earlier attempt left is no archive either
        offset = start
        while (available := self._wait_beyond(offset, window)) > offset:
            self.ready = available
            while offset < available:
                data = self._read(offset, min(window.packet, available - offset))
                window.write(offset, data)
                offset += len(data)
        window.drain()

    def _acknowledged(self, start: int) -> Callable[[int, float], None]:
        def acknowledge(count: int, busy: float) -> None:
            self.resume_state.same_until = max(start, start + count - HEADER_BYTES)
            self._report(DeliveryStage.SENDING, self.resume_state.same_until, busy)

        return acknowledge

    def _write_header(self, handle: bytes) -> None:
        window = WriteWindow(self.sharebox.sftp, handle, lambda *_: None)
        window.write(0, self._read(0, HEADER_BYTES))
        window.drain()

    def _verify(self, path: str, sha256: Callable[[], str]) -> Verification:
        size = self._final_size()
        self._report(DeliveryStage.VERIFYING, 0)
        read_back = self.resume_state.read_back[path]
        return verify(
            self.sharebox,
            path,
            size,
            sha256(),
            lambda done: self._report(DeliveryStage.VERIFYING, done),
            read_back,
        )

    # The local archive

    def _final_size(self) -> int:
        while self.file.size is None:
            self._wait_beyond(self.file.wait(0, 0), None)
        return self.file.size

    def _wait_beyond(self, offset: int, window: WriteWindow | None) -> int:
        """Waits until the archive has grown beyond `offset`, or is finished; gives how far it goes."""
        while (
            available := self.file.wait(offset, self._patience(window))
        ) <= offset and self.file.size is None:
            self._check_cancelled()
            self.sharebox.check_alive()
            if window is not None:
                window.collect()
        return available

    def _patience(self, window: WriteWindow | None) -> float:
        return _PATIENCE_SECONDS if window is None or window.is_empty else _LOOK_SECONDS

    def _read_when_there(self, offset: int, length: int) -> bytes:
        available = self._wait_beyond(offset + length - 1, None)
        return self._read(offset, max(0, min(length, available - offset)))

    def _read(self, offset: int, length: int) -> bytes:
        data = self.local.read(offset, length)
        if len(data) != length:
            reason = "l'archive a été raccourcie pendant l'envoi"
            raise TransferError(Problem.DISK_UNWRITABLE, path=self.file.path, reason=reason)
        return data

    # The person

    def _report(self, stage: DeliveryStage, done: int, busy: float = 0.0) -> None:
        """Tells of progress: at once when a stage begins or is complete, or when all that was ready has
        arrived, which shows how fast it went; otherwise not too often."""
        self._check_cancelled()
        progress = DeliveryProgress(stage, done, self.file.size, busy)
        last, now = self.reported, time.monotonic()
        if progress == last:
            return
        is_complete = done in (progress.total, self.ready)
        if last is None or last.stage is not stage or is_complete or now >= self.report_again:
            self.reported = progress
            self.report_again = now + _REPORT_SECONDS
            self.on_progress(progress)

    def _check_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise _interrupted()


def _length_in_common(ours: bytes, theirs: bytes) -> int:
    differing = (at for at, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other)
    return next(differing, min(len(ours), len(theirs)))


def _interrupted() -> TransferError:
    return TransferError(Problem.INTERRUPTED, reason="l'interruption a été demandée")
