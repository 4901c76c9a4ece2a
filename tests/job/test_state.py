from __future__ import annotations

import pytest

from tests.job.examples import at, spec
from tui_transfer.errors import ExitCode, Problem
from tui_transfer.job import events as ev
from tui_transfer.job.state import JobState, JobStatus, Step
from tui_transfer.settings.config import ProxySettings, ShareboxSettings

SHA = "ab" * 32


def _until_sealed(database: int = 0) -> list[ev.Event]:
    return [
        ev.WorkerStarted(at=at(0), pid=1, program="1"),
        ev.Connected(at=at(1), route="direct", host_key="SHA256:x"),
        ev.ArchiveStarted(at=at(2), database=database, kind="sqlite", size=1000, files=1),
        ev.ArchiveProgress(at=at(3), database=database, read=500, packed=132),
        ev.ArchiveSealed(at=at(4), database=database, size=300, sha256=SHA, source_size=1000, files=1),
    ]


def _delivered(database: int = 0, verified: str = "read-back") -> list[ev.Event]:
    return [
        *_until_sealed(database),
        ev.UploadStarted(at=at(5), database=database, offset=32),
        ev.UploadProgress(at=at(6), database=database, acknowledged=300),
        ev.VerificationProgress(at=at(7), database=database, checked=150, total=300),
        ev.Delivered(at=at(8), database=database, path="/depot/x.7z", verified=verified),
    ]


def test_a_database_goes_through_its_steps() -> None:
    state = JobState.initial(spec())
    seen = []
    for event in _delivered():
        state = state.apply(event)
        seen.append((state.databases[0].compression, state.databases[0].transfer))
    assert seen == [
        (Step.WAITING, Step.WAITING),
        (Step.WAITING, Step.WAITING),
        (Step.RUNNING, Step.WAITING),
        (Step.RUNNING, Step.WAITING),
        (Step.DONE, Step.WAITING),
        (Step.DONE, Step.RUNNING),
        (Step.DONE, Step.RUNNING),
        (Step.DONE, Step.VERIFYING),
        (Step.DONE, Step.DONE),
    ]


def test_applying_an_event_changes_nothing_that_was_there() -> None:
    before = JobState.initial(spec())
    after = before.apply(ev.WorkerStarted(at=at(0), pid=1, program="1"))
    assert before.status is JobStatus.CREATED
    assert after.status is JobStatus.RUNNING


def test_the_archive_size_is_estimated_from_what_is_packed() -> None:
    state = JobState.fold(spec(), _until_sealed()[:-1])
    assert state.databases[0].estimated_archive_size == 264
    assert JobState.fold(spec(), _until_sealed()).databases[0].estimated_archive_size == 300


@pytest.mark.parametrize(
    ("verified", "code"),
    [
        ("read-back", ExitCode.SUCCESS),
        ("server-hash", ExitCode.SUCCESS),
        ("size-only", ExitCode.UNVERIFIABLE),
        ("none", ExitCode.UNVERIFIABLE),
    ],
)
def test_only_a_compared_content_is_a_verified_success(verified: str, code: ExitCode) -> None:
    state = JobState.fold(spec(), [*_delivered(verified=verified), ev.JobSucceeded(at=at(9))])
    assert state.exit_code is code


def test_one_unverified_database_makes_the_whole_unverifiable() -> None:
    events = [*_delivered(0), *_delivered(1, "size-only")[2:], ev.JobSucceeded(at=at(9))]
    assert JobState.fold(spec("a", "b"), events).exit_code is ExitCode.UNVERIFIABLE


def test_a_block_marks_the_column_at_fault() -> None:
    changed = ev.JobBlocked(at=at(9), problem=Problem.DATABASE_CHANGED, database=0)
    state = JobState.fold(spec(), [*_until_sealed()[:-1], changed])
    assert state.databases[0].compression is Step.FAILED
    full = ev.JobBlocked(at=at(9), problem=Problem.SHAREBOX_FULL, database=0)
    state = JobState.fold(spec(), [*_until_sealed(), full])
    assert (state.databases[0].compression, state.databases[0].transfer) == (Step.DONE, Step.FAILED)
    assert state.exit_code is ExitCode.REFUSED


def test_a_new_worker_keeps_what_is_done_and_clears_the_failure() -> None:
    events: list[ev.Event] = [
        *_delivered(0),
        ev.ArchiveStarted(at=at(9), database=1, kind="file", size=10, files=1),
        ev.JobBlocked(at=at(10), problem=Problem.CONNECTION_LOST, details={"reason": "x"}, database=1),
        ev.WorkerStarted(at=at(11), pid=2, program="1"),
    ]
    state = JobState.fold(spec("a", "b"), events)
    assert state.status is JobStatus.RUNNING
    assert state.failure is None
    assert state.databases[0].delivered
    assert state.databases[1].compression is Step.WAITING


def test_what_a_person_decided_is_kept_by_later_workers() -> None:
    proxy = ProxySettings(host="proxy.example.org")
    events: list[ev.Event] = [
        ev.WorkerStarted(at=at(0), pid=1, program="1", proxy=proxy, host_key="SHA256:y"),
        ev.WorkerStarted(at=at(1), pid=2, program="1"),
    ]
    state = JobState.fold(spec(), events)
    assert (state.proxy, state.host_key) == (proxy, "SHA256:y")


def test_a_mismatch_leaves_the_archive_here_as_it_is() -> None:
    """It is held to the hashes of what was packed. Packed anew, it could be another than what has arrived."""
    blocked = ev.JobBlocked(at=at(9), problem=Problem.CONTENT_MISMATCH, database=0)
    assert JobState.fold(spec(), [*_until_sealed(), blocked]).databases[0].sealed


def test_a_problem_of_another_version_still_has_words() -> None:
    state = JobState.fold(spec(), [ev.JobBlocked(at=at(0), problem="from-the-future")])
    assert state.failure is not None
    assert state.failure.problem is Problem.UNEXPECTED
    assert "from-the-future" in state.failure.why


def test_mended_settings_are_taken_up_and_another_server_is_learnt_anew() -> None:
    first = spec().sharebox
    mended = ShareboxSettings(host=first.host, username="autre", directory="/ailleurs")
    elsewhere = ShareboxSettings(host="autre.example.org", username="autre")
    events: list[ev.Event] = [
        ev.WorkerStarted(at=at(0), pid=1, program="1"),
        ev.Connected(at=at(1), route="direct", host_key="SHA256:x"),
        ev.WorkerStarted(at=at(2), pid=2, program="1", sharebox=mended),
    ]
    state = JobState.fold(spec(), events)
    assert (state.sharebox, state.host_key, state.route) == (mended, "SHA256:x", "direct")
    moved = state.apply(ev.WorkerStarted(at=at(3), pid=3, program="1", sharebox=elsewhere))
    assert (moved.sharebox, moved.host_key, moved.route) == (elsewhere, None, None)


def _step(step: str, file: str = "a.7z") -> ev.DeliveryStep:
    return ev.DeliveryStep(at=at(5), database=0, file=file, step=step)


def test_what_was_asked_of_the_sharebox_is_known_file_by_file() -> None:
    seen = ev.ArrivalSeen(at=at(6), database=0, file="a.7z", path="/depot/a.7z", evidence={"step": "renamed"})
    lost = ev.DeliveryLost(at=at(7), database=0, file="a.json", times=1)
    steps: list[ev.Event] = [
        _step("sending"),
        _step("closing"),
        _step("renaming"),
        seen,
        _step("closing", "a.json"),
        lost,
    ]
    sent = JobState.fold(spec(), [*_until_sealed(), *steps]).databases[0].sent
    assert (sent["a.7z"].step, sent["a.7z"].arrival) == ("renaming", seen)
    assert (sent["a.json"].step, sent["a.json"].lost) == ("sending", 1)


def test_what_is_known_is_known_of_one_archive() -> None:
    """Another one, packed later, bears the same names."""
    again: list[ev.Event] = [
        ev.ArchiveStarted(at=at(8), database=0, kind="sqlite", size=1000, files=1),
        ev.ArchiveSealed(at=at(9), database=0, size=301, sha256="cd" * 32, source_size=1000, files=1),
    ]
    state = JobState.fold(spec(), [*_until_sealed(), _step("renaming"), *again])
    assert state.databases[0].sent["a.7z"].about == SHA
    assert state.apply(_step("closing")).databases[0].sent["a.7z"].about == "cd" * 32


def test_a_journal_without_steps_tells_by_its_uploads_whose_the_partial_file_is() -> None:
    state = JobState.fold(spec(), [*_until_sealed(), ev.UploadStarted(at=at(5), database=0, offset=32)])
    database = state.databases[0]
    assert database.sent[database.archive].step == "sending"


@pytest.mark.parametrize("verified", ["read-back", "server-hash", "size-only", "none"])
def test_only_what_was_compared_may_be_removed_here(verified: str) -> None:
    database = JobState.fold(spec(), _delivered(verified=verified)).databases[0]
    assert (database.proof(0) is not None) == (verified in ("read-back", "server-hash"))
    assert JobState.fold(spec(), _delivered(verified=verified)[:-1]).databases[0].proof(0) is None
