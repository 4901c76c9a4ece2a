"""An HTTP proxy with a password, as found in front of many associations: to practise step 5bis."""

from __future__ import annotations

import base64
import hmac
import socket
import threading
from contextlib import closing, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING, Final

import h11

from tui_transfer.demo.launch import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CHALLENGE: Final = ("Proxy-Authenticate", 'Basic realm="tui-transfer demo", charset="UTF-8"')
_EXCHANGE_TIMEOUT: Final = 30.0
"""Seconds a client has to send its request."""
_CHUNK: Final = 64 * 1024


class ConnectProxy(ThreadingTCPServer):
    """Tunnels CONNECT requests, with Basic authentication (RFC 9110 §9.3.6, RFC 7617), on a free port.

    Args:
        routes: where each authority a client may ask for really is. Anything else is forbidden.
        username: what a client must give; in UTF-8, as is `password`.
        password: likewise.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, routes: Mapping[str, tuple[str, int]], username: str, password: str) -> None:
        self._routes = dict(routes)
        self._credentials = f"{username}:{password}".encode()
        super().__init__((LOOPBACK, 0), _Exchange)

    @property
    def port(self) -> int:
        """Where it listens, on the loopback address."""
        return int(self.server_address[1])

    def route(self, request: h11.Request) -> tuple[str, int]:
        """Where the tunnel that a client asks for leads.

        Raises:
            RefusedError: with the status that a proxy gives: 405, 407 or 403.
        """
        if request.method != b"CONNECT":
            raise RefusedError(405, "Method Not Allowed", [("Allow", "CONNECT")])
        if not self._knows(dict(request.headers).get(b"proxy-authorization", b"")):
            raise RefusedError(407, "Proxy Authentication Required", [_CHALLENGE])
        where = self._routes.get(request.target.decode("ascii"))
        if where is None:
            raise RefusedError(403, "Forbidden")
        return where

    def _knows(self, authorization: bytes) -> bool:
        scheme, _, token = authorization.partition(b" ")
        try:
            credentials = base64.b64decode(token.strip(), validate=True)
        except ValueError:
            return False
        return scheme.lower() == b"basic" and hmac.compare_digest(credentials, self._credentials)


class RefusedError(Exception):
    """A request that gets no tunnel: status, reason, and headers of the reply."""

    def __init__(self, status: int, reason: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.headers = list(headers)


class _Exchange(BaseRequestHandler):
    """One client: its request, the reply, and the tunnel."""

    server: ConnectProxy
    request: socket.socket

    def handle(self) -> None:
        self.request.settimeout(_EXCHANGE_TIMEOUT)
        connection = h11.Connection(h11.SERVER)
        with suppress(OSError):  # the client went away or said nothing for too long: nobody to answer
            try:
                upstream = self._open(connection)
            except RefusedError as refusal:
                self._refuse(connection, refusal)
            else:
                with closing(upstream):
                    self._tunnel(connection, upstream)

    def _open(self, connection: h11.Connection) -> socket.socket:
        try:
            request = _read_request(connection, self.request)
        except h11.RemoteProtocolError as error:
            raise RefusedError(error.error_status_hint, "Bad Request") from error
        where = self.server.route(request)
        try:
            return socket.create_connection(where)
        except OSError as error:
            raise RefusedError(503, "Service Unavailable") from error

    def _refuse(self, connection: h11.Connection, refusal: RefusedError) -> None:
        headers = [*refusal.headers, ("Content-Length", "0"), ("Connection", "close")]
        response = h11.Response(status_code=refusal.status, reason=refusal.reason.encode(), headers=headers)
        self.request.sendall(connection.send(response) or b"")

    def _tunnel(self, connection: h11.Connection, upstream: socket.socket) -> None:
        established = h11.Response(status_code=200, reason=b"Connection established", headers=[])
        self.request.sendall(connection.send(established) or b"")
        self.request.settimeout(None)
        upstream.sendall(connection.trailing_data[0])
        back = threading.Thread(target=_pump, args=(upstream, self.request), daemon=True)
        back.start()
        _pump(self.request, upstream)
        back.join()


def _read_request(connection: h11.Connection, client: socket.socket) -> h11.Request:
    """Reads one request to its end, so that closing after the reply loses nothing of the reply."""
    request: h11.Request | None = None
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(client.recv(_CHUNK))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request
        elif isinstance(event, h11.ConnectionClosed):
            raise ConnectionAbortedError


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Copies one direction to its end, and passes the end on. A broken connection is an end too."""
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
