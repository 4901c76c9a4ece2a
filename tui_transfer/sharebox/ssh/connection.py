"""The connection to a Sharebox: tunnel, handshake, host key, authentication, SFTP, in this order.

Nothing of the person's credentials leaves this machine before the server's key was compared.
"""

from __future__ import annotations

import contextlib
import copy
import posixpath
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import paramiko
from paramiko import sftp as protocol
from paramiko.ssh_exception import IncompatiblePeer

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.proxy.routes import Route, open_tunnel
from tui_transfer.sharebox.sftp import status
from tui_transfer.sharebox.sftp.session import (
    ANSWER_SECONDS,
    SftpError,
    SftpLostError,
    SftpProtocolError,
    SftpSession,
)
from tui_transfer.sharebox.ssh import security
from tui_transfer.sharebox.ssh.authentication import Authentication, Credentials
from tui_transfer.sharebox.ssh.watch import ListeningPacketizer, Watchdog
from tui_transfer.system import os_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

HANDSHAKE_SECONDS: Final = 30.0
_AUTHENTICATION_SECONDS: Final = 40.0
_CHANNEL_SECONDS: Final = 30.0
_LONGEST_OUTPUT: Final = 4096
FULL_BELOW_BYTES: Final = 1 << 20

_LOST = (paramiko.SSHException, EOFError, OSError)
"""What paramiko raises once a connection is of no more use."""


@dataclass(frozen=True)
class Address:
    """Where the Sharebox is, for whom, and the folder in which files are dropped."""

    host: str
    port: int
    username: str
    directory: str


@dataclass(frozen=True)
class HostKey:
    """The key that a server presents: its kind, and its fingerprint as OpenSSH writes it, `SHA256:…`."""

    key_type: str
    fingerprint: str


class Sharebox:
    """An open connection to a Sharebox, made by `connect`. A context manager; used by one thread at a time,
    except `abort`. What `open_second_session` gives is for one thread more.

    `connect` is `meet`, `log_in` and `open_folder` in turn, for whoever wants to see them one by one.

    Attributes:
        connection: tells one connection from another, whichever of its sessions is asked.
    """

    def __init__(self, address: Address, tunnel: socket.socket) -> None:
        self.address = address
        self.connection: Final = object()
        self._aborted = False
        self._tunnel = tunnel
        self._transport = paramiko.Transport(tunnel, packetizer_class=ListeningPacketizer)
        packetizer = self._transport.packetizer
        assert isinstance(packetizer, ListeningPacketizer)
        self._packetizer = packetizer
        self._watchdog = Watchdog(self._transport, packetizer, self._shut)
        self.host_key: HostKey
        self.sftp: SftpSession

    @classmethod
    def connect(
        cls, address: Address, route: Route, credentials: Credentials, host_key: str | None
    ) -> Sharebox:
        """Connects, compares the host key, authenticates, and opens the drop folder.

        Args:
            address: the Sharebox.
            route: the way to it.
            credentials: of the person.
            host_key: the fingerprint that the server must have, `SHA256:…`; None if none was accepted yet.

        Raises:
            TransferError: HOST_KEY_UNKNOWN and HOST_KEY_CHANGED before anything about the person was sent;
                PASSWORD_NEEDED before anything secret was. LOGIN_UNANSWERED where the connection was lost
                after the password was shown. Any problem of routes, keys and connections.
        """
        key = credentials.load_key()
        sharebox = cls.meet(address, route, host_key)
        try:
            sharebox.log_in(key, credentials.password)
            sharebox.open_folder()
        except BaseException:
            sharebox.close()
            raise
        return sharebox

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._shut()
        if self._transport.is_alive():
            self._transport.join(timeout=5)

    def abort(self) -> None:
        """Closes the connection from another thread: whatever is blocked on it raises CONNECTION_LOST."""
        self._aborted = True
        self._shut()

    def open_second_session(self) -> Sharebox | None:
        """The same connection with an SFTP session of its own, for one thread more; to close either is to
        close both.

        Returns:
            None where the server allows no more than one.

        Raises:
            TransferError: CONNECTION_LOST; some servers drop the connection in place of an answer.
        """
        other = copy.copy(self)
        try:
            other._open_sftp()
        except TransferError as error:
            if error.problem is Problem.SFTP_UNAVAILABLE:
                return None
            raise
        return other

    def path(self, name: str) -> str:
        """The path of a file in the drop folder."""
        return posixpath.join(self.address.directory, name)

    def check_alive(self) -> None:
        """For loops that wait for something else.

        Raises:
            TransferError: CONNECTION_LOST, if the connection is closed.
        """
        if not self._is_open():
            raise self._lost()

    @contextlib.contextmanager
    def refusals(self, operation: str, path: str) -> Iterator[None]:
        """The one place where what the server refuses, and a lost connection, get their meaning.

        Args:
            operation: what is tried, in French, such that the path may follow: « écriture de ».
            path: on which file.

        Raises:
            TransferError: CONNECTION_LOST, SHAREBOX_PERMISSION, SHAREBOX_FULL or SHAREBOX_REFUSED.
        """
        try:
            yield
        except SftpError as error:
            raise self._refusal(error, operation, path) from error
        except SftpLostError as error:
            raise self._lost(error) from error

    def run(self, command: str, seconds: float) -> bytes | None:
        """Runs a command on the server, if it lets this account do so.

        Args:
            command: for the account's shell.
            seconds: how long it may run.

        Returns:
            The first few thousand bytes of its output; None if it failed, lasted too long, or is not allowed.

        Raises:
            TransferError: CONNECTION_LOST.
        """
        channel = None
        end = time.monotonic() + seconds
        try:
            with self._watchdog.phase(_CHANNEL_SECONDS, "le serveur ne répond pas à l'ouverture d'un canal"):
                channel = self._transport.open_session(timeout=_CHANNEL_SECONDS)
                channel.exec_command(command)
            channel.shutdown_write()  # a forced SFTP server in place of the command ends at once
            output = b""
            while len(output) < _LONGEST_OUTPUT:
                channel.settimeout(max(end - time.monotonic(), 0.01))
                data = channel.recv(_LONGEST_OUTPUT)
                if not data:
                    return output
                output += data
        except TimeoutError:
            return None
        except _LOST as error:
            if self._is_open():
                return None
            raise self._lost(error) from error
        finally:
            if channel is not None:
                with contextlib.suppress(*_LOST):  # whoever uses the connection next learns of it
                    channel.close()
        return None

    # Connecting, phase by phase

    @classmethod
    def meet(
        cls, address: Address, route: Route, expected: str | None, tunnel: socket.socket | None = None
    ) -> Sharebox:
        """Meets the server; where it has keys of several kinds, with the one that is expected.

        A fingerprint does not tell of which kind its key is, so all that the server has are looked at.
        Nothing of the person is sent.

        Args:
            address: the Sharebox.
            route: the way to it.
            expected: the fingerprint that the server must have; None if none was accepted yet.
            tunnel: what `open_tunnel` gave for this route, where that was called already.

        Raises:
            TransferError: HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, any problem of routes.
        """
        sharebox = cls._reach(address, route, expected, security.HOST_KEYS, tunnel)
        if sharebox.host_key.fingerprint == expected:
            return sharebox
        sharebox.close()
        presented = {"host": address.host, "fingerprint": sharebox.host_key.fingerprint}
        if expected is None:
            raise TransferError(Problem.HOST_KEY_UNKNOWN, key_type=sharebox.host_key.key_type, **presented)
        assert sharebox._packetizer.offer is not None
        for kind in sharebox._packetizer.offer.other_host_keys(sharebox.host_key.key_type):
            other = cls._reach(address, route, expected, kind)
            if other.host_key.fingerprint == expected:
                return other
            other.close()
        raise TransferError(Problem.HOST_KEY_CHANGED, expected=expected, **presented)

    @classmethod
    def _reach(
        cls,
        address: Address,
        route: Route,
        expected: str | None,
        kinds: Sequence[str],
        tunnel: socket.socket | None = None,
    ) -> Sharebox:
        """Connects and shakes hands. `expected` is for the error alone."""
        sharebox = cls(address, tunnel or open_tunnel(route, address.host, address.port))
        try:
            sharebox._shake_hands(expected, kinds)
        except BaseException:
            sharebox.close()
            raise
        return sharebox

    def _shake_hands(self, expected: str | None, kinds: Sequence[str]) -> None:
        security.restrict(self._transport, kinds)
        # The watchdog has its limits. paramiko's own, some shorter than a pause of the link, are not reached.
        self._transport.banner_timeout = 2 * HANDSHAKE_SECONDS
        self._transport.handshake_timeout = 2 * HANDSHAKE_SECONDS
        self._transport.auth_timeout = 2 * _AUTHENTICATION_SECONDS
        self._transport.clear_to_send_timeout = ANSWER_SECONDS
        try:
            with self._watchdog.phase(
                HANDSHAKE_SECONDS, "le serveur n'a pas terminé l'échange de clés à temps"
            ):
                self._transport.start_client(timeout=2 * HANDSHAKE_SECONDS)
        except _LOST as error:
            raise self._handshake_failure(error, expected) from error
        key = self._transport.get_remote_server_key()
        self.host_key = HostKey(key.get_name(), key.fingerprint)

    def _handshake_failure(self, error: Exception, expected: str | None) -> TransferError:
        host, port = self.address.host, self.address.port
        if self._packetizer.offer is not None and (offered := self._packetizer.offer.shortcomings()):
            return TransferError(Problem.WEAK_SERVER, host=host, offered=offered)
        if isinstance(error, IncompatiblePeer):  # the protocol's first version
            return TransferError(Problem.WEAK_SERVER, host=host, offered=self._transport.remote_version)
        if not self._transport.remote_version:
            reason = "il ne s'est pas annoncé comme serveur SSH"
            return TransferError(Problem.NOT_SSH, host=host, port=port, reason=reason)
        if self._packetizer.has_shown_key and self._is_refused_here(error):
            return TransferError(
                Problem.HOST_KEY_CHANGED,
                host=host,
                fingerprint="une clé sans prouver qu'elle est à lui",
                expected=expected or "inconnue",
            )
        return self._lost(error)

    def _is_refused_here(self, error: Exception) -> bool:
        """Whether it was this side that ended the exchange of keys, rather than the link or the server."""
        return (
            isinstance(error, paramiko.SSHException)
            and not self._packetizer.at_end
            and not self._watchdog.verdict
            and not self._aborted
        )

    def log_in(self, key: paramiko.PKey | None, password: str | None) -> None:
        """Authenticates by the key, or else by the password, in one attempt.

        Raises:
            TransferError: PASSWORD_NEEDED, CREDENTIALS_REFUSED, LOGIN_UNANSWERED, CONNECTION_LOST.
        """
        address = self.address
        attempt = Authentication(
            self._transport, self._packetizer, address.host, address.username, key, password
        )
        try:
            with self._watchdog.phase(
                _AUTHENTICATION_SECONDS, "le serveur n'a pas répondu à l'identification"
            ):
                attempt.attempt()
        except _LOST as error:
            lost = self._lost(error)
            if not attempt.password_shown:
                raise lost from error
            raise TransferError(
                Problem.LOGIN_UNANSWERED, username=address.username, reason=lost.details["reason"]
            ) from error
        self._watchdog.ask_when_silent()

    def open_folder(self) -> None:
        """Opens the SFTP session, and sees that the drop folder is one, as far as the server lets one look.

        Raises:
            TransferError: SFTP_UNAVAILABLE, DIRECTORY_MISSING, CONNECTION_LOST.
        """
        self._open_sftp()
        self._check_directory()

    def _open_sftp(self) -> None:
        try:
            with self._watchdog.phase(_CHANNEL_SECONDS, "le service SFTP n'a pas répondu"):
                channel = self._transport.open_session(timeout=_CHANNEL_SECONDS)
                channel.invoke_subsystem("sftp")
                self.sftp = SftpSession(channel)
        except (SftpLostError, *_LOST) as error:
            if not self._is_open():
                raise self._lost(error) from error
            raise TransferError(
                Problem.SFTP_UNAVAILABLE,
                host=self.address.host,
                username=self.address.username,
                reason="le service SFTP a refusé de s'ouvrir",
            ) from error

    def _check_directory(self) -> None:
        directory = self.address.directory
        with self.refusals("accès à", directory):
            try:
                found = self.sftp.stat(directory)
            except SftpError:
                return  # a drop box may let nobody look; whether it takes files is seen when one comes
        if found is None:
            raise TransferError(Problem.DIRECTORY_MISSING, directory=directory, reason="il n'existe pas")
        if found.mode is not None and not found.is_folder:
            raise TransferError(
                Problem.DIRECTORY_MISSING, directory=directory, reason="ce n'est pas un dossier"
            )

    # Endings

    def _is_open(self) -> bool:
        return self._transport.is_active() and not self._packetizer.at_end

    def _shut(self) -> None:
        self._watchdog.end()
        with contextlib.suppress(OSError):  # paramiko's thread looks up at once, rather than within 0.1 s
            self._tunnel.shutdown(socket.SHUT_RDWR)
        self._transport.close()
        self._tunnel.close()
        self._packetizer.complete_handshake()  # stops the timer that a failed handshake leaves behind

    def _refusal(self, error: SftpError, operation: str, path: str) -> TransferError:
        if error.code == protocol.SFTP_FAILURE and self._is_full():
            return TransferError(Problem.SHAREBOX_FULL, path=path, reason="l'espace de dépôt est plein")
        denied = error.code == protocol.SFTP_PERMISSION_DENIED
        problem = Problem.SHAREBOX_PERMISSION if denied else Problem.SHAREBOX_REFUSED
        reason = status.in_words(error.code, error.text)
        return TransferError(problem, operation=operation, path=path, reason=reason)

    def _is_full(self) -> bool:
        """A server with a full disk answers « failure », no more: so it is asked for its free space."""
        try:
            free = self.sftp.free_bytes(self.address.directory)
        except SftpLostError:
            return False
        return free is not None and free < FULL_BELOW_BYTES

    def _lost(self, error: Exception | None = None) -> TransferError:
        """CONNECTION_LOST, with the best explanation there is, and the connection closed for good."""
        cause = self._transport.get_exception() or (error.__cause__ if error else None) or error
        if self._watchdog.verdict:
            reason = self._watchdog.verdict
        elif self._aborted:
            reason = "la connexion a été fermée à la demande"
        elif self._packetizer.farewell is not None:
            reason = f"le serveur a mis fin à la connexion (« {self._packetizer.farewell} »)"
        elif isinstance(cause, OSError):
            reason = os_errors.in_words(cause)
        elif isinstance(cause, SftpProtocolError):
            reason = "la réponse du serveur est incompréhensible"
        else:
            reason = "le serveur a fermé la connexion"
        self._shut()
        return TransferError(Problem.CONNECTION_LOST, reason=reason)
