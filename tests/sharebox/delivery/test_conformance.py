"""What every SFTP server must let the program do, whichever it is; and what odd ones get instead.

The servers: OpenSSH and ProFTPD, both with a chroot and SFTP only, and the demonstration's Sharebox.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.servers.faulty import faulty_server
from tests.servers.openssh import openssh
from tests.servers.proftpd import proftpd
from tests.servers.relay import relay
from tests.sharebox.helpers import Server, connect, failure, make_archive, put_small, send
from tui_transfer.demo.launch import LOOPBACK, USERNAME, run_sharebox
from tui_transfer.errors import Problem
from tui_transfer.sharebox.delivery.evidence import Content, Verification
from tui_transfer.sharebox.delivery.growing import HEADER_BYTES, GrowingFile
from tui_transfer.sharebox.delivery.progress import DeliveryProgress, DeliveryStage
from tui_transfer.sharebox.delivery.sighting import find
from tui_transfer.sharebox.delivery.verification import compare
from tui_transfer.sharebox.ssh.knowledge import KnownServers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.account import Account

SIZE = 3_000_000
VERIFIED = (Verification.SERVER_HASH, Verification.READ_BACK)


class DropServer(Server, Protocol):
    """A server whose drop folder the tests see on disk."""

    @property
    def root(self) -> Path: ...


@dataclass(frozen=True)
class DemoServer:
    """The demonstration's Sharebox."""

    port: int
    fingerprint: str
    root: Path
    password: str = field(default="secret-é-€", repr=False)
    host: str = LOOPBACK
    username: str = USERNAME
    directory: str = "/depot"


@contextlib.contextmanager
def demo(folder: Path) -> Iterator[DemoServer]:
    root = folder / "depot"
    root.mkdir()
    with run_sharebox(folder, DemoServer.password) as ready:
        yield DemoServer(ready.port, ready.fingerprint, root)


@pytest.fixture(scope="module", params=["openssh", "proftpd", "demo"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DropServer]:
    """One server of each kind, for all tests of this module."""
    if request.param == "openssh":
        with openssh(request.getfixturevalue("account"), chroot=True) as sshd:
            yield sshd
    elif request.param == "proftpd":
        with proftpd() as ftpd:
            yield ftpd
    else:
        with demo(tmp_path_factory.mktemp("demo")) as sharebox:
            yield sharebox


@pytest.fixture
def server(running: DropServer) -> Iterator[DropServer]:
    """The server, with an empty drop folder."""
    yield running
    for path in running.root.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive"
    make_archive(path, SIZE)
    return path


def leave(server: DropServer, content: bytes, name: str = "base.7z.part") -> Path:
    """Puts `content` where an earlier attempt would have left it."""
    path = server.root / name
    path.write_bytes(content)
    os.chown(path, server.root.stat().st_uid, -1)
    return path


def names(server: DropServer) -> list[str]:
    return sorted(path.name for path in server.root.iterdir())


class TestWhole:
    @pytest.mark.parametrize("size", [HEADER_BYTES, HEADER_BYTES + 1, 32_000, 64_033, SIZE])
    def test_arrives_verified_under_its_name_only(
        self, server: DropServer, tmp_path: Path, size: int
    ) -> None:
        """The smallest is the archive of nothing: a header alone."""
        content = make_archive(tmp_path / "archive", size)
        with connect(server) as sharebox:
            delivery = send(sharebox, tmp_path / "archive")
        assert names(server) == ["base.7z"]
        assert (server.root / "base.7z").read_bytes() == content
        assert (delivery.path, delivery.size, delivery.resumed_from) == ("/depot/base.7z", size, 0)
        assert delivery.verification in VERIFIED

    @pytest.mark.parametrize("name", ["Été à l'œuvre — n° 1.7z", '-rf; $(id) `id` "x" %s\\n.7z'])
    def test_names_arrive_as_they_are(self, server: DropServer, tmp_path: Path, name: str) -> None:
        content = make_archive(tmp_path / "archive", 1000)
        with connect(server) as sharebox:
            assert send(sharebox, tmp_path / "archive", name).verification in VERIFIED
        assert names(server) == [name]
        assert (server.root / name).read_bytes() == content

    def test_is_sent_while_it_grows(self, server: DropServer, tmp_path: Path) -> None:
        content = make_archive(tmp_path / "complete", SIZE)
        path = tmp_path / "growing"
        path.write_bytes(bytes(HEADER_BYTES))
        file = GrowingFile(path)
        half_is_there = threading.Event()
        headers: list[bytes] = []

        def watch(progress: DeliveryProgress) -> None:
            if progress.stage is DeliveryStage.SENDING and progress.done >= SIZE // 2:
                half_is_there.set()

        def write() -> None:
            with path.open("r+b") as writer:
                writer.seek(HEADER_BYTES)
                writer.write(content[HEADER_BYTES : SIZE // 2])
                writer.flush()
                file.advance(SIZE // 2)
                if not half_is_there.wait(60):
                    file.fail(AssertionError("what is there already is not sent, or not told"))
                    return
                headers.append((server.root / "base.7z.part").read_bytes()[:HEADER_BYTES])
                writer.write(content[SIZE // 2 :])
                writer.seek(0)
                writer.write(content[:HEADER_BYTES])
            file.finish(SIZE)

        writer = threading.Thread(target=write)
        with connect(server) as sharebox:
            writer.start()
            send(sharebox, file, on_progress=watch)
            writer.join()
        assert headers == [bytes(HEADER_BYTES)]
        assert (server.root / "base.7z").read_bytes() == content

    def test_delivered_before_but_not_recorded(self, server: DropServer, archive: Path) -> None:
        with connect(server) as sharebox:
            send(sharebox, archive)
            before = (server.root / "base.7z").stat()
            assert send(sharebox, archive).verification in VERIFIED
        assert (server.root / "base.7z").stat().st_mtime_ns == before.st_mtime_ns

    @pytest.mark.parametrize("size", [SIZE, SIZE - 1])
    def test_another_file_of_the_name_is_not_touched(
        self, server: DropServer, archive: Path, size: int
    ) -> None:
        other = make_archive(archive.with_name("other"), size, seed=1)
        leave(server, other, "base.7z")
        with connect(server) as sharebox:
            failure(Problem.NAME_TAKEN, lambda: send(sharebox, archive))
        assert names(server) == ["base.7z"]
        assert (server.root / "base.7z").read_bytes() == other

    def test_a_name_taken_meanwhile_is_not_touched(self, server: DropServer, archive: Path) -> None:
        def take(progress: DeliveryProgress) -> None:
            if progress.stage is DeliveryStage.PUBLISHING:
                leave(server, b"another", "base.7z")

        with connect(server) as sharebox:
            failure(Problem.NAME_TAKEN, lambda: send(sharebox, archive, on_progress=take))
        assert (server.root / "base.7z").read_bytes() == b"another"

    def test_a_difference_of_one_bit_is_seen(self, server: DropServer, archive: Path) -> None:
        content = archive.read_bytes()
        leave(server, content[:-1] + bytes([content[-1] ^ 1]), "base.7z")
        digest = hashlib.sha256(content).hexdigest()
        with connect(server) as sharebox:
            seen = find(sharebox, "/depot/base.7z").attributes
            assert seen is not None
            found = compare(sharebox, "/depot/base.7z", seen, SIZE, digest, lambda *_: None)
            assert found is Content.DIFFERENT


class TestPartial:
    def test_a_right_beginning_is_not_sent_again(self, server: DropServer, archive: Path) -> None:
        content = archive.read_bytes()
        leave(server, bytes(HEADER_BYTES) + content[HEADER_BYTES:2_000_000])
        with relay(server.port) as link, connect(server, port=link.port) as sharebox:
            delivery = send(sharebox, archive)
            assert link.sent < 1_000_000 + 100_000
        assert delivery.resumed_from == 2_000_000
        assert (server.root / "base.7z").read_bytes() == content

    @pytest.mark.parametrize(
        "kind",
        ["flipped", "hole", "other", "longer", "longer-other", "complete", "last-byte", "tiny", "empty"],
    )
    def test_a_wrong_one_is_never_built_on(self, server: DropServer, archive: Path, kind: str) -> None:
        content = archive.read_bytes()
        other = make_archive(archive.with_name("other"), SIZE + 70_000, seed=1)
        partial, right = {
            "flipped": (content[:1_000_000] + b"?" + content[1_000_001:2_000_000], 1_000_000),
            "hole": (content[:2_000_000], 1_000_000),
            "other": (other[:SIZE], 0),
            "longer": (content + bytes(100_000), SIZE),
            "longer-other": (other, 0),
            "complete": (content, SIZE),
            "last-byte": (content[:-1] + bytes([content[-1] ^ 1]), SIZE - 1),
            "tiny": (content[:10], 0),
            "empty": (b"", 0),
        }[kind]
        part = leave(server, partial)
        if kind == "hole":
            _punch(part, 1_000_000, 500_000)
        with relay(server.port) as link, connect(server, port=link.port) as sharebox:
            delivery = send(sharebox, archive)
            assert link.sent < SIZE - right + 150_000, "what was right was sent again"
        assert (server.root / "base.7z").read_bytes() == content
        assert names(server) == ["base.7z"]
        assert right - 40_000 < delivery.resumed_from <= right

    def test_a_folder_in_its_place_is_named(self, server: DropServer, archive: Path) -> None:
        (server.root / "base.7z.part").mkdir()
        with connect(server) as sharebox, pytest.raises(Exception, match=r"base\.7z\.part") as raised:
            send(sharebox, archive)
        assert getattr(raised.value, "problem", None) in (
            Problem.SHAREBOX_REFUSED,
            Problem.SHAREBOX_PERMISSION,
        )
        assert names(server) == ["base.7z.part"]


def _punch(path: Path, start: int, length: int) -> None:
    """Leaves a hole in a file: bytes that were never written, on a disk that lost power for instance."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(start)
        file.seek(start + length)
        file.write(content[start + length :])


class TestSmallFile:
    def test_arrives_and_may_be_there_already(self, server: DropServer) -> None:
        with connect(server) as sharebox:
            for _ in range(2):
                assert put_small(sharebox, "m.json", b"{}") in VERIFIED
            put_small(sharebox, "empty.json", b"")
        assert names(server) == ["empty.json", "m.json"]
        assert (server.root / "m.json").read_bytes() == b"{}"
        assert (server.root / "empty.json").read_bytes() == b""

    def test_replaces_a_longer_partial_but_no_other_file(self, server: DropServer) -> None:
        leave(server, b"left by an earlier attempt", "m.json.part")
        with connect(server) as sharebox:
            put_small(sharebox, "m.json", b"{}")
            failure(Problem.NAME_TAKEN, lambda: put_small(sharebox, "m.json", b"[]"))
        assert names(server) == ["m.json"]
        assert (server.root / "m.json").read_bytes() == b"{}"


class TestOddServers:
    """Each gets what can be done there, and the truth about it."""

    def test_no_renaming(self, archive: Path) -> None:
        with proftpd(denied=["RNFR", "RNTO"]) as server, connect(server) as sharebox:
            error = failure(Problem.SHAREBOX_PERMISSION, lambda: send(sharebox, archive))
            assert "renommage" in error.why
            assert names(server) == ["base.7z.part"]
            assert (server.root / "base.7z.part").read_bytes() == archive.read_bytes()

    def test_no_overwriting_begins_anew(self, archive: Path) -> None:
        with proftpd(overwrite=False) as server, connect(server) as sharebox:
            leave(server, archive.read_bytes()[:1_000_000])
            leave(server, b"left", "m.json.part")
            delivery = send(sharebox, archive)
            put_small(sharebox, "m.json", b"{}")
            assert (delivery.resumed_from, delivery.verification) == (0, Verification.READ_BACK)
            assert names(server) == ["base.7z", "m.json"]
            assert (server.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_neither_overwriting_nor_removing(self, archive: Path) -> None:
        with proftpd(overwrite=False, denied=["DELE"]) as server, connect(server) as sharebox:
            leave(server, b"left by an earlier attempt")
            error = failure(Problem.SHAREBOX_PERMISSION, lambda: send(sharebox, archive))
            assert "écriture de /depot/base.7z.part" in error.why
            assert (server.root / "base.7z.part").read_bytes() == b"left by an earlier attempt"
            send(sharebox, archive, "other.7z")
            assert (server.root / "other.7z").read_bytes() == archive.read_bytes()

    def test_nothing_may_be_read_or_looked_at(self, account: Account, archive: Path) -> None:
        """Where the folder can be listed, its size is known; otherwise only that all was acknowledged."""
        longer = archive.read_bytes() + b"left by another attempt"
        with proftpd(denied=["READ"]) as server, connect(server) as sharebox:
            leave(server, longer)
            assert send(sharebox, archive).verification is Verification.SIZE_ONLY
            assert names(server) == ["base.7z"]
            assert (server.root / "base.7z").read_bytes() == archive.read_bytes()
        blind = ["read", "stat", "lstat", "fstat", "opendir"]
        with openssh(account, chroot=True, denied=blind) as sshd, connect(sshd) as sharebox:
            leave(sshd, longer)
            assert send(sharebox, archive).verification is Verification.NONE
            assert put_small(sharebox, "m.json", b"{}") is Verification.NONE
            assert names(sshd) == ["base.7z", "m.json"]
            assert (sshd.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_files_are_taken_away_at_close(self, tmp_path: Path, archive: Path) -> None:
        with faulty_server(tmp_path / "faulty") as server, connect(server) as sharebox:
            server.faults.take_away_at_close = True
            delivery = send(sharebox, archive)
            assert (delivery.path, delivery.verification) == ("/base.7z.part", Verification.NONE)
            assert put_small(sharebox, "m.json", b"{}") is Verification.NONE
            assert names(server) == []

    def test_commands_are_asked_for_once(self, archive: Path) -> None:
        servers = KnownServers()
        with proftpd() as server:
            for number in range(3):
                with connect(server, servers=servers) as sharebox:
                    send(sharebox, archive, f"base{number}.7z")
            assert server.log_file.read_text().count("unsupported exec command") == 1
