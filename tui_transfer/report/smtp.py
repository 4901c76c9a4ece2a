"""Sending the report by SMTP (RFC 5321): it counts as sent once the server has said 250 to all of it.

One address that is refused keeps it from going to the others: what is sent is sent whole. The password is
shown to a server over TLS alone, whose certificate the system trusts.
"""

from __future__ import annotations

import base64
import contextlib
import smtplib
import socket
import ssl
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError, decoded, harmless
from tui_transfer.system import certificates, os_errors
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.system.waiting import result_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui_transfer.settings.config import MailSettings

_LONGEST_SAID: Final = 300
_MECHANISMS: Final = ("PLAIN", "LOGIN")
"""Both hand over the password, which TLS hides; what else there is, no server asks for alone (RFC 4954)."""
_TLS_FIRST_BYTES: Final = "WRONG_VERSION_NUMBER"
"""OpenSSL's word for an answer that is no TLS."""
_CLOSED: Final = "la connexion a été coupée"
_SILENT: Final = "pas de réponse dans le délai"


@dataclass(frozen=True)
class Patience:
    """How long a server may take, in seconds."""

    step: float = 30.0
    """For each answer."""
    verdict: float = 300.0
    """For the one to the whole report, which it may look through first. RFC 5321 would have ten minutes."""
    whole: float = 600.0
    """For all of it, however many bytes come in time."""


def send(
    letter: bytes,
    recipients: Sequence[str],
    mail: MailSettings,
    password: str | None,
    patience: Patience = Patience(),
) -> str:
    """Hands `letter` to the server for all of `recipients`; gives what it said when it took it.

    Args:
        letter: headers and text, as ASCII.
        recipients: their addresses.
        mail: the server, and who sends.
        password: of `mail.username`; not used where that is None.
        patience: see there.

    Raises:
        TransferError: a problem of mail. But for MAIL_UNCERTAIN nothing was sent.
    """
    if mail.username is not None and not password:
        raise TransferError(Problem.MAIL_PASSWORD_NEEDED, username=mail.username)
    limit = Cancellation()
    conversation = _Conversation(mail, password, patience, limit)
    try:
        return result_of(lambda: conversation.hold(recipients, letter), limit, seconds=patience.whole)
    except TimeoutError:
        # First nothing more can be said, then it counts what was.
        limit.cancel()
        raise conversation.broken(_SILENT, Problem.MAIL_UNREACHABLE) from None
    finally:
        limit.cancel()


class _Conversation:
    """One connection to one server, held in a thread of its own, since a `recv` cannot be woken on every
    system. Once `limit` is cancelled that thread is left to itself. It says nothing more then, since its
    connection is shut down, and ends at the latest when the server's time for an answer does.
    """

    def __init__(
        self, mail: MailSettings, password: str | None, patience: Patience, limit: Cancellation
    ) -> None:
        self._mail = mail
        self._password = password
        self._patience = patience
        self._smtp = smtplib.SMTP(local_hostname="localhost", timeout=patience.step)
        self._is_given = False
        """Whether the server has all of the letter."""
        self._limit = limit
        self._ending = contextlib.ExitStack()
        """While a connection is open here, the limit ends it."""

    def hold(self, recipients: Sequence[str], letter: bytes) -> str:
        """The whole of it; what the server said when it took the letter."""
        try:
            with self._errors_told():
                self._connect()
                self._log_in()
                self._name(recipients)
                return self._hand_over(letter)
        finally:
            self._close()

    def broken(self, reason: str, otherwise: Problem) -> TransferError:
        """What it means that the conversation ended before its end."""
        return self._error(Problem.MAIL_UNCERTAIN if self._is_given else otherwise, reason=reason)

    # ── In order ──────────────────────────────────────────────

    def _connect(self) -> None:
        """To where the login is: connected, greeted, and encrypted unless the settings say otherwise."""
        mail = self._mail
        link = socket.create_connection((mail.host, mail.port), self._patience.step)
        self._hold(link)
        # The address, not the machine's name: that takes a look-up, and is nobody's business.
        ours = link.getsockname()[0]
        self._smtp.local_hostname = f"[IPv6:{ours}]" if ":" in ours else f"[{ours}]"
        if mail.security == "tls":
            self._encrypt()
        code, said = self._smtp.getreply()
        if code != 220:
            self._refuse(code, said)
        self._greet()
        if mail.security == "starttls":
            if not self._smtp.has_extn("starttls"):
                raise self._error(Problem.MAIL_UNSAFE)
            code, said = self._smtp.docmd("STARTTLS")
            if code != 220:
                self._refuse(code, said)
            self._encrypt()
            self._greet()

    def _log_in(self) -> None:
        """As the settings name somebody to log in as."""
        mail, password = self._mail, self._password
        if mail.username is None or password is None:
            return
        offered = str(self._smtp.esmtp_features.get("auth", "")).upper().split()
        mechanism = next((known for known in _MECHANISMS if known in offered), None)
        if mechanism is None:
            told = ", ".join(offered) or "aucune identification"
            raise self._error(Problem.MAIL_LOGIN_UNKNOWN, offered=told)
        if mechanism == "PLAIN":
            code, said = self._smtp.docmd("AUTH", "PLAIN " + _base64(f"\0{mail.username}\0{password}"))
        else:
            code, said = self._smtp.docmd("AUTH", "LOGIN")
            for word in (mail.username, password):
                if code == 334:
                    code, said = self._smtp.docmd(_base64(word))
        if code == 235:
            return
        if 400 <= code < 500:
            raise self._error(Problem.MAIL_BUSY, said=self._told(code, said))
        refused = self._told(code, said)
        raise self._error(Problem.MAIL_CREDENTIALS_REFUSED, username=mail.username, said=refused)

    def _name(self, recipients: Sequence[str]) -> None:
        """Says who sends, and to whom."""
        sender = self._mail.sender
        self._accept_address(*self._smtp.mail(sender), address=sender, role="expéditeur")
        for address in recipients:
            self._accept_address(*self._smtp.rcpt(address), address=address, role="destinataire")

    def _hand_over(self, letter: bytes) -> str:
        """Gives the letter; what the server said to it."""
        code, said = self._smtp.docmd("DATA")
        if code != 354:
            self._refuse(code, said)
        lines = letter.removesuffix(b"\r\n").split(b"\r\n")
        self._smtp.send(b"".join(_stuffed(line) + b"\r\n" for line in lines))
        assert self._smtp.sock is not None
        self._smtp.sock.settimeout(self._patience.verdict)
        self._is_given = True  # from the next byte on
        self._smtp.send(b".\r\n")
        code, said = self._smtp.getreply()
        if code != 250:
            self._is_given = code == -1  # no number: nothing that can be relied on
            self._refuse(code, said)
        return _in_one_line(said)

    def _close(self) -> None:
        """Takes leave, where it is still listened to."""
        if self._smtp.sock is None:
            return
        with contextlib.suppress(OSError, ValueError, smtplib.SMTPException):
            self._smtp.sock.settimeout(1.0)
            self._smtp.docmd("QUIT")
        self._ending.close()
        self._smtp.close()

    # ── How ───────────────────────────────────────────────────

    def _encrypt(self) -> None:
        """What was said before counts for nothing: whoever is in between could have said it."""
        assert isinstance(self._smtp.sock, socket.socket)
        context = ssl.create_default_context()
        link = context.wrap_socket(
            self._smtp.sock, server_hostname=self._mail.host, do_handshake_on_connect=False
        )
        self._hold(link)
        link.do_handshake()
        self._smtp.file = None
        self._smtp.ehlo_resp = self._smtp.helo_resp = None
        self._smtp.esmtp_features = {}

    def _hold(self, link: socket.socket) -> None:
        self._ending.close()
        self._smtp.sock = link
        self._ending.enter_context(self._limit.ending(partial(_shut_down, link)))

    def _greet(self) -> None:
        code, said = self._smtp.ehlo()
        if not 200 <= code < 300:
            code, said = self._smtp.helo()
        if not 200 <= code < 300:
            self._refuse(code, said)

    def _accept_address(self, code: int, said: bytes, *, address: str, role: str) -> None:
        if code in (250, 251):
            return
        if 500 <= code < 600 and code != 530:
            told = self._told(code, said)
            raise self._error(Problem.MAIL_ADDRESS_REFUSED, address=address, role=role, said=told)
        self._refuse(code, said)

    def _refuse(self, code: int, said: bytes) -> None:
        """Raises what an answer means that is not the one hoped for."""
        told = self._told(code, said)
        if 400 <= code < 500:
            raise self._error(Problem.MAIL_BUSY, said=told)
        if code == 530:
            raise self._error(Problem.MAIL_LOGIN_WANTED, said=told)
        if 500 <= code < 600:
            raise self._error(Problem.MAIL_REFUSED, said=told)
        if self._is_given:
            raise self._error(Problem.MAIL_UNCERTAIN, reason=f"sa réponse est incompréhensible{told}")
        raise self._error(Problem.MAIL_NOT_SMTP, reason=f"sa réponse n’est pas celle d’un tel serveur{told}")

    @contextlib.contextmanager
    def _errors_told(self) -> Iterator[None]:
        """Turns what the network, TLS and smtplib raise into what a person understands."""
        try:
            yield
        except TransferError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise self._error(Problem.MAIL_CERTIFICATE, reason=certificates.in_words(error)) from None
        except ssl.SSLError as error:
            reason = "sa réponse n’est pas du TLS" if error.reason == _TLS_FIRST_BYTES else _reason_of(error)
            raise self.broken(reason, Problem.MAIL_NOT_TLS) from None
        except smtplib.SMTPResponseException:
            raise self.broken("sa réponse n’en finit pas", Problem.MAIL_NOT_SMTP) from None
        except (OSError, ValueError, smtplib.SMTPException) as error:
            # `from None`, everywhere: what smtplib raises may hold what was sent.
            raise self.broken(_reason_of(error), Problem.MAIL_UNREACHABLE) from None

    def _error(self, problem: Problem, **details: object) -> TransferError:
        return TransferError(problem, host=self._mail.host, port=self._mail.port, **details)

    def _told(self, code: int, said: bytes) -> str:
        """The server's own words, as the end of a sentence; without the password, should it repeat that."""
        text = _in_one_line(said)
        if secret := self._password:
            for form in (_base64(f"\0{self._mail.username}\0{secret}"), _base64(secret), secret):
                text = text.replace(form, "…")
        number = f"{code} " if code > 0 else ""
        return f" Le serveur dit : « {number}{text[:_LONGEST_SAID]} »." if text or number else ""


def _shut_down(link: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is closed already, which is as good
        # Not the socket's own, which would leave TLS and let what follows go in clear.
        socket.socket.shutdown(link, socket.SHUT_RDWR)


def _stuffed(line: bytes) -> bytes:
    """A line of the letter: what begins with a dot gets another, as one alone ends the letter."""
    return b"." + line if line.startswith(b".") else line


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _in_one_line(said: bytes) -> str:
    return harmless(decoded(said)).strip()


def _reason_of(error: Exception) -> str:
    """Why a connection broke; smtplib tells of its end in words of its own, and keeps what it was behind."""
    cause = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else error
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, TimeoutError):
        return (cause.reason or "TLS").replace("_", " ").lower()
    if isinstance(cause, OSError):
        return os_errors.in_words(cause)
    return _CLOSED
