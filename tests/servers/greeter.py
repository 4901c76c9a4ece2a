"""Whatever may answer on a port: it says some bytes to each who connects, and then waits or hangs up."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tests.servers.processes import LOOPBACK, stop_listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Speech = bytes | Callable[[socket.socket], object]

After = Literal["wait", "close", "reset"]


@dataclass
class Greeter:
    """Where it listens; `connections` counts who came."""

    port: int
    connections: int = 0


@contextlib.contextmanager
def greeter(speech: Speech, after: After = "close", *, hears_first: bool = False) -> Iterator[Greeter]:
    """Listens on a free loopback port.

    Args:
        speech: what is said to each who connects; a function has the whole conversation.
        after: `wait` for the other side to end it, `close`, or `reset` at once.
        hears_first: it says nothing before it has heard something.
    """
    listener = socket.create_server((LOOPBACK, 0))
    server = Greeter(listener.getsockname()[1])
    ended = threading.Event()

    def attend(link: socket.socket) -> None:
        with link, contextlib.suppress(OSError):
            if hears_first:
                link.recv(1000)
            if callable(speech):
                speech(link)
            else:
                link.sendall(speech)
            if after == "reset":
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif after == "close":
                link.shutdown(socket.SHUT_WR)
            if after != "reset":
                while not ended.is_set() and link.recv(65536):
                    pass

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = listener.accept()
                server.connections += 1
                threading.Thread(target=attend, args=(link,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        ended.set()
        stop_listening(listener)
        thread.join(timeout=10)
