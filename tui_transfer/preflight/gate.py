"""Whether the button « Transfert database vers Urssaf » may be pressed, and if not, why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import control

if TYPE_CHECKING:
    from datetime import date

    from tui_transfer.settings.config import Home, TransferSettings


def closed_by_calendar(transfer: TransferSettings, today: date) -> TransferError | None:
    """Why no transfer may begin on `today`; None when the GO is given."""
    if transfer.opens_on and today < transfer.opens_on:
        return TransferError(Problem.NOT_OPEN_YET, date=french.day(transfer.opens_on))
    if transfer.closes_on and today > transfer.closes_on:
        return TransferError(Problem.CLOSED, date=french.day(transfer.closes_on))
    return None


def closed(home: Home, transfer: TransferSettings, today: date) -> TransferError | None:
    """Why no new transfer may begin now: no GO, or another one is running; None when it may."""
    if (running := control.running_job(home)) is not None:
        return TransferError(Problem.JOB_RUNNING, job=running.id)
    return closed_by_calendar(transfer, today)
