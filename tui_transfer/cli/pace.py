"""How much is said while a transfer is under way: what an ear, or the reader of a log, can follow."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_STEP: Final = 0.1 - 1e-9
"""Of the whole; less what sums of fractions miss it by."""
_MINUTE: Final = 60.0
_OFTEN: Final = 5.0
"""Seconds."""


class Detail(Enum):
    """How much is said."""

    QUIET = "quiet"
    """What ends a database or a transfer, and what needs a person."""
    NORMAL = "normal"
    """Each fact; and how far it is at each tenth or each minute, whichever is rarer."""
    VERBOSE = "verbose"
    """Each fact; and how far it is every few seconds."""


class Pace:
    """When to say again how far a transfer is.

    Args:
        detail: how much is said.
        clock: seconds.
    """

    def __init__(self, detail: Detail, clock: Callable[[], float] = time.monotonic) -> None:
        self._detail = detail
        self._clock = clock
        self._said_at = clock()
        self._share = 0.0

    def is_due(self, share: float) -> bool:
        """Whether it is to be said now, of a transfer of which `share` is done; it counts as said then."""
        waited = self._clock() - self._said_at
        match self._detail:
            case Detail.QUIET:
                due = False
            case Detail.NORMAL:
                due = waited >= _MINUTE and share - self._share >= _STEP
            case Detail.VERBOSE:
                due = waited >= _OFTEN
        if due:
            self.said(share)
        return due

    def said(self, share: float) -> None:
        """How far it is was just said."""
        self._said_at, self._share = self._clock(), share
