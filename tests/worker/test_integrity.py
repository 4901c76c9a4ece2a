"""What becomes of a base that SQLite finds damaged, or cannot judge in time."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.archive.test_integrity import ENDLESS, damage
from tests.job.examples import spec
from tui_transfer.archive import integrity
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.events import IntegrityChecked
from tui_transfer.job.spec import Waiver
from tui_transfer.job.state import JobState
from tui_transfer.report.integrity import describe_integrity
from tui_transfer.system.cancellation import Cancellation
from tui_transfer.worker.integrity import inspecting


class Recorder:
    def __init__(self) -> None:
        self.events: list[Any] = []

    def record(self, event: Any) -> None:
        self.events.append(event)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "paie.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE paie (nom TEXT, net REAL)")
        connection.executemany("INSERT INTO paie VALUES (?, ?)", ((f"nom {i}", i) for i in range(20_000)))
        connection.commit()
    return path


def look(
    base: Path, work: Cancellation | None = None, waiver: Waiver | None = None
) -> list[IntegrityChecked]:
    """What the journal is told."""
    recorder = Recorder()
    database = msgspec.structs.replace(JobState.initial(spec()).databases[0], damage_waiver=waiver)
    with inspecting(0, database, base, recorder, work or Cancellation()) as conclude:  # type: ignore[arg-type]
        conclude()
    return recorder.events


def test_a_damaged_base_is_stopped_unless_somebody_decided_otherwise(base: Path) -> None:
    damage(base)
    with pytest.raises(TransferError) as caught:
        look(base)
    assert caught.value.problem is Problem.DATABASE_DAMAGED
    assert caught.value.is_of_one_database
    assert int(caught.value.exit_code) == 3
    told = look(base, waiver=Waiver.made_now(asked=True))
    assert [event.integrity for event in told] == ["running", "damaged"]


def test_a_base_that_cannot_be_judged_in_time_goes_and_that_is_said(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity.Inspection, "QUERY", ENDLESS)
    monkeypatch.setattr(integrity.Inspection.__init__, "__defaults__", (0.2,))
    told = look(base)
    assert [event.integrity for event in told] == ["running", "unknown"]
    state = JobState.fold(spec(), told)
    assert describe_integrity(state.databases[0]) == (
        "intégrité non vérifiée (son contrôle, trop long, a été arrêté)"
    )
    assert state.failure is None


def test_a_request_to_end_is_heard_while_a_verdict_is_waited_for(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity.Inspection, "QUERY", ENDLESS)
    work = Cancellation()
    threading.Timer(0.2, work.cancel).start()
    begin = time.monotonic()
    with pytest.raises(TransferError) as caught:
        look(base, work)
    assert caught.value.problem is Problem.INTERRUPTED
    assert time.monotonic() - begin < 10
