"""What is over goes once it is old enough; what a person has to know of stays."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from tui_transfer.errors import Problem
from tui_transfer.job import control
from tui_transfer.job import events as ev
from tui_transfer.job.journal import Journal
from tui_transfer.job.spec import make_spec
from tui_transfer.job.state import JobState
from tui_transfer.report.receipts import find_receipts, keep_receipt_of
from tui_transfer.report.retention import expire, latest_certain
from tui_transfer.settings import config
from tui_transfer.settings.config import RetentionSettings

if TYPE_CHECKING:
    from tests.cli.place import Place

NOW = datetime.now(UTC)
SHA = "ab" * 32


def make(place: Place, days: int, *, verified: str = "read-back", ended: bool = True) -> str:
    """A job of so many days ago; where it is delivered, with its receipt, which is as old."""
    at = NOW - timedelta(days=days)
    settings = config.load(place.home.config_file)
    databases = config.active_databases(settings, place.home)
    job = control.create(place.home, make_spec(settings, databases, at))
    blocked = ev.JobBlocked(at=at, problem=Problem.INTERRUPTED, details={"reason": ""})
    with Journal(job.journal) as journal:
        journal.append(ev.WorkerStarted(at=at, pid=1, program="1"))
        journal.append(ev.ArchiveSealed(at=at, database=0, size=9, sha256=SHA, source_size=9, files=1))
        if ended:
            journal.append(ev.Delivered(at=at, database=0, path="/x.7z", verified=verified))
        journal.append(ev.JobSucceeded(at=at) if ended else blocked)
    files = keep_receipt_of(control.Follower(job))
    if files is not None:
        os.utime(files.content, (at.timestamp(), at.timestamp()))
    return job.id


def names(place: Place) -> set[str]:
    return {entry.name for entry in control.list_entries(place.home)}


def receipts(place: Place) -> set[str]:
    return set(find_receipts(place.home, ""))


def test_verified_jobs_go_at_the_end_of_the_next(served: Place) -> None:
    old, young = make(served, 400), make(served, 300)
    blocked, unverifiable = make(served, 400, ended=False), make(served, 400, verified="none")
    assert served.run("run", "--yes").code == 0
    (new,) = names(served) - {young, blocked, unverifiable}
    assert new != old
    assert receipts(served) == {young, unverifiable, new}


def test_the_settings_say_how_long(served: Place) -> None:
    settings = config.load(served.home.config_file)
    assert settings.retention.days == 365
    config.save(
        served.home.config_file, msgspec.structs.replace(settings, retention=RetentionSettings(days=500))
    )
    assert "days = 500" in served.home.config_file.read_text()
    old = make(served, 400)
    assert served.run("run", "--yes").code == 0
    assert old in names(served)


def test_a_receipt_outlives_its_job_until_it_is_as_old(served: Place) -> None:
    old, young = make(served, 400), make(served, 300)
    assert served.run("purge", "--yes").code == 0
    assert (names(served), receipts(served)) == (set(), {old, young})
    expire(served.home, 365, NOW)
    assert receipts(served) == {young}
    expire(served.home, 365, NOW + timedelta(days=64))
    assert receipts(served) == {young}
    expire(served.home, 365, NOW + timedelta(days=66))
    assert receipts(served) == set()


def test_a_damaged_job_stays(served: Place) -> None:
    old = make(served, 400)
    journal = served.home.jobs / old / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"x.7z"', b'"y.7z"') + b"x\n")
    expire(served.home, 365, NOW)
    assert old in names(served)


def test_a_clock_that_is_years_ahead_makes_nothing_old(served: Place) -> None:
    """That of the Sharebox says otherwise."""
    settings = config.load(served.home.config_file)
    spec = make_spec(settings, config.active_databases(settings, served.home), NOW)
    ahead = NOW + timedelta(days=3000)
    seen = ev.ArrivalSeen(
        at=ahead,
        database=0,
        file=spec.databases[0].archive,
        path="/x.7z",
        modified=int(NOW.timestamp()),
        evidence={},
    )
    state = JobState.fold(spec, [seen, ev.JobSucceeded(at=ahead)])
    assert abs(latest_certain(state) - NOW) < timedelta(seconds=2)
