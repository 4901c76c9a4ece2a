"""Delivering archives to a real sshd: whole, growing, resumed, refused, cut; what bears the final name."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from tests.mounts import small_disk
from tests.servers.faulty import FaultyServer, faulty_server
from tests.servers.openssh import openssh
from tests.servers.relay import relay
from tests.sharebox.helpers import connect, failure, make_archive, send
from tui_transfer.errors import Problem, Recovery
from tui_transfer.sharebox.flow import ENOUGH
from tui_transfer.sharebox.growing import HEADER_BYTES, GrowingFile
from tui_transfer.sharebox.upload import Stage, UploadProgress
from tui_transfer.sharebox.verification import Verification

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.account import Account
    from tests.servers.openssh import SshServer

SIZE = 3_000_000


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive"
    make_archive(path, SIZE)
    return path


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[FaultyServer]:
    root = tmp_path / "faulty"
    root.mkdir()
    with faulty_server(root) as server:
        yield server


def leave_partial(server: SshServer, content: bytes) -> Path:
    """Puts `content` where an earlier attempt would have left it."""
    part = server.root / "base.7z.part"
    part.write_bytes(content)
    os.chown(part, server.root.stat().st_uid, -1)
    return part


class TestProgress:
    def test_progress_only_grows_and_ends_at_the_size(self, ssh_server: SshServer, archive: Path) -> None:
        seen: list[UploadProgress] = []
        with connect(ssh_server) as sharebox:
            send(sharebox, archive, on_progress=seen.append)
        sending = [progress.done for progress in seen if progress.stage is Stage.SENDING]
        assert sending == sorted(sending)
        assert sending[-1] == SIZE
        assert list(dict.fromkeys(p.stage for p in seen)) == [
            Stage.SENDING,
            Stage.VERIFYING,
            Stage.PUBLISHING,
        ]


class TestGrowing:
    def test_failed_compression_leaves_no_file(self, ssh_server: SshServer, archive: Path) -> None:
        file = GrowingFile(archive)
        file.advance(SIZE // 2)
        problem = OSError("the disk is gone")

        def fail_later(progress: UploadProgress) -> None:
            if progress.done == SIZE // 2:
                file.fail(problem)

        with connect(ssh_server) as sharebox, pytest.raises(OSError, match="the disk is gone"):
            send(sharebox, file, on_progress=fail_later)
        assert [path.name for path in ssh_server.root.iterdir()] == ["base.7z.part"]
        assert (ssh_server.root / "base.7z.part").read_bytes()[:HEADER_BYTES] == bytes(HEADER_BYTES)

    def test_cancelled_while_it_waits(self, ssh_server: SshServer, archive: Path) -> None:
        file = GrowingFile(archive)
        cancelled = threading.Event()
        with connect(ssh_server) as sharebox:
            threading.Timer(0.3, cancelled.set).start()
            failure(Problem.INTERRUPTED, lambda: send(sharebox, file, cancelled=cancelled))
            sharebox.check_alive()

    def test_aborted_while_it_waits(self, ssh_server: SshServer, archive: Path) -> None:
        file = GrowingFile(archive)
        with connect(ssh_server) as sharebox:
            threading.Timer(0.3, sharebox.abort).start()
            failure(Problem.CONNECTION_LOST, lambda: send(sharebox, file))


class TestResume:
    def test_partial_is_compared_with_an_archive_that_grows(
        self, ssh_server: SshServer, archive: Path
    ) -> None:
        leave_partial(ssh_server, archive.read_bytes()[:2_000_000])
        file = GrowingFile(archive)
        file.advance(1_000_000)

        def go_on(progress: UploadProgress) -> None:
            if progress.stage is Stage.CHECKING:
                file.finish(SIZE)

        with connect(ssh_server) as sharebox:
            assert send(sharebox, file, on_progress=go_on).resumed_from == 2_000_000
        assert (ssh_server.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_nothing_is_trusted_that_cannot_be_read(
        self, ssh_server_unreadable: SshServer, archive: Path
    ) -> None:
        server = ssh_server_unreadable
        leave_partial(server, make_archive(archive.with_name("other"), 2_000_000, seed=1))
        with connect(server) as sharebox:
            delivery = send(sharebox, archive)
        assert delivery.resumed_from == 0
        assert delivery.verification is Verification.SIZE_ONLY
        assert (server.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_after_a_cut(self, ssh_server: SshServer, tmp_path: Path) -> None:
        archive = tmp_path / "long"
        make_archive(archive, 8_000_000)
        with relay(ssh_server.port) as link:
            link.cut_after = 6_000_000
            with connect(ssh_server, port=link.port) as sharebox:
                error = failure(Problem.CONNECTION_LOST, lambda: send(sharebox, archive))
            assert error.meaning.recovery is Recovery.TRANSIENT
            assert not (ssh_server.root / "base.7z").exists()
            cut_after, link.cut_after = link.cut_after, None
            with connect(ssh_server, port=link.port) as sharebox:
                delivery = send(sharebox, archive)
            assert delivery.resumed_from > cut_after - ENOUGH - 200_000
        assert (ssh_server.root / "base.7z").read_bytes() == archive.read_bytes()


class TestRefusals:
    @pytest.mark.parametrize("refused", [0, 1, 40, -3, -2, -1])
    def test_refused_write_is_never_a_success(
        self, faulty: FaultyServer, archive: Path, refused: int
    ) -> None:
        writes = 1 + -(-(SIZE - HEADER_BYTES) // 32_000) + 1  # placeholder, body, header
        faulty.faults.refuse_write = lambda number: number == refused % writes
        with connect(faulty) as sharebox:
            failure(Problem.SHAREBOX_REFUSED, lambda: send(sharebox, archive))
            assert not (faulty.root / "base.7z").exists()
            faulty.faults.refuse_write = lambda number: False
            send(sharebox, archive)
        assert (faulty.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_every_write_was_counted(self, faulty: FaultyServer, archive: Path) -> None:
        with connect(faulty) as sharebox:
            send(sharebox, archive)
        assert faulty.faults.writes == 1 + -(-(SIZE - HEADER_BYTES) // 32_000) + 1

    def test_folder_without_write_permission(self, ssh_server: SshServer, archive: Path) -> None:
        os.chown(ssh_server.root, 0, 0)
        with connect(ssh_server) as sharebox:
            failure(Problem.SHAREBOX_PERMISSION, lambda: send(sharebox, archive))

    def test_full_disk(self, ssh_server: SshServer, archive: Path) -> None:
        owner = f"uid={ssh_server.root.stat().st_uid}"
        with small_disk(ssh_server.root, f"size=1m,{owner}"), connect(ssh_server) as sharebox:
            failure(Problem.SHAREBOX_FULL, lambda: send(sharebox, archive))

    def test_denied_rename(self, account: Account, archive: Path) -> None:
        with openssh(account, denied=["rename"]) as server, connect(server) as sharebox:
            failure(Problem.SHAREBOX_PERMISSION, lambda: send(sharebox, archive))
            assert [path.name for path in server.root.iterdir()] == ["base.7z.part"]

    def test_errors_of_callbacks_pass_unchanged(self, ssh_server: SshServer, archive: Path) -> None:
        def break_down(progress: UploadProgress) -> None:
            raise BrokenPipeError("the view went away")

        with connect(ssh_server) as sharebox, pytest.raises(BrokenPipeError, match="the view went away"):
            send(sharebox, archive, on_progress=break_down)


class TestCancelled:
    @pytest.mark.parametrize("stage", [Stage.SENDING, Stage.VERIFYING])
    def test_interrupts_and_can_be_resumed(self, ssh_server: SshServer, archive: Path, stage: Stage) -> None:
        cancelled = threading.Event()

        def stop(progress: UploadProgress) -> None:
            if progress.stage is stage:
                cancelled.set()

        with connect(ssh_server) as sharebox:
            failure(
                Problem.INTERRUPTED,
                lambda: send(sharebox, archive, on_progress=stop, cancelled=cancelled),
            )
            assert not (ssh_server.root / "base.7z").exists()
        with connect(ssh_server) as sharebox:
            send(sharebox, archive)
        assert (ssh_server.root / "base.7z").read_bytes() == archive.read_bytes()
