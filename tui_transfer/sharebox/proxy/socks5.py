"""Asks a SOCKS5 proxy for a tunnel (RFC 1928 and 1929), by python-socks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from python_socks import ProxyError, ProxyTimeoutError, ProxyType
from python_socks.sync import Proxy as SyncProxy

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tui_transfer.errors import TransferError
    from tui_transfer.sharebox.proxy.target import ProxyLogin, Target

_LONGEST: Final = 255  # what the one byte of a length can say; python-socks knows ASCII only
_FORBIDDEN: Final = 2
_NO_ROUTE: Final[dict[int, str]] = {
    1: "échec général",
    3: "le réseau est injoignable",
    4: "la machine est injoignable",
    5: "la connexion est refusée",
    6: "pas de réponse dans le délai",
}


class _Connected(SyncProxy):
    """The connection to the proxy, already made: python-socks would make its own, without our limits."""

    def __init__(self, tunnel: socket.socket) -> None:
        self._tunnel = tunnel

    def connect(self, *_: Any, **__: Any) -> socket.socket:
        return self._tunnel


def ask_socks5_proxy(dial: Callable[[], socket.socket], target: Target, login: ProxyLogin) -> socket.socket:
    """Makes a proxy connect us to the target, whose name it resolves itself.

    Args:
        dial: opens a connection to the proxy.
        target: the server wanted.
        login: the proxy, and the credentials that a person gave for it.

    Returns:
        The connection on which the target is heard from its first byte.

    Raises:
        TransferError: one of the PROXY_… problems.
    """
    host = target.ascii_host()
    for secret in (login.username or "", login.password or ""):
        if not secret.isascii() or len(secret) > _LONGEST:
            raise login.bad_credentials("ils sont trop longs, ou contiennent des lettres accentuées")
    tunnel = dial()
    proxy = SyncProxy(
        ProxyType.SOCKS5,
        login.host,
        login.port,
        username=login.username,
        password=login.password,
        rdns=True,
        forward=_Connected(tunnel),
    )
    try:
        proxy.connect(host, target.port)
    except ProxyError as error:
        raise _refusal(error, target, login) from error
    except (ProxyTimeoutError, OSError) as error:
        raise login.protocol_error("il a coupé la connexion sans répondre") from error
    return tunnel


def _refusal(error: ProxyError, target: Target, login: ProxyLogin) -> TransferError:
    if error.error_code == _FORBIDDEN:
        return login.forbidden(target, "ses règles l’interdisent")
    if error.error_code in _NO_ROUTE:
        return login.no_route(target, _NO_ROUTE[error.error_code])
    if error.error_code is None and "uthentication" in str(error):
        if login.username is None:
            return login.no_credentials()
        return login.bad_credentials("identification refusée")
    return login.protocol_error(f"ce n’est pas une réponse SOCKS5 correcte ({error})")
