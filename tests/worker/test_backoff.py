from __future__ import annotations

import pytest

from tui_transfer.worker.backoff import FIRST_PAUSE, LONGEST_PAUSE, Backoff, Pause


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def _pauses(backoff: Backoff, clock: _Clock) -> list[float]:
    """Every pause until it is time to give up, each of them waited for."""
    pauses = []
    while (pause := backoff.next_pause()) is not None:
        pauses.append(pause.seconds)
        clock.now += pause.seconds
    return pauses


def test_pauses_double_up_to_a_minute_and_end_with_the_time() -> None:
    clock = _Clock()
    pauses = _pauses(Backoff(1800, clock, lambda: 0), clock)
    assert pauses[:7] == [FIRST_PAUSE, 2, 4, 8, 16, 32, LONGEST_PAUSE]
    assert max(pauses) == LONGEST_PAUSE
    assert sum(pauses) == pytest.approx(1800)


def test_chance_shortens_a_pause_by_half_at_most() -> None:
    clock = _Clock()
    longest = Backoff(1800, clock, lambda: 0).next_pause()
    shortest = Backoff(1800, clock, lambda: 1).next_pause()
    assert (longest, shortest) == (Pause(1, FIRST_PAUSE), Pause(1, FIRST_PAUSE / 2))


def test_getting_ahead_begins_the_count_anew() -> None:
    clock = _Clock()
    backoff = Backoff(10, clock, lambda: 0)
    assert [backoff.next_pause() for _ in range(3)] == [Pause(1, 1), Pause(2, 2), Pause(3, 4)]
    clock.now += 9
    backoff.got_ahead()
    clock.now += 9
    assert backoff.next_pause() == Pause(1, FIRST_PAUSE)


def test_no_patience_gives_up_at_once() -> None:
    assert Backoff(0, _Clock()).next_pause() is None
