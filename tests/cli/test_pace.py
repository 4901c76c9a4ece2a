from __future__ import annotations

import pytest

from tui_transfer.cli.pace import Detail, Pace


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def told(detail: Detail, *, seconds: int) -> list[int]:
    """The seconds at which it is said how far a transfer is that takes so long."""
    clock = Clock()
    pace = Pace(detail, clock)
    said = []
    for second in range(1, seconds):
        clock.now = float(second)
        if pace.is_due(second / seconds):
            said.append(second)
    return said


@pytest.mark.parametrize(
    ("detail", "seconds", "times"),
    [
        (Detail.NORMAL, 50, []),
        (Detail.NORMAL, 300, [60, 120, 180, 240]),  # a tenth takes half a minute: each minute
        (Detail.NORMAL, 3600, [360, 720, 1080, 1440, 1800, 2160, 2520, 2880, 3240]),  # each tenth
        (Detail.VERBOSE, 16, [5, 10, 15]),
        (Detail.QUIET, 3600, []),
    ],
)
def test_each_tenth_or_each_minute_whichever_is_rarer(detail: Detail, seconds: int, times: list[int]) -> None:
    assert told(detail, seconds=seconds) == times
