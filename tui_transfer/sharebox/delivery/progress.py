"""How far a delivery is: what is told of it, and how often."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

_INTERVAL_SECONDS: Final = 0.02
"""Blocks are chosen by what the last report told of the link: on a fast one, megabytes arrive between two."""


class DeliveryStage(StrEnum):
    """What a delivery is doing."""

    CHECKING = "checking"
    """Comparing what an earlier attempt left with the archive."""
    SENDING = "sending"
    VERIFYING = "verifying"
    PUBLISHING = "publishing"
    """Giving the file its final name."""


@dataclass(frozen=True)
class DeliveryProgress:
    """How far a stage is, in bytes of the archive; `total` is None while the archive grows.

    While sending, `done` counts what the server acknowledged, and what was found there; `busy` is the seconds
    for which the link had something of it to carry, over this connection; `read_back` the bytes of it that
    were read back over this connection.
    """

    stage: DeliveryStage
    done: int
    total: int | None
    busy: float = field(default=0.0, compare=False)
    read_back: int = 0


class Reports:
    """Tells of one delivery's progress, up to fifty times a second, and ends it where that is asked.

    Args:
        on_progress: is told.
        cancelled: has the next report raise INTERRUPTED.

    Attributes:
        ready: the offset up to which the archive was ready to be sent.
    """

    def __init__(self, on_progress: Callable[[DeliveryProgress], None], cancelled: threading.Event) -> None:
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._last: DeliveryProgress | None = None
        self._again = 0.0
        self.ready = 0

    def tell(
        self, stage: DeliveryStage, done: int, total: int | None, busy: float = 0.0, read_back: int = 0
    ) -> None:
        """Tells at once when a stage begins or is complete, or when all that was ready has arrived, which
        shows how fast it went; otherwise not too often.

        Raises:
            TransferError: INTERRUPTED.
        """
        self.check_cancelled()
        progress = DeliveryProgress(stage, done, total, busy, read_back)
        last, now = self._last, time.monotonic()
        if progress == last:
            return
        is_complete = done in (total, self.ready)
        if last is None or last.stage is not stage or is_complete or now >= self._again:
            self._last = progress
            self._again = now + _INTERVAL_SECONDS
            self._on_progress(progress)

    def begin_anew(self) -> None:
        """What comes next is told, even if it was told before: it is done again."""
        self._last = None

    def check_cancelled(self) -> None:
        """For loops that wait for something else.

        Raises:
            TransferError: INTERRUPTED, if the delivery is to end.
        """
        if self._cancelled.is_set():
            raise interrupted()


def interrupted() -> TransferError:
    """What a delivery that was asked to end raises."""
    return TransferError(Problem.INTERRUPTED, reason="l’interruption a été demandée")
