"""The jobs that are kept on this machine, each as it stands or with what keeps it from being read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_transfer.errors import TransferError
from tui_transfer.job import audit, control

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_transfer.job.control import Follower, Job
    from tui_transfer.settings.config import Home


def read_all(home: Home) -> Iterator[tuple[str, Follower | TransferError]]:
    """Every job by name, the newest first: as it stands, or why that cannot be told.

    Raises:
        TransferError: DISK_UNWRITABLE where the jobs cannot be listed.
    """
    jobs, damaged = control.survey(home)
    found: dict[str, Job | TransferError] = {job.id: job for job in jobs} | damaged
    for name in sorted(found, reverse=True):  # a name begins with its time
        item = found[name]
        yield name, item if isinstance(item, TransferError) else read(item)


def read(job: Job) -> Follower | TransferError:
    """A job as it stands, its journal checked; or why that cannot be told."""
    try:
        audit.verify(job)
        return control.Follower(job)
    except TransferError as error:
        return error
