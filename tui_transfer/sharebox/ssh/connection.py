"""One SSH connection: its channels, and what its end means."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Final

import paramiko

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.sftp.session import SftpLostError, SftpProtocolError, SftpSession
from tui_transfer.sharebox.ssh.watch import ListeningPacketizer, Watchdog
from tui_transfer.system import os_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.sharebox.ssh.address import Address, HostKey

CHANNEL_SECONDS: Final = 30.0

LOST: Final = (paramiko.SSHException, EOFError, OSError)
"""What paramiko raises once a connection is of no more use."""


class Connection:
    """An SSH connection, made by `handshake.meet`, of use after `authentication.log_in`. Thread-safe.

    Attributes:
        address: where it leads.
        host_key: the key that the server has proved to hold.
        transport, packetizer, watchdog: for the modules that make it.
    """

    def __init__(self, address: Address, tunnel: socket.socket) -> None:
        self.address = address
        self.host_key: HostKey
        self._aborted = False
        self._tunnel = tunnel
        self.transport = paramiko.Transport(tunnel, packetizer_class=ListeningPacketizer)
        packetizer = self.transport.packetizer
        assert isinstance(packetizer, ListeningPacketizer)
        self.packetizer = packetizer
        self.watchdog = Watchdog(self.transport, packetizer, self._shut)

    @property
    def is_open(self) -> bool:
        """Whether more can be said and heard."""
        return self.transport.is_active() and not self.packetizer.at_end

    @property
    def was_closed_here(self) -> bool:
        """Whether this side has closed it: it was asked to, or the server was silent for too long."""
        return self._aborted or self.watchdog.verdict is not None

    def open_channel(self, request: Callable[[paramiko.Channel], object]) -> paramiko.Channel:
        """Opens a channel and makes a request on it, such as for a subsystem.

        Raises:
            SSHException, EOFError, OSError: the server refused, or the connection was lost.
        """
        channel = self.transport.open_session(timeout=CHANNEL_SECONDS)
        request(channel)
        return channel

    def open_sftp(self) -> SftpSession:
        """Opens an SFTP session, as many as the server allows.

        Raises:
            TransferError: SFTP_UNAVAILABLE; CONNECTION_LOST, since some servers drop the connection in place
                of a refusal.
        """
        try:
            with self.watchdog.phase(CHANNEL_SECONDS, "le service SFTP n'a pas répondu"):
                return SftpSession(self.open_channel(lambda channel: channel.invoke_subsystem("sftp")))
        except (SftpLostError, *LOST) as error:
            if not self.is_open:
                raise self.lost(error) from error
            raise TransferError(
                Problem.SFTP_UNAVAILABLE,
                host=self.address.host,
                username=self.address.username,
                reason="le service SFTP a refusé de s'ouvrir",
            ) from error

    def close(self) -> None:
        """Closes it, and all that goes over it."""
        self._shut()
        if self.transport.is_alive():
            self.transport.join(timeout=5)

    def abort(self) -> None:
        """Closes it from another thread: whatever is blocked on it raises CONNECTION_LOST."""
        self._aborted = True
        self._shut()

    def lost(self, error: Exception | None = None) -> TransferError:
        """CONNECTION_LOST, with the best explanation there is, and the connection closed for good."""
        cause = self.transport.get_exception() or (error.__cause__ if error else None) or error
        if self.watchdog.verdict:
            reason = self.watchdog.verdict
        elif self._aborted:
            reason = "la connexion a été fermée à la demande"
        elif self.packetizer.farewell is not None:
            reason = f"le serveur a mis fin à la connexion (« {self.packetizer.farewell} »)"
        elif isinstance(cause, OSError):
            reason = os_errors.in_words(cause)
        elif isinstance(cause, SftpProtocolError):
            reason = "la réponse du serveur est incompréhensible"
        else:
            reason = "le serveur a fermé la connexion"
        self._shut()
        return TransferError(Problem.CONNECTION_LOST, reason=reason)

    def _shut(self) -> None:
        self.watchdog.end()
        with contextlib.suppress(OSError):  # paramiko's thread looks up at once, rather than within 0.1 s
            self._tunnel.shutdown(socket.SHUT_RDWR)
        self.transport.close()
        self._tunnel.close()
        self.packetizer.complete_handshake()  # stops the timer that a failed handshake leaves behind
