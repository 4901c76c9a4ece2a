"""Connecting to a real sshd: who is let in, what is said when one is not, and what was sent until then."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.servers.faulty import faulty_server
from tests.servers.openssh import PASSPHRASE, make_key, openssh
from tests.servers.processes import wait_until
from tests.servers.relay import relay
from tests.sharebox.helpers import connect, failure
from tui_transfer.errors import Problem, Recovery
from tui_transfer.sharebox.authentication import Credentials
from tui_transfer.sharebox.connection import Address, Sharebox
from tui_transfer.sharebox.routes import Direct
from tui_transfer.sharebox.security import RSA_SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.account import Account
    from tests.servers.openssh import SshServer
    from tests.servers.squid import SquidServer


@pytest.fixture(scope="module")
def server(account: Account) -> Iterator[SshServer]:
    """An sshd that the tests of this module share: they only connect."""
    with openssh(account, chroot=True) as running:
        yield running


def open_with_key(server: SshServer, host_key: str | None, credentials: Credentials) -> Sharebox:
    address = Address(server.host, server.port, server.username, server.directory)
    return Sharebox.connect(address, Direct(), credentials, host_key)


class TestCredentials:
    def test_password(self, server: SshServer) -> None:
        with connect(server) as sharebox:
            assert sharebox.host_key.fingerprint == server.fingerprint
            assert sharebox.host_key.key_type == "ssh-ed25519"

    def test_key(self, server: SshServer) -> None:
        with connect(server, credentials=Credentials(key_file=server.key_file)) as sharebox:
            sharebox.check_alive()

    def test_key_with_passphrase(self, server: SshServer) -> None:
        credentials = Credentials(key_file=server.protected_key_file, passphrase=PASSPHRASE)
        with connect(server, credentials=credentials) as sharebox:
            sharebox.check_alive()

    def test_keyboard_interactive_only(self, account: Account) -> None:
        with (
            openssh(account, authentication="keyboard-interactive") as interactive,
            connect(interactive) as sharebox,
        ):
            sharebox.check_alive()

    def test_wrong_password_is_tried_once(self, account: Account) -> None:
        with openssh(account) as fresh:
            error = failure(
                Problem.CREDENTIALS_REFUSED, lambda: connect(fresh, credentials=Credentials(password="faux"))
            )
            assert error.meaning.recovery is Recovery.PERSON
            assert [line for line in fresh.authentication_requests() if "method none" not in line] == [
                line for line in fresh.authentication_requests() if "method password" in line
            ]
            assert sum("method password" in line for line in fresh.authentication_requests()) == 1

    def test_key_that_the_server_does_not_know(self, server: SshServer, account: Account) -> None:
        with openssh(account) as other:
            credentials = Credentials(key_file=other.key_file)
            failure(Problem.CREDENTIALS_REFUSED, lambda: connect(server, credentials=credentials))

    def test_rsa_key(self, account: Account) -> None:
        with (
            openssh(account, key_type="rsa") as fresh,
            connect(fresh, credentials=Credentials(key_file=fresh.key_file)) as sharebox,
        ):
            sharebox.check_alive()

    def test_rsa_key_where_only_other_signatures_are_accepted(self, account: Account, tmp_path: Path) -> None:
        """It lasts: taken for a lost connection, it would be tried again for half an hour."""
        credentials = Credentials(key_file=make_key(tmp_path / "key", "rsa"))
        with openssh(account, options=["PubkeyAcceptedAlgorithms ssh-ed25519"]) as silent_about_it:
            failure(Problem.CREDENTIALS_REFUSED, lambda: connect(silent_about_it, credentials=credentials))
        with faulty_server(tmp_path, refused_signatures=RSA_SIGNATURES) as announcing_it:
            error = failure(
                Problem.CREDENTIALS_REFUSED, lambda: connect(announcing_it, credentials=credentials)
            )
            assert "ssh-ed25519" in error.why

    def test_method_that_the_server_does_not_offer(self, account: Account) -> None:
        with openssh(account, authentication="publickey") as fresh:
            error = failure(Problem.CREDENTIALS_REFUSED, lambda: connect(fresh))
            assert "publickey" in error.why
            assert not any("method password" in line for line in fresh.authentication_requests())

    def test_keys_that_cannot_be_used(self, server: SshServer, tmp_path: Path) -> None:
        def attempt(file: Path, passphrase: str | None = None) -> Sharebox:
            return connect(server, credentials=Credentials(key_file=file, passphrase=passphrase))

        rubbish = tmp_path / "key"
        rubbish.write_text("ceci n'est pas une clé")
        failure(Problem.KEY_UNREADABLE, lambda: attempt(rubbish))
        failure(Problem.KEY_UNREADABLE, lambda: attempt(tmp_path / "absent"))
        failure(Problem.KEY_PASSPHRASE_NEEDED, lambda: attempt(server.protected_key_file))
        failure(Problem.KEY_PASSPHRASE_WRONG, lambda: attempt(server.protected_key_file, "fausse"))

    def test_secrets_are_not_shown(self) -> None:
        assert "secret" not in repr(Credentials(password="secret1", passphrase="secret2"))


class TestBeforeCredentials:
    """What must end a connection before the server hears who is there."""

    @pytest.fixture
    def server(self, account: Account) -> Iterator[SshServer]:
        with openssh(account) as fresh:
            yield fresh
            # Once sshd is done with the connection its log tells everything that it heard.
            ended = re.compile(r"Connection (closed|reset) by .* \[preauth\]")
            wait_until(lambda: ended.search(fresh.log()) is not None, what="sshd's last word")
            assert "SSH2_MSG_KEX_ECDH_INIT received" in fresh.log()
            assert fresh.authentication_requests() == []

    def test_unknown_host_key(self, server: SshServer) -> None:
        credentials = Credentials(password=server.password)
        error = failure(Problem.HOST_KEY_UNKNOWN, lambda: open_with_key(server, None, credentials))
        assert error.details["fingerprint"] == server.fingerprint
        assert error.details["key_type"] == "ssh-ed25519"

    def test_changed_host_key(self, server: SshServer) -> None:
        credentials = Credentials(key_file=server.key_file)
        error = failure(Problem.HOST_KEY_CHANGED, lambda: open_with_key(server, "SHA256:other", credentials))
        assert error.details["expected"] == "SHA256:other"
        assert error.details["fingerprint"] == server.fingerprint

    def test_missing_password(self, server: SshServer) -> None:
        failure(Problem.PASSWORD_NEEDED, lambda: open_with_key(server, server.fingerprint, Credentials()))


class TestServers:
    @pytest.mark.parametrize(
        ("option", "offered"),
        [
            ("Ciphers aes128-cbc,3des-cbc", "3des-cbc"),
            ("KexAlgorithms diffie-hellman-group14-sha1", "diffie-hellman-group14-sha1"),
        ],
    )
    def test_weak_server_is_named(self, account: Account, option: str, offered: str) -> None:
        with openssh(account, options=[option]) as weak:
            error = failure(Problem.WEAK_SERVER, lambda: connect(weak))
            assert offered in error.details["offered"]

    def test_rsa_host_key(self, account: Account) -> None:
        with openssh(account, host_key_type="rsa") as server, connect(server) as sharebox:
            assert sharebox.host_key.fingerprint == server.fingerprint

    def test_not_ssh(self, server: SshServer, squid_as_shipped: SquidServer) -> None:
        failure(Problem.NOT_SSH, lambda: connect(server, port=squid_as_shipped.port))

    def test_no_sftp(self, account: Account) -> None:
        with openssh(account, options=["ForceCommand /bin/false"]) as server:
            failure(Problem.SFTP_UNAVAILABLE, lambda: connect(server))

    def test_directory(self, server: SshServer) -> None:
        (server.root / "file").touch()
        failure(Problem.DIRECTORY_MISSING, lambda: connect(server, directory="/absent"))
        failure(Problem.DIRECTORY_MISSING, lambda: connect(server, directory="/depot/file"))

    def test_cut_during_the_handshake(self, server: SshServer) -> None:
        with relay(server.port) as cutting:
            cutting.cut_after = 300
            failure(Problem.CONNECTION_LOST, lambda: connect(server, port=cutting.port))


class TestAbort:
    def test_abort_unblocks(self, server: SshServer) -> None:
        with relay(server.port) as link, connect(server, port=link.port) as sharebox:
            link.silence()
            blocked = threading.Event()

            def abort() -> None:
                blocked.wait()
                sharebox.abort()

            aborter = threading.Thread(target=abort)
            aborter.start()
            started = time.monotonic()

            def ask() -> None:
                with sharebox.refusals("accès à", "/"):
                    blocked.set()
                    sharebox.sftp.stat("/")

            failure(Problem.CONNECTION_LOST, ask)
            assert time.monotonic() - started < 2
            aborter.join()
