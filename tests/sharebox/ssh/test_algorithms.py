"""Every algorithm that is safe is spoken, by every name; others are told as unsafe, or as unknown here."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest

from tests.servers.openssh import make_key, openssh
from tests.servers.processes import LOOPBACK
from tests.sharebox.helpers import connect, failure, make_archive, send
from tui_transfer.errors import ExitCode, Problem, Recovery
from tui_transfer.sharebox.proxy.routes import Direct
from tui_transfer.sharebox.ssh.chacha import ChaChaPoly
from tui_transfer.sharebox.ssh.key_exchanges import modp_prime
from tui_transfer.sharebox.ssh.route_trial import try_route
from tui_transfer.sharebox.ssh.security import KEY_EXCHANGES
from tui_transfer.sharebox.ssh.transport import SshTransport
from tui_transfer.sharebox.ssh.violations import ProtocolViolationError
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.account import Account


# asyncssh has its own Diffie-Hellman from cryptography, which warns of it in the server's thread.
pytestmark = pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")


@contextmanager
def asyncssh_server(*, key_type: str = "ssh-ed25519", **options: Any) -> Iterator[int]:
    """Runs asyncssh's server; gives its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def wait_for(work: Any) -> Any:
        async def wait() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(wait(), loop).result(30)

    key = asyncssh.generate_private_key(key_type)
    server = wait_for(asyncssh.listen(LOOPBACK, 0, server_host_keys=[key], **options))
    try:
        yield server.get_port()
    finally:
        loop.call_soon_threadsafe(server.close)
        wait_for(server.wait_closed())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


def meets(port: int) -> str:
    return try_route(LOOPBACK, port, Direct(), Cancellation())


class TestSpoken:
    @pytest.mark.parametrize(
        "name",
        [
            "curve25519-sha256",
            "curve25519-sha256@libssh.org",
            "ecdh-sha2-nistp521",
            "diffie-hellman-group14-sha256",
            "diffie-hellman-group16-sha512",
            "diffie-hellman-group18-sha512",
            "diffie-hellman-group-exchange-sha256",
        ],
    )
    def test_key_exchanges_of_openssh(self, account: Account, name: str) -> None:
        with openssh(account, options=[f"KexAlgorithms {name}"]) as server:
            assert meets(server.port) == server.fingerprint
            assert f"kex: algorithm: {name}" in server.log()

    @pytest.mark.parametrize("name", [name for name in KEY_EXCHANGES if "group-exchange" not in name])
    def test_key_exchanges_of_asyncssh(self, name: str) -> None:
        with asyncssh_server(kex_algs=[name]) as port:
            assert meets(port).startswith("SHA256:")

    @pytest.mark.parametrize("number", [1, 2])
    def test_integrity_is_the_ciphers_where_that_sees_to_it(self, account: Account, number: int) -> None:
        """OpenSSH, too, leaves the names of what is not needed unread."""
        options = [f"Ciphers aes{128 * number}-gcm@openssh.com", "MACs umac-128@openssh.com,hmac-sha1"]
        with openssh(account, options=options) as server, connect(server) as sharebox:
            sharebox.check_alive()

    @pytest.mark.parametrize("cipher", ["aes128-ctr", "aes192-ctr", "aes256-ctr"])
    @pytest.mark.parametrize("mac", ["hmac-sha2-256", "hmac-sha2-512-etm@openssh.com"])
    def test_ciphers(self, cipher: str, mac: str) -> None:
        with asyncssh_server(encryption_algs=[cipher], mac_algs=[mac]) as port:
            meets(port)

    def test_chacha20(self, account: Account, tmp_path: Path) -> None:
        """Both ways, with keys that are renewed in between."""
        content = make_archive(tmp_path / "base.7z", 12_000_000)
        options = ["Ciphers chacha20-poly1305@openssh.com", "MACs hmac-md5", "RekeyLimit 1M"]
        with openssh(account, options=options) as server, connect(server) as sharebox:
            sent = send(sharebox, tmp_path / "base.7z")
            assert sent.verification.value == "read-back"
            assert (server.root / "base.7z").read_bytes() == content
            assert server.log().count("cipher: chacha20-poly1305@openssh.com") > 8

    @pytest.mark.parametrize("strict", [False, True])
    def test_chacha20_of_another(self, *, strict: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        """With and without numbers that begin anew with the keys."""
        if not strict:
            original = SshTransport.__init__

            def loose(transport: SshTransport, tunnel: Any) -> None:
                original(transport, tunnel)
                transport.advertise_strict_kex = False  # type: ignore[attr-defined]

            monkeypatch.setattr(SshTransport, "__init__", loose)

        class LetIn(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:
                return False

        with asyncssh_server(
            encryption_algs=["chacha20-poly1305@openssh.com"], server_factory=LetIn, sftp_factory=True
        ) as port:
            server = Reached(port, meets(port))
            with connect(server) as sharebox:
                assert sharebox.sftp.stat("/") is not None

    def test_chacha20_notices_any_change(self) -> None:
        cipher = ChaChaPoly(bytes(range(64)))
        sealed = cipher.seal(7, b"\0\0\0\x10" + b"x" * 16)
        assert cipher.length(7, sealed[:4]) == b"\0\0\0\x10"
        assert cipher.open(7, sealed[:4], sealed[4:]) == b"x" * 16
        for at in range(len(sealed)):
            spoilt = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
            with pytest.raises(ProtocolViolationError):
                cipher.open(7, spoilt[:4], spoilt[4:])
        with pytest.raises(ProtocolViolationError):
            cipher.open(8, sealed[:4], sealed[4:])

    @pytest.mark.parametrize("name", ["zlib", "zlib@openssh.com"])
    def test_compression_where_it_is_wanted(self, tmp_path: Path, name: str) -> None:
        class LetIn(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:
                return False  # nothing is asked

        root = tmp_path / "root"
        root.mkdir()

        def sftp(channel: Any) -> asyncssh.SFTPServer:
            return asyncssh.SFTPServer(channel, chroot=bytes(root))

        with asyncssh_server(compression_algs=[name], server_factory=LetIn, sftp_factory=sftp) as port:
            fingerprint = meets(port)
            server = Reached(port, fingerprint)
            make_archive(tmp_path / "base.7z", 2_000_000)
            with connect(server) as sharebox:
                sent = send(sharebox, tmp_path / "base.7z")
            assert (root / "base.7z").read_bytes() == (tmp_path / "base.7z").read_bytes()
            assert sent.verification.value == "read-back"

    def test_certificates_beside_the_keys_do_not_confuse(self, account: Account) -> None:
        names = "ssh-ed25519-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com,ssh-ed25519"
        with openssh(account, options=[f"HostKeyAlgorithms {names}"]) as server:
            assert meets(server.port) == server.fingerprint


class Reached:
    """A server as somebody knows it who logs in."""

    host = LOOPBACK
    username = "exemple"
    password = "mot de passe"
    directory = "/"

    def __init__(self, port: int, fingerprint: str) -> None:
        self.port = port
        self.fingerprint = fingerprint


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "named"),
        [
            (
                ["KexAlgorithms sntrup761x25519-sha512@openssh.com"],
                "échange de clés sntrup761x25519-sha512@openssh.com",
            ),
            (["Ciphers aes256-ctr", "MACs umac-64@openssh.com"], "contrôle d’intégrité umac-64@openssh.com"),
            (
                ["Ciphers aes256-ctr", "MACs umac-64@openssh.com,hmac-sha1"],
                "contrôle d’intégrité umac-64@openssh.com.",
            ),
        ],
    )
    def test_what_is_unknown_here_is_not_called_unsafe(
        self, account: Account, options: list[str], named: str
    ) -> None:
        with openssh(account, options=options) as server:
            error = failure(Problem.ALGORITHM_UNKNOWN, lambda: meets(server.port))
            assert f"propose : {named}" in error.why
            assert "ne connaît pas" in error.title
            assert error.details["known"].split()[-1] in error.advice
            assert (error.exit_code, error.meaning.recovery) == (ExitCode.HOST_KEY, Recovery.PERMANENT)

    def test_what_is_unsafe_comes_first(self, account: Account) -> None:
        options = ["KexAlgorithms sntrup761x25519-sha512@openssh.com", "Ciphers aes128-cbc"]
        with openssh(account, options=options) as server:
            error = failure(Problem.WEAK_SERVER, lambda: meets(server.port))
            assert error.details["offered"] == "chiffrement aes128-cbc"

    def test_short_host_key(self, account: Account, tmp_path: Path) -> None:
        key = make_key(tmp_path / "short", "rsa", bits=1024)
        with openssh(account, options=[f"HostKey {key}", "HostKeyAlgorithms rsa-sha2-512"]) as server:
            error = failure(Problem.WEAK_SERVER, lambda: meets(server.port))
            assert "une clé de serveur RSA de 1024 bits" in error.why
            assert server.authentication_requests() == []


def test_groups_are_those_of_the_rfc() -> None:
    from paramiko.kex_group14 import KexGroup14SHA256
    from paramiko.kex_group16 import KexGroup16SHA512

    assert modp_prime(2048, 124476) == KexGroup14SHA256.P
    assert modp_prime(4096, 240904) == KexGroup16SHA512.P
