"""What it means that no SSH server was met at the end of a route: who was there instead, or is too busy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.proxy.routes import Proxy

if TYPE_CHECKING:
    from tui_transfer.sharebox.proxy.routes import Route
    from tui_transfer.sharebox.ssh.connection import Connection

_OF_PROXIES: Final = frozenset({"HTTP", "TLS"})
"""What a proxy says itself, in place of the server that it was asked for."""


def failure(connection: Connection, route: Route) -> TransferError:
    """The failure of a connection on which no identification was even begun.

    Text is the server's own: who is too busy, or lets nobody in for now, says so and closes. Without a word,
    it is whatever cuts what it does not know: on a route through a proxy, most often that.
    """
    greeting = connection.packetizer.greeting
    protocol, text = greeting.protocol_at_end(), greeting.text
    is_silent = connection.watchdog.verdict is not None
    if isinstance(route, Proxy):
        if protocol is None and text and not is_silent and not greeting.is_endless:
            return _of(Problem.SERVER_BUSY, connection, f"il a répondu « {text} », puis fermé la connexion")
        if protocol is None or protocol in _OF_PROXIES:
            return TransferError(
                Problem.PROXY_NOT_SSH,
                proxy_host=route.host,
                host=connection.address.host,
                port=connection.address.port,
                reason=_instead(protocol, text, is_silent=is_silent),
            )
        return _of(Problem.NOT_SSH_BEHIND_PROXY, connection, _who(protocol, text))
    if protocol is not None:
        return _of(Problem.NOT_SSH, connection, _who(protocol, text))
    if greeting.is_endless:
        return _of(Problem.NOT_SSH, connection, f"il écrit sans fin, et commence par « {text[:80]}… »")
    if is_silent:
        said = f"il a écrit « {text} », puis n’a plus rien dit" if text else "il n’a rien dit"
        return _of(Problem.SERVER_SILENT, connection, f"la connexion s’est faite, mais {said}")
    if text:
        return _of(Problem.SERVER_BUSY, connection, f"il a répondu « {text} », puis fermé la connexion")
    if not greeting.is_silent:
        return _of(Problem.NOT_SSH, connection, "il envoie autre chose que du texte")
    return _of(Problem.SERVER_CLOSED, connection, "il ferme la connexion sans un mot")


def _who(protocol: str, text: str) -> str:
    said = f", qui dit « {text} »" if text else ""
    return f"c’est un serveur {protocol}{said}"


def _instead(protocol: str | None, text: str, *, is_silent: bool) -> str:
    """What the proxy does after it has said that the way is open; for « puis … »."""
    if protocol == "TLS":
        return "répond par une alerte TLS"
    said = f"répond « {text} »" if text else ""
    if is_silent:
        return f"{said}, puis ne dit plus rien" if said else "ne transmet rien"
    return said or "coupe la connexion"


def _of(problem: Problem, connection: Connection, reason: str) -> TransferError:
    return TransferError(problem, host=connection.address.host, port=connection.address.port, reason=reason)
