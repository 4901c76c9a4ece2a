"""Requests in flight: a bounded number of bytes asked or sent, and no answer left unread.

The round trip to a Sharebox is long compared with the time one packet takes, so many must be under way. The
bound, which `flow` finds, keeps memory small, loses little at a cut, and keeps progress honest: what counts
is what the server acknowledged.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tui_transfer.sharebox.sftp.flow import Departure, FlowControl
from tui_transfer.sharebox.sftp.session import PACKET_BYTES, read_data, require_granted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tui_transfer.sharebox.sftp.replies import Reply
    from tui_transfer.sharebox.sftp.session import SftpSession

_MOST_ASKED: Final = 1 << 20
"""Bytes that may be asked for beside writes, well within what a channel holds (2 MiB). Otherwise a server
that cannot get rid of its answers would take no writes, while we are sending one and take no answers."""


@dataclass
class _Request:
    """One request under way: where its data belong, and the answer once it came."""

    offset: int
    length: int
    departure: Departure
    answer: Reply | None = field(default=None)

    def on_answer(self, reply: Reply) -> None:
        self.answer = reply


class WriteWindow:
    """Writes to one open file, each acknowledged or an error.

    A refused write raises `SftpError` from whichever call reads its answer, and from every later one: the
    window never gets past it.

    Args:
        session: the session.
        handle: the open file.
        on_acknowledged: is told the bytes that the server acknowledged so far, without a gap, in the order in
            which they were given, and the seconds that the link was busy with them; may raise to stop.
    """

    def __init__(
        self, session: SftpSession, handle: bytes, on_acknowledged: Callable[[int, float], None]
    ) -> None:
        self._session = session
        self._handle = handle
        self._on_acknowledged = on_acknowledged
        self._requests: deque[_Request] = deque()
        self._flow = FlowControl()
        self._in_flight = 0
        self._acknowledged = 0

    @property
    def packet(self) -> int:
        """How many bytes the next write should have, at most."""
        return self._flow.packet(PACKET_BYTES, self._session.limits.write)

    @property
    def in_flight(self) -> int:
        """Bytes that were sent and not acknowledged yet."""
        return self._in_flight

    @property
    def awaits_answers(self) -> bool:
        """Whether an answer is still to come in this session, to a write or to anything else."""
        return self._session.awaits_answers

    def write(self, offset: int, data: bytes) -> None:
        """Sends `data`, at most the session's limit for one write, once there is room for it."""
        ready = time.monotonic()
        self.collect()
        while self._requests and self._in_flight + len(data) > self._flow.limit:
            self._session.receive()
            self.collect()
        request = _Request(offset, len(data), self._flow.depart(time.monotonic(), ready))
        self._requests.append(request)
        self._in_flight += len(data)
        self._session.write(self._handle, offset, data, request.on_answer)

    def collect(self) -> None:
        """Reads the answers that are there, without waiting, and tells how far they go."""
        while self._session.has_answer():
            self._session.receive()
        self._count()
        self._on_acknowledged(self._acknowledged, self._flow.busy)

    def drain(self) -> None:
        """Waits until every write is acknowledged."""
        self.collect()
        while self._requests:
            self._session.receive()
            self.collect()

    def _count(self) -> None:
        while self._requests and (answer := self._requests[0].answer) is not None:
            require_granted(
                answer
            )  # before the request leaves the queue: a refused one stays at its head for ever
            request = self._requests.popleft()
            self._in_flight -= request.length
            self._flow.arrive(time.monotonic(), request.departure, request.length)
            self._acknowledged += request.length


def read_ahead(session: SftpSession, handle: bytes, start: int, end: int) -> Iterator[bytes]:
    """Gives the bytes from `start` to `end` of an open file, in order; fewer if the file ends before.

    Raises:
        SftpError: the server refuses to read.
    """
    return (data for _, data in read_ranges(session, handle, [range(start, end)]))


def read_ranges(session: SftpSession, handle: bytes, ranges: Iterable[range]) -> Iterator[tuple[int, bytes]]:
    """Gives these ranges of bytes of an open file, piece by piece with their offsets, in order; nothing from
    where the file ends on.

    Raises:
        SftpError: the server refuses to read.
    """
    flow = FlowControl()
    requests: deque[_Request] = deque()
    in_flight = 0
    to_ask = deque(part for part in ranges if part)
    while to_ask or requests:
        while to_ask and (not requests or in_flight < flow.limit):
            length = flow.packet(PACKET_BYTES, session.limits.read)
            part = to_ask.popleft()
            request = _ask(session, handle, part.start, min(length, len(part)), flow)
            if rest := part[request.length :]:
                to_ask.appendleft(rest)
            requests.append(request)
            in_flight += request.length
        request = requests.popleft()
        in_flight -= request.length
        data = _wait(session, request)
        if data is None:
            return
        flow.arrive(time.monotonic(), request.departure, len(data))
        yield request.offset, data
        missing = request.length - len(data)
        if missing > 0:  # a short answer: the rest is asked next, before what follows it
            requests.appendleft(_ask(session, handle, request.offset + len(data), missing, flow))
            in_flight += missing


class ReadWindow:
    """Reads of one open file that go on beside other requests of the session, and never wait.

    Args:
        session: the session.
        handle: the open file.
    """

    def __init__(self, session: SftpSession, handle: bytes) -> None:
        self._session = session
        self._handle = handle
        self._requests: deque[_Request] = deque()
        self._flow = FlowControl()
        self._in_flight = 0

    @property
    def is_empty(self) -> bool:
        """Whether all that was asked for was taken."""
        return not self._requests

    @property
    def packet(self) -> int:
        """How many bytes the next read should ask for."""
        return self._flow.packet(PACKET_BYTES, self._session.limits.read)

    def room(self, most: int) -> int:
        """How many bytes may be asked for now, where `most` may be under way; at least a packet where nothing
        is.
        """
        return max(min(self._flow.limit, most, _MOST_ASKED), self.packet) - self._in_flight

    def ask(self, offset: int, length: int) -> None:
        """Asks for these bytes."""
        self._requests.append(_ask(self._session, self._handle, offset, length, self._flow))
        self._in_flight += length

    def take(self) -> tuple[int, bytes] | None:
        """The next bytes in the order in which they were asked for, with their offset; `None` while they have
        not come. At the end of the file there are none.

        Raises:
            SftpError: the server refuses to read.
        """
        if not self._requests or (answer := self._requests[0].answer) is None:
            return None
        request = self._requests.popleft()
        self._in_flight -= request.length
        data = read_data(answer) or b""
        self._flow.arrive(time.monotonic(), request.departure, len(data))
        missing = request.length - len(data)
        if data and missing:  # a short answer: the rest is asked for again
            rest = _ask(self._session, self._handle, request.offset + len(data), missing, self._flow)
            self._requests.appendleft(rest)
            self._in_flight += missing
        return request.offset, data


def _ask(session: SftpSession, handle: bytes, offset: int, length: int, flow: FlowControl) -> _Request:
    request = _Request(offset, length, flow.depart(time.monotonic()))
    session.read(handle, offset, length, request.on_answer)
    return request


def _wait(session: SftpSession, request: _Request) -> bytes | None:
    while request.answer is None:
        session.receive()
    return read_data(request.answer)
