from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.job.examples import at
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.events import ArchiveProgress, Event, UploadStarted, WorkerStarted
from tui_transfer.job.journal import Journal, JournalReader

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


@pytest.mark.parametrize("tamper", [_edit, _remove, _swap, _garble])
def test_a_journal_that_was_tampered_with_is_refused_and_left_alone(journal: Path, tamper: object) -> None:
    assert callable(tamper)
    journal.write_bytes(b"".join(tamper(journal.read_bytes().splitlines(keepends=True))))
    content = journal.read_bytes()
    with pytest.raises(TransferError) as caught:
        Journal(journal)
    assert caught.value.problem is Problem.JOURNAL_INVALID
    assert caught.value.details["line"] == "2"
    assert journal.read_bytes() == content
