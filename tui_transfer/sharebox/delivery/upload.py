"""Sends an archive to its partial file: what is there already is compared, and only the rest is sent.

Everything but the 32-byte signature header is sent while the archive grows; the header goes last, so that a
partial file is never a valid archive. A server that only takes what follows what it has gets the whole from
its beginning to its end, once it is packed; where it lets nothing be added to a file, from the start each
time.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.delivery import places
from tui_transfer.sharebox.delivery.evidence import Step
from tui_transfer.sharebox.delivery.growing import HEADER_BYTES
from tui_transfer.sharebox.delivery.meanwhile import Ranges, ReadMeanwhile
from tui_transfer.sharebox.delivery.part import PART, create_part, open_part
from tui_transfer.sharebox.delivery.progress import DeliveryStage
from tui_transfer.sharebox.delivery.resume_state import Whole
from tui_transfer.sharebox.sftp.session import CREATE, READ, TRUNCATE, WRITE, SftpError
from tui_transfer.sharebox.sftp.window import WriteWindow, read_ahead
from tui_transfer.sharebox.ssh.sharebox import FULL_BELOW_BYTES

if TYPE_CHECKING:
    from tui_transfer.sharebox.delivery.ledger import Ledger
    from tui_transfer.sharebox.delivery.local import LocalArchive
    from tui_transfer.sharebox.delivery.progress import Reports
    from tui_transfer.sharebox.delivery.resume_state import ResumeState
    from tui_transfer.sharebox.ssh.sharebox import Sharebox


class Upload:
    """Sends one archive over one connection.

    Args:
        sharebox: where to.
        archive: what.
        part: the path of the partial file.
        reports: is told of progress.
        resume_state: what earlier connections know; goes on learning.
        ledger: is told that the partial file is created, and closed, before it is.
    """

    def __init__(
        self,
        sharebox: Sharebox,
        archive: LocalArchive,
        part: str,
        reports: Reports,
        resume_state: ResumeState,
        ledger: Ledger,
    ) -> None:
        self._sharebox = sharebox
        self._archive = archive
        self._part = part
        self._reports = reports
        self._resume_state = resume_state
        self._ledger = ledger
        self._backwards = sharebox.knowledge.abilities.writes_back
        """Whether the header may come last."""
        self._same = Ranges()
        """What of the partial file was read over this connection, and is the same."""

    def run(self) -> None:
        """Makes the partial file whole, and closes it.

        It is not closed after the connection was lost: the server does that.

        Raises:
            TransferError: NAME_TAKEN, INTERRUPTED, what the server refuses, CONNECTION_LOST, DISK_UNWRITABLE.
        """
        if self._backwards:
            self._resume_state.send_from(HEADER_BYTES)
        else:
            self._resume_state.send_from(0)
            self._archive.final_size()  # its header is written first, and known last
        with self._sharebox.refusals("écriture de", self._part):
            afresh = self._resume_state.is_blank
            handle, start, there = self._open()
            try:
                self._fill(handle, start, there)
            except SftpError:
                with contextlib.suppress(SftpError):  # it may be opened again at once
                    self._sharebox.sftp.close(handle)
                raise
            self._ledger.reach(Step.CLOSING)
            self._sharebox.sftp.close(handle)
        self._resume_state.whole = Whole(self._sharebox.connection, afresh, self._same)
        self._resume_state.sent_from = start if start > self._resume_state.first else 0

    def _open(self) -> tuple[bytes, int, int]:
        """Opens the partial file; gives the offset up to which it is as it should be, and its size."""
        if not self._ledger.owned:
            return create_part(self._sharebox, self._part, self._ledger), self._resume_state.first, 0
        if not self._sharebox.knowledge.abilities.goes_on:
            return self._open_anew()
        handle, start, there = self._open_as_it_is()
        if start < there and not self._backwards:  # what differs cannot be written again where it is
            self._sharebox.sftp.close(handle)
            return self._open_anew()
        return handle, start, there

    def _open_as_it_is(self) -> tuple[bytes, int, int]:
        """Opens it to be read too, where that is allowed; otherwise reads it, where that is, and opens it."""
        sftp = self._sharebox.sftp
        try:
            handle = sftp.open(self._part, READ | WRITE | CREATE)
        except SftpError:
            return self._open_after_reading()
        try:
            there = sftp.fstat(handle).size or 0
        except SftpError:  # the server tells no size: nothing of what may be there is kept
            sftp.close(handle)
            return self._open_anew()
        return handle, self._check(handle, there), there

    def _open_after_reading(self) -> tuple[bytes, int, int]:
        sftp, start, there = self._sharebox.sftp, self._resume_state.first, 0
        try:
            reader = sftp.open(self._part, READ)
            there = sftp.fstat(reader).size or 0
            start = self._check(reader, there)
            sftp.close(reader)
        except SftpError:
            self._resume_state.forget()
        try:
            handle = sftp.open(self._part, WRITE | CREATE)
        except SftpError:
            return self._open_anew()
        try:
            size = sftp.fstat(handle).size
        except SftpError:
            size = None
        if size == there:
            return handle, start, there
        sftp.close(handle)  # some servers empty a file that is opened, and others do not tell
        return self._open_anew()

    def _open_anew(self) -> tuple[bytes, int, int]:
        """Begins again with an empty file."""
        self._resume_state.forget()
        self._same.clear()
        handle = open_part(self._sharebox.sftp, self._part, WRITE | CREATE | TRUNCATE)
        return handle, self._resume_state.first, 0

    def _fill(self, handle: bytes, start: int, there: int) -> None:
        """Sends what is missing."""
        sftp = self._sharebox.sftp
        self._require_room(there)
        self._stream(handle, start)
        size = self._archive.final_size()
        if there > size:
            sftp.truncate(handle, size)
        sftp.fsync(handle)
        if self._backwards:
            self._write_header(handle)
            sftp.fsync(handle)

    def _require_room(self, there: int) -> None:
        """Begins nothing that cannot end: what is packed by now must fit, `there` bytes being there already.

        Over a slow link the refusal would come after hours. Servers that tell no room refuse when it is full;
        so do at once those that tell next to none, unless they tell of a file system that is not the one.
        """
        free = self._sharebox.sftp.free_bytes(self._sharebox.address.directory)
        missing = self._archive.available - there
        if free is not None and FULL_BELOW_BYTES <= free < missing:
            reason = f"il faut encore {french.size(missing)}, et {french.size(free)} y sont libres"
            raise TransferError(Problem.SHAREBOX_FULL, path=self._part.removesuffix(PART), reason=reason)

    def _check(self, handle: bytes, there: int) -> int:
        """Compares what is there with the archive, as far as that was not done before; gives the offset up to
        which it is the same.

        Where the server lets nobody read, nothing there is trusted.
        """
        start = offset = self._resume_state.begin_comparing(there)
        try:
            for theirs in read_ahead(self._sharebox.sftp, handle, offset, there):
                ours = self._archive.read_when_there(offset, len(theirs))
                offset += places.length_in_common(ours, theirs)
                self._same.add(range(start, offset))
                if ours != theirs:
                    return offset
                self._resume_state.same_until = offset
                self._reports.tell(DeliveryStage.CHECKING, offset, there, 0.0, len(self._same))
        except SftpError:
            self._resume_state.forget()
            return self._resume_state.first
        return offset

    def _stream(self, handle: bytes, start: int) -> None:
        """Sends the archive from `start` to its end, as it grows."""
        with ReadMeanwhile(self._sharebox, self._part, self._archive, self._same) as reading:
            self._send(handle, start, reading)
            reading.finish()

    def _send(self, handle: bytes, start: int, reading: ReadMeanwhile) -> None:
        def acknowledge(count: int, busy: float) -> None:
            known = self._resume_state
            known.same_until = max(start, start + count - known.first)
            # The first and the last megabyte are read after the close in any case.
            reading.go_on(max(known.first, places.END_BYTES), known.same_until - places.END_BYTES, window)
            self._tell(DeliveryStage.SENDING, known.same_until, busy)

        window = WriteWindow(self._sharebox.sftp, handle, acknowledge)
        if self._backwards:
            window.write(0, bytes(HEADER_BYTES))  # what an earlier attempt left is no archive either
        offset = start
        while (available := self._archive.wait_beyond(offset, window)) > offset:
            self._reports.ready = available
            while offset < available:
                data = self._archive.read(offset, min(window.packet, available - offset))
                window.write(offset, data)
                offset += len(data)
        window.drain()

    def _write_header(self, handle: bytes) -> None:
        window = WriteWindow(self._sharebox.sftp, handle, lambda *_: None)
        window.write(0, self._archive.read(0, HEADER_BYTES))
        window.drain()

    def _tell(self, stage: DeliveryStage, done: int, busy: float = 0.0) -> None:
        self._reports.tell(stage, done, self._archive.size_so_far, busy, len(self._same))
