"""Finds a proxy before a transfer needs it: what this machine knows, and where a proxy leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_transfer.settings.config import ProxySettings

if TYPE_CHECKING:
    from tui_transfer.system.cancellation import Cancellation


@dataclass(frozen=True)
class Destination:
    """The Sharebox that a route is to lead to.

    `host_keys` are the fingerprints of which it must show one, if any is known.
    """

    host: str
    port: int
    host_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProposedProxy:
    """A proxy that this machine knows of, and where it stands, in French."""

    proxy: ProxySettings
    source: str


def proposed_proxy() -> ProposedProxy | None:
    """The proxy that the system's own settings name, if any. Nothing is sent to it."""
    from tui_transfer.sharebox.proxy.proxies import best_guess

    guess = best_guess()
    if guess is None:
        return None
    found, source = guess
    proxy = ProxySettings(kind=found.kind, host=found.host, port=found.port, username=found.username)
    return ProposedProxy(proxy, source)


def try_proxy(
    destination: Destination, proxy: ProxySettings, password: str | None, cancellation: Cancellation
) -> str:
    """Goes through `proxy` to the Sharebox, up to its host key. Takes as long as a transfer would wait, and
    ends at once where nobody does any more.

    Returns:
        The fingerprint of the key that the server showed.

    Raises:
        TransferError: what stands in the way; HOST_KEY_CHANGED where another key was expected.
    """
    # SSH is loaded only when someone asks for a trial.
    from tui_transfer.sharebox.proxy.routes import Proxy
    from tui_transfer.sharebox.ssh.route_trial import try_route

    route = Proxy(proxy.kind, proxy.host, proxy.port, proxy.username, password)
    return try_route(destination.host, destination.port, route, cancellation, destination.host_keys)
