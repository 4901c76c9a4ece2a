"""Reads back what the server acknowledged of a partial file while the rest of it is sent.

SSH is full duplex: what comes back costs nothing of what is sent, as far as the line is as fast that way.
Sending comes first: little more is asked for at a time than is being sent, and only what fills a packet. What
is left when all is sent is read after the close, the first and the last megabyte among it; and everything is
looked at again in places then (`places`), as a server may serve reads until the close from elsewhere than
what it keeps.
"""

from __future__ import annotations

import contextlib
import logging
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.sftp.session import READ, SftpError
from tui_transfer.sharebox.sftp.window import ReadWindow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from tui_transfer.sharebox.delivery.local import LocalArchive
    from tui_transfer.sharebox.sftp.window import WriteWindow
    from tui_transfer.sharebox.ssh.knowledge import Knowledge
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

_ANY: Final = 1 << 62
_MORE_PACKETS: Final = 4
"""Asked for beyond what is being sent: an answer has its own way to go, after those of what was sent."""
_log = logging.getLogger("tui_transfer.sharebox")


class Ranges:
    """Parts of a file, in their order, without those that touch or overlap."""

    def __init__(self, parts: Iterable[range] = ()) -> None:
        self._parts: list[range] = []
        for part in parts:
            self.add(part)

    def __iter__(self) -> Iterator[range]:
        return iter(self._parts)

    def __len__(self) -> int:
        """How many bytes they have."""
        return sum(map(len, self._parts))

    def __contains__(self, offset: int) -> bool:
        """Whether the byte at `offset` is in one of them."""
        return not self.gap(offset, offset + 1)

    def add(self, part: range) -> None:
        """Adds the bytes of `part`."""
        if part:
            touched = [one for one in self._parts if one.start <= part.stop and part.start <= one.stop]
            others = [one for one in self._parts if one not in touched]
            joined = range(
                min(one.start for one in (part, *touched)), max(one.stop for one in (part, *touched))
            )
            others.insert(bisect_right(others, joined.start, key=lambda one: one.start), joined)
            self._parts = others

    def clear(self) -> None:
        """Leaves none."""
        self._parts = []

    def gap(self, start: int, stop: int) -> range:
        """The first bytes from `start` to `stop` that are in none of them; empty where all are."""
        for part in self._parts:
            if part.stop > start:
                if part.start > start:
                    return range(start, min(part.start, stop))
                start = part.stop
        return range(start, max(start, stop))

    def gaps(self, stop: int) -> Iterator[range]:
        """All bytes before `stop` that are in none of them."""
        gap = self.gap(0, stop)
        while gap:
            yield gap
            gap = self.gap(gap.stop, stop)


def is_of_use(knowledge: Knowledge) -> bool:
    """Whether a server is to be read back meanwhile: where it tells no hash, and what it serves until the
    close was never seen to be other than what it keeps.
    """
    can = knowledge.abilities
    return can.reads and can.reads_meanwhile is True and can.keeps_what_it_shows and not can.hashes


class ReadMeanwhile:
    """Reads a partial file back in the session that writes it, without ever waiting. A context manager, which
    ends that.

    Where the server refuses, or gives other bytes than were sent, it is given up, and the whole is read back
    after the close: that decides what the file is like.

    Args:
        sharebox: whose session it is.
        part: the partial file, which exists.
        archive: what is sent.
        same: what was read over this connection before, and is the same; goes on learning.
    """

    def __init__(self, sharebox: Sharebox, part: str, archive: LocalArchive, same: Ranges) -> None:
        self._sharebox = sharebox
        self._part = part
        self._archive = archive.open_again()
        self._same = same
        self._next = 0
        """Up to here it was asked for, or read before."""
        self._handle: bytes | None = None
        self._window: ReadWindow | None = None
        """What was asked for; `None` where nothing is."""

    def __enter__(self) -> Self:
        if is_of_use(self._sharebox.knowledge):
            try:
                self._handle = self._sharebox.sftp.open(self._part, READ)
                self._window = ReadWindow(self._sharebox.sftp, self._handle)
            except SftpError as error:
                self._give_up(f"refused: {error}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        goes_on = kind is None or issubclass(kind, SftpError)  # the session, so that it may be asked for this
        if self._handle is not None and goes_on:
            with contextlib.suppress(SftpError):
                self._sharebox.sftp.close(self._handle)

    def go_on(self, start: int, end: int, window: WriteWindow) -> None:
        """Takes what has come, and asks for more of what was acknowledged.

        Args:
            start: the offset from which on there is something to read.
            end: the offset up to which everything was acknowledged.
            window: of the writes.
        """
        self._take()
        self._next = max(self._next, start)
        while (reads := self._window) is not None:
            most = window.in_flight + _MORE_PACKETS * reads.packet if window.in_flight else _ANY
            gap = self._same.gap(self._next, end)
            length = min(len(gap), reads.packet)
            is_worth_it = length == reads.packet or gap.stop < end
            if not length or not is_worth_it or reads.room(most) < length:
                return
            reads.ask(gap.start, length)
            self._next = gap.start + length

    def finish(self) -> None:
        """Waits for what was asked for."""
        while self._window is not None and not self._window.is_empty:
            self._sharebox.sftp.receive()
            self._take()

    def _take(self) -> None:
        try:
            while self._window is not None and (found := self._window.take()) is not None:
                offset, theirs = found
                if not theirs or self._archive.read(offset, len(theirs)) != theirs:
                    self._give_up(f"what is read at {offset} is not what was sent")
                    return
                self._same.add(range(offset, offset + len(theirs)))
        except SftpError as error:
            self._give_up(f"refused: {error}")
        except TransferError as error:
            if error.problem is not Problem.SPOOL_DAMAGED:
                raise
            self._window = None  # what is compared with is not what was sent: the hash of that tells

    def _give_up(self, why: str) -> None:
        _log.warning("%s is not read back while it is sent: %s", self._part, why)
        self._window = None
        self._same.clear()
        self._sharebox.knowledge.learn(reads_meanwhile=False)
