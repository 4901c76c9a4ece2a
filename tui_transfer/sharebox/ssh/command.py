"""Runs a command on the server."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from tui_transfer.sharebox.ssh.connection import CHANNEL_SECONDS, LOST

if TYPE_CHECKING:
    import paramiko

    from tui_transfer.sharebox.ssh.connection import Connection

_LONGEST_OUTPUT: Final = 4096


def run(connection: Connection, command: str, seconds: float) -> bytes | None:
    """Runs a command on the server, if it lets this account do so.

    Args:
        connection: on which somebody is logged in.
        command: for the account's shell.
        seconds: how long it may run.

    Returns:
        The first few thousand bytes of its output; None if it failed, lasted too long, or is not allowed.

    Raises:
        TransferError: CONNECTION_LOST, INTERRUPTED.
    """
    end = time.monotonic() + seconds
    channel = None
    try:
        with connection.watchdog.slow_request(seconds):
            with connection.watchdog.phase(
                CHANNEL_SECONDS, "le serveur ne répond pas à l’ouverture d’un canal"
            ):
                channel = connection.open_channel(lambda channel: channel.exec_command(command))
            channel.shutdown_write()  # a forced SFTP server in place of the command ends at once
            output = _read(channel, end)
        if not (channel.eof_received or connection.is_open):  # what looks like the end is a cut
            raise connection.lost()
        return output
    except TimeoutError:
        return None
    except LOST as error:
        if connection.is_open:
            return None
        raise connection.lost(error) from error
    finally:
        if channel is not None:
            with contextlib.suppress(*LOST):  # whoever uses the connection next learns of it
                channel.close()


def _read(channel: paramiko.Channel, end: float) -> bytes | None:
    """The whole output; None where it is too long. Raises TimeoutError after `end`, a monotonic time."""
    output = b""
    while len(output) < _LONGEST_OUTPUT:
        channel.settimeout(max(end - time.monotonic(), 0.01))
        data = channel.recv(_LONGEST_OUTPUT)
        if not data:
            return output
        output += data
    return None
