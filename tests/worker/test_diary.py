"""What a worker finds in the journal of the deliveries of those before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.job.examples import at, spec
from tui_transfer.job import events as ev
from tui_transfer.job.beside import MANIFEST as ENDING
from tui_transfer.job.beside import names_beside
from tui_transfer.job.state import JobState
from tui_transfer.sharebox.delivery.evidence import Arrival, Content, Evidence, Look, Step
from tui_transfer.worker.diary import Diary
from tui_transfer.worker.leftovers import leftovers

if TYPE_CHECKING:
    from collections.abc import Sequence

ARRIVED = Evidence(Step.RENAMED, Look.ABSENT, Look.RIGHT, Content.SAME_BYTES)


def state_after(events: Sequence[ev.Event]) -> JobState:
    """The state of a job whose archive is whole, and then that."""
    sealed = ev.ArchiveSealed(at=at(0), database=0, size=300, sha256=SHA, source_size=1000, files=1)
    return JobState.fold(SPEC, [sealed, *events])


def diary(state: JobState, written: list[ev.Event]) -> Diary:
    return Diary(0, state.databases[0], written.append, lambda: None)


SHA = "ab" * 32
SPEC = spec()
ARCHIVE = SPEC.databases[0].archive
MANIFEST = ARCHIVE + ENDING


def test_what_one_worker_writes_the_next_one_knows() -> None:
    written: list[ev.Event] = []
    first = diary(state_after([]), written)
    archive, manifest = first.archive(), first.beside(MANIFEST)
    assert not archive.owned
    archive.own()
    archive.reach(Step.CLOSING)
    archive.lose()
    archive.reach(Step.CLOSING)
    archive.reach(Step.RENAMING)
    archive.arrive(Arrival("/depot/a.7z", ARRIVED))
    manifest.reach(Step.CLOSING)
    second = diary(state_after(written), [])
    archive, manifest = second.archive(), second.beside(MANIFEST)
    assert (archive.owned, archive.step, archive.losses) == (True, Step.RENAMING, 1)
    assert archive.arrival == Arrival("/depot/a.7z", ARRIVED)
    assert (manifest.step, manifest.losses, manifest.arrival) == (Step.CLOSING, 0, None)


def test_what_is_known_of_another_archive_is_of_no_use() -> None:
    written: list[ev.Event] = []
    first = diary(state_after([]), written).archive()
    first.own()
    first.bind(SHA)
    first.reach(Step.RENAMING)
    first.arrive(Arrival("/depot/a.7z", ARRIVED))
    same, other = (diary(state_after(written), written).archive() for _ in range(2))
    same.bind(SHA)
    assert (same.step, same.arrival) == (Step.RENAMING, first.arrival)
    other.bind("cd" * 32)
    assert (other.owned, other.step, other.arrival) == (True, Step.SENDING, None)
    assert state_after(written).databases[0].sent[ARCHIVE].arrival is None


def test_evidence_that_shows_nothing_is_no_arrival() -> None:
    """Written by a program that judged otherwise, or that knew other words: it is looked at again."""
    for evidence in ({}, Evidence().in_words(), ARRIVED.in_words() | {"final": "perhaps"}):
        seen = ev.ArrivalSeen(at=at(1), database=0, file=ARCHIVE, path="/depot/a.7z", evidence=evidence)
        assert diary(state_after([seen]), []).archive().arrival is None


def test_partial_files_of_another_are_not_among_what_is_left() -> None:
    def step(name: str) -> ev.DeliveryStep:
        return ev.DeliveryStep(at=at(1), database=0, file=ARCHIVE, step=name)

    assert leftovers(state_after([])) == []
    partial = [f"{name}.part" for name in (ARCHIVE, *names_beside(ARCHIVE))]
    assert leftovers(state_after([step("sending")])) == partial
    assert leftovers(state_after([step("sending"), step("free")])) == []
