"""What servers may do and say between the closing of a file and its final name, and what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from paramiko import sftp as protocol

from tests.servers.faulty import FaultyServer, faulty_server
from tests.servers.openssh import openssh
from tests.sharebox.helpers import Memory, connect, failure, make_archive, put_small, send
from tui_transfer.errors import Problem
from tui_transfer.french import number
from tui_transfer.sharebox.delivery.evidence import TrialFate, Verification
from tui_transfer.sharebox.delivery.progress import DeliveryProgress, DeliveryStage
from tui_transfer.sharebox.delivery.trial import Trials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.account import Account
    from tests.servers.openssh import SshServer

SIZE = 200_000
FINAL, PARTIAL = "base.7z", "base.7z.part"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive"
    make_archive(path, SIZE)
    return path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FaultyServer]:
    with faulty_server(tmp_path / "faulty") as running:
        yield running


STAGES = [DeliveryStage.SENDING, DeliveryStage.VERIFYING, DeliveryStage.PUBLISHING]


def names(server: FaultyServer | SshServer) -> list[str]:
    return sorted(path.name for path in server.root.iterdir())


def is_final(name: str) -> bool:
    return name == FINAL


def anything(name: str) -> bool:
    return True


class TestRename:
    def test_acknowledged_and_never_done(self, server: FaultyServer, archive: Path) -> None:
        memory = Memory()
        server.faults.lie_at_rename = is_final
        with connect(server) as sharebox:
            error = failure(Problem.SHAREBOX_REFUSED, lambda: send(sharebox, archive, memory=memory))
        assert "garde son nom provisoire" in error.why
        assert names(server) == [PARTIAL]
        server.faults.lie_at_rename = lambda name: False
        with connect(server) as sharebox:
            again = memory.resumed()
            assert send(sharebox, archive, memory=again).verification is Verification.READ_BACK
        assert names(server) == [FINAL]
        assert "sending" not in again.written, "it is there: nothing is sent again"

    def test_acknowledged_and_done_the_second_time(self, server: FaultyServer, archive: Path) -> None:
        times: list[str] = []

        def lie_once(name: str) -> bool:
            times.append(name)
            return len(times) == 1

        server.faults.lie_at_rename = lie_once
        with connect(server) as sharebox:
            assert send(sharebox, archive).verification is Verification.READ_BACK
        assert (server.root / FINAL).read_bytes() == archive.read_bytes()

    def test_done_and_called_a_failure(self, server: FaultyServer, archive: Path) -> None:
        server.faults.deny_rename = anything
        with connect(server) as sharebox:
            assert send(sharebox, archive).verification is Verification.READ_BACK
            assert put_small(sharebox, "m.json", b"{}") is Verification.READ_BACK
        assert names(server) == [FINAL, "m.json"]

    def test_failed_where_another_took_the_name_with_a_file_of_that_size(
        self, server: FaultyServer, archive: Path
    ) -> None:
        other = make_archive(archive.with_name("other"), SIZE, seed=1)

        def take(progress: DeliveryProgress) -> None:
            if progress.stage is DeliveryStage.PUBLISHING:
                (server.root / FINAL).write_bytes(other)

        with connect(server) as sharebox:
            failure(Problem.NAME_TAKEN, lambda: send(sharebox, archive, on_progress=take))
        assert (server.root / FINAL).read_bytes() == other
        assert (server.root / PARTIAL).read_bytes() == archive.read_bytes()

    def test_its_answer_was_lost(self, server: FaultyServer, archive: Path) -> None:
        memory = Memory()
        server.faults.drop_at_rename = is_final
        with connect(server) as sharebox:
            failure(Problem.CONNECTION_LOST, lambda: send(sharebox, archive, memory=memory))
        with connect(server) as sharebox:
            again = memory.resumed()
            assert send(sharebox, archive, memory=again).verification is Verification.READ_BACK
        assert names(server) == [FINAL]
        assert again.written == ["arrived read-back"]

    def test_what_bears_the_final_name_is_damaged(
        self, server: FaultyServer, archive: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cut_short(name: str) -> bool:
            (server.root / name).write_bytes(b"")
            return False

        server.faults.deny_rename = cut_short
        with connect(server) as sharebox:
            error = failure(Problem.ARRIVED_DAMAGED, lambda: send(sharebox, archive))
        assert f"0\N{NO-BREAK SPACE}octet au lieu de {number(SIZE)}" in error.why

    def test_refused(self, server: FaultyServer, archive: Path) -> None:
        memory = Memory()
        server.faults.refuse = {"rename"}
        with connect(server) as sharebox:
            failure(Problem.SHAREBOX_REFUSED, lambda: send(sharebox, archive, memory=memory))
        assert memory.written[-1] == "closed", "it is known that it has not got its name"
        (server.root / PARTIAL).unlink()
        server.faults.refuse, server.faults.take_away_at_rename = set(), anything
        with connect(server) as sharebox:
            again = memory.resumed()
            send(sharebox, archive, memory=again)
        assert again.written[0] == "lost 1", "an outsider took it, not the refused rename"


class TestGone:
    """A file that the server acknowledged is not there any more."""

    @staticmethod
    def removing(
        server: FaultyServer, stage: DeliveryStage, times: int
    ) -> Callable[[DeliveryProgress], None]:
        """An outsider, who removes the partial file so often once a stage has come."""
        left = [times]

        def remove(progress: DeliveryProgress) -> None:
            part = server.root / PARTIAL
            is_time = progress.stage is stage and progress.done in (0, SIZE) and part.exists()
            if is_time and left[0] and part.stat().st_size >= SIZE - 32:
                part.unlink()
                left[0] -= 1

        return remove

    @pytest.mark.parametrize("stage", STAGES)
    def test_once_is_sent_once_more(self, server: FaultyServer, archive: Path, stage: DeliveryStage) -> None:
        memory = Memory()
        with connect(server) as sharebox:
            sent = send(sharebox, archive, memory=memory, on_progress=self.removing(server, stage, 1))
        assert sent.verification is Verification.READ_BACK
        assert memory.written.count("lost 1") == 1
        assert names(server) == [FINAL]
        assert (server.root / FINAL).read_bytes() == archive.read_bytes()

    @pytest.mark.parametrize("stage", STAGES)
    def test_twice_is_for_a_person(self, server: FaultyServer, archive: Path, stage: DeliveryStage) -> None:
        memory = Memory()
        removing = self.removing(server, stage, 3)
        with connect(server) as sharebox:
            error = failure(
                Problem.DELIVERY_LOST, lambda: send(sharebox, archive, memory=memory, on_progress=removing)
            )
        assert "administrateur" in error.advice
        with connect(server) as sharebox:
            failure(
                Problem.DELIVERY_LOST,
                lambda: send(sharebox, archive, memory=memory.resumed(), on_progress=removing),
            )
        with connect(server) as sharebox:
            again = memory.resumed()
            assert send(sharebox, archive, memory=again).verification is Verification.READ_BACK

    def test_losses_are_counted_over_all_processes(self, server: FaultyServer, archive: Path) -> None:
        memory = Memory()
        memory.ledger.lose()
        server.faults.take_away_at_rename = is_final
        with connect(server) as sharebox:
            again = memory.resumed()
            failure(Problem.DELIVERY_LOST, lambda: send(sharebox, archive, memory=again))
        assert again.written[-1] == "lost 2"

    def test_a_robot_that_takes_archives_alone(self, server: FaultyServer, archive: Path) -> None:
        """The trial file stays there: it is not what the server does with what it is given."""
        server.faults.take_away_at_rename = is_final
        with connect(server) as sharebox:
            failure(Problem.DELIVERY_LOST, lambda: send(sharebox, archive))
        assert server.faults.taken == [FINAL, FINAL]
        assert names(server) == [], "nor is a trial file left"

    def test_a_manifest_that_vanishes(self, server: FaultyServer) -> None:
        memory = Memory("m.json")
        server.faults.take_away_at_rename = lambda name: name == "m.json"
        with connect(server) as sharebox:
            failure(Problem.DELIVERY_LOST, lambda: put_small(sharebox, "m.json", b"{}", memory))
        assert memory.written.count("lost 2") == 1


class TestTakenOver:
    """A server that takes away what it is given, at the same step as a trial file."""

    @staticmethod
    def at_close(server: FaultyServer) -> None:
        server.faults.take_away_at_close = True

    @staticmethod
    def at_rename(server: FaultyServer) -> None:
        server.faults.take_away_at_rename = anything

    @pytest.mark.parametrize("take", [at_close, at_rename])
    def test_is_delivered_and_not_verifiable(
        self, server: FaultyServer, archive: Path, take: Callable[[FaultyServer], None]
    ) -> None:
        take(server)
        fates: list[TrialFate] = []
        trials = Trials(fates.append)
        with connect(server) as sharebox:
            assert send(sharebox, archive, trials=trials).verification is Verification.NONE
            assert put_small(sharebox, "m.json", b"{}", trials=trials) is Verification.NONE
        assert len(fates) == 1, "it is asked once"
        assert names(server) == []
        assert not any(name.endswith(".7z") for name in server.faults.taken if "tui-transfer" in name)

    def test_a_trial_file_that_goes_by_accident_tells_nothing(
        self, server: FaultyServer, archive: Path
    ) -> None:
        """The archive goes at each rename, and so does one trial file."""
        trials: list[str] = []

        def is_taken(name: str) -> bool:
            if name.startswith("tui-transfer"):
                trials.append(name)
            return name == FINAL or trials == [name]

        server.faults.take_away_at_rename = is_taken
        with connect(server) as sharebox:
            failure(Problem.DELIVERY_LOST, lambda: send(sharebox, archive))
        assert len(trials) == 2

    @pytest.mark.parametrize("by_another_process", [False, True])
    @pytest.mark.parametrize("take", [at_close, at_rename])
    def test_once_although_the_answer_was_lost(
        self,
        server: FaultyServer,
        archive: Path,
        take: Callable[[FaultyServer], None],
        by_another_process: bool,
    ) -> None:
        take(server)
        server.faults.drop_at_close = lambda name: name == PARTIAL and server.faults.take_away_at_close
        server.faults.drop_at_rename = is_final
        memory = Memory()
        with connect(server) as sharebox:
            failure(Problem.CONNECTION_LOST, lambda: send(sharebox, archive, memory=memory))
        with connect(server) as sharebox:
            again = memory.resumed() if by_another_process else memory
            assert send(sharebox, archive, memory=again).verification is Verification.NONE
        of_ours = [name for name in server.faults.taken if name.startswith("base")]
        assert len(of_ours) == 1, "it was delivered once"

    def test_a_part_of_it_is_no_delivery(self, server: FaultyServer, archive: Path) -> None:
        """A cut closes the file too: what is taken away then is not whole, and is sent again."""
        server.faults.take_away_at_close = True
        memory = Memory()

        def break_off(progress: DeliveryProgress) -> None:
            if progress.stage is DeliveryStage.SENDING and progress.done > SIZE // 2:
                raise ConnectionAbortedError

        with connect(server) as sharebox, pytest.raises(ConnectionAbortedError):
            send(sharebox, archive, memory=memory, on_progress=break_off)
        with connect(server) as sharebox:
            sent = send(sharebox, archive, memory=memory.resumed())
        assert (sent.verification, sent.resumed_from) == (Verification.NONE, 0)


class TestHidden:
    """Nobody may look at what is there."""

    @pytest.fixture
    def blind(self, account: Account) -> Iterator[SshServer]:
        denied = ["read", "stat", "lstat", "fstat", "opendir"]
        with openssh(account, chroot=True, denied=denied) as running:
            yield running

    def test_the_acknowledged_rename_is_all_there_is(self, blind: SshServer, archive: Path) -> None:
        fates: list[TrialFate] = []
        with connect(blind) as sharebox:
            assert send(sharebox, archive, trials=Trials(fates.append)).verification is Verification.NONE
        assert fates == [TrialFate.HIDDEN]
        assert names(blind) == [FINAL]

    def test_its_answer_was_lost(self, server: FaultyServer, archive: Path) -> None:
        server.faults.hide = anything
        server.faults.drop_at_rename = is_final
        memory = Memory()
        with connect(server) as sharebox:
            failure(Problem.CONNECTION_LOST, lambda: send(sharebox, archive, memory=memory))
        server.faults.drop_at_rename = lambda name: False
        with connect(server) as sharebox:
            again = memory.resumed()
            assert send(sharebox, archive, memory=again).verification is Verification.NONE
        assert "sending" not in again.written
        assert (server.root / FINAL).read_bytes() == archive.read_bytes()
        assert names(server) == [FINAL]

    @pytest.mark.parametrize("take", [TestTakenOver.at_close, TestTakenOver.at_rename])
    @pytest.mark.parametrize("answer_lost", [False, True])
    def test_what_is_taken_over_unseen_is_delivered_once(
        self,
        server: FaultyServer,
        archive: Path,
        take: Callable[[FaultyServer], None],
        answer_lost: bool,
    ) -> None:
        """A removal tells what nobody may look at: nothing is there any more."""
        take(server)
        server.faults.hide = anything
        server.faults.drop_at_close = lambda name: (
            answer_lost and name == PARTIAL and server.faults.take_away_at_close
        )
        server.faults.drop_at_rename = lambda name: answer_lost and is_final(name)
        memory = Memory()
        if answer_lost:
            with connect(server) as sharebox:
                failure(Problem.CONNECTION_LOST, lambda: send(sharebox, archive, memory=memory))
        with connect(server) as sharebox:
            again = memory.resumed()
            assert send(sharebox, archive, memory=again).verification is Verification.NONE
        assert [name for name in server.faults.taken if name.startswith("base")] == [
            PARTIAL if server.faults.take_away_at_close else FINAL
        ]

    def test_the_archive_alone_is_hidden(self, server: FaultyServer, archive: Path) -> None:
        """A trial file can be seen: there is no telling what became of the archive."""
        server.faults.hide = is_final
        with connect(server) as sharebox:
            failure(Problem.SHAREBOX_PERMISSION, lambda: send(sharebox, archive))

    @pytest.mark.parametrize("refused", [{"rename"}, {"rename", "remove"}, set()])
    def test_by_a_server_that_says_of_everything_that_it_is_not_there(
        self, server: FaultyServer, archive: Path, refused: set[str]
    ) -> None:
        """It may only hide what is there: nothing shows that it took the file, or gave it its name."""
        server.faults.hide = lambda name: name.startswith(("base", "tui-transfer"))
        server.faults.hide_with = protocol.SFTP_NO_SUCH_FILE
        server.faults.refuse = refused
        with connect(server) as sharebox:
            failure(Problem.DELIVERY_LOST, lambda: send(sharebox, archive))
        assert (server.root / PARTIAL).read_bytes() == archive.read_bytes()

    def test_a_partial_file_that_was_made_although_it_was_refused(
        self, server: FaultyServer, archive: Path
    ) -> None:
        """Nobody can see that it is there, and empty: that it is ours is known."""
        server.faults.hide, server.faults.deny_creation = anything, True
        memory = Memory(owned=False)
        with connect(server) as sharebox:
            failure(Problem.SHAREBOX_REFUSED, lambda: send(sharebox, archive, memory=memory))
            assert names(server) == [PARTIAL]
            assert send(sharebox, archive, memory=memory.resumed()).verification is Verification.NONE
        assert (server.root / FINAL).read_bytes() == archive.read_bytes()

    def test_reading_that_fails_is_not_forbidden(self, server: FaultyServer, archive: Path) -> None:
        server.faults.break_reading = True
        with connect(server) as sharebox:
            failure(Problem.SHAREBOX_REFUSED, lambda: send(sharebox, archive))
            server.faults.break_reading = False
            assert send(sharebox, archive).verification is Verification.READ_BACK


class TestPartialOfAnother:
    def test_is_not_touched(self, server: FaultyServer, archive: Path) -> None:
        (server.root / PARTIAL).write_bytes(b"of another transfer")
        memory = Memory(owned=False)
        with connect(server) as sharebox:
            failure(Problem.NAME_TAKEN, lambda: send(sharebox, archive, memory=memory))
        assert (server.root / PARTIAL).read_bytes() == b"of another transfer"
        assert memory.written == []
        assert not memory.ledger.owned

    def test_that_comes_at_the_same_instant_is_not_touched(
        self, server: FaultyServer, archive: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        memory = Memory(owned=False)
        step = memory.step

        def be_quicker(file: str, what: str) -> None:
            step(file, what)
            if what == "sending":
                (server.root / PARTIAL).write_bytes(b"of another transfer")

        monkeypatch.setattr(memory, "step", be_quicker)
        with connect(server) as sharebox:
            failure(Problem.NAME_TAKEN, lambda: send(sharebox, archive, memory=memory))
        assert (server.root / PARTIAL).read_bytes() == b"of another transfer"
        assert memory.written == ["sending", "free"]

    def test_that_is_empty_is_nobodys(self, server: FaultyServer, archive: Path) -> None:
        (server.root / PARTIAL).touch()
        with connect(server) as sharebox:
            send(sharebox, archive, memory=Memory(owned=False))
        assert names(server) == [FINAL]

    def test_that_was_made_although_it_was_refused_is_ours(self, server: FaultyServer, archive: Path) -> None:
        server.faults.deny_creation = True
        memory = Memory(owned=False)
        with connect(server) as sharebox:
            failure(Problem.SHAREBOX_REFUSED, lambda: send(sharebox, archive, memory=memory))
            assert memory.ledger.owned, "whoever cleans up would leave it"
            assert send(sharebox, archive, memory=memory.resumed()).verification is Verification.READ_BACK
        assert names(server) == [FINAL]

    def test_ours_is_known_before_it_is_there(self, server: FaultyServer, archive: Path) -> None:
        memory = Memory(owned=False)
        with connect(server) as sharebox:
            send(sharebox, archive, memory=memory)
        assert memory.written == ["sending", "closing", "renaming", "arrived read-back"]
