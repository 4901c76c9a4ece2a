"""A real sshd lets in whoever has a key of any format, a certificate, or ssh-agent."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.programs import require
from tests.servers.openssh import SshServer, openssh
from tests.servers.processes import public_folder, wait_until
from tests.sharebox.helpers import connect, failure
from tests.sharebox.ssh.key_makers import KINDS, PASSPHRASE, certify, ppk, rewritten, run, ssh_key
from tui_transfer.errors import Problem
from tui_transfer.sharebox.ssh.credentials import Credentials
from tui_transfer.sharebox.ssh.fields import string
from tui_transfer.sharebox.ssh.keys import LoginKey, agent, load_from_agent, load_from_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.servers.account import Account


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where sshd finds what it trusts."""
    with public_folder() as made:
        yield made


@pytest.fixture(scope="module")
def authority(folder: Path) -> Path:
    return ssh_key(folder / "authority", "ecdsa-256")


@pytest.fixture(scope="module")
def server(account: Account, folder: Path, authority: Path) -> Iterator[SshServer]:
    """An sshd that trusts the authority, and the keys that `allow` adds."""
    trusted = folder / "authorized_keys"
    trusted.touch()
    options = [f"AuthorizedKeysFile {trusted}", f"TrustedUserCAKeys {authority}.pub"]
    with openssh(account, chroot=True, options=options) as running:
        yield running


@pytest.fixture
def allow(folder: Path) -> Iterator[Path]:
    """The list of keys that are let in; empty again afterwards."""
    trusted = folder / "authorized_keys"
    yield trusted
    trusted.write_text("")


def log_in(server: SshServer, credentials: Credentials) -> None:
    with connect(server, credentials=credentials) as sharebox:
        sharebox.check_alive()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_key(server: SshServer, allow: Path, tmp_path: Path, kind: str) -> None:
    key = ssh_key(tmp_path / "id", kind)
    allow.write_text(Path(f"{key}.pub").read_text())
    log_in(server, Credentials(key_file=key))
    parameters = "version=3,memory=512,passes=3"
    putty = ppk(key, tmp_path / "id.ppk", PASSPHRASE, parameters)
    log_in(server, Credentials(key_file=putty, passphrase=PASSPHRASE))
    locked = rewritten(key, tmp_path / "locked", PASSPHRASE, "-Z", "chacha20-poly1305@openssh.com", "-a", "2")
    log_in(server, Credentials(key_file=locked, passphrase=PASSPHRASE))


class TestCertificates:
    @pytest.mark.parametrize("kind", KINDS)
    def test_logs_in(self, server: SshServer, authority: Path, tmp_path: Path, kind: str) -> None:
        key = ssh_key(tmp_path / "id", kind)
        failure(Problem.CREDENTIALS_REFUSED, lambda: log_in(server, Credentials(key_file=key)))
        certificate = certify(authority, key, server.username)
        log_in(server, Credentials(key_file=key))
        certificate.write_bytes(certificate.read_bytes().replace(b"\n", b"\r\n"))
        log_in(server, Credentials(key_file=key))
        certificate.write_text(certificate.read_text(), encoding="utf-16")
        log_in(server, Credentials(key_file=key))

    def test_the_key_alone_comes_after_it(self, authority: Path, tmp_path: Path) -> None:
        """A server may know the key, and not the authority."""
        certify(authority, key := ssh_key(tmp_path / "id"), "exemple")
        assert described(load_from_file(key, None)) == [
            ("la clé id avec le certificat id-cert.pub", "ssh-ed25519-cert-v01@openssh.com"),
            ("la clé id", None),
        ]

    def test_beside_and_inside_a_key_of_putty(
        self, server: SshServer, authority: Path, tmp_path: Path
    ) -> None:
        certificate = certify(authority, key := ssh_key(tmp_path / "id"), server.username)
        alone = ppk(key, tmp_path / "id.ppk", "", "version=3")
        log_in(server, Credentials(key_file=alone))
        both = ppk(key, tmp_path / "both.ppk", "", "version=3", "--certificate", certificate)
        assert described(load_from_file(both, None))[0][1] == "ssh-ed25519-cert-v01@openssh.com"
        log_in(server, Credentials(key_file=both))

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["-V", "20200101:20200201"], "il a expiré le"),
            (["-V", "+52w:+53w"], "il n’est valable qu’à partir du"),
            (["-h"], "c’est le certificat d’un serveur"),
        ],
    )
    def test_left_out_and_told(
        self,
        server: SshServer,
        allow: Path,
        authority: Path,
        tmp_path: Path,
        options: Sequence[str],
        said: str,
    ) -> None:
        certify(authority, key := ssh_key(tmp_path / "id"), server.username, *options)
        (only,) = load_from_file(key, None)
        assert only.pkey.public_blob is None
        assert said in only.remarks[0]
        allow.write_text(Path(f"{key}.pub").read_text())
        log_in(server, Credentials(key_file=key))

    def test_of_another_key_or_none(self, authority: Path, tmp_path: Path) -> None:
        key, other = ssh_key(tmp_path / "id"), ssh_key(tmp_path / "other")
        beside = tmp_path / "id-cert.pub"
        foreign = certify(authority, other, "exemple").read_bytes()
        for content, said in (
            (foreign, "celui d’une autre clé"),
            (foreign[:-60], "abîmé"),
            (b"", "ce n’est pas un certificat"),
            (Path(f"{key}.pub").read_bytes(), "ce n’est pas un certificat"),
            (b"\0" * (1 << 20), "beaucoup trop gros"),
        ):
            beside.write_bytes(content)
            (only,) = load_from_file(key, None)
            assert said in only.remarks[0]


def described(keys: Sequence[LoginKey]) -> list[tuple[str, str | None]]:
    blobs = [key.pkey.public_blob for key in keys]
    return [(key.label, blob.key_type if blob else None) for key, blob in zip(keys, blobs, strict=True)]


@pytest.fixture
def ssh_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A running ssh-agent of this test alone."""
    place = tmp_path / "agent"
    with subprocess.Popen(
        [require("ssh-agent"), "-D", "-a", str(place)], stdout=subprocess.DEVNULL
    ) as running:
        try:
            wait_until(place.exists, what="ssh-agent")
            monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
            yield place
        finally:
            running.terminate()


@contextlib.contextmanager
def false_agent(place: Path, *answers: bytes | None) -> Iterator[None]:
    """Something at the agent's place that gives these answers, one a connection, and then hangs up; None
    closes at once.
    """
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()

        def serve() -> None:
            for answer in answers:
                with listener.accept()[0] as link:
                    link.recv(1000)
                    if answer is not None:
                        link.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(timeout=10)
        assert not thread.is_alive()


class TestAgent:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.usefixtures("ssh_agent")
    def test_logs_in(self, server: SshServer, allow: Path, tmp_path: Path, kind: str) -> None:
        key = ssh_key(tmp_path / "id", kind)
        run("ssh-add", "-q", key)
        failure(Problem.CREDENTIALS_REFUSED, lambda: log_in(server, Credentials(use_agent=True)))
        allow.write_text(Path(f"{key}.pub").read_text())
        log_in(server, Credentials(use_agent=True))

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.usefixtures("ssh_agent")
    def test_logs_in_by_a_certificate(
        self, server: SshServer, authority: Path, tmp_path: Path, kind: str
    ) -> None:
        """`ssh-add` takes it along; the certificate of an RSA key is not offered as the key."""
        certify(authority, key := ssh_key(tmp_path / "id", kind), server.username)
        run("ssh-add", "-q", key)
        assert len(load_from_agent()) == 2
        log_in(server, Credentials(use_agent=True))

    @pytest.mark.usefixtures("ssh_agent")
    def test_comments_in_any_encoding(self, tmp_path: Path) -> None:
        key = tmp_path / "id"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", os.fsdecode(b"cl\xe9"), "-f", key)
        run("ssh-add", "-q", key)
        (only,) = load_from_agent()
        assert only.label == "la clé « cl� » de l’agent"

    @pytest.mark.usefixtures("ssh_agent")
    def test_an_empty_one(self) -> None:
        error = failure(Problem.AGENT_UNUSABLE, load_from_agent)
        assert "n’a aucune clé" in error.why
        assert "ssh-add ~/.ssh/id_ed25519" in error.advice

    @pytest.mark.usefixtures("ssh_agent")
    def test_keys_that_are_not_safe_are_left_out(self, tmp_path: Path) -> None:
        run("ssh-add", "-q", ssh_key(tmp_path / "short", "rsa-1024"))
        error = failure(Problem.AGENT_UNUSABLE, load_from_agent)
        assert "RSA de 1024 bits" in error.why
        run("ssh-add", "-q", ssh_key(tmp_path / "good"))
        (only,) = load_from_agent()
        assert "RSA de 1024 bits" in only.remarks[0]

    def test_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for place in (None, tmp_path / "absent", tmp_path):
            monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
            if place is not None:
                monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
            error = failure(Problem.AGENT_UNUSABLE, load_from_agent)
            assert "aucun agent SSH ne répond" in error.why
            assert "ssh-add" in error.advice

    @pytest.mark.parametrize(
        "answer",
        [
            None,
            b"\0\0",
            b"\0\0\0\0",
            b"\xff\xff\xff\xff\x0c",
            string(b"\x05"),
            string(b"\x0c\0\0\0\2"),
            string(b"\x0c\0\0\0\1" + string(b"\0\0\0\xff") + string(b"")),
        ],
    )
    def test_nonsense(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes | None) -> None:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        with false_agent(tmp_path / "agent", answer):
            failure(Problem.AGENT_UNUSABLE, load_from_agent)

    def test_one_that_says_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(agent, "_LIST_SECONDS", 0.1)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "agent"))
            listener.listen()
            failure(Problem.AGENT_UNUSABLE, load_from_agent)

    @pytest.mark.usefixtures("ssh_agent")
    def test_one_that_does_not_sign(self, tmp_path: Path) -> None:
        run("ssh-add", "-q", ssh_key(tmp_path / "id"))
        (only,) = load_from_agent()
        run("ssh-add", "-q", "-D")
        with pytest.raises(agent.AgentRefusedError):
            only.pkey.sign_ssh_data(b"data")
