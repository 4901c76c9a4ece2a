"""What a spool is said to hold is what lies there."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.job.examples import spec
from tui_transfer.archive.snapshot import take_snapshot
from tui_transfer.archive.source import list_source
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control
from tui_transfer.job.remains import ARCHIVE_NAME, SpoolContents, spool_contents
from tui_transfer.settings import config
from tui_transfer.settings.config import Home
from tui_transfer.worker.shipment import Shipment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def job(tmp_path: Path) -> control.Job:
    return control.create(Home.find({config.HOME_VARIABLE: str(tmp_path)}), spec("a", "b"))


def test_a_job_that_did_not_begin_holds_nothing(job: control.Job) -> None:
    assert spool_contents(job) == SpoolContents(0, 0)
    assert not spool_contents(job)


def test_snapshots_and_archives_of_all_databases_are_counted(tmp_path: Path, job: control.Job) -> None:
    first, second = Shipment(job, 0), Shipment(job, 1)
    assert not spool_contents(job), "an archive that is not begun is nothing to tell"
    first.archive.write_bytes(b"a" * 1000)
    second.archive.write_bytes(b"b" * 30)
    first.manifest.write_bytes(b"{}")
    assert spool_contents(job) == SpoolContents(snapshot=0, archives=1030)
    assert first.archive.name == ARCHIVE_NAME
    database = tmp_path / "paie.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
    take_snapshot(
        list_source(database),
        second.folder,
        on_copied=lambda _: None,
        on_damaged=lambda: None,
        cancelled=threading.Event(),
    )
    (second.folder / "snapshot.sqlite-journal").write_bytes(b"j" * 5)
    assert spool_contents(job) == SpoolContents(snapshot=database.stat().st_size + 5, archives=1030)


@pytest.mark.linux
def test_a_spool_that_cannot_be_looked_at_is_named(job: control.Job) -> None:
    job.spool.symlink_to(job.spool)  # leads to itself
    with pytest.raises(TransferError) as caught:
        spool_contents(job)
    assert caught.value.problem is Problem.DISK_UNWRITABLE
