"""Asks an HTTP proxy for a tunnel: the method CONNECT (RFC 9110, section 9.3.6), parsed by h11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import h11

from tui_transfer.sharebox.proxy.challenges import read_challenges
from tui_transfer.sharebox.proxy.identification import methods

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tui_transfer.errors import TransferError
    from tui_transfer.sharebox.proxy.challenges import Challenge
    from tui_transfer.sharebox.proxy.identification import Method
    from tui_transfer.sharebox.proxy.target import ProxyLogin, Target

_WANTS_CREDENTIALS: Final = 407
_TLS_ALERT: Final = b"\x15"
"""The first byte that a TLS server says to somebody who does not speak TLS; no HTTP reply begins with it."""
_START: Final = b"HTTP/"
_BODY_PIECE: Final = 4096


def ask_http_proxy(dial: Callable[[], socket.socket], target: Target, login: ProxyLogin) -> socket.socket:
    """Makes a proxy connect us to the target.

    The first request carries no credentials: a proxy that wants none never sees them, and what the others
    offer decides how they are given. So the password itself (Basic) never goes to a proxy that would take a
    proof of it. Whatever the method, the password is put to the test once: accounts get locked.

    Args:
        dial: opens a connection to the proxy, and closes the one before.
        target: the server wanted.
        login: the proxy, and the credentials that a person gave for it.

    Returns:
        The connection on which the target is heard from its first byte.

    Raises:
        TransferError: one of the PROXY_… problems.
    """
    authority = target.authority()
    try:
        request = _Request(dial(), authority)
        response = request.ask()
        if response.status_code == _WANTS_CREDENTIALS:
            request, response = _identify(dial, authority, login, response)
    except h11.RemoteProtocolError as error:
        raise login.protocol_error("ce n'est pas une réponse HTTP correcte") from error
    except EOFError as error:
        raise login.protocol_error("il a fermé la connexion sans finir de répondre") from error
    except _TlsError as error:
        raise login.wants_tls() from error
    except OSError as error:
        raise login.protocol_error("il a coupé la connexion sans répondre") from error
    if not 200 <= response.status_code < 300:
        raise _refusal(response, target, login)
    return request.tunnel


def _identify(
    dial: Callable[[], socket.socket], authority: str, login: ProxyLogin, response: h11.Response
) -> tuple[_Request, h11.Response]:
    """Tries what the proxy offers, until it no longer asks for credentials."""
    if login.username is None:
        raise login.no_credentials()
    offered = read_challenges(response.headers)
    for method, challenge in methods(offered, login, authority):
        accepted = _try(method, challenge, dial, authority)
        if accepted is not None:
            return accepted
        if method.has_proved:
            raise login.bad_credentials(_status(response))
    raise login.unknown_methods([challenge.scheme for challenge in offered])


def _try(
    method: Method, challenge: Challenge | None, dial: Callable[[], socket.socket], authority: str
) -> tuple[_Request, h11.Response] | None:
    """Uses one method, on a connection of its own; None if the proxy still asks for credentials."""
    request = _Request(dial(), authority)
    while challenge is not None and (answer := method.answer(challenge)) is not None:
        response = request.ask(answer)
        if response.status_code != _WANTS_CREDENTIALS:
            return request, response
        challenge = method.continuation(read_challenges(response.headers))
        if challenge is not None and not request.can_be_repeated():
            if method.needs_one_connection:
                return None
            request = _Request(dial(), authority)
    return None


class _TlsError(Exception):
    """The proxy speaks TLS."""


class _Request:
    """The request for a tunnel, asked as often as it takes on one connection to the proxy."""

    def __init__(self, tunnel: socket.socket, authority: str) -> None:
        self.tunnel = tunnel
        self._authority = authority
        self._exchange = h11.Connection(h11.CLIENT)

    def ask(self, authorization: bytes | None = None) -> h11.Response:
        """Sends the request and reads the reply up to the end of its headers.

        It is read one byte at a time, so that nothing after the headers is ever taken out of the socket: the
        server's SSH banner often comes in the same segment, and paramiko must find it there.

        Raises:
            EOFError: the stream ended before the headers did.
        """
        headers = [(b"Host", self._authority.encode())]
        if authorization is not None:
            headers.append((b"Proxy-Authorization", authorization))
        request = h11.Request(method="CONNECT", target=self._authority, headers=headers)
        exchange = self._exchange
        self.tunnel.sendall((exchange.send(request) or b"") + (exchange.send(h11.EndOfMessage()) or b""))
        start = b""
        while not isinstance(event := exchange.next_event(), h11.Response):
            if event is h11.NEED_DATA:
                byte = self.tunnel.recv(1)
                if not byte:
                    raise EOFError
                if len(start) < len(_START):
                    start += byte
                    _check_start(start)
                exchange.receive_data(byte)
        return event

    def can_be_repeated(self) -> bool:
        """Reads the rest of a refusal; whether the proxy then listens to another request."""
        exchange = self._exchange
        while not isinstance(event := exchange.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                exchange.receive_data(self.tunnel.recv(_BODY_PIECE))
            elif not isinstance(event, h11.Data):
                return False
        if exchange.our_state is not h11.DONE or exchange.their_state is not h11.DONE:
            return False
        if exchange.trailing_data[0]:
            return False
        exchange.start_next_cycle()
        return True


def _check_start(start: bytes) -> None:
    """Knows from the first bytes what is no HTTP: h11 would wait for a blank line, and the person with it."""
    if start == _TLS_ALERT:
        raise _TlsError
    if not _START.startswith(start):
        raise h11.RemoteProtocolError("the reply does not begin like one")


def _refusal(response: h11.Response, target: Target, login: ProxyLogin) -> TransferError:
    status, reason = response.status_code, _status(response)
    if status == 403:
        return login.forbidden(target, reason)
    if status in (502, 503, 504):
        return login.no_route(target, reason)
    return login.protocol_error(f"il a répondu « {reason} »")


def _status(response: h11.Response) -> str:
    return f"{response.status_code} {response.reason.decode('latin-1')}".strip()
