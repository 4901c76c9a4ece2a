"""Tries a route to a Sharebox without a transfer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.ssh.address import Address
from tui_transfer.sharebox.ssh.handshake import meet

if TYPE_CHECKING:
    from tui_transfer.sharebox.proxy.routes import Route
    from tui_transfer.system.cancellation import Cancellation


def try_route(
    host: str, port: int, route: Route, cancellation: Cancellation, expected: tuple[str, ...] = ()
) -> str:
    """Goes to a Sharebox up to its host key, and no further: nothing of its account is sent.

    A proxy gets the credentials that `route` holds, in the one attempt that a transfer would make.

    Returns:
        The fingerprint of the host key, `SHA256:…`.

    Raises:
        TransferError: what stands in the way; HOST_KEY_CHANGED where it has none of the keys whose
            fingerprints are `expected`; INTERRUPTED.
    """
    nobody = Address(host, port, username="", directory="")
    try:
        connection = meet(nobody, route, expected, cancellation)
    except TransferError as error:
        # Without an accepted key, a connection always ends where the server has shown its own.
        if error.problem is not Problem.HOST_KEY_UNKNOWN:
            raise
        return error.details["fingerprint"]
    connection.close()
    return connection.host_key.fingerprint
