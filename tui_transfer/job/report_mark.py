"""Whether the report of a job was sent, as a person ticked it or a mail server took it: a file of the job.

It is no event: a receipt is bound to the journal's last line, and a tick can be taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.job import control
from tui_transfer.job.spec import Decision
from tui_transfer.system import names
from tui_transfer.system.decoding import from_json
from tui_transfer.system.files import UnfitFileError, disk_errors, read_file, sync_folder, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from tui_transfer.job.control import Job

NAME: Final = "report.json"
_LONGEST: Final = 1 << 16
"""Bytes."""


class ReportMark(Decision, frozen=True, kw_only=True):
    """The report was sent: who says so, and since when."""

    accepted: bool = False
    """Whether a mail server took it from this program; otherwise a person ticked it."""


def sent(job: Job) -> ReportMark | None:
    """Says that the report was sent; None where nobody said so, or what is there cannot be read: then it is
    asked for again.
    """
    try:
        return from_json(read_file(_file(job), _LONGEST), ReportMark)
    except (OSError, UnfitFileError, msgspec.DecodeError):
        return None


def mark_sent(job: Job, *, accepted: bool = False) -> ReportMark:
    """Keeps that the report was sent; what was kept before stays.

    Raises:
        TransferError: JOB_UNKNOWN where the job was removed; DISK_FULL; DISK_UNWRITABLE.
    """
    control.require_kept(job)
    if (known := sent(job)) is not None and (known.accepted or not accepted):
        return known
    mark = ReportMark.made_now(accepted=accepted)
    # Not by making the folder: of a job that another window removed nothing must come back.
    with disk_errors(job.folder):
        job.folder.stat()
    write_private(_file(job), msgspec.json.encode(mark))
    return mark


def unmark(job: Job) -> None:
    """Takes that back.

    Raises:
        TransferError: DISK_UNWRITABLE.
    """
    with disk_errors(_file(job)):
        names.remove(_file(job))
        if job.folder.is_dir():
            sync_folder(job.folder)


def _file(job: Job) -> Path:
    return job.folder / NAME
