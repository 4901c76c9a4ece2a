"""What can go wrong. Each fault waits for an event, never for a time, so that it comes back with its seed.

Events have names, from the general to the particular: a request to the Sharebox is an `event`, a `request`, a
`rename` and a `rename archive`; a step on this machine's disk an `event`, a `step`, an `fsync here` and an
`fsync snapshot.sqlite`;
a line of the journal an `event`, a `journal` and a `journal database.delivered`. A fault happens at the n-th
event of a name in a process's life.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.simulation.server import (
    BAD_MESSAGE,
    EOF,
    FAILURE,
    NO_SUCH_FILE,
    PERMISSION_DENIED,
    UNSUPPORTED,
    Deed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_REFUSALS: Final = (FAILURE, FAILURE, PERMISSION_DENIED, NO_SUCH_FILE, BAD_MESSAGE, UNSUPPORTED, EOF, 14)

REPLIES: Final = (
    "refuse",
    "do and refuse",
    "lie",
    "cut before",
    "cut after",
    "cut write",
    "cut answer",
    "short",
    "short and not done",
    "long",
    "size",
    "flip answer",
    "announce",
    "vanish",
    "mute",
    "hold",
)
"""What a Sharebox can make of a request; see `deed`."""

PROCESS: Final = ("kill", "kill", "kill", "terminate", "power")
"""What can end a process of ours."""

THERE: Final = ("remove there", "change there", "shorten there", "plant there", "break down")
"""What can happen on the Sharebox beside us."""

HERE: Final = (
    "flip here",
    "empty here",
    "shorten here",
    "remove here",
    "change base",
    "remove base",
    "refuse disk",
    "turn clock",
)
"""What can happen on this machine beside us."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, once.

    Attributes:
        what: one of the above.
        at: the event's name.
        nth: which of them, from 1.
        seed: of its own choices.
    """

    what: str
    at: str
    nth: int
    seed: int

    @property
    def draw(self) -> random.Random:
        """Its own choices."""
        return random.Random(self.seed)

    def __str__(self) -> str:
        return f"{self.what} at {self.at} {self.nth}"


class Watch:
    """The faults that wait for events of one process."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._waiting = list(faults)
        self.seen: Counter[str] = Counter()
        self.happened: list[Fault] = []

    def due(self, *names: str) -> list[Fault]:
        """The faults that happen at an event of these names."""
        self.seen.update(names)
        if not self._waiting:
            return []
        due = [fault for fault in self._waiting if fault.at in names and self.seen[fault.at] == fault.nth]
        for fault in due:
            self._waiting.remove(fault)
        self.happened += due
        return due


def deed(fault: Fault) -> Deed:
    """What a Sharebox does at this fault in place of what it is asked."""
    draw = fault.draw
    match fault.what:
        case "refuse":
            return Deed(does=False, status=draw.choice(_REFUSALS))
        case "do and refuse":
            return Deed(status=draw.choice(_REFUSALS))
        case "lie":
            return Deed(does=False)
        case "cut before":
            return Deed(breaks="before")
        case "cut after":
            return Deed(breaks="after")
        case "cut write":
            return Deed(breaks="before", part=draw.random())
        case "cut answer":
            return Deed(breaks="within", length=draw.randint(1, 12))
        case "short":
            return Deed(length=draw.choice((0, 0, 1, 2, 3, draw.randint(4, 40))))
        case "short and not done":
            return Deed(does=False, status=FAILURE, length=draw.choice((0, 0, 1, 2, 3)))
        case "long":
            return Deed(longer=draw.randint(1, 9))
        case "size":
            return Deed(size=draw.choice((0, 1, draw.randint(0, 5000), 1 << 40)))
        case "flip answer":
            return Deed(flips=draw.randrange(1 << 16))
        case "announce":
            return Deed(announces=draw.randint(1, 100))
        case "vanish":
            return Deed(vanishes=True)
        case "mute":
            return Deed(mute=True)
        case "hold":
            return Deed(held=True)
    raise ValueError(fault.what)
