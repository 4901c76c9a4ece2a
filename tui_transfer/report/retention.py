"""Removes what has been kept for long enough: verified jobs, and receipts whose jobs are gone."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tui_transfer.errors import TransferError
from tui_transfer.job import control, history
from tui_transfer.job.control import Job
from tui_transfer.report.receipts import ReceiptFiles, find_receipts, receipts_lock
from tui_transfer.system import names
from tui_transfer.system.files import disk_errors

if TYPE_CHECKING:
    from tui_transfer.job.state import JobState
    from tui_transfer.settings.config import Home

_log = logging.getLogger("tui_transfer.report")


def latest_certain(state: JobState) -> datetime:
    """The time at the end of a job, by the earliest of the clocks that told it: this machine's, and that of
    each server. One that is years ahead makes nothing old.
    """
    ends = [state.ended_at or state.spec.created_at]
    for item in state.databases:
        seen = item.sent[item.archive].arrival if item.archive in item.sent else None
        if seen is not None and seen.modified is not None:
            ends.append(datetime.fromtimestamp(seen.modified, UTC))
    return min(ends)


def expire(home: Home, days: int, now: datetime) -> None:
    """Removes jobs that were verified, and to which nothing has happened for so many days, and receipts of
    that age whose jobs are gone. What is blocked, interrupted or could not be verified stays until a person
    says otherwise, and what cannot be removed is left for the next time.

    Raises:
        TransferError: DISK_UNWRITABLE where jobs or receipts cannot be listed.
    """
    limit = now - timedelta(days=days)
    for entry in control.list_entries(home):
        if isinstance(entry.job, Job) and entry.created < limit.timestamp() and _is_over(entry.job, limit):
            try:
                control.remove(entry.job)
            except TransferError as error:
                _log.warning("%s stays: %s", entry.name, error)
    present = {entry.name for entry in control.list_entries(home)}
    with receipts_lock(home.receipts):
        for job in find_receipts(home, ""):
            files = ReceiptFiles.of(home.receipts, job)
            with disk_errors(files.folder):
                if job not in present and files.content.stat().st_mtime < limit.timestamp():
                    names.remove_tree(files.folder)


def _is_over(job: Job, limit: datetime) -> bool:
    found = history.read(job)
    if isinstance(found, TransferError) or found.running or not found.succeeded:
        return False
    last = found.state.updated_at or job.spec.created_at
    return found.state.all_verified and last < limit
