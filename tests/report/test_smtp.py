"""Sending by SMTP: sent is what the server took, safely; whatever else happens has its words and its code.

aiosmtpd is a server of its own making, in Python, with TLS and logins; what no sane server says, `scripted`
says.
"""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.mail import PASSWORD, USERNAME, MailServer, certificate_for, mail_server, scripted
from tests.servers.processes import LOOPBACK, free_port
from tui_transfer.errors import ExitCode, Problem, TransferError
from tui_transfer.report import mime, smtp
from tui_transfer.report.message import Message
from tui_transfer.report.smtp import Patience
from tui_transfer.settings.config import MailSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE = Message(
    "Objet – été",
    ("a@example.org", "b@example.org"),
    "Bonjour,\n.\n..deux\n" + "voilà " * 40 + "\n",
    facts=b"{}\n",
    job="20220302-140500-d9f0",
)
SENDER = "exemple@example.org"
LETTER = mime.letter(MESSAGE, SENDER, datetime(2022, 3, 2, 14, 5, tzinfo=UTC))
LONG = Patience(step=60.0, verdict=60.0, whole=120.0)
SHORT = Patience(step=1.0, verdict=1.0, whole=120.0)
"""Where the server is silent, which takes all of it."""
BRIEF = Patience(step=20.0, verdict=20.0, whole=0.5)
SILENT = "pas de réponse dans le délai"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_for("localhost", tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As if the system trusted it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


@pytest.fixture
def server(trusted: Path) -> Iterator[MailServer]:
    with mail_server(trusted) as made:
        yield made


def settings(port: int, host: str = "localhost", **changes: str | None) -> MailSettings:
    given: dict[str, str | None] = {"username": USERNAME, "security": "starttls"}
    return MailSettings(host=host, port=port, sender=SENDER, **(given | changes))  # type: ignore[arg-type]


def send(mail: MailSettings, password: str | None = PASSWORD, patience: Patience = LONG) -> str:
    return smtp.send(LETTER, MESSAGE.recipients, mail, password, patience)


def refusal(mail: MailSettings, password: str | None = PASSWORD, patience: Patience = LONG) -> TransferError:
    """How sending fails; never with the password in the words, nor in what a traceback would show."""
    with pytest.raises(TransferError) as caught:
        send(mail, password, patience)
    error = caught.value
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert PASSWORD not in error.as_text() + repr(error)
    assert "—" not in error.as_text()
    return error


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_what_is_sent_arrives_as_it_was_written(trusted: Path, security: str) -> None:
    with mail_server(trusted, security=security) as server:
        said = send(settings(server.port, security=security))
    assert said == "2.0.0 Ok: queued as 4F2A1"
    (letter,) = server.letters
    assert (letter.sender, letter.recipients) == (SENDER, MESSAGE.recipients)
    assert (letter.user, letter.encrypted) == (USERNAME, True)
    assert letter.client == "[127.0.0.1]"
    mail = message_from_bytes(letter.content, policy=default)
    text, attached = mail.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == MESSAGE.body
    assert attached.get_content() == MESSAGE.facts
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, MESSAGE.recipients_line, MESSAGE.subject)
    assert mail["Date"].datetime == datetime(2022, 3, 2, 14, 5, tzinfo=UTC)
    assert mail["X-Unsent"] is None
    assert mail.defects == []


def test_a_relay_that_asks_nothing_is_asked_nothing() -> None:
    with mail_server() as server:
        send(settings(server.port, username=None, security="none"), None)
    assert server.letters[0].user is None


def test_a_report_is_known_by_its_content_however_often_it_is_sent() -> None:
    def number(message: Message, day: int) -> str:
        made = mime.letter(message, SENDER, datetime(2022, 3, day, tzinfo=UTC))
        return str(message_from_bytes(made, policy=default)["Message-ID"])

    assert number(MESSAGE, 2) == number(MESSAGE, 3)
    other = Message(MESSAGE.subject, MESSAGE.recipients, "Autre", job=MESSAGE.job)
    assert number(MESSAGE, 2) != number(other, 2)


# ── What goes wrong ───────────────────────────────────────────


def test_a_name_that_nobody_knows() -> None:
    error = refusal(settings(25, host="smtp.invalid"))
    assert (error.problem, error.exit_code) == (Problem.MAIL_UNREACHABLE, ExitCode.UNREACHABLE)
    assert "smtp.invalid" in error.why


def test_nobody_at_that_port() -> None:
    error = refusal(settings(free_port(), host=LOOPBACK))
    assert error.problem is Problem.MAIL_UNREACHABLE
    assert "la connexion est refusée" in error.why


def test_a_wrong_password(server: MailServer) -> None:
    error = refusal(settings(server.port), "autre")
    assert (error.problem, error.exit_code) == (Problem.MAIL_CREDENTIALS_REFUSED, ExitCode.CREDENTIALS)
    assert "535" in error.why
    assert "mot de passe d’application" in error.advice
    assert server.letters == []


def test_no_password(server: MailServer) -> None:
    assert refusal(settings(server.port), None).problem is Problem.MAIL_PASSWORD_NEEDED


def test_a_login_that_the_settings_do_not_name(server: MailServer) -> None:
    error = refusal(settings(server.port, username=None), None)
    assert (error.problem, error.exit_code) == (Problem.MAIL_LOGIN_WANTED, ExitCode.CREDENTIALS)


def test_one_refused_address_keeps_the_report_from_all(server: MailServer) -> None:
    server.refused["b@example.org"] = "550 5.1.1 No such user here"
    error = refusal(settings(server.port))
    assert (error.problem, error.exit_code) == (Problem.MAIL_ADDRESS_REFUSED, ExitCode.REFUSED)
    assert "b@example.org comme destinataire" in error.why
    assert "No such user here" in error.why
    assert server.letters == []


def test_an_address_that_waits(server: MailServer) -> None:
    server.refused["a@example.org"] = "450 4.2.0 Greylisted"
    error = refusal(settings(server.port))
    assert (error.problem, error.exit_code) == (Problem.MAIL_BUSY, ExitCode.INTERRUPTED)


@pytest.mark.parametrize(
    ("verdict", "problem"),
    [
        ("552 5.3.4 Too big", Problem.MAIL_REFUSED),
        ("451 4.3.0 Try again", Problem.MAIL_BUSY),
        ("554 5.7.1 Spam", Problem.MAIL_REFUSED),
    ],
)
def test_a_report_that_is_not_taken(server: MailServer, verdict: str, problem: Problem) -> None:
    server.verdict = verdict
    error = refusal(settings(server.port))
    assert error.problem is problem
    assert verdict in error.why


def test_a_certificate_that_nobody_signed(certificate: Path) -> None:
    for security in ("starttls", "tls"):
        with mail_server(certificate, security=security) as server:
            error = refusal(settings(server.port, security=security))
        assert (error.problem, error.exit_code) == (Problem.MAIL_CERTIFICATE, ExitCode.HOST_KEY)
        assert "il n'est signé que par lui-même" in error.why.replace("’", "'")


def test_a_certificate_of_another_name(server: MailServer) -> None:
    error = refusal(settings(server.port, host=LOOPBACK))
    assert error.problem is Problem.MAIL_CERTIFICATE
    assert "établi pour une autre adresse" in error.why


def test_where_no_tls_is_offered_nothing_is_said_in_clear() -> None:
    with mail_server() as server:
        error = refusal(settings(server.port))
    assert (error.problem, error.exit_code) == (Problem.MAIL_UNSAFE, ExitCode.USAGE)


def test_tls_where_there_is_none(server: MailServer) -> None:
    error = refusal(settings(server.port, security="tls"))
    assert error.problem is Problem.MAIL_NOT_TLS
    assert "sa réponse n’est pas du TLS" in error.why


def test_starttls_where_tls_is_spoken_at_once(trusted: Path) -> None:
    with mail_server(trusted, security="tls") as server:
        error = refusal(settings(server.port), patience=SHORT)
    assert error.problem is Problem.MAIL_UNREACHABLE
    assert "465" in error.advice


_GREETED = (b"220 x\r\n", b"250-x\r\n250 AUTH PLAIN\r\n")
_NAMED = (b"250 x\r\n",) * 3


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ((b"SSH-2.0-OpenSSH_9.2\r\n",), Problem.MAIL_NOT_SMTP),
        ((b"x" * 100_000,), Problem.MAIL_NOT_SMTP),
        ((b"554 not you\r\n",), Problem.MAIL_REFUSED),
        ((b"421 too many\r\n",), Problem.MAIL_BUSY),
        ((b"220 x\r\n", b"500 what\r\n", b"500 what\r\n"), Problem.MAIL_REFUSED),
        ((), Problem.MAIL_UNREACHABLE),
        ((None,), Problem.MAIL_UNREACHABLE),
        ((*_GREETED, None), Problem.MAIL_UNREACHABLE),
        ((*_GREETED, *_NAMED), Problem.MAIL_UNREACHABLE),  # hangs up at DATA
        ((*_GREETED, *_NAMED, b"554 no\r\n"), Problem.MAIL_REFUSED),
        ((*_GREETED, *_NAMED, b"354 go\r\n"), Problem.MAIL_UNCERTAIN),
        ((*_GREETED, *_NAMED, b"354 go\r\n", None), Problem.MAIL_UNCERTAIN),
        ((*_GREETED, *_NAMED, b"354 go\r\n", b"what?\r\n"), Problem.MAIL_UNCERTAIN),
    ],
)
def test_servers_that_break_off(answers: tuple[bytes | None, ...], problem: Problem) -> None:
    patience = SHORT if None in answers else LONG
    with scripted(answers) as (port, _):
        error = refusal(settings(port, username=None, security="none", host=LOOPBACK), None, patience)
    assert error.problem is problem
    if problem is Problem.MAIL_UNCERTAIN:
        assert error.exit_code is ExitCode.INTERRUPTED


def test_one_that_only_says_a_little_at_a_time_is_not_heard_to_its_end() -> None:
    begun = time.monotonic()
    with scripted((b"220 x\r\n", None)) as (port, _):
        error = refusal(settings(port, username=None, security="none", host=LOOPBACK), None, BRIEF)
    assert (error.problem, SILENT in error.why) == (Problem.MAIL_UNREACHABLE, True)
    assert time.monotonic() - begun < 30


def test_nor_one_that_is_silent_where_tls_begins() -> None:
    with scripted((None,)) as (port, _):
        begun = time.monotonic()
        error = refusal(settings(port, security="tls"), patience=BRIEF)
    assert (error.problem, SILENT in error.why) == (Problem.MAIL_UNREACHABLE, True)
    assert time.monotonic() - begun < BRIEF.step


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ((None,), Problem.MAIL_UNREACHABLE),
        ((*_GREETED, *_NAMED, b"354 go\r\n", None), Problem.MAIL_UNCERTAIN),
    ],
)
def test_nor_any_where_shutting_down_wakes_nobody(
    monkeypatch: pytest.MonkeyPatch, answers: tuple[bytes | None, ...], problem: Problem
) -> None:
    with monkeypatch.context() as windows:
        windows.setattr(socket.socket, "shutdown", lambda *_: None)
        begun = time.monotonic()
        with scripted(answers) as (port, _):
            mail = settings(port, username=None, security="none", host=LOOPBACK)
            # Long enough for all that comes before, also on a machine that others use.
            error = refusal(mail, None, replace(BRIEF, whole=5.0 if answers[0] else 0.5))
            windows.undo()  # the server's own end
    assert (error.problem, SILENT in error.why) == (problem, True)
    assert time.monotonic() - begun < BRIEF.step


def test_whoever_was_not_waited_for_is_told_nothing_more() -> None:
    with socket.create_server((LOOPBACK, 0)) as listening:
        mail = settings(listening.getsockname()[1], username=None, security="none", host=LOOPBACK)
        error = refusal(mail, None, BRIEF)
        link, _ = listening.accept()
        with link, link.makefile("rb") as lines:
            with contextlib.suppress(OSError):
                link.sendall(b"220 at last\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert lines.read() == b""
    assert error.problem is Problem.MAIL_UNREACHABLE


def test_what_was_said_before_tls_counts_for_nothing(trusted: Path) -> None:
    """CVE-2011-0411's kind: whoever is in between answers for the server beforehand."""
    taken = b"250-evil\r\n250 AUTH PLAIN\r\n235 in\r\n250 x\r\n250 x\r\n250 x\r\n354 go\r\n250 taken\r\n"
    injected = b"220 go\r\n" + taken
    with scripted((b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", injected)) as (port, heard):
        error = refusal(settings(port))
    assert error.problem in (Problem.MAIL_NOT_TLS, Problem.MAIL_UNREACHABLE)
    assert not any(line.startswith((b"AUTH", b"MAIL")) for line in heard)


def test_a_login_that_needs_more_than_a_password(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = (b"220 x\r\n", b"250-x\r\n250 AUTH XOAUTH2 OAUTHBEARER\r\n")
    with scripted(answers) as (port, heard):
        mail = settings(port, security="none", host=LOOPBACK)  # as `convert` refuses it
        error = refusal(mail)
    assert error.problem is Problem.MAIL_LOGIN_UNKNOWN
    assert "XOAUTH2" in error.why
    assert not any(line.startswith(b"AUTH") for line in heard)


def test_a_server_that_repeats_the_password_is_not_quoted() -> None:
    questions = (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n")
    told = f"535 {PASSWORD} is wrong\r\n".encode()
    answers = (b"220 x\r\n", b"250-x\r\n250 AUTH LOGIN\r\n", *questions, told)
    with scripted(answers) as (port, _):
        error = refusal(settings(port, security="none", host=LOOPBACK))
    assert error.problem is Problem.MAIL_CREDENTIALS_REFUSED
    assert "… is wrong" in error.why
