"""Each way of verifying, on servers that leave just that one; and that a difference is always seen."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.servers.faulty import faulty_server
from tests.servers.openssh import openssh
from tests.sharebox.helpers import connect, failure, make_archive, send
from tui_transfer.errors import Problem
from tui_transfer.sharebox.delivery import verification
from tui_transfer.sharebox.delivery.evidence import Content, Verification
from tui_transfer.sharebox.delivery.sighting import find
from tui_transfer.sharebox.ssh.knowledge import KnownServers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.account import Account
    from tests.servers.openssh import SshServer
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

SIZE = 500_000


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive"
    make_archive(path, SIZE)
    return path


def compare(sharebox: Sharebox, archive: Path, path: str) -> Content | None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    seen = find(sharebox, path).attributes
    assert seen is not None
    return verification.compare(sharebox, path, seen, SIZE, digest, lambda *_: None)


class TestMeans:
    def test_hash_by_a_command(self, ssh_server_with_exec: SshServer, archive: Path) -> None:
        with connect(ssh_server_with_exec) as sharebox:
            assert send(sharebox, archive, "nom d'été.7z").verification is Verification.SERVER_HASH
        assert (ssh_server_with_exec.root / "nom d'été.7z").read_bytes() == archive.read_bytes()

    def test_hash_by_sftp(self, tmp_path: Path, archive: Path) -> None:
        with faulty_server(tmp_path) as server:
            server.faults.offers_sha256 = True
            with connect(server) as sharebox:
                assert send(sharebox, archive).verification is Verification.SERVER_HASH
            assert server.faults.commands == 0

    def test_read_back(self, ssh_server: SshServer, archive: Path) -> None:
        with connect(ssh_server) as sharebox:
            assert send(sharebox, archive).verification is Verification.READ_BACK

    def test_size_only(self, ssh_server_unreadable: SshServer, archive: Path) -> None:
        with connect(ssh_server_unreadable) as sharebox:
            assert send(sharebox, archive).verification is Verification.SIZE_ONLY

    def test_none_where_the_file_is_taken_away(self, tmp_path: Path, archive: Path) -> None:
        with faulty_server(tmp_path) as server:
            server.faults.take_away_at_close = True
            with connect(server) as sharebox:
                delivery = send(sharebox, archive)
        assert delivery.verification is Verification.NONE
        assert delivery.path == "/base.7z.part"

    @pytest.mark.parametrize(
        ("denied", "means"),
        [
            (["read", "stat"], Verification.SIZE_ONLY),
            (["read", "stat", "opendir"], Verification.NONE),
            (["stat", "opendir"], Verification.READ_BACK),
        ],
    )
    def test_what_the_server_leaves(
        self, account: Account, archive: Path, denied: list[str], means: Verification
    ) -> None:
        """The list of the folder tells the size too; what may be read is compared, whatever is hidden."""
        with openssh(account, denied=denied) as server, connect(server) as sharebox:
            assert send(sharebox, archive).verification is means
            assert [path.name for path in server.root.iterdir()] == ["base.7z"]

    def test_server_that_breaks_at_a_command_is_asked_once(self, tmp_path: Path, archive: Path) -> None:
        servers = KnownServers()
        with faulty_server(tmp_path) as server:
            server.faults.drop_at_exec = True
            with connect(server, servers=servers) as sharebox:
                failure(Problem.CONNECTION_LOST, lambda: send(sharebox, archive))
                assert sharebox.knowledge.blames()
            with connect(server, servers=servers) as sharebox:
                assert send(sharebox, archive).verification is Verification.READ_BACK
            assert server.faults.commands == 1


class TestDifference:
    @pytest.mark.parametrize("with_exec", [False, True])
    def test_of_content(self, account: Account, archive: Path, with_exec: bool) -> None:
        with openssh(account, allow_exec=with_exec) as server, connect(server) as sharebox:
            there = bytearray(archive.read_bytes())
            there[SIZE // 2] ^= 1
            (server.root / "file").write_bytes(there)
            assert compare(sharebox, archive, sharebox.path("file")) is Content.DIFFERENT

    def test_of_size_even_if_nothing_can_be_read(
        self, ssh_server_unreadable: SshServer, archive: Path
    ) -> None:
        (ssh_server_unreadable.root / "file").write_bytes(archive.read_bytes()[:-1])
        with connect(ssh_server_unreadable) as sharebox:
            assert compare(sharebox, archive, "/depot/file") is Content.DIFFERENT

    def test_of_a_hash_where_nothing_can_be_read(
        self, ssh_server_unreadable: SshServer, archive: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is all that is known, and it is no success."""
        other = hashlib.sha256(b"other").hexdigest()
        (ssh_server_unreadable.root / "file").write_bytes(archive.read_bytes())
        with connect(ssh_server_unreadable) as sharebox:
            monkeypatch.setattr(sharebox, "run", lambda command, seconds: f"{other}  -\n".encode())
            assert compare(sharebox, archive, "/depot/file") is Content.DIFFERENT

    def test_damage_on_the_server_leaves_no_final_name(self, ssh_server: SshServer, archive: Path) -> None:
        part = ssh_server.root / "base.7z.part"

        def damage(progress: object) -> None:
            if part.exists() and part.stat().st_size == SIZE:
                with part.open("r+b") as file:
                    file.seek(1000)
                    file.write(b"?!")

        with connect(ssh_server) as sharebox:
            failure(Problem.CONTENT_MISMATCH, lambda: send(sharebox, archive, on_progress=damage))
            assert not (ssh_server.root / "base.7z").exists()
            send(sharebox, archive)
        assert (ssh_server.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_command_that_sees_another_file_is_no_proof(
        self, ssh_server: SshServer, archive: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = hashlib.sha256(b"another file under the same path").hexdigest()
        (ssh_server.root / "file").write_bytes(archive.read_bytes())
        with connect(ssh_server) as sharebox:
            monkeypatch.setattr(sharebox, "run", lambda command, seconds: f"{other}  -\n".encode())
            assert compare(sharebox, archive, "/depot/file") is Content.SAME_BYTES
