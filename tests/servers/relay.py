"""A TCP relay on loopback that cuts, silences or slows the connections it carries, and counts their bytes."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING

from tests.servers.processes import LOOPBACK, stop_listening

if TYPE_CHECKING:
    from collections.abc import Iterator

_RESET_AT_CLOSE = struct.pack("ii", 1, 0)
_SO_ATTACH_FILTER = 26
_PIECE = 1 << 14
_SLOW_PIECE = 1 << 10
_LAST_WORDS_SECONDS = 2.0


class Relay:
    """Carries connections from `port` to a server on loopback.

    Attributes:
        port: where it listens.
        target_port: where it leads; another one for later connections makes it a machine in the middle.
        cut_after: resets both sides of a connection once this many bytes went to the server; None never.
        cuts: the same for the next connections, one number each, before `cut_after` counts again.
        silent_after: swallows everything, both ways and without closing, once this many bytes came from the
            server, over all connections; None never.
        rate: bytes per second, each way, as on a slow line; None for full speed, at any time.
        rate_back: the same for what comes from the server alone; None for `rate`.
        sent: bytes that went to the server, over all connections.
        answered: bytes that came from it.
        connections: how many were accepted.
    """

    def __init__(self, target_port: int) -> None:
        self.cut_after: int | None = None
        self.cuts: list[int] = []
        self.silent_after: int | None = None
        self.rate: int | None = None
        self.rate_back: int | None = None
        self.sent = 0
        self.answered = 0
        self.connections = 0
        self.target_port = target_port
        self._open = threading.Event()
        self._open.set()
        self._ended = False
        self._sockets: list[socket.socket] = []
        self._clients: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def silence(self) -> None:
        """From now on nothing passes, and nobody is told; it is held back until `resume`."""
        self._open.clear()

    def swallow(self) -> None:
        """From now on everything is lost, and nobody is told."""
        self.silent_after = self.answered

    def vanish(self) -> None:
        """From now on everything is lost, and nothing is acknowledged either, as where a cable was pulled.

        Linux gives a socket's packets to a filter before it answers them; this one takes none.
        """
        self.swallow()
        take_nothing = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
        program = struct.pack("HL", 1, ctypes.addressof(take_nothing))
        for link in self._clients:
            link.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)

    def resume(self) -> None:
        """Everything passes again, what was held back included."""
        self._open.set()

    def cut(self) -> None:
        """Resets every connection that there is now."""
        for link in list(self._sockets):
            _reset(link)

    def close(self) -> None:
        """Ends all connections and threads."""
        self._ended = True
        self._open.set()
        stop_listening(self._listener)
        self.cut()
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
                server = socket.create_connection((LOOPBACK, self.target_port))
            except OSError:
                return
            self.connections += 1
            self._sockets += [client, server]
            self._clients.append(client)
            cut = self.cuts.pop(0) if self.cuts else None
            all_is_heard = threading.Event()
            self._start(self._carry, client, server, True, cut, all_is_heard)
            self._start(self._carry, server, client, False, cut, all_is_heard)

    def _carry(
        self,
        source: socket.socket,
        sink: socket.socket,
        to_server: bool,
        cut: int | None,
        all_is_heard: threading.Event,
    ) -> None:
        """Carries one direction.

        Args:
            cut: the connection's own `cut_after`.
            all_is_heard: set once what the server said was passed on: who writes to a server that has left
                may still read that, and through the relay too.
        """
        carried = 0
        try:
            while data := source.recv(_PIECE if self._rate(to_server) is None else _SLOW_PIECE):
                if (rate := self._rate(to_server)) is not None:
                    time.sleep(len(data) / rate)
                self._open.wait()
                cut_after = self.cut_after if cut is None else cut
                data = data[: self._may_pass(len(data), carried, to_server, cut_after)]
                carried += len(data)
                if to_server:
                    self.sent += len(data)
                else:
                    self.answered += len(data)
                sink.sendall(data)
                if to_server and carried == cut_after:
                    _reset(source)
                    _reset(sink)
                    return
            if self._before_silence() > 0:
                sink.shutdown(socket.SHUT_WR)
        except OSError:  # one side was reset: so is the other
            if to_server:
                all_is_heard.wait(_LAST_WORDS_SECONDS)
            if self._before_silence() > 0:
                _reset(sink)
                _reset(source)
        finally:
            if not to_server:
                all_is_heard.set()

    def _rate(self, to_server: bool) -> int | None:
        return self.rate if to_server or self.rate_back is None else self.rate_back

    def _may_pass(self, count: int, carried: int, to_server: bool, cut_after: int | None) -> int:
        """How many of the next `count` bytes pass, where some were carried that way already."""
        if to_server:
            before_cut = count if cut_after is None else max(0, cut_after - carried)
            return min(count, before_cut) if self._before_silence() > 0 else 0
        return min(count, self._before_silence())

    def _before_silence(self) -> int:
        """How many bytes may still come from the server."""
        return sys.maxsize if self.silent_after is None else max(0, self.silent_after - self.answered)


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
