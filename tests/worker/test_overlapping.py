"""One database is verified while the next is sent: both hold what one alone holds, whatever happens then."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pytest

from tests.cli.place import Place, Result, extract, place_for
from tests.servers.account import Account
from tests.servers.faulty import faulty_server
from tests.servers.openssh import SshServer, openssh
from tests.servers.processes import wait_until
from tests.servers.relay import Relay, relay
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control
from tui_transfer.job import events as ev
from tui_transfer.job.journal import Journal, JournalReader
from tui_transfer.settings.config import TransferSettings
from tui_transfer.sharebox.delivery.places import END_BYTES, PLACE_BYTES, PLACES
from tui_transfer.sharebox.ssh.knowledge import Knowledge
from tui_transfer.sharebox.ssh.sharebox import Sharebox
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.worker.backoff import Backoff
from tui_transfer.worker.connector import Connector
from tui_transfer.worker.recorder import Recorder
from tui_transfer.worker.sessions import Sessions

SIZE = 3_000_000
RATE = 600_000
NAMES = ("Une", "Deux")

Event = TypeVar("Event", bound=ev.Event)


@pytest.fixture
def bases(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "bases"
    folder.mkdir()
    made = {name: folder / f"{name}.bin" for name in NAMES}
    for path in made.values():
        path.write_bytes(os.urandom(SIZE))
    return made


@pytest.fixture
def line(ssh_server: SshServer) -> Iterator[Relay]:
    """As fast both ways, so that reading one back takes as long as sending the next."""
    with relay(ssh_server.port) as made:
        made.rate = RATE
        yield made


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, line: Relay, bases: dict[str, Path]) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, bases, port=line.port)
    return made


def _events(place: Place) -> list[ev.Event]:
    jobs = control.list_jobs(place.home)
    return list(JournalReader(jobs[0].journal).read()) if jobs else []


def _where(place: Place, kind: type[ev.Event], database: int) -> int:
    """The place of the last such event in the journal; -1 where there is none."""
    found = [
        position
        for position, event in enumerate(_events(place))
        if isinstance(event, kind) and getattr(event, "database", None) == database
    ]
    return max(found, default=-1)


def _count(place: Place, kind: type[ev.Event]) -> int:
    return sum(isinstance(event, kind) for event in _events(place))


def _both_are_under_way(place: Place, share: float = 0.2) -> bool:
    """Whether a part of the first was read back, and one of the second has arrived."""
    events = _events(place)
    sent = max(
        (e.acknowledged for e in events if isinstance(e, ev.UploadProgress) and e.database == 1), default=0
    )
    read = max(
        (e.checked for e in events if isinstance(e, ev.VerificationProgress) and e.database == 0), default=0
    )
    return min(sent, read) > share * SIZE


def _when_both_are_under_way(place: Place, act: Callable[[], object], line: Relay) -> Result:
    """Runs a transfer; `act` is called once one is verified and the next sent."""
    with place.started("run", "--yes", "--json") as command:
        wait_until(lambda: _both_are_under_way(place), seconds=60, what="both to be under way")
        act()
        assert _where(place, ev.Delivered, 0) < 0, "the line is too fast for this test"
        out, err = command.communicate(timeout=60)
    return Result(command.returncode, out, err)


def _part(place: Place, server: SshServer, database: int) -> Path:
    return server.root / (place.job().spec.databases[database].archive + ".part")


def _assert_both_arrived(place: Place, server: SshServer, bases: dict[str, Path], out: Path) -> None:
    assert not list(server.root.glob("*.part"))
    for item in place.job().spec.databases:
        into = extract(server.root / item.archive, out / item.name)
        assert (into / bases[item.name].name).read_bytes() == bases[item.name].read_bytes()


def _assert_both_go_on(
    place: Place, line: Relay, server: SshServer, bases: dict[str, Path], out: Path
) -> None:
    """What had arrived of the second is not sent again."""
    line.rate = None
    assert place.run("resume").code == 0
    assert control.Follower(place.job()).state.databases[1].resumed_from > SIZE // 10
    _assert_both_arrived(place, server, bases, out)


def test_the_next_is_sent_while_one_is_verified(
    tmp_path: Path, ssh_server: SshServer, line: Relay, bases: dict[str, Path]
) -> None:
    bases["Trois"] = tmp_path / "bases" / "Trois.bin"
    for name in ("Deux", "Trois"):  # sent long before the first one is verified
        bases[name].write_bytes(os.urandom(SIZE // 3))
    place = place_for(tmp_path / "home", ssh_server.password)
    place.configure(ssh_server, bases, port=line.port)
    result = place.run("run", "--yes", "--json")
    assert result.code == 0, result.err
    for database in (0, 1):
        sent_next = _where(place, ev.UploadStarted, database + 1)
        assert 0 <= sent_next < _where(place, ev.VerificationProgress, database)
        assert sent_next < _where(place, ev.Delivered, database)
    # No more than one waits: the disk holds few, and what failed is known before much is sent.
    assert _where(place, ev.Delivered, 0) < _where(place, ev.UploadStarted, 2)
    assert _count(place, ev.Waiting) == 0, [e for e in _events(place) if isinstance(e, ev.Waiting)]
    assert (line.connections, len(ssh_server.authentication_requests())) == (1, 2)
    assert {item["verified"] for item in result.finished["databases"]} == {"read-back"}
    assert not any((place.job().spool / str(database)).exists() for database in range(3))
    _assert_both_arrived(place, ssh_server, bases, tmp_path / "out")


@pytest.mark.parametrize("seed", range(4))
def test_a_cut_hits_both_and_is_mended_once(
    place: Place, line: Relay, ssh_server: SshServer, bases: dict[str, Path], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    # The first one after all of the first database and some of the second has passed, then sooner and sooner.
    line.cuts = [
        SIZE + chance.randrange(20_000, SIZE - 100_000),
        *(chance.randrange(1, SIZE // 4) for _ in range(2)),
    ]
    cuts = len(line.cuts)
    result = place.run("run", "--yes", "--json")
    assert result.code == 0, result.err
    assert line.cuts == []
    assert _count(place, ev.Waiting) == cuts
    assert line.connections == cuts + 1
    lost = next(position for position, event in enumerate(_events(place)) if isinstance(event, ev.Waiting))
    begun = [e for e in _events(place)[:lost] if isinstance(e, ev.UploadStarted) and e.database == 1]
    assert begun, "the cut came before both were under way"
    assert lost < _where(place, ev.Delivered, 0)
    # What both had sent is not sent again. What was read back over a connection that was lost is, once.
    assert line.sent < 2 * SIZE + cuts * 400_000
    looked_at_again = 2 * END_BYTES + PLACES * PLACE_BYTES
    assert line.answered < 2 * (2 * SIZE + looked_at_again) + cuts * 900_000
    _assert_both_arrived(place, ssh_server, bases, tmp_path / "out")


def test_without_patience_a_cut_ends_both_and_both_go_on(
    place: Place, line: Relay, ssh_server: SshServer, bases: dict[str, Path], tmp_path: Path
) -> None:
    place.change(transfer=TransferSettings(retry_for=0))
    result = _when_both_are_under_way(place, line.cut, line)
    assert (result.code, result.finished["problem"]) == (12, "connection-lost")
    assert line.connections == 1, "given up is given up, for both"
    _assert_both_go_on(place, line, ssh_server, bases, tmp_path / "out")


def test_what_stops_the_one_that_is_verified_lets_the_other_go_on(
    place: Place, line: Relay, ssh_server: SshServer, bases: dict[str, Path], tmp_path: Path
) -> None:
    def take_its_name() -> None:
        _part(place, ssh_server, 0).with_suffix("").write_bytes(b"of somebody else")

    result = _when_both_are_under_way(place, take_its_name, line)
    assert result.finished["problem"] == "name-taken"
    (failed,) = [event for event in _events(place) if isinstance(event, ev.DatabaseFailed)]
    (blocked,) = [event for event in _events(place) if isinstance(event, ev.JobBlocked)]
    assert failed.database == blocked.database == 0
    taken = _part(place, ssh_server, 0).with_suffix("")
    assert taken.read_bytes() == b"of somebody else"
    assert _where(place, ev.Delivered, 1) > 0
    taken.unlink()
    line.rate = None
    assert place.run("resume").code == 0
    _assert_both_arrived(place, ssh_server, bases, tmp_path / "out")


def test_what_stops_the_one_that_is_sent_lets_the_other_be_finished(
    place: Place, line: Relay, ssh_server: SshServer, bases: dict[str, Path], tmp_path: Path
) -> None:
    """As if it had come to its turn later: those before are delivered."""
    with place.started("run", "--yes", "--json") as command:
        wait_until(lambda: bool(_events(place)), seconds=60, what="the job")
        obstacle = _part(place, ssh_server, 1)
        obstacle.mkdir()
        out, _ = command.communicate(timeout=60)
    blocked = Result(command.returncode, out, "").finished
    assert blocked["status"] == "blocked"
    (event,) = [event for event in _events(place) if isinstance(event, ev.JobBlocked)]
    assert event.database == 1
    assert _where(place, ev.Delivered, 0) > 0
    obstacle.rmdir()
    assert place.run("resume").code == 0
    _assert_both_arrived(place, ssh_server, bases, tmp_path / "out")


@pytest.mark.parametrize("cut", [False, True])
def test_what_is_found_damaged_is_reported_or_repaired(
    place: Place, line: Relay, ssh_server: SshServer, bases: dict[str, Path], tmp_path: Path, cut: bool
) -> None:
    """Repaired where the connection was lost meanwhile: the server may have broken down."""

    def damage() -> None:
        part = _part(place, ssh_server, 0)
        with part.open("r+b") as file:
            file.seek(SIZE - 1000)  # where it was not read yet
            file.write(b"?!" * 50)
        if cut:
            line.cut()

    result = _when_both_are_under_way(place, damage, line)
    if cut:
        assert result.code == 0, result.err
        assert _count(place, ev.Waiting) == 1
    else:
        assert (result.code, result.finished["problem"]) == (11, "content-mismatch")
        (blocked,) = [event for event in _events(place) if isinstance(event, ev.JobBlocked)]
        assert blocked.database == 0
        assert _where(place, ev.Delivered, 1) > 0
        line.rate = None
        assert place.run("resume").code == 0
    _assert_both_arrived(place, ssh_server, bases, tmp_path / "out")


def test_killed_while_both_are_under_way(
    place: Place, line: Relay, ssh_server: SshServer, bases: dict[str, Path], tmp_path: Path
) -> None:
    def kill() -> None:
        pid = control.Follower(place.job()).state.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    assert _when_both_are_under_way(place, kill, line).code == 12
    assert not list(ssh_server.root.glob("*.7z"))
    _assert_both_go_on(place, line, ssh_server, bases, tmp_path / "out")


def test_cancelled_while_both_are_under_way(
    place: Place, line: Relay, ssh_server: SshServer, bases: dict[str, Path], tmp_path: Path
) -> None:
    asked: list[float] = []

    def cancel() -> None:
        asked.append(time.monotonic())
        threading.Thread(target=control.stop, args=[place.job()]).start()

    result = _when_both_are_under_way(place, cancel, line)
    assert time.monotonic() - asked[0] < 10
    assert (result.code, result.finished["problem"]) == (12, "interrupted")
    line.rate = None
    assert place.run("resume").code == 0
    _assert_both_arrived(place, ssh_server, bases, tmp_path / "out")


def _assert_one_after_the_other(place: Place, count: int) -> None:
    for database in range(count - 1):
        assert 0 <= _where(place, ev.Delivered, database) < _where(place, ev.UploadStarted, database + 1)


def test_a_server_of_one_session_gets_one_after_the_other(
    account: Account, tmp_path: Path, bases: dict[str, Path]
) -> None:
    third = tmp_path / "bases" / "Trois.bin"
    third.write_bytes(os.urandom(SIZE // 3))
    bases["Trois"] = third
    with openssh(account, chroot=True, options=["MaxSessions 1"]) as server:
        place = place_for(tmp_path / "home", server.password)
        place.configure(server, bases)
        result = place.run("run", "--yes", "--json")
        assert result.code == 0, result.err
        assert {item["verified"] for item in result.finished["databases"]} == {"read-back"}
        _assert_one_after_the_other(place, 3)
        assert _count(place, ev.Waiting) == 0
        _assert_both_arrived(place, server, bases, tmp_path / "out")


def test_a_server_that_drops_whoever_wants_two_sessions_is_asked_once(
    tmp_path: Path, bases: dict[str, Path]
) -> None:
    with faulty_server(tmp_path / "faulty") as server:
        server.faults.drop_at_second_session = True
        place = place_for(tmp_path / "home", server.password)
        place.configure(server, bases)
        result = place.run("run", "--yes", "--json")
        assert result.code == 0, result.err
        _assert_one_after_the_other(place, 2)
        assert _count(place, ev.Connected) <= 3, "one for the session, one for the command that hashes"
        writes = server.faults.writes
        assert writes < 2 * SIZE // 32_000 + 100, "nothing was sent twice, beside trial files"


class _Away(Connector):
    """A way to nowhere that counts how often it is tried, and answers what it is given."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.closed = 0

    def open(self) -> Sharebox:
        answer = self.answers.pop(0)
        if isinstance(answer, TransferError):
            raise answer
        return cast("Sharebox", answer)

    def close(self) -> None:
        self.closed += 1

    def blames_question(self) -> bool:
        return False


def _link() -> Any:
    """A connection of which all is known."""
    knowledge = Knowledge()
    knowledge.complete()
    return SimpleNamespace(knowledge=knowledge)


def _sessions(connector: Connector, journal: Path, seconds: float = 60) -> Sessions:
    return Sessions(connector, Recorder(Journal(journal)), Backoff(seconds, chance=lambda: 1), Cancellation())


_LOST = TransferError(Problem.CONNECTION_LOST, reason="essai")


def test_the_second_to_notice_a_loss_joins_the_first(tmp_path: Path) -> None:
    first, second = _link(), _link()
    link = _Away(first, second)
    sessions = _sessions(link, tmp_path / "journal.jsonl")
    lost = sessions.open()
    threads = [threading.Thread(target=sessions.recover, args=(lost, _LOST)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sessions.open() is sessions.open() is second
    assert link.closed == 1
    assert len(list(JournalReader(tmp_path / "journal.jsonl").read())) == 1


def test_what_is_refused_to_one_is_not_tried_by_the_other(tmp_path: Path) -> None:
    """Accounts are locked after a few wrong passwords."""
    refused = TransferError(Problem.CREDENTIALS_REFUSED, username="x", host="y")
    sessions = _sessions(_Away(_link(), refused), tmp_path / "journal.jsonl")
    lost = sessions.open()
    for _ in range(2):
        sessions.recover(lost, _LOST)
        with pytest.raises(TransferError) as raised:
            sessions.open()
        assert raised.value is refused


def test_what_one_gave_up_for_ends_the_other(tmp_path: Path) -> None:
    sessions = _sessions(_Away(_link()), tmp_path / "journal.jsonl", seconds=0)
    lost = sessions.open()
    for _ in range(2):
        with pytest.raises(TransferError) as raised:
            sessions.recover(lost, TransferError(Problem.CONNECTION_LOST, reason="essai"))
        assert raised.value.problem is Problem.CONNECTION_LOST
    assert not list(JournalReader(tmp_path / "journal.jsonl").read())
