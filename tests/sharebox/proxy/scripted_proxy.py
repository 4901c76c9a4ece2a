"""A proxy on loopback that answers each request by what the test wrote for it."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.servers.processes import LOOPBACK, stop_listening
from tui_transfer.sharebox.proxy.routes import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Reply = Iterable[bytes]

HANG_UP = b""
"""As a segment: the connection is closed instead of being kept until the client closes it."""


@dataclass
class ScriptedProxy:
    """What it was asked, request by request, and on which of its connections, counted from 0."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)

    def route(self, username: str | None = None, password: str | None = None) -> Proxy:
        return Proxy("http", LOOPBACK, self.port, username, password)

    @property
    def authorizations(self) -> list[bytes]:
        """The value of Proxy-Authorization in each request; empty where there is none."""
        values = []
        for request in self.requests:
            lines = [line.partition(b": ") for line in request.split(b"\r\n")]
            values.append(next((value for name, _, value in lines if name == b"Proxy-Authorization"), b""))
        return values


@contextlib.contextmanager
def scripted_proxy(replies: Iterable[Reply]) -> Iterator[ScriptedProxy]:
    """Answers request after request, over any number of connections, each by the segments of one reply.

    After the last reply connections are still accepted, and requests left unanswered.
    """
    listener = socket.create_server((LOOPBACK, 0))
    proxy = ScriptedProxy(listener.getsockname()[1])
    script = iter(replies)

    def serve() -> None:
        for number in range(1_000_000):
            try:
                link, _ = listener.accept()
            except OSError:
                return
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with link, contextlib.suppress(OSError):
                converse(link, number)

    def converse(link: socket.socket, number: int) -> None:
        heard = b""
        while data := link.recv(65536):
            heard += data
            if heard.startswith(b"C") and b"\r\n\r\n" not in heard:
                continue  # of CONNECT, the rest is awaited; SOCKS and TLS greet in one segment
            proxy.requests.append(heard)
            proxy.connections.append(number)
            heard = b""
            for segment in next(script, ()):
                if segment == HANG_UP:
                    return
                link.sendall(segment)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        stop_listening(listener)
        thread.join(timeout=60)
        assert not thread.is_alive(), "the client under test left its connection open"


def refusal(*challenges: str, close: bool = False, body: bytes = b"no") -> bytes:
    """A reply 407 with these values of Proxy-Authenticate."""
    lines = ["HTTP/1.1 407 Proxy Authentication Required", f"Content-Length: {len(body)}"]
    lines += [f"Proxy-Authenticate: {challenge}" for challenge in challenges]
    lines += ["Connection: close"] * close
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
