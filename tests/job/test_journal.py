from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.job.examples import at
from tests.mounts import small_disk
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.events import (
    ArchiveProgress,
    Event,
    JobBlocked,
    PresetChosen,
    UploadStarted,
    WorkerStarted,
)
from tui_transfer.job.journal import Journal, JournalReader
from tui_transfer.job.spec import FORMAT

EVENTS: list[Event] = [
    WorkerStarted(at=at(0), pid=12, program="1"),
    ArchiveProgress(at=at(1), database=0, read=10, packed=5),
    UploadStarted(at=at(2), database=0, offset=32),
]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as writer:
        for event in EVENTS:
            writer.append(event)
    return path


def test_events_are_read_back_in_order(journal: Path) -> None:
    assert list(JournalReader(journal).read()) == EVENTS


def test_the_preset_of_stored_blocks_in_an_older_journal_is_read(tmp_path: Path) -> None:
    stored = PresetChosen(
        at=at(0), database=0, preset=None, reason="incompressible", rate=1, backlog=0, left=0, seconds=1
    )
    with Journal(tmp_path / "journal.jsonl") as writer:
        writer.append(stored)
    assert b'"preset":null' in (tmp_path / "journal.jsonl").read_bytes()
    assert list(JournalReader(tmp_path / "journal.jsonl").read()) == [stored]


@pytest.mark.linux
def test_a_journal_is_private_from_its_creation(journal: Path) -> None:
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600


def test_a_journal_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    assert list(JournalReader(tmp_path / "none").read()) == []


def test_a_reader_goes_on_where_it_was(journal: Path) -> None:
    reader = JournalReader(journal)
    assert len(list(reader.read())) == 3
    assert list(reader.read()) == []
    more = UploadStarted(at=at(3), database=0, offset=64)
    with Journal(journal) as writer:
        assert writer.past == tuple(EVENTS)
        writer.append(more)
    assert list(reader.read()) == [more]


@pytest.mark.parametrize("missing", [1, 5, 30])
def test_a_line_cut_short_is_not_read_and_is_cut_off_by_the_next_writer(journal: Path, missing: int) -> None:
    journal.write_bytes(journal.read_bytes()[:-missing])
    assert list(JournalReader(journal).read()) == EVENTS[:2]
    with Journal(journal) as writer:
        writer.append(EVENTS[2])
    assert list(JournalReader(journal).read()) == EVENTS


def test_a_line_that_is_still_being_written_is_read_once_whole(journal: Path) -> None:
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-10])
    reader = JournalReader(journal)
    assert list(reader.read()) == EVENTS[:2]
    journal.write_bytes(whole)
    assert list(reader.read()) == EVENTS[2:]


def _edit(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b'"pid":12', b'"pid":13'), *lines[1:]]


def _remove(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2]]


def _swap(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1]]


def _garble(lines: list[bytes]) -> list[bytes]:
    return [lines[0], b"rubbish\n", lines[2]]


def _edit_the_last(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1].replace(b'"offset":32', b'"offset":33')]


def _repeat(lines: list[bytes]) -> list[bytes]:
    return [lines[0], *lines]


@pytest.mark.parametrize(
    ("tamper", "line"),
    [(_edit, "1"), (_remove, "2"), (_swap, "2"), (_garble, "2"), (_edit_the_last, "3"), (_repeat, "2")],
)
def test_a_journal_that_was_tampered_with_is_refused_and_left_alone(
    journal: Path, tamper: Callable[[list[bytes]], list[bytes]], line: str
) -> None:
    journal.write_bytes(b"".join(tamper(journal.read_bytes().splitlines(keepends=True))))
    content = journal.read_bytes()
    with pytest.raises(TransferError) as caught:
        Journal(journal)
    assert caught.value.problem is Problem.JOURNAL_INVALID
    assert caught.value.details["line"] == line
    assert journal.read_bytes() == content


def test_any_single_byte_that_changes_is_noticed(journal: Path) -> None:
    whole = journal.read_bytes()
    for position in range(len(whole) - 1):  # without the last newline the last line is a torn one
        journal.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(TransferError) as caught:
            list(JournalReader(journal).read())
        assert caught.value.problem is Problem.JOURNAL_INVALID, position


def test_lines_of_a_newer_version_are_refused_as_such(journal: Path) -> None:
    """A later version went on with a job of ours: what it wrote after its first line is not for us."""
    with Journal(journal) as writer:
        writer.append(WorkerStarted(at=at(3), pid=13, program="9", format=FORMAT + 1))
    with pytest.raises(TransferError) as caught:
        list(JournalReader(journal).read())
    assert caught.value.problem is Problem.JOURNAL_NEWER
    assert caught.value.details["found"] == str(FORMAT + 1)


def test_a_newer_line_is_known_as_such_whatever_else_it_says(journal: Path) -> None:
    last = journal.read_bytes().splitlines()[-1]
    event = {"type": "worker.started", "format": FORMAT + 1, "pid": "of another kind"}
    line = {"n": 4, "previous": last[-66:-2].decode(), "event": event}
    content = json.dumps(line).encode().removesuffix(b"}")
    digest = hashlib.sha256(content).hexdigest()
    with journal.open("ab") as file:
        file.write(content + f',"hash":"{digest}"}}\n'.encode())
    with pytest.raises(TransferError) as caught:
        list(JournalReader(journal).read())
    assert caught.value.problem is Problem.JOURNAL_NEWER


def test_a_line_that_could_not_be_synced_is_none(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Network disks tell only then that they are full; the word that ends the job must still follow."""
    last = JobBlocked(at=at(9), problem=Problem.DISK_FULL)

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    writer = Journal(journal)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        with pytest.raises(TransferError) as caught:
            writer.append(EVENTS[2])
    assert caught.value.problem is Problem.DISK_FULL
    writer.finish(last)
    assert list(JournalReader(journal).read()) == [*EVENTS, last]


def _fill(writer: Journal) -> None:
    while True:
        writer.append(EVENTS[1])


def test_on_a_full_disk_the_last_event_is_still_written(tmp_path: Path) -> None:
    with small_disk(tmp_path, "size=256k") as disk:
        writer = Journal(disk / "journal.jsonl")
        with pytest.raises(TransferError) as caught:
            _fill(writer)
        assert caught.value.problem is Problem.DISK_FULL
        last = JobBlocked(at=at(9), problem=Problem.DISK_FULL, details={"reason": "x" * 10_000})
        writer.finish(last)
        assert list(JournalReader(disk / "journal.jsonl").read())[-1] == last


def test_a_journal_is_not_begun_where_its_end_could_not_be_told(tmp_path: Path) -> None:
    with small_disk(tmp_path, "size=32k") as disk:
        with pytest.raises(TransferError) as caught:
            Journal(disk / "journal.jsonl")
        assert caught.value.problem is Problem.DISK_FULL
        assert list((disk / "journal.jsonl").parent.glob("*.reserve")) == []


def test_a_reserve_that_the_disk_does_not_give_back_keeps_no_last_line_from_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    writer = Journal(path)

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "EIO")

    with monkeypatch.context() as context:
        context.setattr(os, "unlink", refused)
        writer.finish(EVENTS[0])
    with Journal(path) as following:  # its lock is free, and so is the reserve's name
        assert following.past == (EVENTS[0],)
