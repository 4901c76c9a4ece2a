"""Asks a SOCKS5 proxy for a tunnel (RFC 1928 and 1929), by python-socks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from python_socks import ProxyError, ProxyTimeoutError, ProxyType
from python_socks.sync import Proxy as SyncProxy

if TYPE_CHECKING:
    import socket

    from tui_transfer.errors import TransferError
    from tui_transfer.sharebox.target import ProxyLogin, Target

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


def ask_socks5_proxy(tunnel: socket.socket, target: Target, login: ProxyLogin) -> None:
    """Makes the proxy at the other end of `tunnel` connect it to the target, whose name it resolves itself.

    Raises:
        TransferError: one of the PROXY_… problems.
    """
    proxy = SyncProxy(
        ProxyType.SOCKS5,
        login.host,
        login.port,
        username=login.username,
        password=login.password,
        rdns=True,
        forward=_Connected(tunnel),
    )
    host = target.ascii_host()
    for secret in (login.username or "", login.password or ""):
        if not secret.isascii() or len(secret) > _LONGEST:
            raise login.bad_credentials("ils sont trop longs, ou contiennent des lettres accentuées")
    try:
        proxy.connect(host, target.port)
    except ProxyError as error:
        raise _refusal(error, target, login) from error
    except (ProxyTimeoutError, OSError) as error:
        raise login.protocol_error("il a coupé la connexion sans répondre") from error


def _refusal(error: ProxyError, target: Target, login: ProxyLogin) -> TransferError:
    if error.error_code == _FORBIDDEN:
        return login.forbidden(target, "ses règles l'interdisent")
    if error.error_code in _NO_ROUTE:
        return login.no_route(target, _NO_ROUTE[error.error_code])
    if error.error_code is None and "uthentication" in str(error):
        if login.username is None:
            return login.no_credentials()
        return login.bad_credentials("identification refusée")
    return login.protocol_error(f"ce n'est pas une réponse SOCKS5 correcte ({error})")
