"""The worker's connection: which ways to the Sharebox it tries, and how it gets back after a cut."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import OF_THE_ROUTE, Problem, TransferError
from tui_transfer.job.events import Connected, RouteFailed
from tui_transfer.settings.host_keys import fingerprints
from tui_transfer.sharebox.proxy.direct_failure import explained
from tui_transfer.sharebox.proxy.routes import Direct, Proxy
from tui_transfer.sharebox.ssh.address import Address
from tui_transfer.sharebox.ssh.conversation import nobody
from tui_transfer.sharebox.ssh.credentials import Credentials
from tui_transfer.sharebox.ssh.knowledge import KnownServers
from tui_transfer.sharebox.ssh.sharebox import Sharebox
from tui_transfer.worker.recorder import now

if TYPE_CHECKING:
    from collections.abc import Callable

    import paramiko

    from tui_transfer.job.events import Event
    from tui_transfer.job.orders import Orders
    from tui_transfer.job.state import JobState
    from tui_transfer.settings.config import ProxySettings, ShareboxSettings
    from tui_transfer.sharebox.proxy.routes import Route
    from tui_transfer.sharebox.ssh.conversation import Ask
    from tui_transfer.system.cancellation import Cancellation

DIRECT: Final = "direct"
_BENEFIT_OF_DOUBT: Final = 60.0
"""Seconds for which a new worker takes the failure of a route that worked for an earlier one as passing; then
a person is asked, whose machine may be in another network now."""


class Connector:
    """The way to the Sharebox, opened when it is needed and opened again after it was lost.

    At first every route is tried: direct, then the configured proxy. A proxy that a person gave is the only
    route: the direct one is known not to work. Once a route has worked, it is the only one, and so is the
    password: what fails then is the network. A route that worked for an earlier worker is believed for a
    while.

    Args:
        state: of the job, which tells the Sharebox and the routes.
        orders: secrets.
        record: is told which route failed, and which worked.
        cancellation: ends whatever waits for the Sharebox, from the first byte of a connection on.
        ask: asks a person what the Sharebox asks.
        servers: those that are known.
    """

    def __init__(
        self,
        state: JobState,
        orders: Orders,
        record: Callable[[Event], None],
        cancellation: Cancellation,
        ask: Ask | None = None,
        servers: KnownServers | None = None,
    ) -> None:
        self._state = state
        self._orders = orders
        self._record = record
        self._cancellation = cancellation
        self._routes = _routes(state)
        self._has_worked = False
        believes = _has_worked_before(self._routes[0], state, orders)
        patience = min(_BENEFIT_OF_DOUBT, 60 * state.spec.retry_for)
        self._believes_until = time.monotonic() + patience if believes else 0.0
        self._credentials = Credentials(
            password=orders.sftp_password,
            key_file=state.sharebox.key_path,
            passphrase=orders.key_passphrase,
            use_agent=state.sharebox.uses_agent,
            ask=ask or nobody,
        )
        self._sharebox: Sharebox | None = None
        self._last: Sharebox | None = None
        """The last one that was open."""
        self._servers = servers or KnownServers()

    def open(self) -> Sharebox:
        """The open connection, made now if there is none.

        Raises:
            TransferError: what went wrong on the last route tried; CONNECTION_LOST where it worked before;
                INTERRUPTED.
        """
        if self._sharebox is None:
            self._last = None
            self._last = self._sharebox = self._connect()
        return self._sharebox

    @property
    def connected(self) -> Sharebox | None:
        """The open connection, if there is one."""
        return self._sharebox

    def account_key(self) -> paramiko.PKey | None:
        """The account's key, where a file holds one; it was read before anybody connected."""
        if self._credentials.use_agent:
            return None
        return next((key.pkey for key in self._credentials.load_keys()), None)

    def blames_question(self) -> bool:
        """Whether the last connection was lost to a question that some servers answer so; see `Knowledge`."""
        return self._last is not None and self._last.knowledge.blames()

    def close(self) -> None:
        """Closes the connection; the next `open` makes a new one."""
        sharebox, self._sharebox = self._sharebox, None
        if sharebox is not None:
            sharebox.close()

    def _connect(self) -> Sharebox:
        for proxy in self._routes[:-1]:
            try:
                return self._open(proxy)
            except TransferError as error:
                if error.problem not in OF_THE_ROUTE:
                    raise
                self._record(RouteFailed(at=now(), route=_name(proxy), reason=error.why))
        return self._open(self._routes[-1])

    def _open(self, proxy: ProxySettings | None) -> Sharebox:
        settings = self._state.sharebox
        try:
            sharebox = Sharebox.connect(
                _address(settings),
                _route(proxy, self._orders),
                self._credentials,
                settings.accepting(self._orders.host_key).host_keys or fingerprints(self._state.host_key),
                self._cancellation,
                self._servers,
            )
        except TransferError as error:
            if self._passes(error):
                raise TransferError(Problem.CONNECTION_LOST, reason=error.why.rstrip(".")) from error
            if error.problem is Problem.SHAREBOX_UNREACHABLE:
                raise explained(error, self._cancellation) from error
            raise
        self._routes, self._has_worked = [proxy], True
        self._record(
            Connected(
                at=now(),
                route=_name(proxy),
                host_key=sharebox.connection.host_key.fingerprint,
                said=" ".join(sharebox.connection.told),
            )
        )
        return sharebox

    def _passes(self, error: TransferError) -> bool:
        """Whether this failure to connect is only the network's, and goes away with time."""
        if self._has_worked:
            return error.meaning.network
        return error.meaning.network and time.monotonic() < self._believes_until


def _address(settings: ShareboxSettings) -> Address:
    return Address(
        settings.host, settings.port, settings.username, settings.directory, settings.temporary_names
    )


def _has_worked_before(proxy: ProxySettings | None, state: JobState, orders: Orders) -> bool:
    """Whether this route worked for an earlier worker; one that a person gives now is new."""
    return state.route == _name(proxy) and orders.proxy is None


def _routes(state: JobState) -> list[ProxySettings | None]:
    """The proxies to try in turn, None being the direct route; what worked before comes first."""
    if state.proxy:
        return [state.proxy]
    if state.spec.proxy is None:
        return [None]
    if state.route == state.spec.proxy.kind:
        return [state.spec.proxy, None]
    return [None, state.spec.proxy]


def _route(proxy: ProxySettings | None, orders: Orders) -> Route:
    if proxy is None:
        return Direct()
    if proxy.username and orders.proxy_password is None:
        raise TransferError(Problem.PROXY_CREDENTIALS_NEEDED, proxy_host=proxy.host)
    return Proxy(proxy.kind, proxy.host, proxy.port, proxy.username, orders.proxy_password)


def _name(proxy: ProxySettings | None) -> str:
    return proxy.kind if proxy else DIRECT
