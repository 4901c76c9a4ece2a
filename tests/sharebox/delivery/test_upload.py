"""Delivering archives to a real sshd: whole, growing, resumed, refused, cut; what bears the final name."""

from __future__ import annotations

import os
import random
import threading
import time
from typing import TYPE_CHECKING

import paramiko
import pytest
from paramiko.common import MSG_CHANNEL_WINDOW_ADJUST

from tests.benchmarks.line import delaying_relay
from tests.mounts import small_disk
from tests.servers.faulty import FaultyServer, faulty_server
from tests.servers.openssh import openssh
from tests.servers.relay import Relay, relay
from tests.sharebox.helpers import Memory, connect, failure, make_archive, put_small, send
from tui_transfer.errors import Problem, Recovery
from tui_transfer.sharebox.delivery.evidence import Verification
from tui_transfer.sharebox.delivery.growing import HEADER_BYTES, GrowingFile
from tui_transfer.sharebox.delivery.progress import DeliveryProgress, DeliveryStage
from tui_transfer.sharebox.ssh.watch import ListeningPacketizer
from tui_transfer.system.cancellation import Cancellation

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
    with faulty_server(tmp_path / "faulty") as server:
        yield server


def leave_partial(server: SshServer, content: bytes) -> Path:
    """Puts `content` where an earlier attempt would have left it."""
    part = server.root / "base.7z.part"
    part.write_bytes(content)
    os.chown(part, server.root.stat().st_uid, -1)
    return part


def _resume(server: FaultyServer, archive: Path, at_least: int) -> None:
    """Goes on once the server behaves: well, and from where it was."""
    server.faults.refuse, server.faults.refuse_write = set(), lambda number: False
    with connect(server) as sharebox:
        assert send(sharebox, archive).resumed_from >= at_least
    assert [path.name for path in server.root.iterdir()] == ["base.7z"]
    assert (server.root / "base.7z").read_bytes() == archive.read_bytes()


class TestProgress:
    def test_progress_only_grows_and_ends_at_the_size(self, ssh_server: SshServer, archive: Path) -> None:
        seen: list[DeliveryProgress] = []
        with connect(ssh_server) as sharebox:
            send(sharebox, archive, on_progress=seen.append)
        sending = [progress.done for progress in seen if progress.stage is DeliveryStage.SENDING]
        assert sending == sorted(sending)
        assert sending[-1] == SIZE
        assert list(dict.fromkeys(p.stage for p in seen)) == [
            DeliveryStage.SENDING,
            DeliveryStage.VERIFYING,
            DeliveryStage.PUBLISHING,
        ]


class TestGrowing:
    def test_failed_compression_leaves_no_file(self, ssh_server: SshServer, archive: Path) -> None:
        file = GrowingFile(archive)
        file.advance(SIZE // 2)
        problem = OSError("the disk is gone")

        def fail_later(progress: DeliveryProgress) -> None:
            if progress.done == SIZE // 2:
                file.fail(problem)

        with connect(ssh_server) as sharebox, pytest.raises(OSError, match="the disk is gone"):
            send(sharebox, file, on_progress=fail_later)
        assert [path.name for path in ssh_server.root.iterdir()] == ["base.7z.part"]
        assert (ssh_server.root / "base.7z.part").read_bytes()[:HEADER_BYTES] == bytes(HEADER_BYTES)

    def test_the_way_to_a_distant_server_is_not_taken_for_a_slow_link(
        self, ssh_server: SshServer, archive: Path
    ) -> None:
        """Ten small pieces, each ready only once the one before has arrived: a second of waiting in all."""
        pieces = HEADER_BYTES + 100_000
        file = GrowingFile(archive)
        seen: list[tuple[float, DeliveryProgress]] = []

        def go_on(progress: DeliveryProgress) -> None:
            if progress.stage is DeliveryStage.SENDING:
                seen.append((time.monotonic(), progress))
                file.advance(min(progress.done + 10_000, pieces))
                if progress.done == pieces:
                    file.finish(SIZE)

        with (
            delaying_relay(ssh_server.port, rate=5e6, round_trip=0.1) as relay,
            connect(ssh_server, port=relay.port) as sharebox,
        ):
            send(sharebox, file, on_progress=go_on)
        begun, _ = seen[0]
        slowly, last = next((at, progress) for at, progress in seen if progress.done == pieces)
        assert slowly - begun > 1.0
        assert last.busy < 0.3 * (slowly - begun)
        _, end = seen[-1]
        assert end.busy - last.busy > 0.9 * (SIZE - pieces) / 5e6

    def test_cancelled_while_it_waits(self, ssh_server: SshServer, archive: Path) -> None:
        file = GrowingFile(archive)
        cancelled = threading.Event()
        with connect(ssh_server) as sharebox:
            threading.Timer(0.3, cancelled.set).start()
            failure(Problem.INTERRUPTED, lambda: send(sharebox, file, cancelled=cancelled))
            sharebox.check_alive()

    def test_ended_with_its_connection_while_it_waits(self, ssh_server: SshServer, archive: Path) -> None:
        file = GrowingFile(archive)
        cancellation = Cancellation()
        with connect(ssh_server, cancellation=cancellation) as sharebox:
            threading.Timer(0.3, cancellation.cancel).start()
            failure(Problem.INTERRUPTED, lambda: send(sharebox, file))


class TestResume:
    def test_partial_is_compared_with_an_archive_that_grows(
        self, ssh_server: SshServer, archive: Path
    ) -> None:
        leave_partial(ssh_server, archive.read_bytes()[:2_000_000])
        file = GrowingFile(archive)
        file.advance(1_000_000)

        def go_on(progress: DeliveryProgress) -> None:
            if progress.stage is DeliveryStage.CHECKING:
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

    @pytest.mark.parametrize("error", [EOFError, ConnectionResetError, paramiko.SSHException])
    @pytest.mark.parametrize("stage", [DeliveryStage.CHECKING, DeliveryStage.VERIFYING])
    def test_after_a_cut_while_the_server_is_told_to_go_on(
        self,
        ssh_server: SshServer,
        archive: Path,
        monkeypatch: pytest.MonkeyPatch,
        stage: DeliveryStage,
        error: type[Exception],
    ) -> None:
        """Receiving sends, too: it tells that there is room for more (RFC 4254, section 5.2)."""
        send_message = ListeningPacketizer.send_message
        stages: list[DeliveryStage] = []

        def break_off(packetizer: ListeningPacketizer, message: paramiko.Message) -> None:
            if message.asbytes()[0] == MSG_CHANNEL_WINDOW_ADJUST and stages[-1:] == [stage]:
                packetizer.close()
                raise error
            send_message(packetizer, message)

        monkeypatch.setattr(ListeningPacketizer, "send_message", break_off)
        leave_partial(ssh_server, archive.read_bytes()[: SIZE // 2])
        with connect(ssh_server) as sharebox:
            failure(
                Problem.CONNECTION_LOST,
                lambda: send(sharebox, archive, on_progress=lambda told: stages.append(told.stage)),
            )

    def test_after_a_cut(self, ssh_server: SshServer, tmp_path: Path) -> None:
        archive = tmp_path / "long"
        make_archive(archive, 8_000_000)
        with relay(ssh_server.port) as link:
            link.cut_after = 6_000_000
            with connect(ssh_server, port=link.port) as sharebox:
                error = failure(Problem.CONNECTION_LOST, lambda: send(sharebox, archive))
            assert error.meaning.recovery is Recovery.TRANSIENT
            assert not (ssh_server.root / "base.7z").exists()
            link.cut_after = None
            arrived = (ssh_server.root / "base.7z.part").stat().st_size
            assert arrived, "a reset takes away what the server had not read yet, not what it had written"
            with connect(ssh_server, port=link.port) as sharebox:
                delivery = send(sharebox, archive)
            assert delivery.resumed_from >= arrived
        assert (ssh_server.root / "base.7z").read_bytes() == archive.read_bytes()


class TestCutAgainAndAgain:
    """A process that gets back remembers what it knew: each connection gets further, however short it is."""

    @pytest.fixture
    def link(self, ssh_server: SshServer) -> Iterator[Relay]:
        with relay(ssh_server.port) as made:
            yield made

    @staticmethod
    def cut_at(
        link: Relay, server: SshServer, archive: Path, state: Memory, stage: DeliveryStage, done: int
    ) -> None:
        """One attempt, whose connection is reset once a stage has come so far."""

        def cut(progress: DeliveryProgress) -> None:
            if progress.stage is stage and progress.done >= done:
                link.cut()

        with connect(server, port=link.port) as sharebox:
            failure(Problem.CONNECTION_LOST, lambda: send(sharebox, archive, on_progress=cut, memory=state))
        server.wait_for_sessions()

    def test_nothing_is_read_twice(self, ssh_server: SshServer, link: Relay, archive: Path) -> None:
        state = Memory()
        link.rate = 2 * SIZE  # so that progress is told on the way
        for stage in (DeliveryStage.SENDING, DeliveryStage.VERIFYING):
            for share in (0.3, 0.6, 0.9):
                self.cut_at(link, ssh_server, archive, state, stage, int(share * SIZE))
        with connect(ssh_server, port=link.port) as sharebox:
            assert send(sharebox, archive, memory=state).verification is Verification.READ_BACK
        # Four times as much as a window holds, and less than reading from the start after one of the cuts.
        assert link.answered < SIZE * 1.6, "only what was on its way is read again"
        assert (ssh_server.root / "base.7z").read_bytes() == archive.read_bytes()

    @pytest.mark.parametrize("stage", [DeliveryStage.SENDING, DeliveryStage.VERIFYING])
    def test_what_was_damaged_meanwhile_is_repaired(
        self, ssh_server: SshServer, link: Relay, archive: Path, stage: DeliveryStage
    ) -> None:
        """The server broke down too, and lost something that was compared or acknowledged."""
        state = Memory()
        self.cut_at(link, ssh_server, archive, state, stage, SIZE // 2)
        part = ssh_server.root / "base.7z.part"
        with part.open("r+b") as file:
            file.seek(1000)
            file.write(b"?!")
        os.utime(part, (0, part.stat().st_mtime + 2))
        with connect(ssh_server, port=link.port) as sharebox:
            assert send(sharebox, archive, memory=state).verification is Verification.READ_BACK
        assert [path.name for path in ssh_server.root.iterdir()] == ["base.7z"]
        assert (ssh_server.root / "base.7z").read_bytes() == archive.read_bytes()

    @pytest.mark.parametrize("left", [0, SIZE // 4])
    @pytest.mark.parametrize("stage", [DeliveryStage.SENDING, DeliveryStage.VERIFYING])
    def test_what_was_lost_meanwhile_is_sent_again(
        self, ssh_server: SshServer, link: Relay, archive: Path, stage: DeliveryStage, left: int
    ) -> None:
        state = Memory()
        self.cut_at(link, ssh_server, archive, state, stage, SIZE // 2)
        part = ssh_server.root / "base.7z.part"
        os.truncate(part, left) if left else part.unlink()
        with connect(ssh_server, port=link.port) as sharebox:
            send(sharebox, archive, memory=state)
        assert (ssh_server.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_a_server_that_cannot_sync_is_read_from_the_start(self, account: Account, archive: Path) -> None:
        """If it broke down, it may have lost what it let read."""
        state = Memory()
        with openssh(account, chroot=True, denied=["fsync"]) as server, relay(server.port) as link:
            self.cut_at(link, server, archive, state, DeliveryStage.VERIFYING, SIZE // 2)
            first = link.answered
            with connect(server, port=link.port) as sharebox:
                assert not sharebox.sftp.can_sync
                assert send(sharebox, archive, memory=state).verification is Verification.READ_BACK
            assert link.answered - first > SIZE
            assert (server.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_delivered_once_where_files_are_taken_away(self, faulty: FaultyServer, archive: Path) -> None:
        """Whatever is lost after it, the manifest for instance: no second copy is left there."""
        state = Memory()
        faulty.faults.take_away_at_close = True
        with connect(faulty) as sharebox:
            first = send(sharebox, archive, memory=state)
        with connect(faulty) as sharebox:
            assert send(sharebox, archive, memory=state) == first
        assert faulty.faults.writes == WRITES + 2, "once, and two trial files"


WRITES = 1 + -(-(SIZE - HEADER_BYTES) // 32_000) + 1
"""Placeholder of the header, body, header."""


class TestRefusals:
    """A request is refused: never a success with wrong bytes, and what is left can be resumed."""

    @pytest.mark.parametrize(
        "refused",
        [0, 1, WRITES // 2, *range(WRITES - 5, WRITES), *random.Random(20260302).sample(range(WRITES), 4)],
    )
    def test_write(self, faulty: FaultyServer, archive: Path, refused: int) -> None:
        faulty.faults.refuse_write = lambda number: number == refused
        with connect(faulty) as sharebox:
            failure(Problem.SHAREBOX_REFUSED, lambda: send(sharebox, archive))
            assert [path.name for path in faulty.root.iterdir()] == ["base.7z.part"]
        assert faulty.faults.writes > refused
        _resume(faulty, archive, at_least=(refused - 2) * 32_000)

    def test_every_write_was_counted(self, faulty: FaultyServer, archive: Path) -> None:
        with connect(faulty) as sharebox:
            send(sharebox, archive)
        assert faulty.faults.writes == WRITES

    def test_every_write_from_one_on(self, faulty: FaultyServer, archive: Path) -> None:
        faulty.faults.refuse_write = lambda number: number >= WRITES // 2
        with connect(faulty) as sharebox:
            failure(Problem.SHAREBOX_REFUSED, lambda: send(sharebox, archive))
        _resume(faulty, archive, at_least=SIZE // 2 - 100_000)

    @pytest.mark.parametrize("request_", ["close", "rename"])
    def test_other_requests(self, faulty: FaultyServer, archive: Path, request_: str) -> None:
        faulty.faults.refuse = {request_}
        with connect(faulty) as sharebox:
            failure(Problem.SHAREBOX_REFUSED, lambda: send(sharebox, archive))
            assert [path.name for path in faulty.root.iterdir()] == ["base.7z.part"]
        _resume(faulty, archive, at_least=SIZE)

    @pytest.mark.parametrize("request_", ["write", "close", "rename"])
    def test_of_a_small_file(self, faulty: FaultyServer, request_: str) -> None:
        faulty.faults.refuse = {request_}
        faulty.faults.refuse_write = lambda number: request_ == "write"
        with connect(faulty) as sharebox:
            failure(Problem.SHAREBOX_REFUSED, lambda: put_small(sharebox, "m.json", b"{}"))
            assert [path.name for path in faulty.root.iterdir()] == ["m.json.part"]
            faulty.faults.refuse, faulty.faults.refuse_write = set(), lambda number: False
            put_small(sharebox, "m.json", b"{}")
        assert (faulty.root / "m.json").read_bytes() == b"{}"

    def test_of_syncing_ends_nothing(self, faulty: FaultyServer, archive: Path) -> None:
        """Whether what was sent is there is seen when it is read back."""
        faulty.faults.refuse = {"fsync"}
        with connect(faulty) as sharebox:
            assert send(sharebox, archive).verification is Verification.READ_BACK
            put_small(sharebox, "m.json", b"{}")
        assert (faulty.root / "base.7z").read_bytes() == archive.read_bytes()
        assert (faulty.root / "m.json").read_bytes() == b"{}"

    @pytest.mark.parametrize("free", [0, 1])
    def test_little_room_is_told_and_there_is_some(
        self, faulty: FaultyServer, archive: Path, free: int
    ) -> None:
        """Where the folder is virtual, the server may tell of a file system that is not the one."""
        faulty.faults.room = (4096, 4096, 1000, free, free, 1, 1, 1, 1, 0, 255)
        with connect(faulty) as sharebox:
            assert sharebox.sftp.free_bytes("/") == 4096 * free
            send(sharebox, archive)
        assert (faulty.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_archive_and_header_are_synced_apart(self, faulty: FaultyServer, archive: Path) -> None:
        """Or a power cut could leave a valid header before bytes that never reached the disk."""
        headers: list[bytes] = []
        faulty.faults.on_sync = lambda: headers.append(
            (faulty.root / "base.7z.part").read_bytes()[:HEADER_BYTES]
        )
        with connect(faulty) as sharebox:
            send(sharebox, archive)
        assert headers == [bytes(HEADER_BYTES), archive.read_bytes()[:HEADER_BYTES]]

    def test_folder_without_write_permission(self, ssh_server: SshServer, archive: Path) -> None:
        os.chown(ssh_server.root, 0, 0)
        with connect(ssh_server) as sharebox:
            failure(Problem.SHAREBOX_PERMISSION, lambda: send(sharebox, archive))

    def test_full_disk(self, ssh_server: SshServer, archive: Path) -> None:
        owner = f"uid={ssh_server.root.stat().st_uid}"
        with small_disk(ssh_server.root, f"size=1m,{owner}"), connect(ssh_server) as sharebox:
            failure(Problem.SHAREBOX_FULL, lambda: send(sharebox, archive))

    def test_what_is_known_not_to_fit_is_not_begun(self, ssh_server: SshServer, tmp_path: Path) -> None:
        large = tmp_path / "large.7z"
        make_archive(large, 3_000_000)
        owner = f"uid={ssh_server.root.stat().st_uid}"
        with (
            small_disk(ssh_server.root, f"size=2m,{owner}"),
            relay(ssh_server.port) as line,
            connect(ssh_server, port=line.port) as sharebox,
        ):
            error = failure(Problem.SHAREBOX_FULL, lambda: send(sharebox, large))
            assert "il faut encore 3,0\xa0Mo" in error.why
            assert line.sent < 100_000

    def test_a_server_that_does_not_tell_its_room_after_all_is_sent_to(
        self, faulty: FaultyServer, archive: Path
    ) -> None:
        faulty.faults.refuse = {"statvfs"}
        with connect(faulty) as sharebox:
            send(sharebox, archive)
        assert (faulty.root / "base.7z").read_bytes() == archive.read_bytes()

    def test_denied_rename(self, account: Account, archive: Path) -> None:
        with openssh(account, denied=["rename"]) as server, connect(server) as sharebox:
            failure(Problem.SHAREBOX_PERMISSION, lambda: send(sharebox, archive))
            assert [path.name for path in server.root.iterdir()] == ["base.7z.part"]

    def test_errors_of_callbacks_pass_unchanged(self, ssh_server: SshServer, archive: Path) -> None:
        def break_down(progress: DeliveryProgress) -> None:
            raise BrokenPipeError("the view went away")

        with connect(ssh_server) as sharebox, pytest.raises(BrokenPipeError, match="the view went away"):
            send(sharebox, archive, on_progress=break_down)


class TestCancelled:
    @pytest.mark.parametrize("stage", [DeliveryStage.SENDING, DeliveryStage.VERIFYING])
    def test_interrupts_and_can_be_resumed(
        self, ssh_server: SshServer, archive: Path, stage: DeliveryStage
    ) -> None:
        cancelled = threading.Event()

        def stop(progress: DeliveryProgress) -> None:
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
