"""The window on simulated links: a pipe of fixed rate and delay, in which packets queue."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable

import pytest

from tui_transfer.sharebox.sftp.flow import ENOUGH, LEAST, MOST, Departure, FlowControl

PACKET = 32_000


def _run(rate: Callable[[float], float], delay: float, seconds: float) -> tuple[FlowControl, int, float]:
    """Sends as fast as the window allows; gives the control, the bytes acknowledged, the time taken."""
    flow = FlowControl()
    under_way: deque[tuple[float, Departure]] = deque()
    now, free_at, in_flight, acknowledged = 0.0, 0.0, 0, 0
    while now < seconds:
        while in_flight + PACKET <= flow.limit:
            free_at = max(free_at, now) + PACKET / rate(now)
            under_way.append((free_at + delay, flow.depart(now)))
            in_flight += PACKET
        now, departure = under_way.popleft()
        in_flight -= PACKET
        acknowledged += PACKET
        flow.arrive(now, departure, PACKET)
    return flow, acknowledged, now


_LINKS = [
    (rate, delay)
    for rate, delay in itertools.product([8e3, 125e3, 2.5e6, 12.5e6, 100e6], [0.0002, 0.02, 0.1])
    if 2 * rate * delay <= MOST
]


@pytest.mark.parametrize(("rate", "delay"), _LINKS)
def test_a_steady_link_is_kept_busy(rate: float, delay: float) -> None:
    seconds = max(20.0, 20 * PACKET / rate)
    _, acknowledged, taken = _run(lambda _: rate, delay, seconds)
    assert acknowledged / taken > 0.95 * rate


def test_a_slow_link_holds_the_least_and_a_local_one_little() -> None:
    assert _run(lambda _: 8e3, 0.05, 100)[0].limit == LEAST
    assert _run(lambda _: 200e6, 0.0002, 2)[0].limit <= ENOUGH, "a cut loses what is under way"


def test_packets_are_short_unless_the_link_is_fast_and_the_server_takes_longer_ones() -> None:
    slow, fast = _run(lambda _: 100e3, 0.02, 10)[0], _run(lambda _: 12.5e6, 0.1, 10)[0]
    assert slow.packet(PACKET, longest=3 * PACKET) == PACKET
    assert fast.packet(PACKET, longest=3 * PACKET) == 3 * PACKET
    assert fast.packet(PACKET, longest=PACKET) == PACKET


def test_a_distant_fast_link_gets_what_it_holds() -> None:
    flow, _, _ = _run(lambda _: 12.5e6, 0.1, 10)
    assert 12.5e6 * 0.1 < flow.limit <= MOST


def test_a_link_that_slows_down_is_believed() -> None:
    flow, _, _ = _run(lambda now: 12.5e6 if now < 10 else 50e3, 0.1, 60)
    assert flow.limit <= 2 * LEAST


def test_a_link_that_speeds_up_is_followed() -> None:
    flow, _, _ = _run(lambda now: 50e3 if now < 20 else 12.5e6, 0.1, 40)
    assert flow.limit > 12.5e6 * 0.1


def test_pauses_do_not_widen_the_window() -> None:
    flow = FlowControl()
    flow.arrive(0.1, flow.depart(0.0), PACKET)
    before = flow.limit
    flow.arrive(60.0, flow.depart(20.0), PACKET)
    assert flow.limit <= before


@pytest.mark.parametrize("every", [0.02, 0.05, 0.09, 0.105, 0.12, 1.0])
def test_the_link_is_busy_for_as_long_as_it_carries_something(every: float) -> None:
    """Blocks of 100 kB become ready `every` so many seconds, over 10 MB/s and a round trip of 100 ms."""
    flow, free_at = FlowControl(), 0.0
    under_way = deque([(0.1, flow.depart(0.0), 1)])
    for number in range(100):
        ready = 1 + number * every
        while under_way and under_way[0][0] <= ready:
            flow.arrive(*under_way.popleft())
        for _ in range(4):
            free_at = max(free_at, ready) + 25_000 / 10e6
            under_way.append((free_at + 0.1, flow.depart(ready), 25_000))
    while under_way:
        flow.arrive(*under_way.popleft())
    assert flow.busy == pytest.approx(1.0, rel=0.01)


def test_waiting_for_room_is_waiting_for_the_link() -> None:
    """Whatever holds a request back once it is ready is not put down to the link's resting."""
    flow = FlowControl()
    flow.arrive(0.1, flow.depart(0.0), 1)
    flow.arrive(10.2, flow.depart(10.0, ready=5.0), PACKET)
    assert flow.busy == pytest.approx(10.2 - 5.0 - 0.1)
