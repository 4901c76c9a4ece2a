"""Proves to the server who is there: by a key or a password, in exactly one attempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import paramiko

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.ssh.connection import LOST
from tui_transfer.sharebox.ssh.keys import LoginKey, load_from_agent, load_from_file
from tui_transfer.sharebox.ssh.security import RSA_SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui_transfer.sharebox.ssh.connection import Connection
    from tui_transfer.sharebox.ssh.watch import ListeningPacketizer

_AUTHENTICATION_SECONDS: Final = 40.0


@dataclass(frozen=True)
class Credentials:
    """How a person is known: by the key in `key_file`, by those of ssh-agent, otherwise by `password`."""

    password: str | None = field(default=None, repr=False)
    key_file: Path | None = None
    passphrase: str | None = field(default=None, repr=False)
    use_agent: bool = False

    def load_keys(self) -> Sequence[LoginKey]:
        """The keys to offer, in their order; none where there is to be none.

        Raises:
            TransferError: KEY_UNREADABLE, KEY_UNSUITABLE, KEY_PASSPHRASE_NEEDED, KEY_PASSPHRASE_WRONG;
                AGENT_UNUSABLE.
        """
        if self.use_agent:
            return load_from_agent()
        return load_from_file(self.key_file, self.passphrase) if self.key_file else ()

    def load_key(self) -> paramiko.PKey | None:
        """The first of `load_keys`, which raises the same; None where there is none."""
        return next((key.pkey for key in self.load_keys()), None)


def log_in(connection: Connection, key: paramiko.PKey | None, password: str | None) -> None:
    """Authenticates by the key, or else by the password, in one attempt.

    Args:
        connection: whose host key was accepted.
        key: what `Credentials.load_key` gave.
        password: may be None too, which is an error as soon as one is needed.

    Raises:
        TransferError: PASSWORD_NEEDED, CREDENTIALS_REFUSED, LOGIN_UNANSWERED, CONNECTION_LOST,
            INTERRUPTED.
    """
    address, transport = connection.address, connection.transport
    attempt = _Authentication(transport, connection.packetizer, address.host, address.username, key, password)
    # The watchdog has its limit. paramiko's own is not reached.
    transport.auth_timeout = 2 * _AUTHENTICATION_SECONDS
    try:
        with connection.watchdog.phase(
            _AUTHENTICATION_SECONDS, "le serveur n'a pas répondu à l'identification"
        ):
            attempt.attempt()
    except LOST as error:
        lost = connection.lost(error)
        if not attempt.password_shown or connection.is_cancelled:
            raise lost from error
        raise TransferError(
            Problem.LOGIN_UNANSWERED, username=address.username, reason=lost.details["reason"]
        ) from error
    connection.watchdog.ask_when_silent()


@dataclass
class _Authentication:
    """The one attempt of `username` on a transport whose host key was accepted.

    Args:
        host: for the errors.
        key: the private key; None stands for the password.
        password: may be None too, which is an error as soon as one is needed.

    Attributes:
        password_shown: the server may have seen the password. If the connection is lost without an answer,
            nobody knows whether it counted as a wrong one.
    """

    transport: paramiko.Transport
    packetizer: ListeningPacketizer
    host: str
    username: str
    key: paramiko.PKey | None
    password: str | None = field(repr=False)
    password_shown: bool = field(default=False, init=False)

    def attempt(self) -> None:
        """Authenticates.

        Raises:
            TransferError: PASSWORD_NEEDED (nothing was sent) or CREDENTIALS_REFUSED.
            SSHException, EOFError, OSError: the connection was lost.
        """
        if self.key is None and self.password is None:
            raise TransferError(Problem.PASSWORD_NEEDED, username=self.username)
        methods = self._offered_methods()
        if self.transport.is_authenticated():
            return
        method = self._choose(methods)
        if method == "publickey":
            self._check_signatures()
        try:
            still_wanted = self._send(method)
        except paramiko.AuthenticationException as error:
            # A server that takes leave instead of answering « no » (too many failures, account locked) has
            # refused too, and more attempts would lock the account. A connection that breaks is no answer.
            if self.transport.is_active() or self.packetizer.farewell is not None:
                raise self._refused(_IN_FRENCH[method]) from error
            raise
        if still_wanted:
            raise self._refused(f"{_IN_FRENCH[method]} seul (il exige encore {', '.join(still_wanted)})")

    def _offered_methods(self) -> Sequence[str]:
        """Asks what the server accepts, by a request without any secret (RFC 4252, 5.2)."""
        try:
            self.transport.auth_none(self.username)
        except paramiko.BadAuthenticationType as error:
            return error.allowed_types
        return ()

    def _choose(self, methods: Sequence[str]) -> str:
        possible = ["publickey"] if self.key is not None else ["password", "keyboard-interactive"]
        for method in possible:
            if method in methods:
                return method
        raise self._refused(f"{_IN_FRENCH[possible[0]]} (il ne connaît que : {', '.join(methods) or 'rien'})")

    def _check_signatures(self) -> None:
        """Sees that the server accepts a signature that an RSA key can give; other kinds have only one each.

        paramiko takes the lack of one for the connection's failure, which it is not: it lasts.
        """
        extensions: dict[str, bytes] = self.transport.server_extensions  # type: ignore[attr-defined] # the stubs lack it
        announced = extensions.get("server-sig-algs", b"").decode("ascii", "replace")
        if not isinstance(self.key, paramiko.RSAKey) or not announced:
            return
        accepted = announced.split(",")
        if not any(algorithm in RSA_SIGNATURES for algorithm in accepted):
            raise self._refused(f"une clé RSA (il n'accepte que les signatures {', '.join(accepted)})")

    def _send(self, method: str) -> Sequence[str]:
        if self.key is not None:
            return self.transport.auth_publickey(self.username, self.key)
        self.password_shown = True
        if method == "password":
            return self.transport.auth_password(self.username, self.password or "", fallback=False)
        return self.transport.auth_interactive(self.username, self._answer)

    def _answer(self, _title: str, _instructions: str, prompts: Sequence[tuple[str, bool]]) -> list[str]:
        """Gives the password to the one hidden prompt, and nothing to others (a code, a new password)."""
        return [self.password or "" if len(prompts) == 1 and not shown else "" for _, shown in prompts]

    def _refused(self, method: str) -> TransferError:
        return TransferError(
            Problem.CREDENTIALS_REFUSED, host=self.host, method=method, username=self.username
        )


_IN_FRENCH = {
    "publickey": "cette clé",
    "password": "ce mot de passe",
    "keyboard-interactive": "ce mot de passe",
}
