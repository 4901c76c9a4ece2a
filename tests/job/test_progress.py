from __future__ import annotations

import pytest

from tests.job.examples import at, spec
from tui_transfer.job import events as ev
from tui_transfer.job.progress import Estimate, Meter
from tui_transfer.job.state import JobState


def _sending(pid: int, sent: int, offset: int = 0) -> JobState:
    return JobState.fold(
        spec(),
        [
            ev.WorkerStarted(at=at(0), pid=pid, program="1"),
            ev.ArchiveSealed(at=at(0), database=0, size=1_000_000, sha256="x", source_size=1, files=1),
            ev.UploadStarted(at=at(0), database=0, offset=offset),
            ev.UploadProgress(at=at(0), database=0, acknowledged=sent),
        ],
    )


def test_a_constant_link_gives_its_rate_and_the_time_left() -> None:
    meter = Meter()
    for second in range(30):
        estimate = meter.observe(second, _sending(1, second * 10_000))
    assert estimate.rate == pytest.approx(10_000)
    to_send, to_read_back = 1_000_000 - 290_000, 1_000_000
    assert estimate.left == pytest.approx((to_send + to_read_back) / 10_000)


def test_nothing_is_claimed_from_one_sample_or_while_nothing_moves() -> None:
    meter = Meter()
    assert meter.observe(0, _sending(1, 500)).rate is None
    assert meter.observe(5, _sending(1, 500)).left is None


def test_the_time_before_the_first_byte_arrives_is_not_taken_for_slowness() -> None:
    meter = Meter()
    for second in range(20):
        meter.observe(second, _sending(1, 0))
    for second in range(20, 25):
        estimate = meter.observe(second, _sending(1, (second - 19) * 10_000))
    assert estimate.rate == pytest.approx(10_000)


def test_what_an_earlier_worker_sent_is_not_taken_for_speed() -> None:
    meter = Meter()
    meter.observe(0, _sending(1, 0))
    meter.observe(2, _sending(2, 900_000, offset=900_000))
    estimate = meter.observe(6, _sending(2, 940_000, offset=900_000))
    assert estimate.rate == pytest.approx(10_000)


def test_the_rate_follows_a_link_that_slows_down() -> None:
    meter = Meter()
    sent = 0
    for second in range(120):
        sent += 10_000 if second < 60 else 1_000
        estimate = meter.observe(second, _sending(1, sent))
    assert estimate.rate == pytest.approx(1_000)


@pytest.mark.parametrize(
    ("up", "down", "verified", "after", "overlaps"),
    [
        (50_000, 50_000, "read-back", None, True),
        (50_000, 50_000, "read-back", None, False),
        (50_000, 50_000, "server-hash", None, True),
        (50_000, 50_000, "server-hash", None, False),
        (50_000, 50_000, "server-hash", 0, True),
        (50_000, 50_000, "server-hash", 0, False),
        (50_000, 400_000, "read-back", None, True),
        (50_000, 400_000, "read-back", None, False),
        (50_000, 50_000, "read-back", 2_200_000, False),
        (50_000, 400_000, "read-back", 2_200_000, True),
        (50_000, 400_000, "read-back", 2_200_000, False),
        (50_000, 25_000, "read-back", 2_200_000, False),
    ],
)
def test_the_time_left_is_honest_on_a_constant_link(
    up: int, down: int, verified: str, after: int | None, overlaps: bool
) -> None:
    """Within 20 % once one database was verified, three in turn; from the first minute where nothing has to
    be learnt of the Sharebox by then. `after` is what is read once all is sent."""
    sizes = (3_000_000, 9_000_000, 6_000_000)
    events: list[tuple[float, ev.Event]] = []
    finished = begins = 0.0
    for index, size in enumerate(sizes):
        sealed = ev.ArchiveSealed(
            at=at(0), database=index, size=size, sha256="x", source_size=3 * size, files=1
        )
        begun = ev.UploadStarted(at=at(0), database=index, offset=0, reads_after=after)
        events += [(0, sealed), (begins, begun)]
        read_back = 0
        for second in range(size // up + 1):
            if after:
                read_back = max(0, second * min(up, down) - 25_000)
            sent = ev.UploadProgress(at=at(0), database=index, acknowledged=second * up, read_back=read_back)
            events.append((begins + second, sent))
        to_read = size if not after else after + size - read_back
        begins = verifies = max(begins + size / up, finished)
        finished = verifies
        if verified == "read-back":
            for second in range(to_read // down + 1):
                checked = ev.VerificationProgress(
                    at=at(0), database=index, checked=second * down, total=to_read
                )
                events.append((verifies + second, checked))
            finished += to_read / down
        arrived = ev.Delivered(
            at=at(0), database=index, path="x", verified=verified, read_meanwhile=bool(after)
        )
        events.append((finished, arrived))
        begins = verifies if overlaps else finished
    events.sort(key=lambda event: event[0])
    learnt = next(moment for moment, event in events if isinstance(event, ev.Delivered))
    is_known = after == 0 or (verified == "read-back" and down <= up and (overlaps or bool(after)))
    known_from = 60 if is_known else max(60, learnt)

    meter = Meter()
    state = JobState.fold(spec("A", "B", "C"), [ev.WorkerStarted(at=at(0), pid=1, program="1")])
    judged = 0
    for moment, event in events:
        state = state.apply(event)
        left = meter.observe(moment, state).left
        if moment > known_from and finished - moment > 10:
            assert left == pytest.approx(finished - moment, rel=0.2), moment
            judged += 1
    assert judged > 100


def test_sending_is_not_taken_for_slow_while_it_waits_for_a_verification() -> None:
    """The second one is there, the third is begun only when the first is verified."""
    meter = Meter()
    state = JobState.fold(spec("A", "B", "C"), [ev.WorkerStarted(at=at(0), pid=1, program="1")])
    for index in range(3):
        state = state.apply(
            ev.ArchiveSealed(at=at(0), database=index, size=100_000, sha256="x", source_size=1, files=1)
        )
    state = state.apply(ev.UploadStarted(at=at(0), database=0, offset=0))
    state = state.apply(ev.UploadProgress(at=at(0), database=0, acknowledged=100_000))
    state = state.apply(ev.VerificationProgress(at=at(0), database=0, checked=0, total=100_000))
    state = state.apply(ev.UploadStarted(at=at(0), database=1, offset=0))
    for second in range(100):
        sent, checked = min(100_000, second * 10_000), second * 1_000
        state = state.apply(ev.UploadProgress(at=at(0), database=1, acknowledged=sent))
        state = state.apply(ev.VerificationProgress(at=at(0), database=0, checked=checked, total=100_000))
        estimate = meter.observe(second, state)
        assert estimate.rate in (None, pytest.approx(10_000 if second < 10 else 1_000))
    assert estimate.left == pytest.approx(1 + 100 + 100, rel=0.02)


def test_nothing_is_claimed_while_the_network_is_away() -> None:
    meter = Meter()
    for second in range(30):
        meter.observe(second, _sending(1, second * 10_000))
    lost = _sending(1, 290_000).apply(ev.Waiting(at=at(30), attempt=1, seconds=9, reason="Perdue."))
    assert meter.observe(31, lost) == Estimate(None, None)


def test_what_lies_beside_an_archive_is_waited_for_and_measured() -> None:
    def state(sent: int) -> JobState:
        return JobState.fold(
            spec(),
            [
                ev.WorkerStarted(at=at(0), pid=1, program="1"),
                ev.ArchiveSealed(
                    at=at(0), database=0, size=1000, sha256="x", source_size=1, files=1, beside=500_000
                ),
                ev.UploadStarted(at=at(0), database=0, offset=0),
                ev.UploadProgress(at=at(0), database=0, acknowledged=1000),
                ev.VerificationProgress(at=at(0), database=0, checked=1000, total=1000),
                *([ev.BesideProgress(at=at(0), database=0, sent=sent, total=500_000)] if sent else []),
            ],
        )

    meter = Meter()
    assert state(0).fraction < 0.6
    for second in range(30):
        estimate = meter.observe(second, state(second * 10_000))
    assert estimate.rate == pytest.approx(10_000)
    assert estimate.left == pytest.approx((500_000 - 290_000) / 10_000)
    assert 0.7 < state(290_000).fraction < 0.9
