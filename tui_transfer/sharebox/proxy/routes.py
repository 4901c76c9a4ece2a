"""Ways to reach a server: directly, or through an HTTP or SOCKS5 proxy. Each gives a connected socket."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.proxy import tls
from tui_transfer.sharebox.proxy.target import ProxyLogin, Target
from tui_transfer.system import os_errors

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECT_SECONDS: Final = 15.0
_DEAD_LINK_SECONDS: Final = 30


@dataclass(frozen=True)
class Direct:
    """Straight to the server."""


@dataclass(frozen=True)
class Proxy:
    """Through a proxy, which also resolves the server's name."""

    kind: Literal["http", "https", "socks5"]
    """How the proxy is spoken to: `https` is an HTTP proxy that wants TLS to itself."""
    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)


Route = Direct | Proxy


def open_tunnel(route: Route, host: str, port: int, *, timeout: float = CONNECT_SECONDS) -> socket.socket:
    """Gives a socket through which the server at `host` and `port` is heard from its first byte.

    Args:
        route: the way to take.
        host: name or address of the server.
        port: its TCP port.
        timeout: seconds for the connection, and again for the whole exchange with a proxy.

    Raises:
        TransferError: SHAREBOX_UNREACHABLE, or one of the PROXY_… problems.
    """
    if isinstance(route, Direct):
        try:
            return _connect(host, port, timeout)
        except OSError as error:
            reason = os_errors.in_words(error)
            raise TransferError(Problem.SHAREBOX_UNREACHABLE, host=host, port=port, reason=reason) from error
    return _open_through(route, Target(host, port), timeout)


def _open_through(proxy: Proxy, target: Target, timeout: float) -> socket.socket:
    login = ProxyLogin(proxy.host, proxy.port, proxy.username, proxy.password)
    ask = _language_of(proxy)
    calls = _Calls(login, timeout, encrypted=proxy.kind == "https")
    try:
        tunnel = ask(calls.dial, target, login)
    except BaseException:
        calls.hang_up()
        raise
    finally:
        calls.end()
    tunnel.settimeout(None)
    return tunnel


def _language_of(proxy: Proxy) -> Callable[[Callable[[], socket.socket], Target, ProxyLogin], socket.socket]:
    """How its kind is asked for a tunnel. Loaded late: most transfers go without a proxy."""
    if proxy.kind == "socks5":
        from tui_transfer.sharebox.proxy.socks5 import ask_socks5_proxy

        return ask_socks5_proxy
    from tui_transfer.sharebox.proxy.http_connect import ask_http_proxy

    return ask_http_proxy


class _Calls:
    """The connections made to a proxy for one tunnel, one at a time, with one limit for all that is said.

    Whatever the rhythm in which bytes come: at the limit the open connection is shut down under the exchange,
    which then reads an end of stream.
    """

    def __init__(self, proxy: ProxyLogin, timeout: float, *, encrypted: bool) -> None:
        self._proxy = proxy
        self._timeout = timeout
        self._encrypted = encrypted
        self._lock = threading.Lock()
        self._tunnel: socket.socket | None = None
        self._is_late = False
        self._alarm = threading.Timer(timeout, self._ring)
        self._alarm.daemon = True

    def dial(self) -> socket.socket:
        """Opens a connection, after the one before was closed. The limit runs from the end of the first dial.

        Raises:
            TransferError: PROXY_UNREACHABLE, or a problem with TLS.
        """
        self.hang_up()
        try:
            tunnel = self._keep(_connect(self._proxy.host, self._proxy.port, self._timeout))
        except OSError as error:
            raise self._proxy.unreachable(os_errors.in_words(error)) from error
        return self._encrypt(tunnel) if self._encrypted else tunnel

    def _encrypt(self, tunnel: socket.socket) -> socket.socket:
        try:
            return self._keep(tls.encrypt(tunnel, self._proxy.host))
        except ssl.SSLCertVerificationError as error:
            raise self._proxy.bad_certificate(tls.in_words(error)) from error
        except ssl.SSLError as error:
            raise self._proxy.protocol_error("il ne parle pas TLS, son type est sans doute HTTP") from error
        except (EOFError, OSError) as error:
            reason = "il a coupé la connexion, ou n'a pas fini de la chiffrer à temps"
            raise self._proxy.protocol_error(reason) from error

    def hang_up(self) -> None:
        """Closes the open connection, if there is one."""
        with self._lock:
            tunnel, self._tunnel = self._tunnel, None
        if tunnel is not None:
            tunnel.close()

    def end(self) -> None:
        """The limit no longer counts."""
        self._alarm.cancel()

    def _keep(self, tunnel: socket.socket) -> socket.socket:
        with self._lock:
            if self._is_late:
                tunnel.close()
                raise TimeoutError
            self._tunnel = tunnel
        if not self._alarm.is_alive():
            self._alarm.start()
        return tunnel

    def _ring(self) -> None:
        with self._lock:
            self._is_late = True
            if self._tunnel is not None:
                with contextlib.suppress(OSError):  # it is closed already, which is as good
                    self._tunnel.shutdown(socket.SHUT_RDWR)


def _connect(host: str, port: int, timeout: float) -> socket.socket:
    """Connects to the first address that answers; each gets its share of the time that is left."""
    end = time.monotonic() + timeout
    endpoints = resolve(host, port, timeout)
    failure: OSError = TimeoutError()
    for index, endpoint in enumerate(endpoints):
        remaining = end - time.monotonic()
        if remaining <= 0:
            break
        tunnel = socket.socket(endpoint.family, socket.SOCK_STREAM)
        try:
            tunnel.settimeout(remaining / (len(endpoints) - index))
            tunnel.connect(endpoint.address)
        except OSError as error:
            tunnel.close()
            failure = error
        else:
            _tune(tunnel)
            tunnel.settimeout(None)
            return tunnel
    raise failure


@dataclass(frozen=True)
class Endpoint:
    """One of the addresses that a name stands for."""

    family: socket.AddressFamily
    address: tuple[object, ...]


def resolve(host: str, port: int, timeout: float = CONNECT_SECONDS) -> list[Endpoint]:
    """Resolves a name within a limit, which the system's resolver does not know: hence the thread.

    Raises:
        OSError: there is no such name, or no answer came.
    """
    answer: list[list[Endpoint] | OSError] = []

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.append([Endpoint(family, address) for family, _, _, _, address in found])
        except OSError as error:
            answer.append(error)
        except (UnicodeError, OverflowError):
            answer.append(socket.gaierror(socket.EAI_NONAME, "not a name"))

    resolver = threading.Thread(target=ask, name="resolver", daemon=True)
    resolver.start()
    resolver.join(timeout)
    if not answer:
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")
    if isinstance(answer[0], OSError):
        raise answer[0]
    return answer[0]


def _tune(tunnel: socket.socket) -> None:
    """Small packets leave at once, and the system notices a dead link within half a minute."""
    tunnel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    tunnel.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_USER_TIMEOUT", _DEAD_LINK_SECONDS * 1000),  # Linux only
        ("TCP_KEEPIDLE", 10),
        ("TCP_KEEPINTVL", 5),
        ("TCP_KEEPCNT", 4),
    ):
        if (number := getattr(socket, option, None)) is not None:
            tunnel.setsockopt(socket.IPPROTO_TCP, number, value)
