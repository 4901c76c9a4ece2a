"""A TCP relay on loopback that cuts or silences the connections it carries, and counts their bytes."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING

from tests.servers.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator

_RESET_AT_CLOSE = struct.pack("ii", 1, 0)
_PIECE = 1 << 14


class Relay:
    """Carries connections from `port` to a server on loopback.

    Attributes:
        port: where it listens.
        cut_after: resets both sides of a connection once this many bytes went to the server; None never.
        sent: bytes that went to the server, over all connections.
        connections: how many were accepted.
    """

    def __init__(self, target_port: int) -> None:
        self.cut_after: int | None = None
        self.sent = 0
        self.connections = 0
        self._target_port = target_port
        self._open = threading.Event()
        self._open.set()
        self._ended = False
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def silence(self) -> None:
        """From now on nothing passes, and nobody is told."""
        self._open.clear()

    def resume(self) -> None:
        """Everything passes again, what was held back included."""
        self._open.set()

    def close(self) -> None:
        """Ends all connections and threads."""
        self._ended = True
        self._open.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in list(self._sockets):
            _reset(link)
        for thread in list(self._threads):
            thread.join(timeout=10)

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection((LOOPBACK, self._target_port))
            except OSError:
                return
            self.connections += 1
            self._sockets += [client, server]
            self._start(self._carry, client, server, True)
            self._start(self._carry, server, client, False)

    def _carry(self, source: socket.socket, sink: socket.socket, to_server: bool) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while data := source.recv(_PIECE):
                self._open.wait()
                if to_server:
                    if self.cut_after is not None and carried + len(data) > self.cut_after:
                        data = data[: max(0, self.cut_after - carried)]
                    carried += len(data)
                    self.sent += len(data)
                sink.sendall(data)
                if to_server and carried == self.cut_after:
                    _reset(source)
                    _reset(sink)
                    return
            sink.shutdown(socket.SHUT_WR)


def _reset(link: socket.socket) -> None:
    """Closes with a reset, as a dying router or an impatient firewall does."""
    with contextlib.suppress(OSError):
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        link.shutdown(socket.SHUT_RD)  # wakes the thread that reads it
    link.close()


@contextlib.contextmanager
def relay(target_port: int) -> Iterator[Relay]:
    """Runs a relay to a server on loopback."""
    made = Relay(target_port)
    try:
        yield made
    finally:
        made.close()
