"""Tries a route to a Sharebox without a transfer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.ssh.address import Address
from tui_transfer.sharebox.ssh.handshake import meet

if TYPE_CHECKING:
    from tui_transfer.sharebox.proxy.routes import Route
    from tui_transfer.system.cancellation import Cancellation


def try_route(host: str, port: int, route: Route, cancellation: Cancellation) -> str:
    """Goes to a Sharebox up to its host key, and no further: nothing of its account is sent.

    A proxy gets the credentials that `route` holds, in the one attempt that a transfer would make.

    Returns:
        The fingerprint of the host key, `SHA256:…`.

    Raises:
        TransferError: what stands in the way; INTERRUPTED.
    """
    nobody = Address(host, port, username="", directory="")
    try:
        # Without an accepted key, a connection always ends where the server has shown its own.
        meet(nobody, route, None, cancellation).close()
    except TransferError as error:
        if error.problem is not Problem.HOST_KEY_UNKNOWN:
            raise
        return error.details["fingerprint"]
    raise AssertionError("connected without an accepted host key")
