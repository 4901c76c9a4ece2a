"""Requests in flight: a bounded number of bytes asked or sent, and no answer left unread.

The round trip to a Sharebox is long compared with the time one packet takes, so many must be under way. The
bound, which `flow` finds, keeps memory small, loses little at a cut, and keeps progress honest: what counts
is what the server acknowledged.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_transfer.sharebox.sftp.flow import Departure, FlowControl
from tui_transfer.sharebox.sftp.session import PACKET_BYTES, read_data, require_granted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tui_transfer.sharebox.sftp.replies import Reply
    from tui_transfer.sharebox.sftp.session import SftpSession


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
    def is_empty(self) -> bool:
        """Whether every write was acknowledged."""
        return not self._requests

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
    flow = FlowControl()
    requests: deque[_Request] = deque()
    offset, in_flight = start, 0
    while offset < end or requests:
        while offset < end and (not requests or in_flight < flow.limit):
            length = flow.packet(PACKET_BYTES, session.limits.read)
            request = _ask(session, handle, offset, min(length, end - offset), flow)
            requests.append(request)
            offset += request.length
            in_flight += request.length
        request = requests.popleft()
        in_flight -= request.length
        data = _wait(session, request)
        if data is None:
            return
        flow.arrive(time.monotonic(), request.departure, len(data))
        yield data
        missing = request.length - len(data)
        if missing > 0:  # a short answer: the rest is asked next, before what follows it
            requests.appendleft(_ask(session, handle, request.offset + len(data), missing, flow))
            in_flight += missing


def _ask(session: SftpSession, handle: bytes, offset: int, length: int, flow: FlowControl) -> _Request:
    request = _Request(offset, length, flow.depart(time.monotonic()))
    session.read(handle, offset, length, request.on_answer)
    return request


def _wait(session: SftpSession, request: _Request) -> bytes | None:
    while request.answer is None:
        session.receive()
    return read_data(request.answer)
