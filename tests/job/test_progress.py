from __future__ import annotations

import pytest

from tests.job.examples import at, spec
from tui_transfer.job import events as ev
from tui_transfer.job.progress import Meter
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
    assert estimate.left == pytest.approx((1_000_000 - 290_000) / 10_000)


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
    estimate = meter.observe(4, _sending(2, 920_000, offset=900_000))
    assert estimate.rate == pytest.approx(10_000)


def test_the_rate_follows_a_link_that_slows_down() -> None:
    meter = Meter()
    sent = 0
    for second in range(120):
        sent += 10_000 if second < 60 else 1_000
        estimate = meter.observe(second, _sending(1, sent))
    assert estimate.rate == pytest.approx(1_000)
