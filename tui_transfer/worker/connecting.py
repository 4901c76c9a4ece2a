"""Which ways to the Sharebox a job may take, and in what order they are tried."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.events import Connected, RouteFailed
from tui_transfer.sharebox.authentication import Credentials
from tui_transfer.sharebox.connection import Address, Sharebox
from tui_transfer.sharebox.routes import Direct, Proxy
from tui_transfer.worker.recorder import now

if TYPE_CHECKING:
    from tui_transfer.config import ProxySettings
    from tui_transfer.job.orders import Orders
    from tui_transfer.job.state import JobState
    from tui_transfer.sharebox.routes import Route
    from tui_transfer.worker.recorder import Recorder

DIRECT: Final = "direct"
_TRY_NEXT: Final = frozenset({Problem.SHAREBOX_UNREACHABLE, Problem.NOT_SSH})
"""What another route may get around; every other failure would only be repeated on it."""


def connect(state: JobState, orders: Orders, recorder: Recorder) -> Sharebox:
    """Opens the Sharebox by the first route that works: direct, then the configured proxy.

    A proxy that a person gave is the only route from then on: the direct one is known not to work.

    Raises:
        TransferError: what went wrong on the last route tried.
    """
    routes = _routes(state)
    for proxy in routes[:-1]:
        try:
            return _open(state, orders, proxy, recorder)
        except TransferError as error:
            if error.problem not in _TRY_NEXT:
                raise
            recorder.record(RouteFailed(at=now(), route=_name(proxy), reason=error.why))
    return _open(state, orders, routes[-1], recorder)


def _routes(state: JobState) -> list[ProxySettings | None]:
    """The proxies to try in turn, None being the direct route; what worked before comes first."""
    if state.proxy:
        return [state.proxy]
    if state.spec.proxy is None:
        return [None]
    if state.route == state.spec.proxy.kind:
        return [state.spec.proxy, None]
    return [None, state.spec.proxy]


def _open(state: JobState, orders: Orders, proxy: ProxySettings | None, recorder: Recorder) -> Sharebox:
    settings = state.sharebox
    sharebox = Sharebox.connect(
        Address(settings.host, settings.port, settings.username, settings.directory),
        _route(proxy, orders),
        Credentials(
            password=orders.sftp_password,
            key_file=Path(settings.key_file) if settings.key_file else None,
            passphrase=orders.key_passphrase,
        ),
        orders.host_key or settings.host_key or state.host_key,
    )
    recorder.record(Connected(at=now(), route=_name(proxy), host_key=sharebox.host_key.fingerprint))
    return sharebox


def _route(proxy: ProxySettings | None, orders: Orders) -> Route:
    if proxy is None:
        return Direct()
    if proxy.username and orders.proxy_password is None:
        raise TransferError(Problem.PROXY_CREDENTIALS_NEEDED, proxy_host=proxy.host)
    return Proxy(proxy.kind, proxy.host, proxy.port, proxy.username, orders.proxy_password)


def _name(proxy: ProxySettings | None) -> str:
    return proxy.kind if proxy else DIRECT
