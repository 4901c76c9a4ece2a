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
    ("up", "down", "verified", "learns"),
    [
        (50_000, 50_000, "read-back", False),
        (50_000, 50_000, "server-hash", True),
        (50_000, 400_000, "read-back", True),
    ],
)
def test_the_time_left_is_honest_on_a_constant_link(up: int, down: int, verified: str, learns: bool) -> None:
    """Within 20 % from the first minute, or the first verification where that `learns` how: three in turn."""
    meter, guesses, second = Meter(), [], 0.0
    sizes = (3_000_000, 9_000_000, 6_000_000)
    state = JobState.fold(spec("A", "B", "C"), [ev.WorkerStarted(at=at(0), pid=1, program="1")])
    for index, size in enumerate(sizes):
        state = state.apply(ev.DatabaseSized(at=at(0), database=index, size=3 * size))

    def watch(event: ev.Event) -> None:
        nonlocal state
        state = state.apply(event)
        guesses.append((second, meter.observe(second, state).left))

    known_from = None
    for index, size in enumerate(sizes):
        sealed = ev.ArchiveSealed(
            at=at(second), database=index, size=size, sha256="x", source_size=3 * size, files=1
        )
        watch(sealed)
        watch(ev.UploadStarted(at=at(second), database=index, offset=0))
        for sent in range(0, size + 1, up):
            watch(ev.UploadProgress(at=at(second), database=index, acknowledged=sent))
            second += 1
        if verified == "read-back":
            for checked in range(0, size + 1, down):
                watch(ev.VerificationProgress(at=at(second), database=index, checked=checked, total=size))
                second += 1
        watch(ev.Delivered(at=at(second), database=index, path="x", verified=verified))
        known_from = known_from or second
    assert known_from is not None
    begin = max(60, known_from) if learns else 60
    judged = [(at_, left) for at_, left in guesses if at_ > begin and second - at_ > 10]
    assert len(judged) > 100
    for at_, left in judged:
        assert left == pytest.approx(second - at_, rel=0.2), at_


def test_nothing_is_claimed_while_the_network_is_away() -> None:
    meter = Meter()
    for second in range(30):
        meter.observe(second, _sending(1, second * 10_000))
    lost = _sending(1, 290_000).apply(ev.Waiting(at=at(30), attempt=1, seconds=9, reason="Perdue."))
    assert meter.observe(31, lost) == Estimate(None, None)
