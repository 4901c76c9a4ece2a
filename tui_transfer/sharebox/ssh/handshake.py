"""Meets a server: the way to it, the exchange of keys, and its host key compared with the one expected.

Nothing of the person is sent.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.proxy.routes import open_tunnel
from tui_transfer.sharebox.sftp.session import ANSWER_SECONDS
from tui_transfer.sharebox.ssh import security, unmet
from tui_transfer.sharebox.ssh.address import HostKey
from tui_transfer.sharebox.ssh.connection import LOST, Connection
from tui_transfer.sharebox.ssh.violations import (
    OldProtocolError,
    ProtocolViolationError,
    TooShortError,
    UnprovenKeyError,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from tui_transfer.sharebox.proxy.routes import Route
    from tui_transfer.sharebox.ssh.address import Address
    from tui_transfer.sharebox.ssh.security import Disagreement
    from tui_transfer.system.cancellation import Cancellation

HANDSHAKE_SECONDS: Final = 30.0


def meet(
    address: Address,
    route: Route,
    expected: tuple[str, ...],
    cancellation: Cancellation,
    *,
    tunnel: socket.socket | None = None,
) -> Connection:
    """Meets the server; where it has keys of several kinds, with one that is expected.

    A fingerprint does not tell of which kind its key is, so all that the server has are looked at.

    Args:
        address: the Sharebox.
        route: the way to it.
        expected: the fingerprints of which the server must have one, since several servers may share a name:
            `SHA256:…` or `MD5:…`; none if none was accepted yet.
        cancellation: ends it at once, and the connection that it gives.
        tunnel: what `open_tunnel` gave for this route, where that was called already.

    Raises:
        TransferError: HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, INTERRUPTED, any problem of routes.
    """

    def reach(kinds: Sequence[str], tunnel: socket.socket | None = None) -> Connection:
        found = tunnel or open_tunnel(route, address.host, address.port, cancellation)
        connection = Connection(address, found, cancellation)
        try:
            _shake_hands(connection, route, expected, kinds)
        except BaseException:
            connection.close()
            raise
        return connection

    connection = reach(security.HOST_KEYS, tunnel)
    shown = connection.host_key
    if shown.is_one_of(expected):
        return connection
    connection.close()
    if not expected:
        raise TransferError(
            Problem.HOST_KEY_UNKNOWN,
            host=address.host,
            key_type=shown.key_type,
            fingerprint=shown.fingerprint,
            md5=shown.md5,
        )
    assert connection.packetizer.offer is not None
    for kind in connection.packetizer.offer.other_host_keys(shown.key_type):
        other = reach(kind)
        if other.host_key.is_one_of(expected):
            return other
        other.close()
    raise _changed(address, shown.fingerprint, expected)


def _shake_hands(
    connection: Connection, route: Route, expected: tuple[str, ...], kinds: Sequence[str]
) -> None:
    """`route` and `expected` are for the error alone."""
    transport = connection.transport
    security.restrict(transport, kinds)
    # The watchdog has its limits. paramiko's own, some shorter than a pause of the link, are not reached.
    transport.banner_timeout = 2 * HANDSHAKE_SECONDS
    transport.handshake_timeout = 2 * HANDSHAKE_SECONDS
    transport.clear_to_send_timeout = ANSWER_SECONDS
    verdict = "le serveur n’a pas terminé l’échange de clés à temps"
    try:
        with connection.watchdog.phase(HANDSHAKE_SECONDS, verdict):
            transport.start_client(timeout=2 * HANDSHAKE_SECONDS)
        key = transport.get_remote_server_key()
    except LOST as error:
        raise _failure(connection, error, route, expected) from error
    md5 = f"MD5:{hashlib.md5(key.asbytes(), usedforsecurity=False).hexdigest()}"
    connection.host_key = HostKey(key.get_name(), key.fingerprint, md5)
    if text := connection.packetizer.greeting.text:
        connection.told.append(text)


def _failure(
    connection: Connection, error: Exception, route: Route, expected: tuple[str, ...]
) -> TransferError:
    if connection.is_cancelled:
        return connection.lost(error)
    address, packetizer = connection.address, connection.packetizer
    if not packetizer.greeting.has_begun:
        return unmet.failure(connection, route)
    if packetizer.offer is not None and (disagreements := packetizer.offer.disagreements()):
        return _disagreement(address, disagreements)
    if isinstance(error, OldProtocolError):
        return TransferError(Problem.WEAK_SERVER, host=address.host, offered=packetizer.greeting.software)
    if isinstance(error, TooShortError):
        return TransferError(Problem.WEAK_SERVER, host=address.host, offered=error)
    if isinstance(error, UnprovenKeyError):
        return _changed(address, "une clé sans prouver qu’elle est à lui", expected)
    if isinstance(error, ProtocolViolationError):
        reason = str(error) or "ce qu’il envoie est incompréhensible"
        return TransferError(Problem.PROTOCOL_VIOLATED, host=address.host, port=address.port, reason=reason)
    return connection.lost(error)


def _disagreement(address: Address, found: Sequence[Disagreement]) -> TransferError:
    """What is unsafe is the server's to mend, whatever else there may be; what is unknown here is not."""
    if weak := [one for one in found if not one.unknown]:
        offered = " ; ".join(one.describe(one.offered) for one in weak)
        return TransferError(Problem.WEAK_SERVER, host=address.host, offered=offered)
    return TransferError(
        Problem.ALGORITHM_UNKNOWN,
        host=address.host,
        offered=" ; ".join(one.describe(one.unknown) for one in found),
        known=" ; ".join(f"{one.what} {', '.join(one.acceptable)}" for one in found),
    )


def _changed(address: Address, fingerprint: str, expected: tuple[str, ...]) -> TransferError:
    return TransferError(
        Problem.HOST_KEY_CHANGED,
        host=address.host,
        fingerprint=fingerprint,
        expected=", ".join(expected) or "inconnue",
    )
