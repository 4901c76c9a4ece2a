"""What was asked of this machine: its jobs, each as it stands or with what keeps it from being read, and the
transfers that were refused before there was a job."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import attempts, audit, control

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tui_transfer.job.attempts import Attempt
    from tui_transfer.job.control import Follower, Job
    from tui_transfer.job.spec import DatabaseSpec, JobSpec
    from tui_transfer.job.state import DatabaseState
    from tui_transfer.settings.config import Home


def read_all(home: Home) -> Iterator[tuple[str, Follower | TransferError]]:
    """Every job by name, the newest first: as it stands, or why that cannot be told.

    Raises:
        TransferError: DISK_UNWRITABLE where the jobs cannot be listed.
    """
    for entry in control.list_entries(home):
        yield entry.name, read_entry(entry)


def with_attempts(home: Home) -> list[control.Entry | Attempt]:
    """The jobs of the home, not read yet, and the refused attempts, in the order of their asking, the newest
    first.

    Raises:
        TransferError: DISK_UNWRITABLE where they cannot be listed.
    """
    found: list[control.Entry | Attempt] = [*control.list_entries(home), *attempts.read(home)]
    return sorted(found, key=lambda item: item.sequence, reverse=True)  # stable: jobs without number stay so


def last_unfinished(home: Home) -> Job:
    """The job that is running; else the newest one that is not at its end.

    Raises:
        TransferError: NOTHING_TO_RESUME, naming the last success; JOURNAL_INVALID or JOURNAL_NEWER where a
            newer job than the last success cannot be read, rather than take another for it.
    """
    if (running := control.running_job(home)) is not None:
        return running
    success: Follower | None = None
    for _, found in read_all(home):
        if isinstance(found, TransferError):
            if success is None:
                raise found
        elif not found.succeeded:
            return found.job
        else:
            success = success or found
    raise TransferError(Problem.NOTHING_TO_RESUME, reason=_what_there_is(home, success))


@dataclass(frozen=True)
class Earlier:
    """What an earlier job delivered of a database."""

    spec: JobSpec
    state: DatabaseState


def earlier_delivery(
    entries: Iterable[control.Entry], spec: JobSpec, database: DatabaseSpec
) -> Earlier | None:
    """The last delivery of a database, by its name or its path, before the job of `spec`; None where none is
    known. Jobs that cannot be read are passed over.

    Args:
        entries: the jobs of the home, the newest first.
        spec: of the job that delivers it now.
        database: which one.
    """
    for entry in entries:
        job = entry.job
        if isinstance(job, TransferError) or entry.sequence >= spec.sequence:
            continue
        same = [
            index
            for index, other in enumerate(job.spec.databases)
            if other.path == database.path or other.name == database.name
        ]
        if same and not isinstance(found := read(job), TransferError):
            for index in same:
                if found.state.databases[index].delivered:
                    return Earlier(job.spec, found.state.databases[index])
    return None


def _what_there_is(home: Home, success: Follower | None) -> str:
    """The last success, and what was refused after it."""
    sentences = ["Aucun transfert n’a encore été fait depuis cette machine."]
    if success is not None:
        spec, ended = success.job.spec, success.state.ended_at or success.job.spec.created_at
        names = ", ".join(item.name for item in spec.databases)
        done = f"le dernier, {spec.id}, l’est depuis le {french.moment(ended)} : {names}."
        sentences = [f"Tous les transferts sont terminés ; {done}"]
    refused = None
    with contextlib.suppress(TransferError):  # what is said of the jobs is true without it
        refused = next(iter(attempts.read(home)), None)
    if refused is not None and (success is None or refused.sequence > success.job.spec.sequence):
        sentences.append(
            f"Un transfert demandé le {french.moment(refused.at)} a été refusé : {refused.failure.title}."
        )
    return " ".join(sentences)


def read_entry(entry: control.Entry) -> Follower | TransferError:
    """A job of the list as it stands; or why that cannot be told."""
    return entry.job if isinstance(entry.job, TransferError) else read(entry.job)


def read(job: Job) -> Follower | TransferError:
    """A job as it stands, its journal checked; or why that cannot be told."""
    try:
        follower = control.Follower(job, unread=True)
        audit.check_spec(job, follower.poll())
        return follower
    except TransferError as error:
        return error
