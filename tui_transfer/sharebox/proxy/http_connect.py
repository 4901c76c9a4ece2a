"""Asks an HTTP proxy for a tunnel: the method CONNECT (RFC 9110, section 9.3.6), parsed by h11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import h11

from tui_transfer import __version__
from tui_transfer.errors import decoded
from tui_transfer.sharebox.proxy.challenges import read_challenges
from tui_transfer.sharebox.proxy.http_head import Head, HeadError, read_head
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
_OTHER_PROTOCOL: Final = 101
_USER_AGENT: Final = f"tui-transfer/{__version__}".encode()
"""Some proxies let only those pass who say who they are."""
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
        if response.status == _WANTS_CREDENTIALS:
            request, response = _identify(dial, authority, login, response)
    except (HeadError, h11.RemoteProtocolError) as error:
        raise login.protocol_error("ce n’est pas une réponse HTTP correcte") from error
    except EOFError as error:
        raise login.protocol_error("il a fermé la connexion sans finir de répondre") from error
    except _TlsError as error:
        raise login.wants_tls() from error
    except OSError as error:
        raise login.protocol_error("il a coupé la connexion sans répondre") from error
    if not 200 <= response.status < 300:
        raise _refusal(response, target, login)
    return request.tunnel


def _identify(
    dial: Callable[[], socket.socket], authority: str, login: ProxyLogin, response: Head
) -> tuple[_Request, Head]:
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
) -> tuple[_Request, Head] | None:
    """Uses one method, on a connection of its own; None if the proxy still asks for credentials."""
    request = _Request(dial(), authority)
    while challenge is not None and (answer := method.answer(challenge)) is not None:
        response = request.ask(answer)
        if response.status != _WANTS_CREDENTIALS:
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
        self._exchange = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 17)
        self._has_heard = False

    def ask(self, authorization: bytes | None = None) -> Head:
        """Sends the request and reads the reply up to the end of its headers.

        It is read one byte at a time, so that nothing after the headers is ever taken out of the socket: the
        server's SSH banner often comes in the same segment, and paramiko must find it there.

        Raises:
            EOFError: the stream ended before the headers did.
            HeadError, h11.RemoteProtocolError: it is no reply.
        """
        headers = [(b"Host", self._authority.encode()), (b"User-Agent", _USER_AGENT)]
        if authorization is not None:
            headers.append((b"Proxy-Authorization", authorization))
        request = h11.Request(method="CONNECT", target=self._authority, headers=headers)
        exchange = self._exchange
        self.tunnel.sendall((exchange.send(request) or b"") + (exchange.send(h11.EndOfMessage()) or b""))
        head = read_head(self._read_byte)
        while 100 <= head.status < 200:  # more is to come
            if head.status == _OTHER_PROTOCOL:
                raise HeadError
            head = read_head(self._read_byte)
        if not 200 <= head.status < 300:  # only then what follows is the proxy's
            exchange.receive_data(head.as_bytes())
            exchange.next_event()
        return head

    def _read_byte(self) -> bytes:
        byte = self.tunnel.recv(1)
        if not byte:
            raise EOFError
        if not self._has_heard and byte == _TLS_ALERT:
            raise _TlsError
        self._has_heard = True
        return byte

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


def _refusal(response: Head, target: Target, login: ProxyLogin) -> TransferError:
    status, reason = response.status, _status(response)
    if status == 403:
        return login.forbidden(target, reason)
    if status in (502, 503, 504):
        return login.no_route(target, reason)
    return login.protocol_error(f"il a répondu « {reason} »")


def _status(response: Head) -> str:
    return f"{response.status} {decoded(response.reason)}".strip()
