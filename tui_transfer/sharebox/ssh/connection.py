"""One SSH connection: its channels, and what its end means."""

from __future__ import annotations

import contextlib
import re
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import paramiko

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.sftp.errors import SftpNotOfferedError
from tui_transfer.sharebox.sftp.session import (
    ANSWER_SECONDS,
    SftpLostError,
    SftpProtocolError,
    SftpSession,
)
from tui_transfer.sharebox.ssh.knowledge import Knowledge
from tui_transfer.sharebox.ssh.transport import SshTransport
from tui_transfer.sharebox.ssh.violations import ProtocolViolationError
from tui_transfer.sharebox.ssh.watch import Watchdog
from tui_transfer.sharebox.wire import displayed
from tui_transfer.system import os_errors
from tui_transfer.system.acknowledgements import acknowledgements
from tui_transfer.system.waiting import result_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.sharebox.ssh.address import Address, HostKey
    from tui_transfer.sharebox.ssh.knowledge import KnownServers
    from tui_transfer.system.cancellation import Cancellation

CHANNEL_SECONDS: Final = 30.0

_LAST_WORDS_SECONDS: Final = 5.0
_FAREWELL_SECONDS: Final = 1.0
_LONGEST_SAID: Final = 1 << 12
"""Bytes of a server's words that are looked at."""
_EXPIRED: Final = re.compile(
    r"password (?:has|is) expired|password change required|mot de passe.{0,20}expir", re.IGNORECASE
)
LOST: Final = (paramiko.SSHException, EOFError, OSError)
"""What paramiko raises once a connection is of no more use."""


class Connection:
    """An SSH connection, made by `handshake.meet`, of use after `authentication.log_in`. Thread-safe.

    Args:
        address: where it leads.
        tunnel: leads there. It belongs to the connection from now on.
        cancellation: ends the connection at once: whoever waits for something gets INTERRUPTED from `lost`.

    Attributes:
        address: where it leads.
        host_key: the key that the server has proved to hold.
        knowledge: of the server; goes on growing. `Sharebox.connect` recalls what earlier connections learnt.
        told: what the server had to say to whoever logs in, fit to be shown.
        transport, packetizer, watchdog: for the modules that make it.
    """

    def __init__(
        self,
        address: Address,
        tunnel: socket.socket,
        cancellation: Cancellation,
    ) -> None:
        self.address = address
        self.host_key: HostKey
        self.knowledge = Knowledge()
        self.told: list[str] = []
        self._cancellation = cancellation
        self._tunnel = tunnel
        self._has_hung_up = False
        self.transport = SshTransport(tunnel)
        self.packetizer = self.transport.listener
        self.watchdog = Watchdog(self.transport, self.packetizer, self._hang_up, acknowledgements(tunnel))
        self._ending = ExitStack()
        self._ending.enter_context(cancellation.ending(self._hang_up))

    @property
    def is_open(self) -> bool:
        """Whether more can be said and heard."""
        return self.transport.is_active() and not self.packetizer.at_end and not self._has_hung_up

    @property
    def was_ended_here(self) -> bool:
        """Whether this side has ended it: nobody wants it, or the server was silent for too long."""
        return self._has_hung_up

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody wants it any more."""
        return self._cancellation.is_set

    def recall(self, servers: KnownServers) -> None:
        """Goes on from what is known of this server, account and folder."""
        address = self.address
        self.knowledge = servers.recall(self.host_key.fingerprint, address.username, address.directory)

    def wait(self, seconds: float) -> None:
        """Pauses, at most until nobody wants the connection any more."""
        self._cancellation.wait(seconds)

    def open_channel(
        self, request: Callable[[paramiko.Channel], object], seconds: float = 2 * CHANNEL_SECONDS
    ) -> paramiko.Channel:
        """Opens a channel and makes a request on it, such as for a subsystem, within `seconds`.

        The watchdog has closer limits. paramiko waits without any for the answer to a request, and does not
        hear of a connection that ends in the instant before: hence the thread.

        Raises:
            SSHException, EOFError, OSError: the server refused, or the connection was lost.
            TransferError: INTERRUPTED.
        """

        def ask() -> paramiko.Channel:
            channel = self.transport.open_session(timeout=seconds)
            request(channel)
            return channel

        try:
            return result_of(ask, self._cancellation, _close, seconds=seconds)
        except TimeoutError:
            raise EOFError from None

    def open_sftp(self) -> SftpSession:
        """Opens an SFTP session, as many as the server allows.

        Raises:
            TransferError: SFTP_UNAVAILABLE; CONNECTION_LOST, since some servers drop the connection in place
                of a refusal.
        """
        try:
            with self.watchdog.phase(CHANNEL_SECONDS, "le service SFTP n’a pas répondu"):
                channel = self.open_channel(lambda channel: channel.invoke_subsystem("sftp"), ANSWER_SECONDS)
                return SftpSession(channel, self.watchdog.slow_request)
        except (SftpLostError, *LOST) as error:
            said = str(error) if isinstance(error, SftpNotOfferedError) else ""
            if not self.is_open:
                raise self.lost(error) from error
            raise self._no_sftp(said) from error

    def _no_sftp(self, said: str) -> TransferError:
        details = {"host": self.address.host, "username": self.address.username}
        said = said or self._overhear()
        if _EXPIRED.search(said):
            return TransferError(Problem.PASSWORD_EXPIRED, said=f" Le serveur dit : « {said} ».", **details)
        words = f" ; le serveur dit : « {said} »" if said else ""
        reason = f"le service SFTP a refusé de s’ouvrir{words}"
        return TransferError(Problem.SFTP_UNAVAILABLE, reason=reason, **details)

    def _overhear(self) -> str:
        """What the server says to a command that does nothing. OpenSSH drops what goes beside a subsystem,
        such as that a password has expired.
        """
        with contextlib.suppress(*LOST):
            channel = self.open_channel(lambda channel: channel.exec_command("exit"))
            channel.settimeout(_LAST_WORDS_SECONDS)
            with contextlib.closing(channel):
                return displayed(channel.recv_stderr(_LONGEST_SAID) or channel.recv(_LONGEST_SAID))
        return ""

    def close(self) -> None:
        """Closes it, and all that goes over it. For the thread that has it made."""
        self._ending.close()
        self.watchdog.end()
        self._hang_up()
        if self.transport.is_alive():
            self.transport.join(timeout=5)
        self.transport.close()
        self._tunnel.close()
        self.packetizer.complete_handshake()  # stops the timer that a failed handshake leaves behind

    def lost(self, error: Exception | None = None) -> TransferError:
        """What became of the connection, which is ended for good: INTERRUPTED where nobody wants it any more,
        otherwise CONNECTION_LOST with the best explanation there is.
        """
        if isinstance(error, SftpLostError) and not self.watchdog.verdict and not self.is_cancelled:
            # Who ends the session may be about to end the connection too, and say why.
            self.transport.join(_FAREWELL_SECONDS)
        # Asked before it is ended, which paramiko takes for an error of its own.
        causes = [self.transport.get_exception(), error, error.__cause__ if error else None]
        violation = next((one for one in causes if isinstance(one, ProtocolViolationError)), None)
        cause = violation or causes[0] or causes[2] or error
        self._hang_up()
        if self.is_cancelled:
            return self._cancellation.error()
        if self.watchdog.verdict:
            reason = self.watchdog.verdict
        elif self.packetizer.farewell:
            reason = f"le serveur a mis fin à la connexion (« {self.packetizer.farewell} »)"
        elif self.packetizer.farewell is not None:
            reason = "le serveur a mis fin à la connexion"
        elif isinstance(cause, ProtocolViolationError):
            details = f" ({cause})" if str(cause) else ""
            reason = f"le serveur ne suit pas les règles de la liaison chiffrée SSH{details}"
        elif isinstance(cause, OSError):
            reason = os_errors.in_words(cause)
        elif isinstance(cause, SftpProtocolError):
            reason = "la réponse du serveur est incompréhensible"
        else:
            reason = "le serveur a fermé la connexion"
        return TransferError(Problem.CONNECTION_LOST, reason=reason)

    def _hang_up(self) -> None:
        """Ends it, from any thread: paramiko's own finds the end of the stream, at once or, where the
        system wakes nobody (Windows), within 0.1 s, and tells whoever waits.

        The socket is shut down and not closed: its number may be given to another file at once, from which
        paramiko would read.
        """
        self._has_hung_up = True
        self.packetizer.is_given_up = True
        with contextlib.suppress(OSError):
            self._tunnel.shutdown(socket.SHUT_RDWR)


def _close(channel: paramiko.Channel) -> None:
    """Closes a channel that nobody wants any more; the connection may have ended before."""
    with contextlib.suppress(*LOST):
        channel.close()
