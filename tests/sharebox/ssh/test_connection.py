"""Connecting to a real sshd: who is let in, what is said when one is not, and what was sent until then."""

from __future__ import annotations

import os
import re
import socket
import threading
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import paramiko
import pytest

from tests.servers.faulty import faulty_server
from tests.servers.openssh import PASSPHRASE, make_key, openssh
from tests.servers.processes import LOOPBACK, wait_until
from tests.servers.relay import relay
from tests.sharebox.helpers import Server, connect, failure
from tui_transfer.errors import MEANINGS, ExitCode, Problem, Recovery, TransferError
from tui_transfer.settings.host_keys import fingerprints
from tui_transfer.sharebox.proxy.routes import Direct
from tui_transfer.sharebox.sftp.session import CREATE, WRITE
from tui_transfer.sharebox.ssh.address import Address
from tui_transfer.sharebox.ssh.credentials import Credentials
from tui_transfer.sharebox.ssh.security import RSA_SIGNATURES
from tui_transfer.sharebox.ssh.sharebox import Sharebox
from tui_transfer.system.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.account import Account
    from tests.servers.openssh import SshServer
    from tests.servers.squid import SquidServer


@pytest.fixture(scope="module")
def server(account: Account) -> Iterator[SshServer]:
    """An sshd that the tests of this module share: they only connect."""
    with openssh(account, chroot=True) as running:
        yield running


def open_with_key(
    server: SshServer, host_key: str | tuple[str, ...] | None, credentials: Credentials
) -> Sharebox:
    address = Address(server.host, server.port, server.username, server.directory)
    return Sharebox.connect(address, Direct(), credentials, fingerprints(host_key), Cancellation())


class TestCredentials:
    def test_password(self, server: SshServer) -> None:
        with connect(server) as sharebox:
            assert sharebox.connection.host_key.fingerprint == server.fingerprint
            assert sharebox.connection.host_key.key_type == "ssh-ed25519"

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

    def test_password_without_an_answer(self, tmp_path: Path) -> None:
        """It may have been a wrong one: whoever sends it again and again locks the account."""
        with faulty_server(tmp_path) as server:
            server.faults.drop_at_password = lambda number: True
            error = failure(Problem.LOGIN_UNANSWERED, lambda: connect(server))
            assert (error.exit_code, error.meaning.recovery) == (ExitCode.INTERRUPTED, Recovery.PERSON)
            assert server.faults.passwords == 1

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
        key = make_key(tmp_path / "key", "rsa")

        def connect_by_key(server: Server) -> object:
            return connect(server, credentials=Credentials(key_file=key))

        with openssh(account, options=["PubkeyAcceptedAlgorithms ssh-ed25519"]) as silent_about_it:
            failure(Problem.CREDENTIALS_REFUSED, lambda: connect_by_key(silent_about_it))
        with faulty_server(tmp_path, refused_signatures=RSA_SIGNATURES) as announcing_it:
            error = failure(Problem.CREDENTIALS_REFUSED, lambda: connect_by_key(announcing_it))
            assert "ssh-ed25519" in error.why

    def test_method_that_the_server_does_not_offer(self, account: Account) -> None:
        with openssh(account, authentication="publickey") as fresh:
            error = failure(Problem.CREDENTIALS_REFUSED, lambda: connect(fresh))
            assert "n’accepte pas de mot de passe (il demande une clé)" in error.why
            assert not any("method password" in line for line in fresh.authentication_requests())

    def test_keys_that_cannot_be_used(self, server: SshServer, tmp_path: Path) -> None:
        def attempt(file: Path, passphrase: str | None = None) -> Sharebox:
            return connect(server, credentials=Credentials(key_file=file, passphrase=passphrase))

        rubbish = tmp_path / "key"
        rubbish.write_text("ceci n’est pas une clé")
        failure(Problem.KEY_UNSUITABLE, lambda: attempt(rubbish))
        failure(Problem.KEY_UNREADABLE, lambda: attempt(tmp_path / "absent"))
        os.mkfifo(tmp_path / "pipe")
        for special in (tmp_path / "pipe", Path("/dev/zero")):
            error = failure(Problem.KEY_UNREADABLE, lambda special=special: attempt(special))  # type: ignore[misc]
            assert "ce n’est pas un fichier ordinaire" in error.why
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

    def test_key_of_another_kind(self, account: Account, server: SshServer) -> None:
        """The server had an RSA key when it was pinned, and has an Ed25519 key only now."""
        with openssh(account, host_key_type="rsa") as before:
            pinned = before.fingerprint
        credentials = Credentials(password=server.password)
        error = failure(Problem.HOST_KEY_CHANGED, lambda: open_with_key(server, pinned, credentials))
        assert error.exit_code is ExitCode.HOST_KEY
        assert (error.details["expected"], error.details["fingerprint"]) == (pinned, server.fingerprint)

    @pytest.mark.parametrize("with_key_file", [False, True])
    def test_machine_in_the_middle(self, account: Account, server: SshServer, with_key_file: bool) -> None:
        """The first connection is right; the next one is led to another sshd, with keys of every kind."""
        with openssh(account) as right, relay(right.port) as link:
            credentials = (
                Credentials(key_file=right.key_file)
                if with_key_file
                else Credentials(password=right.password)
            )
            connect(right, port=link.port, credentials=credentials).close()
            link.target_port = server.port
            error = failure(
                Problem.HOST_KEY_CHANGED, lambda: connect(right, port=link.port, credentials=credentials)
            )
            assert error.meaning.recovery is Recovery.PERMANENT
            assert (error.details["expected"], error.details["fingerprint"]) == (
                right.fingerprint,
                server.fingerprint,
            )


def test_without_a_password_nothing_but_what_is_wanted_is_asked(account: Account) -> None:
    with openssh(account) as server:
        failure(Problem.PASSWORD_NEEDED, lambda: open_with_key(server, server.fingerprint, Credentials()))
        wait_until(lambda: "[preauth]" in server.log(), what="sshd's last word")
        assert all("method none" in line for line in server.authentication_requests())


class _Borrowed(paramiko.ECDSAKey):
    """Shows the public key of another server, and signs with its own."""

    def __init__(self, shown: paramiko.ECDSAKey) -> None:
        super().__init__(data=shown.asbytes())
        self._own = paramiko.ECDSAKey.generate()

    def can_sign(self) -> bool:
        return True

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> paramiko.Message:
        return self._own.sign_ssh_data(data, algorithm)


class TestHostKeys:
    @pytest.mark.parametrize("pinned", [0, 1, 2])
    def test_each_of_several_is_found_again(self, several: SshServer, pinned: int) -> None:
        fingerprint = several.fingerprints[pinned]
        credentials = Credentials(password=several.password)
        with open_with_key(several, fingerprint, credentials) as sharebox:
            assert sharebox.connection.host_key.fingerprint == fingerprint
            assert sharebox.sftp.stat("/depot") is not None

    def test_several_servers_behind_one_name(self, account: Account, several: SshServer) -> None:
        """Whichever answers; only of a third one nothing is known."""
        with openssh(account, chroot=True) as one, openssh(account, chroot=True) as third:
            known = (one.fingerprint, several.fingerprints[2])
            for server in (one, several):
                credentials = Credentials(password=server.password)
                with open_with_key(server, known, credentials) as sharebox:
                    assert sharebox.connection.host_key.fingerprint in known
            error = failure(Problem.HOST_KEY_CHANGED, lambda: open_with_key(third, known, credentials))
            assert error.details["expected"] == ", ".join(known)
            assert third.authentication_requests() == []

    def test_fingerprint_of_older_programs(self, server: SshServer) -> None:
        credentials = Credentials(password=server.password)
        unknown = failure(Problem.HOST_KEY_UNKNOWN, lambda: open_with_key(server, None, credentials))
        md5 = unknown.details["md5"]
        open_with_key(server, md5, credentials).close()
        wrong = f"MD5:{int(md5[4:], 16) ^ 1:032x}"
        failure(Problem.HOST_KEY_CHANGED, lambda: open_with_key(server, wrong, credentials))

    def test_none_of_several(self, several: SshServer) -> None:
        before = len(several.authentication_requests())
        credentials = Credentials(password=several.password)
        failure(Problem.HOST_KEY_CHANGED, lambda: open_with_key(several, "SHA256:other", credentials))
        assert len(several.authentication_requests()) == before

    @pytest.fixture(scope="class")
    def several(self, account: Account) -> Iterator[SshServer]:
        with openssh(account, chroot=True, host_key_type="ed25519,ecdsa,rsa") as running:
            yield running

    def test_a_key_that_is_only_shown(self, tmp_path: Path) -> None:
        """Whoever is in the middle can show the right public key, but not sign with it."""
        with faulty_server(tmp_path, host_key=_Borrowed(paramiko.ECDSAKey.generate())) as server:
            error = failure(Problem.HOST_KEY_CHANGED, lambda: connect(server))
            assert error.details["expected"] == server.fingerprint
            assert "sans prouver" in error.why
            assert server.faults.passwords == 0


class TestServers:
    @pytest.mark.parametrize(
        ("option", "offered"),
        [
            ("Ciphers aes128-cbc,3des-cbc", "chiffrement aes128-cbc, 3des-cbc"),
            ("Ciphers aes256-ctr\nMACs hmac-sha1,hmac-md5", "contrôle d’intégrité hmac-sha1, hmac-md5"),
            (
                "Ciphers aes256-ctr\nMACs hmac-sha1-etm@openssh.com",
                "contrôle d’intégrité hmac-sha1-etm@openssh.com",
            ),
            ("HostKeyAlgorithms ssh-rsa", "clé de serveur ssh-rsa"),
            (
                "KexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
                "échange de clés diffie-hellman-group14-sha1, diffie-hellman-group1-sha1",
            ),
        ],
    )
    def test_weak_server_is_named(self, account: Account, option: str, offered: str) -> None:
        with openssh(account, host_key_type="rsa", options=[option]) as weak:
            error = failure(Problem.WEAK_SERVER, lambda: connect(weak))
            assert error.details["offered"].startswith(offered)
            assert (error.exit_code, error.meaning.recovery) == (ExitCode.HOST_KEY, Recovery.PERMANENT)
            assert weak.authentication_requests() == []

    def test_every_weakness_is_named(self, account: Account) -> None:
        options = [
            "Ciphers aes256-cbc",
            "MACs hmac-md5-96",
            "HostKeyAlgorithms ssh-rsa",
            "KexAlgorithms diffie-hellman-group14-sha1",
        ]
        with openssh(account, host_key_type="rsa", options=options) as weak:
            offered = failure(Problem.WEAK_SERVER, lambda: connect(weak)).details["offered"]
            assert [part.split()[-1] for part in offered.split(" ; ")] == [
                "diffie-hellman-group14-sha1",
                "ssh-rsa",
                "aes256-cbc",
                "hmac-md5-96",
            ]

    def test_a_weak_offer_beside_a_good_one_is_not_taken(self, account: Account) -> None:
        options = ["Ciphers aes128-cbc,aes128-ctr", "MACs hmac-sha1,hmac-sha2-256"]
        with openssh(account, options=options) as mixed:
            connect(mixed).close()
            assert "cipher: aes128-ctr MAC: hmac-sha2-256 " in mixed.log()

    def test_rsa_host_key(self, account: Account) -> None:
        with openssh(account, host_key_type="rsa") as server, connect(server) as sharebox:
            assert sharebox.connection.host_key.fingerprint == server.fingerprint

    def test_not_ssh(self, server: SshServer, squid_as_shipped: SquidServer) -> None:
        failure(Problem.NOT_SSH, lambda: connect(server, port=squid_as_shipped.port))

    def test_first_version_of_the_protocol(self) -> None:
        """It has no safe cipher; a proxy, which is asked for where no SSH server answers, would not help."""
        with socket.create_server((LOOPBACK, 0)) as listener:

            def greet() -> None:
                with listener.accept()[0] as link:
                    link.sendall(b"SSH-1.5-old\r\n")
                    link.recv(1000)

            threading.Thread(target=greet, daemon=True).start()
            address = Address(LOOPBACK, listener.getsockname()[1], "exemple", "/")
            credentials = Credentials(password="unused")
            error = failure(
                Problem.WEAK_SERVER,
                lambda: Sharebox.connect(address, Direct(), credentials, ("SHA256:x",), Cancellation()),
            )
            assert error.details["offered"] == "SSH-1.5-old"

    def test_no_sftp(self, account: Account) -> None:
        with openssh(account, options=["ForceCommand /bin/false"]) as server:
            failure(Problem.SFTP_UNAVAILABLE, lambda: connect(server))

    def test_directory(self, server: SshServer) -> None:
        (server.root / "file").touch()
        path = "/absent/base.7z"  # what is said not to exist may take files all the same: it is tried

        def create(sharebox: Sharebox) -> None:
            with sharebox.refusals("écriture de", path):
                sharebox.sftp.open(path, WRITE | CREATE)

        with connect(server, directory="/absent") as sharebox:
            failure(Problem.DIRECTORY_MISSING, lambda: create(sharebox))
        failure(Problem.DIRECTORY_MISSING, lambda: connect(server, directory="/depot/file"))

    def test_cut_anywhere_while_connecting(self, server: SshServer) -> None:
        """It is never taken for a refusal: trying again helps. Before the banner, a firewall may do it.

        Only once the password is under way, and until its answer is there, trying again may harm.
        """
        with relay(server.port) as link:
            with connect(server, port=link.port):
                needed = link.sent
            problems = []
            for offset in range(40, needed, 40):
                link.cut_after = offset
                with pytest.raises(TransferError) as raised:
                    connect(server, port=link.port)
                problems.append(raised.value.problem)
            lost = Problem.CONNECTION_LOST
            assert [problem for problem, _ in groupby(problems)] == [lost, Problem.LOGIN_UNANSWERED, lost]
            assert MEANINGS[lost].recovery is Recovery.TRANSIENT
            with socket.create_server((LOOPBACK, 0)) as mute:  # or its banner might come before the cut
                link.target_port, link.cut_after = mute.getsockname()[1], 1
                failure(Problem.SERVER_CLOSED, lambda: connect(server, port=link.port))
