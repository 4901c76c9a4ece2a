"""What a server says before, beside or instead of SFTP reaches the person."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from tests.servers.account import Account
from tests.servers.asyncssh_server import asyncssh_server
from tests.servers.oddities import LeavesOnce
from tests.servers.openssh import SshServer, openssh
from tests.sharebox.helpers import connect, failure, make_archive, send
from tui_transfer.errors import ExitCode, Problem
from tui_transfer.sharebox.sftp import status


@pytest.mark.parametrize("stream", ["1", "2"])
def test_instead_of_sftp(account: Account, stream: str) -> None:
    command = f'ForceCommand echo "Compte suspendu jusqu\'a lundi" >&{stream}; exit 1'
    with openssh(account, options=[command]) as server:
        error = failure(Problem.SFTP_UNAVAILABLE, lambda: connect(server))
    assert "Compte suspendu jusqu'a lundi" in error.why


def test_a_login_shell_that_talks(account: Account) -> None:
    command = 'ForceCommand echo "Bienvenue"; exec /usr/lib/openssh/sftp-server'
    with openssh(account, options=[command]) as server:
        error = failure(Problem.SFTP_UNAVAILABLE, lambda: connect(server))
    assert "Bienvenue" in error.why


class Talks(asyncssh.SFTPServer):
    """Says something beside its answers, to begin with and with each of them."""

    each = b""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], chroot: bytes | None = None) -> None:
        super().__init__(chan, chroot)
        self._chan = chan
        chan.write_stderr(b"Maintenance\r\nsamedi\x1b[2J")

    def stat(self, path: bytes) -> object:  # type: ignore[override]
        self._chan.write_stderr(self.each)
        return super().stat(path)


def test_beside_sftp(tmp_path: Path) -> None:
    with asyncssh_server(tmp_path / "depot", files=Talks) as server, connect(server) as sharebox:
        assert sharebox.connection.told == ["Maintenance samedi [2J"]


def test_beside_sftp_without_end(tmp_path: Path) -> None:
    """What is not read leaves no room in the channel for the answers."""
    much = type("_Much", (Talks,), {"each": b"x" * 100_000})
    with asyncssh_server(tmp_path / "depot", files=much) as server, connect(server) as sharebox:
        for _ in range(60):
            assert sharebox.sftp.stat("/") is not None
        assert len(sharebox.sftp.overheard()) < 5_000


@pytest.fixture
def expired(account: Account) -> Iterator[SshServer]:
    with openssh(account, allow_exec=True, options=["UsePAM yes"]) as server:
        subprocess.run(["chage", "-d", "0", account.username], check=True)
        try:
            yield server
        finally:
            subprocess.run(["chage", "-d", "-1", account.username], check=True)


def test_a_password_that_has_expired(expired: SshServer) -> None:
    error = failure(Problem.PASSWORD_EXPIRED, lambda: connect(expired))
    assert error.exit_code is ExitCode.QUESTION
    assert "expired" in error.why


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (4, "Quota exceeded"),
        (4, "Out of disk space"),
        (4, "No space left on device"),
        (4, "Disk quota exceeded"),
        (14, ""),
        (15, ""),
        (4, "Espace disque insuffisant"),
        (4, "The volume is full"),
    ],
)
def test_a_full_account_in_whatever_words(code: int, text: str) -> None:
    assert status.means_full(code, text)


@pytest.mark.parametrize("text", ["", "Failure", "Permission denied", "Bad message", "Fichier déplacé"])
def test_other_failures_are_not_taken_for_a_full_account(text: str) -> None:
    assert not status.means_full(4, text)


def test_as_the_server_leaves_while_it_is_written_to(tmp_path: Path) -> None:
    """What it said is still to be read when writing fails already, at whatever moment that is."""
    make_archive(tmp_path / "archive", 3_000_000)
    for number in range(5):
        leaves = type("_Leaves", (LeavesOnce,), {})
        with asyncssh_server(tmp_path / str(number), files=leaves) as server, connect(server) as sharebox:
            error = failure(Problem.CONNECTION_LOST, lambda: send(sharebox, tmp_path / "archive"))
        assert LeavesOnce.words in error.why
