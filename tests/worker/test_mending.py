"""A disk that does not give back what is written: packed again a few times, then told, and never sent."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec
import pytest

from tests.cli.place import Place, place_for
from tests.servers.openssh import SshServer
from tui_transfer.archive.checksums import CheckedReader, Checksums
from tui_transfer.errors import ExitCode, Problem, TransferError
from tui_transfer.job import control
from tui_transfer.job import events as ev
from tui_transfer.job.journal import Journal, JournalReader
from tui_transfer.job.orders import Orders
from tui_transfer.job.spec import make_spec
from tui_transfer.job.state import JobState
from tui_transfer.settings import config
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.worker.pipeline import Pipeline
from tui_transfer.worker.recorder import Recorder, now
from tui_transfer.worker.shipment import Shipment


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer) -> Place:
    bases = {name: tmp_path / f"{name}.bin" for name in ("Une", "Deux")}
    for name, path in bases.items():
        path.write_bytes(name.encode() * 50_000)
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, bases)
    return made


def _worked(place: Place, server: SshServer) -> tuple[list[ev.Event], JobState]:
    """What the pipeline of a new job told, and what came of it."""
    settings = config.load(place.home.config_file)
    databases = [(item.name, Path(item.path)) for item in settings.databases]
    job = control.create(place.home, make_spec(settings, databases, now()))
    orders = Orders(sftp_password=server.password)
    with Journal(job.journal) as journal:
        Pipeline(job, JobState.initial(job.spec), orders, Recorder(journal), Cancellation()).run()
    follower = control.Follower(job)
    return list(JournalReader(job.journal).read()), follower.state


@pytest.fixture
def damaged_reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many segments are read as something else from now on; one, unless it is changed."""
    left = [1]
    as_it_is = Checksums.is_as_written

    def is_as_written(self: Checksums, start: int, content: bytes) -> bool:
        if start > 0 and left[0] > 0:
            left[0] -= 1
            return False
        return as_it_is(self, start, content)

    monkeypatch.setattr(Checksums, "is_as_written", is_as_written)
    return left


def _damages(events: list[ev.Event]) -> list[int]:
    return [event.database for event in events if isinstance(event, ev.SpoolDamaged)]


def test_what_is_read_otherwise_once_is_mended_and_told_once(
    place: Place, ssh_server: SshServer, damaged_reads: list[int]
) -> None:
    events, state = _worked(place, ssh_server)
    assert _damages(events) == [0]
    assert [database.damages for database in state.databases] == [1, 0]
    assert state.all_verified


def test_a_disk_that_goes_on_like_that_is_given_up_in_words(
    place: Place, ssh_server: SshServer, damaged_reads: list[int]
) -> None:
    damaged_reads[0] = 1_000
    events, state = _worked(place, ssh_server)
    assert _damages(events) == [0, 1] * 4, "three times mended, and then no more"
    assert not any(isinstance(event, ev.Delivered) for event in events)
    assert not list(ssh_server.root.glob("*.7z"))
    failure = state.databases[0].failure
    assert failure is not None
    assert failure.problem is Problem.SPOOL_DAMAGED
    assert failure.exit_code is ExitCode.LOCAL_DISK
    assert "—" not in failure.as_text()


@pytest.mark.parametrize("name", ["archive.part", "manifest.json"])
def test_a_pipe_in_the_place_of_what_was_packed_is_damage_and_nobody_waits_for_it(
    place: Place, name: str
) -> None:
    settings = config.load(place.home.config_file)
    databases = [(item.name, Path(item.path)) for item in settings.databases[:1]]
    job = control.create(place.home, make_spec(settings, databases, now()))
    shipment = Shipment(job, 0)
    told = {"name": "a.7z", "size": 1, "sha256": "0" * 64}
    draft = {"format": 1, "program": "", "job": "", "manager": "", "database": "", "created_at": now()}
    shipment.write_manifest(msgspec.json.encode({**draft, "archive": told}))
    (shipment.folder / name).unlink()
    os.mkfifo(shipment.folder / name)
    assert not Checksums().take_again(shipment.folder / name, "0" * 64, threading.Event())
    with pytest.raises(TransferError) as caught, CheckedReader(shipment.folder / name, Checksums()) as reader:
        list(reader)
    assert caught.value.problem is Problem.SPOOL_DAMAGED
    assert shipment.has_manifest() == (name != "manifest.json")
