"""A Sharebox: its drop folder, as one SFTP session sees it, and what its refusals mean."""

from __future__ import annotations

import contextlib
import posixpath
from typing import TYPE_CHECKING, Final, Self

from paramiko import sftp as protocol

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.sftp import status
from tui_transfer.sharebox.sftp.session import SftpError, SftpLostError
from tui_transfer.sharebox.ssh import command as commands
from tui_transfer.sharebox.ssh.authentication import log_in
from tui_transfer.sharebox.ssh.handshake import meet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from tui_transfer.sharebox.proxy.routes import Route
    from tui_transfer.sharebox.sftp.session import SftpSession
    from tui_transfer.sharebox.ssh.address import Address
    from tui_transfer.sharebox.ssh.connection import Connection
    from tui_transfer.sharebox.ssh.credentials import Credentials
    from tui_transfer.sharebox.ssh.knowledge import Knowledge, KnownServers
    from tui_transfer.system.cancellation import Cancellation

FULL_BELOW_BYTES: Final = 1 << 20


class Sharebox:
    """The drop folder, in an SFTP session of its own. A context manager; used by one thread at a time.

    `connect` is `meet`, `log_in` and `open` in turn, for whoever wants to see them one by one.

    Args:
        connection: on which somebody is logged in. It may carry several sessions, for as many threads.
        sftp: a session of it.
    """

    def __init__(self, connection: Connection, sftp: SftpSession) -> None:
        self.connection: Final = connection
        self.sftp: Final = sftp

    @classmethod
    def connect(
        cls,
        address: Address,
        route: Route,
        credentials: Credentials,
        host_keys: tuple[str, ...],
        cancellation: Cancellation,
        servers: KnownServers | None = None,
    ) -> Self:
        """Connects, compares the host key, authenticates, and opens the drop folder.

        Nothing of the person's credentials leaves this machine before the server's key was compared.

        Args:
            address: the Sharebox.
            route: the way to it.
            credentials: of the person.
            host_keys: the fingerprints of which the server must have one; none if none was accepted yet.
            cancellation: ends it at once, whatever it waits for, and whatever waits for the connection later.
            servers: those that are known; this one is recalled by its key.

        Raises:
            TransferError: HOST_KEY_UNKNOWN and HOST_KEY_CHANGED before anything about the person was sent;
                PASSWORD_NEEDED before anything secret was. LOGIN_UNANSWERED where the connection was lost
                after the password was shown. INTERRUPTED. Any problem of routes, keys and connections.
        """
        credentials.load_keys()
        connection = meet(address, route, host_keys, cancellation)
        try:
            log_in(connection, credentials)
            if servers is not None:
                connection.recall(servers)
            return cls.open(connection)
        except BaseException:
            connection.close()
            raise

    @classmethod
    def open(cls, connection: Connection) -> Self:
        """Opens a session, and sees that the drop folder is one, as far as the server lets one look.

        Raises:
            TransferError: SFTP_UNAVAILABLE, DIRECTORY_MISSING, CONNECTION_LOST.
        """
        sharebox = cls(connection, connection.open_sftp())
        sharebox._check_directory()
        if said := sharebox.sftp.overheard():
            connection.told.append(said)
        return sharebox

    def open_second_session(self) -> Self | None:
        """The same in another session of the connection, for one thread more.

        Returns:
            None where the server allows no more than one.

        Raises:
            TransferError: CONNECTION_LOST; some servers drop the connection in place of an answer.
        """
        try:
            return type(self)(self.connection, self.connection.open_sftp())
        except TransferError as error:
            if error.problem is Problem.SFTP_UNAVAILABLE:
                return None
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection, with all of its sessions."""
        self.connection.close()

    @property
    def address(self) -> Address:
        """Where it is."""
        return self.connection.address

    @property
    def knowledge(self) -> Knowledge:
        """What was learned of the server, also over earlier connections."""
        return self.connection.knowledge

    def path(self, name: str) -> str:
        """The path of a file in the drop folder."""
        return posixpath.join(self.address.directory, name)

    def check_alive(self) -> None:
        """For loops that wait for something else.

        Raises:
            TransferError: CONNECTION_LOST or INTERRUPTED, if the connection has ended.
        """
        if not self.connection.is_open:
            raise self.connection.lost()

    def wait(self, seconds: float) -> None:
        """Pauses.

        Raises:
            TransferError: CONNECTION_LOST or INTERRUPTED, as soon as nobody wants the connection any more.
        """
        self.connection.wait(seconds)
        self.check_alive()

    def run(self, command: str, seconds: float) -> bytes | None:
        """Runs a command on the server; see `command.run`."""
        return commands.run(self.connection, command, seconds)

    @contextlib.contextmanager
    def refusals(self, operation: str, path: str) -> Iterator[None]:
        """The one place where what the server refuses, and a lost connection, get their meaning.

        Args:
            operation: what is tried, in French, such that the path may follow: « écriture de ».
            path: on which file.

        Raises:
            TransferError: SHAREBOX_PERMISSION, SHAREBOX_FULL, SHAREBOX_REFUSED; CONNECTION_LOST, INTERRUPTED.
        """
        try:
            yield
        except SftpError as error:
            raise self._refusal(error, operation, path) from error
        except SftpLostError as error:
            raise self.connection.lost(error) from error

    def _refusal(self, error: SftpError, operation: str, path: str) -> TransferError:
        if status.means_full(error.code, error.text):
            reason = f"{status.in_words(error.code, error.text)}{self._room()}"
            return TransferError(Problem.SHAREBOX_FULL, path=path, reason=reason)
        if error.code == protocol.SFTP_FAILURE and self._is_full():
            return TransferError(Problem.SHAREBOX_FULL, path=path, reason="l’espace de dépôt est plein")
        if error.code == protocol.SFTP_NO_SUCH_FILE and not self.knowledge.abilities.sees_directory:
            directory = self.address.directory
            return TransferError(Problem.DIRECTORY_MISSING, directory=directory, reason="il n’existe pas")
        denied = error.code == protocol.SFTP_PERMISSION_DENIED
        problem = Problem.SHAREBOX_PERMISSION if denied else Problem.SHAREBOX_REFUSED
        reason = status.in_words(error.code, error.text)
        return TransferError(problem, operation=operation, path=path, reason=reason)

    def _room(self) -> str:
        """How much is left, where the server tells; as the end of a sentence."""
        with contextlib.suppress(SftpLostError):
            free = self.sftp.free_bytes(self.address.directory)
            if free is not None:
                return f" ; il y reste {french.size(free)}"
        return ""

    def _is_full(self) -> bool:
        """A server with a full disk answers « failure », no more: so it is asked for its free space."""
        try:
            free = self.sftp.free_bytes(self.address.directory)
        except SftpLostError:
            return False
        return free is not None and free < FULL_BELOW_BYTES

    def _check_directory(self) -> None:
        directory = self.address.directory
        with self.refusals("accès à", directory):
            try:
                found = self.sftp.stat(directory)
            except SftpError:
                return  # a drop box may let nobody look; whether it takes files is seen when one comes
        if found is None:  # a virtual folder may be unknown, and take files all the same
            self.knowledge.learn(sees_directory=False)
            return
        self.knowledge.learn(sees_directory=True)
        if found.mode is not None and not found.is_folder:
            raise TransferError(
                Problem.DIRECTORY_MISSING, directory=directory, reason="ce n’est pas un dossier"
            )
