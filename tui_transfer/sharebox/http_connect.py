"""Asks an HTTP proxy for a tunnel: the method CONNECT (RFC 9110, section 9.3.6), parsed by h11."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import h11

if TYPE_CHECKING:
    import socket

    from tui_transfer.errors import TransferError
    from tui_transfer.sharebox.target import ProxyLogin, Target


def ask_http_proxy(tunnel: socket.socket, target: Target, login: ProxyLogin) -> None:
    """Makes the proxy at the other end of `tunnel` connect it to the target.

    Credentials, when a person gave some for this proxy, go with the first request: exactly one attempt
    is made with them (accounts get locked), and proxies close the connection after a 407 anyway.

    Raises:
        TransferError: one of the PROXY_… problems.
    """
    exchange = h11.Connection(h11.CLIENT)
    try:
        tunnel.sendall(_request(exchange, target, login))
        response = _read_response(tunnel, exchange)
    except h11.RemoteProtocolError as error:
        raise login.protocol_error("ce n'est pas une réponse HTTP correcte") from error
    except OSError as error:
        raise login.protocol_error("il a coupé la connexion sans répondre") from error
    if response is None:
        raise login.protocol_error("il a fermé la connexion, ou n'a pas fini de répondre à temps")
    if not 200 <= response.status_code < 300:
        raise _refusal(response, target, login)


def _request(exchange: h11.Connection, target: Target, login: ProxyLogin) -> bytes:
    host = target.ascii_host()
    authority = f"[{host}]:{target.port}" if ":" in host else f"{host}:{target.port}"
    headers = [("Host", authority)]
    if login.username is not None:
        pair = f"{login.username}:{login.password or ''}".encode()
        headers.append(("Proxy-Authorization", "Basic " + base64.b64encode(pair).decode("ascii")))
    request = h11.Request(method="CONNECT", target=authority, headers=headers)
    return (exchange.send(request) or b"") + (exchange.send(h11.EndOfMessage()) or b"")


def _read_response(tunnel: socket.socket, exchange: h11.Connection) -> h11.Response | None:
    """Reads up to the end of the response's headers; None if the stream ends before.

    It is read one byte at a time, so that nothing after the headers is ever taken out of the socket: the
    server's SSH banner often comes in the same segment, and paramiko must find it there.
    """
    while True:
        event = exchange.next_event()
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            byte = tunnel.recv(1)
            if not byte:
                return None
            exchange.receive_data(byte)


def _refusal(response: h11.Response, target: Target, login: ProxyLogin) -> TransferError:
    status = response.status_code
    reason = f"{status} {response.reason.decode('latin-1')}".strip()
    if status == 407:
        return login.no_credentials() if login.username is None else login.bad_credentials(reason)
    if status == 403:
        return login.forbidden(target, reason)
    if status in (502, 503, 504):
        return login.no_route(target, reason)
    return login.protocol_error(f"il a répondu « {reason} »")
