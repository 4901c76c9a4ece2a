from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.job.examples import at
from tui_transfer.errors import TransferError
from tui_transfer.job.events import (
    ArchiveProgress,
    Event,
    JobSucceeded,
    UploadProgress,
    UploadStarted,
    VerificationProgress,
)
from tui_transfer.job.journal import Journal, JournalReader
from tui_transfer.worker.recorder import INTERVAL, Recorder


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def _packed(count: int, database: int = 0) -> ArchiveProgress:
    return ArchiveProgress(at=at(0), database=database, read=count, packed=count)


def test_measures_are_kept_few_and_the_last_precedes_the_next_fact(journal: Path) -> None:
    clock = _Clock()
    recorder = Recorder(Journal(journal), clock)
    for count in range(10):
        recorder.measure(_packed(count))
    fact = UploadStarted(at=at(1), database=0, offset=32)
    recorder.record(fact)
    assert list(JournalReader(journal).read()) == [_packed(0), _packed(9), fact]


def test_a_measure_is_written_again_after_the_interval(journal: Path) -> None:
    clock = _Clock()
    recorder = Recorder(Journal(journal), clock)
    recorder.measure(_packed(1))
    recorder.measure(_packed(2))
    clock.now += INTERVAL
    recorder.measure(_packed(3))
    assert list(JournalReader(journal).read()) == [_packed(1), _packed(3)]


def test_measures_of_different_things_do_not_hold_each_other_up(journal: Path) -> None:
    recorder = Recorder(Journal(journal), _Clock())
    sent = UploadProgress(at=at(0), database=0, acknowledged=1)
    recorder.measure(_packed(1))
    recorder.measure(sent)
    recorder.measure(_packed(1, database=1))
    assert list(JournalReader(journal).read()) == [_packed(1), sent, _packed(1, database=1)]


def test_the_last_measure_of_one_kind_does_not_wait_for_the_end_of_another(journal: Path) -> None:
    """All is sent: that is known while it is read back, which may take as long again."""
    clock = _Clock()
    recorder = Recorder(Journal(journal), clock)
    sent = [UploadProgress(at=at(second), database=0, acknowledged=second) for second in (1, 2)]
    checked = VerificationProgress(at=at(3), database=0, checked=0, total=2)
    for measure in sent:
        recorder.measure(measure)
    recorder.measure(checked)
    assert list(JournalReader(journal).read()) == [*sent, checked]


def test_nothing_is_written_after_the_end(journal: Path) -> None:
    recorder = Recorder(Journal(journal), _Clock())
    end = JobSucceeded(at=at(0))
    assert recorder.close(end, limit=10)
    recorder.measure(_packed(1))
    with pytest.raises(TransferError, match="interrupted"):
        recorder.record(UploadStarted(at=at(1), database=0, offset=32))
    assert list(JournalReader(journal).read()) == [end]


def test_the_end_does_not_wait_for_ever_for_a_disk_that_does_not_answer(journal: Path) -> None:
    class Stuck(Journal):
        def append(self, event: Event) -> None:
            stuck.set()
            assert answers.wait(60)

    stuck, answers = threading.Event(), threading.Event()
    recorder = Recorder(Stuck(journal))
    fact = UploadStarted(at=at(1), database=0, offset=32)
    writer = threading.Thread(target=recorder.record, args=(fact,))
    writer.start()
    try:
        assert stuck.wait(60)
        assert not recorder.close(JobSucceeded(at=at(2)), limit=0.05)
    finally:
        answers.set()
        writer.join()
