"""How many tests of each room ran on Windows, and what the others need: a table at the end of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ROOM = "room"
"""The property of a test's report that holds a room's name and its three counts."""
_HEAD = ("room", "passed", "needs Linux", "needs a real Windows")


@dataclass
class Counts:
    """Of the tests of a room: those that passed, and those that need something else."""

    passed: int = 0
    linux: int = 0
    real_windows: int = 0


def lines(rooms: Iterable[tuple[str, int, int, int]]) -> Iterator[str]:
    """The table, with the sums last."""
    rows = sorted(rooms)
    sums = ("all", *(sum(column) for column in list(zip(*rows, strict=True))[1:]))
    for name, *cells in (_HEAD, *rows, sums):
        yield f"{name:12}" + "".join(
            f"{cell:>{len(head) + 3}}" for cell, head in zip(cells, _HEAD[1:], strict=True)
        )
