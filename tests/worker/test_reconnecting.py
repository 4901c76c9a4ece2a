"""Workers on links that break: they get back by themselves, send little twice, and know when not to try."""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from tests.cli.place import Place, archives, extract, place_for
from tests.servers.faulty import FaultyServer, faulty_server
from tests.servers.openssh import SshServer
from tests.servers.processes import free_port
from tests.servers.relay import Relay, relay
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control
from tui_transfer.job.events import Connected, UploadStarted, Waiting
from tui_transfer.job.journal import Journal, JournalReader
from tui_transfer.job.orders import Orders
from tui_transfer.job.spec import make_spec
from tui_transfer.job.state import JobState
from tui_transfer.report.signer import Signer
from tui_transfer.settings import config
from tui_transfer.settings.config import TransferSettings
from tui_transfer.sharebox.ssh.sharebox import Sharebox
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.worker import connector
from tui_transfer.worker.backoff import LONGEST_PAUSE, Backoff
from tui_transfer.worker.connector import Connector
from tui_transfer.worker.courier import Courier
from tui_transfer.worker.recorder import Recorder
from tui_transfer.worker.shipment import Shipment
from tui_transfer.worker.traffic import Traffic

SIZE = 8_000_000


@pytest.fixture
def link(ssh_server: SshServer) -> Iterator[Relay]:
    with relay(ssh_server.port) as made:
        yield made


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "bases" / "grosse.bin"
    path.parent.mkdir()
    path.write_bytes(os.urandom(SIZE))
    return path


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, link: Relay, base: Path) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, {"Base": base}, port=link.port)
    return made


def _events(place: Place, kind: type) -> int:
    return sum(isinstance(event, kind) for event in JournalReader(place.job().journal).read())


def _wait_for(place: Place, kind: type) -> None:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        if control.list_jobs(place.home) and _events(place, kind):
            return
        time.sleep(_POLL)
    raise AssertionError(f"no {kind.__name__}")


_POLL = 0.02


def _assert_arrived(server: SshServer | FaultyServer, base: Path, out: Path) -> None:
    (archive,) = archives(server.root)
    assert (extract(archive, out) / base.name).read_bytes() == base.read_bytes()


def test_ten_cuts_cost_little_more_than_the_archive(
    place: Place, link: Relay, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    """Ten connections are reset after a twelfth of the archive went through it."""
    link.cuts = [SIZE // 12] * 10
    result = place.run("run", "--yes", "--json")
    assert result.code == 0, result.err
    assert link.cuts == []
    pauses = [event for event in JournalReader(place.job().journal).read() if isinstance(event, Waiting)]
    assert len(pauses) == 10
    # An attempt got ahead even if only the next one can see it; a reset may lose now and then all of one.
    assert max(event.attempt for event in pauses) <= 4, "where none gets ahead it is 10"
    assert _events(place, Connected) >= 10
    # For each cut what is in flight, 256 KiB or a little more, and a handshake; beginning anew takes 667,000.
    assert link.sent < SIZE * 1.05 + 10 * 450_000
    _assert_arrived(ssh_server, base, tmp_path / "out")


def test_cuts_anywhere_are_survived(
    place: Place, link: Relay, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    """Handshake, authentication, sending, header, closing, verification, renaming: chance finds them all."""
    chance = random.Random(20260302)
    early = [chance.randrange(1, 6_000) for _ in range(3)]
    late = [chance.randrange(6_000, SIZE + 20_000) for _ in range(4)]
    # The first connection must get through: until a route has worked, its failure is a person's affair.
    link.cuts = [
        SIZE // 4,
        *(offset for pair in zip(early, late, strict=False) for offset in pair),
        *late[3:],
    ]
    result = place.run("run", "--yes", "--json")
    assert _events(place, Waiting) >= 4
    assert result.code == 0, result.err
    _assert_arrived(ssh_server, base, tmp_path / "out")
    digest = hashlib.sha256(archives(ssh_server.root)[0].read_bytes()).hexdigest()
    assert result.finished["databases"][0]["sha256"] == digest


def test_a_pause_is_told_with_its_reason_and_what_comes(place: Place, link: Relay) -> None:
    link.cuts = [SIZE // 4]
    result = place.run("run", "--yes")
    assert result.code == 0, result.err
    assert re.search(r"Connexion perdue : .+ Essai 1 dans \d+\s\w+", result.out + result.err)


def test_without_patience_a_cut_ends_with_12_and_resuming_goes_on(
    place: Place, link: Relay, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    place.change(transfer=TransferSettings(retry_for=0))
    link.cut_after = SIZE // 2
    result = place.run("run", "--yes", "--json")
    assert result.code == 12
    assert result.finished["problem"] == "connection-lost"
    assert archives(ssh_server.root) == []
    link.cut_after = None
    assert place.run("resume").code == 0
    assert control.Follower(place.job()).state.databases[0].resumed_from > SIZE // 3
    _assert_arrived(ssh_server, base, tmp_path / "out")


def test_a_pause_is_ended_at_once_by_whoever_stops_the_transfer(place: Place, link: Relay) -> None:
    link.cut_after = SIZE // 4
    with place.started("run", "--yes") as command:
        _wait_for(place, Connected)
        link.close()
        _wait_for(place, Waiting)
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=60)  # it would try again for half an hour
    assert command.returncode == 12
    assert control.Follower(place.job()).state.problem == "interrupted"


def test_a_pause_of_a_minute_is_ended_at_once(place: Place, base: Path, tmp_path: Path) -> None:
    settings = config.load(place.home.config_file)
    spec = make_spec(settings, [("Base", base)], datetime.now().astimezone())
    job = control.create(place.home, spec)

    class Away(Connector):
        def open(self) -> Sharebox:
            raise TransferError(Problem.CONNECTION_LOST, reason="essai")

    work = Cancellation()
    link = Away(JobState.initial(spec), Orders(), lambda event: None, work)
    backoff = Backoff(1800, chance=lambda: 0)
    for _ in range(6):
        backoff.next_pause()
    recorder, databases = Recorder(Journal(tmp_path / "journal.jsonl")), JobState.initial(spec).databases
    courier = Courier(
        link, databases, recorder, backoff, work, threading.Event(), Traffic(), Signer(tmp_path)
    )
    threading.Timer(0.2, work.cancel).start()
    began = time.monotonic()
    with pytest.raises(TransferError) as raised:
        courier.deliver([Shipment(job, 0)], lambda shipment, event: None)
    assert time.monotonic() - began < LONGEST_PAUSE / 2
    assert raised.value.problem is Problem.INTERRUPTED
    (waiting,) = JournalReader(tmp_path / "journal.jsonl").read()
    assert isinstance(waiting, Waiting)
    assert waiting.seconds == LONGEST_PAUSE


def test_a_password_that_nobody_confirmed_is_shown_once(place: Place, tmp_path: Path, base: Path) -> None:
    """A server that breaks the connection in place of an answer may have counted it as a wrong one."""
    with faulty_server(tmp_path / "faulty") as server:
        place.secrets["TUI_TRANSFER_SFTP_PASSWORD"] = server.password
        place.configure(server, {"Base": base})
        server.faults.drop_at_password = lambda number: number == 0
        result = place.run("run", "--yes", "--json")
        assert (result.code, result.finished["problem"]) == (12, "login-unanswered")
        assert (server.faults.passwords, _events(place, Waiting)) == (1, 0)
        assert place.run("resume").code == 0
        _assert_arrived(server, base, tmp_path / "out")


def test_a_password_that_was_confirmed_is_shown_again(place: Place, tmp_path: Path, base: Path) -> None:
    with faulty_server(tmp_path / "faulty") as server, relay(server.port) as link:
        place.secrets["TUI_TRANSFER_SFTP_PASSWORD"] = server.password
        place.configure(server, {"Base": base}, port=link.port)
        link.cuts = [SIZE // 2]
        server.faults.drop_at_password = lambda number: number == 1
        assert place.run("run", "--yes").code == 0
        assert (server.faults.passwords, _events(place, Waiting)) == (3, 2)
        _assert_arrived(server, base, tmp_path / "out")


def test_a_route_that_worked_for_an_earlier_worker_is_believed(
    place: Place, link: Relay, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    """Nobody is asked for a proxy in the night because the network is away while a transfer is resumed."""
    link.rate = SIZE // 20  # that it may not end before it is interrupted
    with place.started("run", "--yes") as command:
        _wait_for(place, UploadStarted)
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=60)
    assert _events(place, Waiting) == 0
    link.rate, link.cuts = None, [1, 1]  # before the server can say what it is
    assert place.run("resume").code == 0
    assert _events(place, Waiting) == 2
    _assert_arrived(ssh_server, base, tmp_path / "out")


def test_a_route_that_worked_for_an_earlier_worker_is_not_believed_for_long(
    place: Place, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person may be in another network now, and must be asked for its proxy."""
    settings = config.load(place.home.config_file)
    there = msgspec.structs.replace(settings.sharebox, port=free_port())
    spec = make_spec(
        msgspec.structs.replace(settings, sharebox=there), [("Base", base)], datetime.now().astimezone()
    )
    worked = msgspec.structs.replace(JobState.initial(spec), route="direct")
    orders = Orders(sftp_password="unused")

    def problem(state: JobState, orders: Orders) -> Problem:
        with pytest.raises(TransferError) as raised:
            Connector(state, orders, lambda event: None, Cancellation()).open()
        return raised.value.problem

    assert problem(worked, orders) is Problem.CONNECTION_LOST
    assert problem(JobState.initial(spec), orders) is Problem.SHAREBOX_UNREACHABLE
    monkeypatch.setattr(connector, "_BENEFIT_OF_DOUBT", 0.0)
    assert problem(worked, orders) is Problem.SHAREBOX_UNREACHABLE


def test_refused_credentials_are_not_tried_again(place: Place, ssh_server: SshServer) -> None:
    place.secrets["TUI_TRANSFER_SFTP_PASSWORD"] = "incorrect"
    result = place.run("run", "--yes", "--json")
    assert result.code == 7
    assert _events(place, Waiting) == 0
    assert ssh_server.refused_passwords() == 1
