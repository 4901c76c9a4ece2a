from __future__ import annotations

import socket

import pytest

from tui_transfer.demo.rate import Line, SlowSocket, TokenBucket, parse_rate
from tui_transfer.errors import Problem, TransferError


@pytest.mark.parametrize(
    ("text", "bits_per_second"),
    [("8M", 8_000_000), ("512k", 512_000), ("1,5M", 1_500_000), ("0.5 G", 500_000_000), ("64000", 64_000)],
)
def test_rates_as_people_write_them(text: str, bits_per_second: int) -> None:
    assert parse_rate(text) == bits_per_second


@pytest.mark.parametrize(
    "text", ["", "M", "8X", "-8M", "8MM", "1e6", "7k", "0", "11G", "²M", "٨M", "1.2.3M", "nan"]
)
def test_other_texts_are_refused_in_french(text: str) -> None:
    with pytest.raises(TransferError) as refused:
        parse_rate(text)
    assert refused.value.problem is Problem.USAGE
    assert f"« {text} »" in refused.value.why
    assert "8M pour 8 Mbit/s" in refused.value.advice


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


def make_bucket(rate: float) -> tuple[TokenBucket, FakeTime]:
    time = FakeTime()
    return TokenBucket(rate, lambda: time.now, time.sleep), time


@pytest.mark.parametrize("packet", [16, 1000, 50_000])
def test_bytes_pass_at_the_rate_whatever_the_packets(packet: int) -> None:
    bucket, time = make_bucket(1_000_000)
    for _ in range(5_000_000 // packet):
        bucket.pay(packet)
    assert time.now - 1000 == pytest.approx(5, abs=0.1)


def test_sleeps_stay_short_so_that_progress_is_smooth() -> None:
    bucket, time = make_bucket(1_000_000)
    for _ in range(100):
        bucket.pay(bucket.quantum)
    assert max(time.sleeps) <= 0.051


def test_an_idle_line_saves_up_no_burst() -> None:
    bucket, time = make_bucket(1_000_000)
    time.now += 3600
    for _ in range(20):
        bucket.pay(50_000)
    assert time.now - 4600 == pytest.approx(1, abs=0.1)


def test_two_who_share_a_bucket_share_its_rate() -> None:
    bucket, time = make_bucket(1_000_000)
    for _ in range(50):  # both pay at the same moment, before either sleeps
        start = time.now
        bucket.pay(10_000)
        time.now = start
        bucket.pay(10_000)
    assert time.now - 1000 == pytest.approx(1, abs=0.1)


def test_a_slow_socket_pays_for_what_it_moves_in_either_direction() -> None:
    line = Line(upload_rate=1_000_000)
    paid: dict[str, list[int]] = {"up": [], "down": []}
    line.up.pay = paid["up"].append  # type: ignore[method-assign, assignment]
    line.down.pay = paid["down"].append  # type: ignore[method-assign, assignment]
    server_end, client = socket.socketpair()
    with client, SlowSocket(server_end, line) as slow:
        client.sendall(b"u" * 120_000)
        received = 0
        while received < 120_000:
            received += len(slow.recv(120_000))
        assert slow.send(b"d" * 7) == 7
        assert client.recv(100) == b"d" * 7
    assert sum(paid["up"]) == 120_000
    assert max(paid["up"]) <= line.up.quantum == 50_000
    assert paid["down"] == [7]
