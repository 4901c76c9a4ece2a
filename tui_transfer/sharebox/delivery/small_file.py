"""Delivers small files whole, such as the manifest beside an archive."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_transfer.sharebox.delivery.evidence import Step
from tui_transfer.sharebox.delivery.handover import Handover
from tui_transfer.sharebox.delivery.part import open_part, part_path
from tui_transfer.sharebox.delivery.verification import compare
from tui_transfer.sharebox.sftp.session import CREATE, TRUNCATE, WRITE
from tui_transfer.sharebox.sftp.window import WriteWindow

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.sharebox.delivery.evidence import Arrival, Content
    from tui_transfer.sharebox.delivery.ledger import Ledger
    from tui_transfer.sharebox.delivery.trial import Trials
    from tui_transfer.sharebox.sftp.session import Attributes
    from tui_transfer.sharebox.ssh.sharebox import Sharebox


def put_small(
    sharebox: Sharebox,
    data: bytes,
    ledger: Ledger,
    trials: Trials,
    on_acknowledged: Callable[[int], None] = lambda _: None,
    on_compared: Callable[[int], None] = lambda _: None,
) -> Arrival:
    """Delivers `data`, a few megabytes at most, under the ledger's name; safe to repeat after any failure.

    Whoever has created the partial file of the archive owns the names that begin like it, this one too.

    Args:
        sharebox: where to.
        data: what.
        ledger: what is known of its delivery.
        trials: tells what the server does with what it is given.
        on_acknowledged: is told how many bytes of it the server has acknowledged.
        on_compared: is told how many were read back, where that is how it is verified.

    Returns:
        The evidence that it arrived.

    Raises:
        TransferError: as `Handover.run`.
    """
    return Handover(
        sharebox, _SmallFile(sharebox, data, ledger, on_acknowledged, on_compared), ledger, trials
    ).run()


def write(
    sharebox: Sharebox,
    path: str,
    data: bytes,
    before_closing: Callable[[], None] = lambda: None,
    on_acknowledged: Callable[[int], None] = lambda _: None,
) -> None:
    """Writes `data`, a few megabytes at most, to a partial file, and has it brought to the server's disk.

    Raises:
        TransferError: what the server refuses, CONNECTION_LOST.
    """
    sftp = sharebox.sftp
    with sharebox.refusals("écriture de", path):
        handle = open_part(sftp, path, WRITE | CREATE | TRUNCATE)
        window = WriteWindow(sftp, handle, lambda count, _: on_acknowledged(count))
        for offset in range(0, len(data), sftp.limits.write):
            window.write(offset, data[offset : offset + sftp.limits.write])
        window.drain()
        sftp.fsync(handle)
        before_closing()
        sftp.close(handle)


@dataclass
class _SmallFile:
    """The parcel of a small file."""

    sharebox: Sharebox
    data: bytes
    ledger: Ledger
    on_acknowledged: Callable[[int], None]
    on_compared: Callable[[int], None]
    sent_afresh: bool = False

    def size(self) -> int:
        return len(self.data)

    def send(self) -> None:
        part = part_path(self.sharebox, self.ledger.name)
        write(self.sharebox, part, self.data, lambda: self.ledger.reach(Step.CLOSING), self.on_acknowledged)
        self.sent_afresh = True

    def compare(self, path: str, seen: Attributes) -> Content | None:
        sha256 = hashlib.sha256(self.data).hexdigest()
        return compare(
            self.sharebox, path, seen, len(self.data), sha256, lambda done, _: self.on_compared(done)
        )

    def forget(self) -> None:
        self.sent_afresh = False

    def about_to_rename(self) -> None:
        pass
