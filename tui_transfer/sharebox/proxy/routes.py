"""Ways to reach a server: directly, or through an HTTP or SOCKS5 proxy. Each gives a connected socket."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.proxy import tls
from tui_transfer.sharebox.proxy.direct_failure import unreachable
from tui_transfer.sharebox.proxy.target import ProxyLogin, Target
from tui_transfer.system import certificates, os_errors
from tui_transfer.system.sockets import tune
from tui_transfer.system.waiting import result_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.system.cancellation import Cancellation

CONNECT_SECONDS: Final = 15.0


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


def open_tunnel(
    route: Route, host: str, port: int, cancellation: Cancellation, *, timeout: float = CONNECT_SECONDS
) -> socket.socket:
    """Gives a socket through which the server at `host` and `port` is heard from its first byte.

    Args:
        route: the way to take.
        host: name or address of the server.
        port: its TCP port.
        cancellation: ends it at once, whatever it waits for.
        timeout: seconds for the connection, and again for the whole exchange with a proxy.

    Raises:
        TransferError: SHAREBOX_UNREACHABLE, one of the PROXY_… problems, INTERRUPTED.
    """
    if isinstance(route, Direct):
        try:
            return _connect(host, port, timeout, cancellation)
        except OSError as error:
            raise unreachable(host, port, error) from error
    with cancellation.scope() as exchange:
        return _Exchange(route, Target(host, port), timeout, exchange).tunnel()


def _language_of(proxy: Proxy) -> Callable[[Callable[[], socket.socket], Target, ProxyLogin], socket.socket]:
    """How its kind is asked for a tunnel. Loaded late: most transfers go without a proxy."""
    if proxy.kind == "socks5":
        from tui_transfer.sharebox.proxy.socks5 import ask_socks5_proxy

        return ask_socks5_proxy
    from tui_transfer.sharebox.proxy.http_connect import ask_http_proxy

    return ask_http_proxy


class _Exchange:
    """What is said to a proxy for one tunnel, on one connection after the other, within one limit.

    A thread of its own says it, since a `recv` cannot be woken on every system. At the limit, whatever the
    rhythm in which bytes come, and when nobody wants the tunnel any more, the thread is left to itself. It
    says nothing more then, since its connection is shut down.

    Args:
        proxy: the proxy.
        target: the server wanted.
        timeout: seconds for a connection, and for all that is said, from the end of the first connecting.
        cancellation: of this exchange alone; the limit ends it too.
    """

    def __init__(self, proxy: Proxy, target: Target, timeout: float, cancellation: Cancellation) -> None:
        self._target = target
        self._ask = _language_of(proxy)
        self._login = ProxyLogin(proxy.host, proxy.port, proxy.username, proxy.password)
        self._encrypted = proxy.kind == "https"
        self._timeout = timeout
        self._cancellation = cancellation
        self._tunnel: socket.socket | None = None
        self._ending = ExitStack()
        """While a connection is open here, the cancellation ends it."""
        self._is_late = False
        self._alarm = threading.Timer(timeout, self._ring)
        self._alarm.daemon = True

    def tunnel(self) -> socket.socket:
        """Asks for the tunnel.

        Raises:
            TransferError: one of the PROXY_… problems, INTERRUPTED.
        """
        try:
            return result_of(self._talk, self._cancellation, socket.socket.close)
        except TransferError as error:
            if error.problem is Problem.INTERRUPTED and self._is_late:
                raise self._login.protocol_error("il n’a pas fini de répondre à temps") from None
            raise
        finally:
            self._alarm.cancel()

    def _talk(self) -> socket.socket:
        try:
            tunnel = self._ask(self._dial, self._target, self._login)
        except BaseException:
            self._hang_up()
            raise
        self._ending.close()
        tunnel.settimeout(None)
        return tunnel

    def _dial(self) -> socket.socket:
        """Opens a connection, after the one before was closed.

        Raises:
            TransferError: PROXY_UNREACHABLE, or a problem with TLS; INTERRUPTED.
        """
        self._hang_up()
        try:
            tunnel = _connect(self._login.host, self._login.port, self._timeout, self._cancellation)
        except OSError as error:
            raise self._login.unreachable(os_errors.in_words(error)) from error
        if self._alarm.ident is None:
            self._alarm.start()
        self._hold(tunnel)
        tunnel.settimeout(self._timeout)  # it ends some day even where nothing wakes it
        return self._encrypt(tunnel) if self._encrypted else tunnel

    def _encrypt(self, link: socket.socket) -> socket.socket:
        try:
            tunnel = tls.encrypt(link, self._login.host)
        except ssl.SSLCertVerificationError as error:
            raise self._login.bad_certificate(certificates.in_words(error)) from error
        except ssl.SSLError as error:
            raise self._login.protocol_error("il ne parle pas TLS, son type est sans doute HTTP") from error
        except (EOFError, OSError) as error:
            raise self._login.protocol_error("il a coupé la connexion en train d’être chiffrée") from error
        self._hold(tunnel)
        return tunnel

    def _hold(self, tunnel: socket.socket) -> None:
        self._ending.close()
        self._tunnel = tunnel
        self._ending.enter_context(self._cancellation.ending(partial(_shut_down, tunnel)))

    def _hang_up(self) -> None:
        self._ending.close()
        if self._tunnel is not None:
            self._tunnel.close()

    def _ring(self) -> None:
        self._is_late = True
        self._cancellation.cancel()


def _shut_down(tunnel: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is closed already, which is as good
        tunnel.shutdown(socket.SHUT_RDWR)


def _connect(host: str, port: int, timeout: float, cancellation: Cancellation) -> socket.socket:
    """Connects to the first address that answers; each gets its share of the time that is left."""
    end = time.monotonic() + timeout
    endpoints = resolve(host, port, cancellation, timeout)
    failure: OSError = TimeoutError()
    for index, endpoint in enumerate(endpoints):
        remaining = end - time.monotonic()
        if remaining <= 0:
            break
        dial = partial(_dial, endpoint, remaining / (len(endpoints) - index))
        try:
            return result_of(dial, cancellation, socket.socket.close)
        except OSError as error:
            failure = error
    raise failure


def _dial(endpoint: Endpoint, timeout: float) -> socket.socket:
    tunnel = socket.socket(endpoint.family, socket.SOCK_STREAM)
    try:
        tunnel.settimeout(timeout)
        tunnel.connect(endpoint.address)
    except BaseException:
        tunnel.close()
        raise
    tune(tunnel)
    tunnel.settimeout(None)
    return tunnel


@dataclass(frozen=True)
class Endpoint:
    """One of the addresses that a name stands for."""

    family: socket.AddressFamily
    address: tuple[object, ...]


def resolve(
    host: str, port: int, cancellation: Cancellation, timeout: float = CONNECT_SECONDS
) -> list[Endpoint]:
    """Resolves a name within a limit, which the system's resolver does not know.

    Raises:
        OSError: there is no such name, or no answer came.
        TransferError: INTERRUPTED.
    """
    try:
        found = result_of(partial(_ask_resolver, host, port), cancellation, seconds=timeout)
    except TimeoutError:
        raise socket.gaierror(socket.EAI_AGAIN, "no answer") from None
    return [Endpoint(family, address) for family, _, _, _, address in found]


def _ask_resolver(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (UnicodeError, OverflowError):
        raise socket.gaierror(socket.EAI_NONAME, "not a name") from None
