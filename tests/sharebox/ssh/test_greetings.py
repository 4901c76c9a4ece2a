"""What is said where no SSH server is met, or one that is too busy, on each kind of route."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from tests.servers.greeter import greeter
from tests.servers.openssh import openssh
from tests.servers.processes import LOOPBACK
from tests.servers.squid import squid
from tests.sharebox.helpers import connect, failure
from tui_transfer.errors import ExitCode, Need, Problem, Recovery, decoded
from tui_transfer.sharebox.proxy.routes import Direct, Proxy
from tui_transfer.sharebox.ssh import handshake
from tui_transfer.sharebox.ssh.greeting import LONGEST, MOST_LINES, Greeting, NoIdentificationError
from tui_transfer.sharebox.ssh.route_trial import try_route
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.account import Account
    from tests.servers.greeter import After
    from tests.servers.openssh import SshServer
    from tests.servers.squid import SquidServer
    from tui_transfer.errors import TransferError
    from tui_transfer.sharebox.proxy.routes import Route

HTML = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>portail</html>"
FATAL_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
MYSQL = b"J\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00abcdefgh\x00"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "HANDSHAKE_SECONDS", 2.0)


def met(problem: Problem, port: int, route: Route | None = None) -> TransferError:
    return failure(problem, lambda: try_route(LOOPBACK, port, route or Direct(), Cancellation()))


class TestDirect:
    def test_no_place_for_one_more(self, account: Account) -> None:
        """One connection is held that logs nobody in: sshd takes no other."""
        with openssh(account, options=["MaxStartups 1:100:1"]) as server, _held(server):
            error = failure(Problem.SERVER_BUSY, lambda: connect(server))
            assert "« Exceeded MaxStartups »" in error.why
            assert (error.exit_code, error.meaning.recovery) == (ExitCode.INTERRUPTED, Recovery.TRANSIENT)
            assert error.need is None

    @pytest.mark.parametrize(
        ("said", "shown"),
        [
            (b"Too many connections\r\n", "Too many connections"),
            (b"Not allowed at this time", "Not allowed at this time"),
            ("Le service est arrêté jusqu'à 8 h\n".encode(), "Le service est arrêté jusqu'à 8 h"),
            (
                "Trop de connexions, réessayez à 8 h €\n".encode("cp1252"),
                "Trop de connexions, réessayez à 8 h €",
            ),
            (b"Maintenance\x1b[2J\r\n\r\n  demain\r\n", "Maintenance�[2J demain"),
        ],
    )
    @pytest.mark.parametrize("after", ["close", "reset"])
    def test_who_says_why_and_closes(self, said: bytes, shown: str, after: After) -> None:
        with greeter(said, after, hears_first=after == "reset") as server:
            error = met(Problem.SERVER_BUSY, server.port)
            assert " ".join(f"« {shown} »".split()) in " ".join(error.why.split())

    @pytest.mark.parametrize("after", ["close", "reset"])
    def test_who_closes_without_a_word(self, after: After) -> None:
        with greeter(b"", after, hears_first=True) as server:
            error = met(Problem.SERVER_CLOSED, server.port)
            assert (error.meaning.recovery, error.need) == (Recovery.TRANSIENT, Need.PROXY)

    @pytest.mark.parametrize(
        ("said", "name"),
        [
            (HTML, "HTTP"),
            (b"<!DOCTYPE html>\n<title>Connexion</title>", "HTTP"),
            (b"220 ProFTPD Server (depot) FTP ready\r\n", "FTP"),
            (b"220 mail.example.org ESMTP Postfix\r\n", "SMTP"),
            (b"220 ready\r\n", "FTP ou SMTP"),
            (b"421 Too many connections", "FTP ou SMTP"),
            (FATAL_ALERT, "TLS"),
            (MYSQL, "MySQL"),
            (b"\x10\x00\x00\x00\xff\x10\x04Too many connections", "MySQL"),
            (b"+OK POP3 ready\r\n", "POP3"),
            (b"* OK IMAP4rev1\r\n", "IMAP"),
            (b"RFB 003.008\n", "VNC"),
            (b"\xff\xfd\x18\xff\xfd\x20login: ", "Telnet"),
            (b"-ERR unknown command\r\n", "Redis"),
        ],
    )
    def test_another_protocol_is_named(self, said: bytes, name: str) -> None:
        with greeter(said) as server:
            error = met(Problem.NOT_SSH, server.port)
            assert f"un serveur {name}" in error.why
            assert "essayez par le proxy" in error.advice

    @pytest.mark.parametrize("said", [HTML, MYSQL, FATAL_ALERT, b"220 ready\r\n"])
    def test_another_protocol_is_known_at_once(self, said: bytes) -> None:
        """It waits for what its own clients say; the limit of the handshake is not waited for."""
        with greeter(said, "wait") as server:
            met(Problem.NOT_SSH, server.port)

    def test_what_is_no_text(self) -> None:
        with greeter(bytes(range(128, 160)) * 9) as server:
            met(Problem.NOT_SSH, server.port)

    @pytest.mark.usefixtures("impatient")
    def test_silence(self) -> None:
        with greeter(b"", "wait") as server:
            error = met(Problem.SERVER_SILENT, server.port)
            assert "il n’a rien dit" in error.why
        with greeter(b"Patientez\r\n", "wait") as server:
            error = met(Problem.SERVER_SILENT, server.port)
            assert "« Patientez »" in error.why

    def test_lines_before_the_identification_are_kept(self, account: Account) -> None:
        with openssh(account) as server:

            def speak(link: socket.socket) -> None:
                link.sendall("Accès réservé\r\n".encode("latin-1") * 3)
                with socket.create_connection((server.host, server.port)) as inner:
                    _carry(link, inner)

            with greeter(speak) as talkative, connect(server, port=talkative.port) as sharebox:
                assert sharebox.connection.told == ["Accès réservé Accès réservé Accès réservé"]
            server.wait_for_sessions()


@contextlib.contextmanager
def _held(server: SshServer) -> Iterator[None]:
    """A connection that sshd has taken; the one that has found it listening may still have its place."""
    while True:
        with socket.create_connection((server.host, server.port)) as link, link.makefile("rb") as reader:
            if reader.readline().startswith(b"SSH-2.0-"):
                yield
                return


def _carry(one: socket.socket, other: socket.socket) -> None:
    def pipe(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=pipe, args=(other, one), daemon=True).start()
    pipe(one, other)


class TestProxy:
    """Nobody who is behind a proxy is told to try one."""

    @pytest.fixture(scope="class")
    def way(self) -> Iterator[SquidServer]:
        with squid(allowed_ports=["1024-65535"]) as proxy:
            yield proxy

    @staticmethod
    def through(proxy: SquidServer) -> Proxy:
        return Proxy("http", proxy.host, proxy.port)

    @pytest.mark.parametrize(
        ("said", "after", "told"),
        [
            (b"", "close", "coupe la connexion"),
            (b"", "reset", "coupe la connexion"),
            (FATAL_ALERT, "close", "une alerte TLS"),
            (FATAL_ALERT, "wait", "une alerte TLS"),
            (HTML, "close", "« HTTP/1.1 400 Bad Request"),
        ],
    )
    def test_nothing_but_tls_passes(self, way: SquidServer, said: bytes, after: After, told: str) -> None:
        # A reset that comes too early is squid's to tell: it was not connected yet.
        with greeter(said, after, hears_first=after == "reset") as server:
            error = met(Problem.PROXY_NOT_SSH, server.port, self.through(way))
            assert told in error.why
            assert f"le port {server.port} vers {LOOPBACK} à la liaison chiffrée SSH" in error.advice
            assert "« inspection TLS »" in error.advice
            assert "par le proxy" not in error.as_text()
            assert error.exit_code is ExitCode.PROXY

    @pytest.mark.usefixtures("impatient")
    def test_silence(self, way: SquidServer) -> None:
        with greeter(b"", "wait") as server:
            assert "ne transmet rien" in met(Problem.PROXY_NOT_SSH, server.port, self.through(way)).why

    def test_busy_server(self, way: SquidServer) -> None:
        with greeter(b"Exceeded MaxStartups\r\n") as server:
            assert "Exceeded" in met(Problem.SERVER_BUSY, server.port, self.through(way)).why

    def test_another_server(self, way: SquidServer) -> None:
        with greeter(b"220 depot FTP\r\n") as server:
            error = met(Problem.NOT_SSH_BEHIND_PROXY, server.port, self.through(way))
            assert "essayez" not in error.as_text()


class TestLimits:
    def heard(self, said: bytes) -> Greeting:
        greeting = Greeting()
        for number in said:
            greeting.hear(bytes([number]))
        return greeting

    def test_lines_before_it(self) -> None:
        greeting = self.heard(b"x\r\n" * (MOST_LINES - 1) + b"SSH-2.0-x\r\n")
        assert greeting.identification == b"SSH-2.0-x"
        with pytest.raises(NoIdentificationError):
            self.heard(b"x\r\n" * MOST_LINES)
        with pytest.raises(NoIdentificationError):
            self.heard(b"x" * LONGEST)

    @pytest.mark.parametrize(
        ("said", "text"),
        [
            (b"\xe9t\xe9", "été"),
            ("été".encode(), "été"),
            ("été".encode()[:-1], "ét"),
            (b"\x80 \x81", "\x80 \x81"),
        ],
    )
    def test_any_encoding(self, said: bytes, text: str) -> None:
        assert decoded(said) == text
