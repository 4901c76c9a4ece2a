"""A mail server that takes what it is given, with TLS and a login, and one that says what it is told to."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.programs import require
from tests.servers.processes import LOOPBACK, free_port, stop_listening

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, Session

USERNAME = "facteur"
PASSWORD = "timbre-à-3 €"  # not in ASCII, as people's are


@dataclass
class MailServer:
    """A running server.

    Attributes:
        letters: what it took.
        refused: addresses that it does not take, each with its answer.
        verdict: what it says to a letter.
    """

    port: int
    host: str = "localhost"
    letters: list[Letter] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    verdict: str = "250 2.0.0 Ok: queued as 4F2A1"
    encrypts: bool = False
    """From the first byte on."""

    # The hooks of aiosmtpd, by the names that it looks for.

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        user = session.auth_data.decode() if isinstance(session.auth_data, bytes) else None
        if self.verdict.startswith("250"):
            self.letters.append(
                Letter(
                    str(envelope.mail_from),
                    tuple(envelope.rcpt_tos),
                    envelope.content,
                    user,
                    self.encrypts or session.ssl is not None,
                    str(session.host_name),
                )
            )
        return self.verdict


@dataclass(frozen=True)
class Letter:
    """A message as it came, and how."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    user: str | None
    encrypted: bool
    client: str


@contextlib.contextmanager
def mail_server(certificate: Path | None = None, *, security: str = "starttls") -> Iterator[MailServer]:
    """Runs one that knows a single account, `USERNAME` and `PASSWORD`, and asks for it where it encrypts.

    Args:
        certificate: of `localhost`, with its key; without it there is neither TLS nor a login.
        security: as the settings have it.
    """
    made = MailServer(free_port(), encrypts=security == "tls")
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)

    def authenticate(
        server: object, session: Any, envelope: object, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login.decode(), data.password.decode()) == (USERNAME, PASSWORD)
        return AuthResult(success=right, handled=right, auth_data=data.login)

    options: dict[str, Any] = {}
    if context is not None:
        options = {"authenticator": authenticate, "auth_required": True}
        if security == "tls":  # of which it knows nothing where logins are concerned
            options |= {"ssl_context": context, "auth_require_tls": False, "auth_required": False}
        else:
            options |= {"tls_context": context, "require_starttls": True}
    controller = Controller(made, hostname=LOOPBACK, port=made.port, **options)
    controller.start()
    try:
        yield made
    finally:
        controller.stop()


def certificate_for(name: str, folder: Path) -> Path:
    """A certificate that signs itself, and its key."""
    file, made = folder / f"{name}.pem", folder / f"{name}.crt"
    command = (
        f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -keyout {file} -out {made}"
        f" -addext subjectAltName=DNS:{name} -addext basicConstraints=critical,CA:TRUE"
    )
    subprocess.run([require("openssl"), *command.split()], check=True, capture_output=True, timeout=60)
    with file.open("ab") as both:
        both.write(made.read_bytes())
    return file


@contextlib.contextmanager
def scripted(answers: Sequence[bytes | None]) -> Iterator[tuple[int, list[bytes]]]:
    """A server that says each of `answers` in turn, the first unasked, the next when a line has come; it is
    silent at None, and hangs up after the last. Gives its port, and what it is told.
    """
    heard: list[bytes] = []
    ended = threading.Event()
    with socket.create_server((LOOPBACK, 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError), listening.accept()[0] as link, link.makefile("rb") as lines:
                for answer in answers:
                    if answer is None:
                        ended.wait(60)
                        return
                    link.sendall(answer)
                    heard.append(line := lines.readline())
                    while heard[0:] and answer.startswith(b"354") and line not in (b".\r\n", b""):
                        heard.append(line := lines.readline())

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1], heard
        finally:
            ended.set()
            stop_listening(listening)
            thread.join()
