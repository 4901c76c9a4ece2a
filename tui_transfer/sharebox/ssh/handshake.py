"""Meets a server: the way to it, the exchange of keys, and its host key compared with the one expected.

Nothing of the person is sent.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.proxy.routes import open_tunnel
from tui_transfer.sharebox.sftp.session import ANSWER_SECONDS
from tui_transfer.sharebox.ssh import security
from tui_transfer.sharebox.ssh.address import HostKey
from tui_transfer.sharebox.ssh.connection import LOST, Connection

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from tui_transfer.sharebox.proxy.routes import Route
    from tui_transfer.sharebox.ssh.address import Address
    from tui_transfer.sharebox.ssh.connection import Knowledge
    from tui_transfer.system.cancellation import Cancellation

HANDSHAKE_SECONDS: Final = 30.0


def meet(
    address: Address,
    route: Route,
    expected: tuple[str, ...],
    cancellation: Cancellation,
    *,
    knowledge: Knowledge | None = None,
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
        knowledge: of the server, from earlier connections.
        tunnel: what `open_tunnel` gave for this route, where that was called already.

    Raises:
        TransferError: HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, INTERRUPTED, any problem of routes.
    """

    def reach(kinds: Sequence[str], tunnel: socket.socket | None = None) -> Connection:
        found = tunnel or open_tunnel(route, address.host, address.port, cancellation)
        connection = Connection(address, found, cancellation, knowledge)
        try:
            _shake_hands(connection, expected, kinds)
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


def _shake_hands(connection: Connection, expected: tuple[str, ...], kinds: Sequence[str]) -> None:
    """`expected` is for the error alone."""
    transport = connection.transport
    security.restrict(transport, kinds)
    # The watchdog has its limits. paramiko's own, some shorter than a pause of the link, are not reached.
    transport.banner_timeout = 2 * HANDSHAKE_SECONDS
    transport.handshake_timeout = 2 * HANDSHAKE_SECONDS
    transport.clear_to_send_timeout = ANSWER_SECONDS
    verdict = "le serveur n'a pas terminé l'échange de clés à temps"
    try:
        with connection.watchdog.phase(HANDSHAKE_SECONDS, verdict):
            transport.start_client(timeout=2 * HANDSHAKE_SECONDS)
        key = transport.get_remote_server_key()
    except LOST as error:
        raise _failure(connection, error, expected) from error
    md5 = f"MD5:{hashlib.md5(key.asbytes(), usedforsecurity=False).hexdigest()}"
    connection.host_key = HostKey(key.get_name(), key.fingerprint, md5)


def _failure(connection: Connection, error: Exception, expected: tuple[str, ...]) -> TransferError:
    if connection.is_cancelled:
        return connection.lost(error)
    address, packetizer = connection.address, connection.packetizer
    if packetizer.offer is not None and (offered := packetizer.offer.shortcomings()):
        return TransferError(Problem.WEAK_SERVER, host=address.host, offered=offered)
    version = connection.transport.remote_version
    if isinstance(error, IncompatiblePeer):  # the protocol's first version
        return TransferError(Problem.WEAK_SERVER, host=address.host, offered=version)
    if not version:
        reason = "il ne s'est pas annoncé comme serveur SSH"
        return TransferError(Problem.NOT_SSH, host=address.host, port=address.port, reason=reason)
    if packetizer.has_shown_key and _is_refused_here(connection, error):
        return _changed(address, "une clé sans prouver qu'elle est à lui", expected)
    return connection.lost(error)


def _is_refused_here(connection: Connection, error: Exception) -> bool:
    """Whether it was this side that ended the exchange of keys, rather than the link or the server."""
    return (
        isinstance(error, paramiko.SSHException)
        and not connection.packetizer.at_end
        and not connection.was_ended_here
    )


def _changed(address: Address, fingerprint: str, expected: tuple[str, ...]) -> TransferError:
    return TransferError(
        Problem.HOST_KEY_CHANGED,
        host=address.host,
        fingerprint=fingerprint,
        expected=", ".join(expected) or "inconnue",
    )
