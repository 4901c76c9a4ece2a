"""Whether an accident damaged what a job's folder tells.

Whoever can write there can also reckon all hashes anew: this is no proof against a person.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.events import WorkerStarted
from tui_transfer.job.journal import JournalReader
from tui_transfer.system.files import disk_errors, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_transfer.job.control import Job
    from tui_transfer.job.events import Event


def verify(job: Job) -> int:
    """Checks the chain of the journal, and that `job.json` still is what its workers worked by.

    Lines taken off the end leave a journal that is whole, as does a chain that was reckoned anew: neither is
    noticed.

    Returns:
        How many lines the journal has.

    Raises:
        TransferError: JOURNAL_INVALID naming the file and the line; JOURNAL_NEWER; DISK_UNWRITABLE.
    """
    reader = JournalReader(job.journal, len(job.spec.databases))
    check_spec(job, reader.read())
    return reader.count


def check_spec(job: Job, events: Iterable[Event]) -> None:
    """Checks `job.json` against what every worker of `events` wrote of it.

    Raises:
        TransferError: JOURNAL_INVALID; DISK_UNWRITABLE.
    """
    found = spec_hash(job)
    for event in events:
        if isinstance(event, WorkerStarted) and event.spec not in (None, found):
            reason = "ce fichier a été modifié après le début du transfert"
            raise TransferError(Problem.JOURNAL_INVALID, file=job.spec_file, line=1, reason=reason)


def spec_hash(job: Job) -> str:
    """SHA-256 of the job's `job.json`, in hexadecimal.

    Raises:
        TransferError: DISK_UNWRITABLE.
    """
    with disk_errors(job.spec_file):
        return hashlib.sha256(read_file(job.spec_file)).hexdigest()
