"""The state of a job: a pure fold over its events. Every view reads this and nothing else."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer.errors import OF_ONE_DATABASE, ExitCode, Problem, TransferError
from tui_transfer.job import events as ev
from tui_transfer.job.beside import MANIFEST
from tui_transfer.job.spec import JobSpec, Waiver
from tui_transfer.settings.config import ProxySettings, ShareboxSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

VERIFIED: Final = frozenset({"server-hash", "read-back"})
"""The kinds of verification that compare the content itself."""


class JobStatus(StrEnum):
    """Where a job stands, as its journal tells. A killed worker leaves `RUNNING`: see `control`."""

    CREATED = "created"
    RUNNING = "running"
    BLOCKED = "blocked"
    SUCCEEDED = "succeeded"


class Step(StrEnum):
    """Where a database stands in one of the columns C and T."""

    WAITING = "waiting"
    RUNNING = "running"
    VERIFYING = "verifying"
    DONE = "done"
    FAILED = "failed"


class FileState(msgspec.Struct, frozen=True, kw_only=True):
    """How far the delivery of one file has come."""

    step: str = "free"
    """The last step that was asked of the Sharebox, as `DeliveryStep` names it."""
    about: str | None = None
    """The SHA-256 of the archive that this is of, or beside which it lies; None while that is not whole."""
    lost: int = 0
    """How often it was lost there."""
    arrival: ev.ArrivalSeen | None = None
    """What shows that it arrived."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """Says of the database at this position in the job that its content was compared on the Sharebox, so that
    what is kept of it here may go. It is made by `DatabaseState.proof` alone.
    """

    database: int


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """A destination that the job went to before, and what is known of a database's files there."""

    sharebox: ShareboxSettings
    """With the key that the server showed."""
    sent: dict[str, FileState]


class DatabaseState(msgspec.Struct, frozen=True, kw_only=True):
    """How far one database has come. Sizes are bytes, None while unknown."""

    name: str
    path: str
    archive: str
    kind: str | None = None
    size: int | None = None
    """What there is to read."""
    files: int | None = None
    found: ev.ArchiveStarted | None = None
    """The database as it was when its reading began: that is what its archive holds."""
    changed_since: bool = False
    """Whether it was seen to have changed after its archive was made."""
    integrity: ev.IntegrityChecked | None = None
    """What SQLite says of it, where it is an SQLite database that was looked at."""
    damage_waiver: Waiver | None = None
    """Who decided that it goes although it is damaged."""
    lock: ev.DatabaseLocked | None = None
    """That of another program, whose end is waited for."""
    places: tuple[int, ...] = ()
    """What places of it shrink to, in thousandths, each in the middle of an equal part of it."""
    preset: int | None = None
    """How hard its blocks are being packed; None while that is not known."""
    read: int = 0
    packed: int = 0
    """Bytes of the archive that are final; all of it once `sha256` is known."""
    sha256: str | None = None
    manifest: str | None = None
    """SHA-256 of the manifest in the spool, once the archive is whole."""
    content: str | None = None
    """SHA-256 that tells what the archive holds, however it is packed."""
    true_names: int = 0
    """How many names the archive says itself that differ from those stored."""
    damages: int = 0
    """How often something in the spool was no longer what had been written there, and was made again."""
    acknowledged: int = 0
    read_back: int = 0
    """Bytes of the archive that were read back while it was sent, and what of them before that began."""
    read_before: int = 0
    reads_after: int | None = None
    """Bytes that are read once all is sent, at most; `None` for all of the archive, or if unknown."""
    checked: int = 0
    to_check: int = 0
    """Bytes that are read to compare what arrived, and of them those that were, once that has begun."""
    beside: int = 0
    """Bytes of what will lie beside the archive; `beside_sent` of them are there."""
    beside_sent: int = 0
    resumed_from: int = 0
    verified: str | None = None
    read_meanwhile: bool = False
    """Of what was verified by reading it back: whether that was done while it was sent, and in places after
    the close."""
    delivered_as: str | None = None
    delivered_at: datetime | None = None
    manifest_refused: str = ""
    """Why the manifest is not beside the archive; empty where it is."""
    refused: dict[str, str] = {}
    """Which of the files that were to lie beside the archive are not there, and why."""
    signed_by: str = ""
    """The public key of the manifest's signature; empty where none is beside the archive."""
    destination: ShareboxSettings | None = None
    """Where it was sent last; where it is, once delivered."""
    problem: str | None = None
    """Why the last worker left it undone, where that was the fault of this database alone."""
    details: dict[str, str] = {}
    sent: dict[str, FileState] = {}
    """What is known of its files at the destination of now, by their final names."""
    elsewhere: tuple[Elsewhere, ...] = ()
    """Other destinations where it was sent in part."""
    compression: Step = Step.WAITING
    transfer: Step = Step.WAITING

    @property
    def read_at(self) -> datetime | None:
        """When its reading began."""
        return self.found.at if self.found else None

    @property
    def awaits_waiver(self) -> bool:
        """Whether it is damaged, and stays until somebody says that it goes nevertheless."""
        return self.problem == Problem.DATABASE_DAMAGED and self.damage_waiver is None

    @property
    def sealed(self) -> bool:
        """Whether the archive is whole."""
        return self.sha256 is not None

    @property
    def resumed(self) -> bool:
        """Whether sending went on from what an earlier worker had sent, beyond the bare signature header."""
        return self.resumed_from > 32

    @property
    def is_sent(self) -> bool:
        """Whether all of the archive is on the Sharebox, as far as it was acknowledged, and nothing that lies
        beside it is on its way.
        """
        return self.sealed and self.acknowledged >= self.packed and not self.sends_beside

    @property
    def sends_beside(self) -> bool:
        """Whether the archive was verified, and what lies beside it is on its way."""
        return self.transfer is Step.RUNNING and 0 < self.beside_sent < self.beside

    @property
    def delivered(self) -> bool:
        """Whether the archive and what lies beside it arrived."""
        return self.delivered_as is not None

    @property
    def owns_names(self) -> bool:
        """Whether the partial file of its archive was created where it goes now, or was about to be."""
        return self.sent.get(self.archive, FileState()).step != "free"

    def proof(self, database: int) -> Verified | None:
        """That this database, which is at the position `database`, is verified; None where it is not."""
        return Verified(database=database) if self.delivered and self.verified in VERIFIED else None

    @property
    def failure(self) -> TransferError | None:
        """Why it was left undone, with its French text."""
        return _failure(self.problem, self.details)

    @property
    def estimated_archive_size(self) -> int | None:
        """The archive's size; while it grows, what the part already packed lets expect."""
        if self.sealed:
            return self.packed
        if not self.read or self.size is None:
            return None
        return max(self.packed, self.packed * max(self.size, self.read) // self.read)

    @property
    def is_compared(self) -> bool:
        """Whether what an earlier worker sent of it is being compared, before the rest is sent."""
        return self.transfer is Step.VERIFYING and not self.is_sent


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that views show of a job."""

    spec: JobSpec
    databases: tuple[DatabaseState, ...]
    status: JobStatus = JobStatus.CREATED
    started_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    worker_pid: int | None = None
    sharebox: ShareboxSettings
    """Where the databases go, as the last worker was told."""
    route: str | None = None
    """The route that worked last."""
    proxy: ProxySettings | None = None
    """The proxy a person gave for this job."""
    host_key: str | tuple[str, ...] | None = None
    """The host keys a person accepted for this job, or the one that was seen."""
    accepted: bool = False
    """A person accepted a host key for the last worker."""
    presented: str | None = None
    """The host key that the last worker saw, and that was accepted or pinned."""
    said: str = ""
    """What the Sharebox had to say to whoever logs in."""
    locked: ev.ArchiveLocked | None = None
    """What tells the passphrase of its archives from others, once there is one."""
    waiting: ev.Waiting | None = None
    """What the worker waits for while the network is away."""
    waiting_since: datetime | None = None
    """When it was lost, as long as it is."""
    question: ev.LoginAsked | None = None
    """What the Sharebox asks a person, and nobody has answered yet."""
    problem: str | None = None
    details: dict[str, str] = {}
    problem_database: int | None = None

    @classmethod
    def initial(cls, spec: JobSpec) -> JobState:
        """The state of a job before any event."""
        return cls(
            spec=spec,
            sharebox=spec.sharebox,
            databases=tuple(
                DatabaseState(name=item.name, path=item.path, archive=item.archive) for item in spec.databases
            ),
        )

    @classmethod
    def fold(cls, spec: JobSpec, events: Iterable[ev.Event]) -> JobState:
        """The state after `events`."""
        state = cls.initial(spec)
        for event in events:
            state = state.apply(event)
        return state

    def apply(self, event: ev.Event) -> JobState:
        """The state after one more event. Pure: nothing is read or written."""
        return msgspec.structs.replace(_applied(self, event), updated_at=event.at)

    @property
    def failure(self) -> TransferError | None:
        """What blocks the job, with its French text."""
        return _failure(self.problem, self.details)

    @property
    def needs_passphrase(self) -> bool:
        """Whether something is to be encrypted yet."""
        return self.spec.encrypt and not all(item.sealed or item.delivered for item in self.databases)

    @property
    def failed(self) -> list[DatabaseState]:
        """The databases that failed by themselves, in their order; others may be undone as well."""
        return [database for database in self.databases if database.problem is not None]

    @property
    def destination(self) -> ShareboxSettings:
        """The Sharebox of now, with the key that it showed or that was accepted."""
        return self.sharebox.accepting(self.host_key)

    @property
    def left_behind(self) -> list[tuple[ShareboxSettings, list[str]]]:
        """Destinations that the job does not use any more, each with the databases that were sent there in
        part.
        """
        found: dict[tuple[object, ...], tuple[ShareboxSettings, list[str]]] = {}
        for item in self.databases:
            for other in item.elsewhere:
                _, names = found.setdefault(other.sharebox.place, (other.sharebox, []))
                names.append(item.name)
        return list(found.values())

    @property
    def all_verified(self) -> bool:
        """Whether the content of every database was compared on the Sharebox."""
        return all(database.verified in VERIFIED for database in self.databases)

    @property
    def exit_code(self) -> ExitCode:
        """The exit status of a command that ends with the job in this state."""
        if self.status is JobStatus.SUCCEEDED:
            return ExitCode.SUCCESS if self.all_verified else ExitCode.UNVERIFIABLE
        failure = self.failure
        return failure.exit_code if failure else ExitCode.INTERRUPTED


def _failure(problem: str | None, details: dict[str, str]) -> TransferError | None:
    return None if problem is None else TransferError.recalled(problem, details)


def _applied(state: JobState, event: ev.Event) -> JobState:
    match event:
        case ev.WorkerStarted():
            return _worker_started(state, event)
        case ev.RouteFailed() | ev.TrialFollowed():
            return state
        case ev.PresetChosen():
            return _database(state, event.database, preset=event.preset)
        case ev.Waiting():
            since = event.at if event.attempt <= 1 else state.waiting_since or event.at
            return _with(state, waiting=event, waiting_since=since)
        case ev.LoginAsked():
            return _with(state, question=event, waiting=None)
        case ev.LoginAnswered():
            return _with(state, question=None)
        case ev.Connected():
            key = event.host_key
            return _with(
                state,
                route=event.route,
                host_key=key,
                presented=key,
                said=event.said,
                waiting=None,
                waiting_since=None,
                question=None,
            )
        case ev.DatabaseSized():
            return _database(state, event.database, size=event.size)
        case ev.ArchiveStarted():
            return _database(
                state,
                event.database,
                kind=event.kind,
                size=event.size,
                files=event.files,
                read=0,
                found=event,
                changed_since=False,
                compression=Step.RUNNING,
            )
        case ev.DatabaseLocked():
            return _database(state, event.database, lock=event)
        case ev.ArchiveExpected():
            return _database(state, event.database, places=event.places)
        case ev.ArchiveLocked():
            return _with(state, locked=event)
        case ev.ArchiveKept():
            return _database(state, event.database, changed_since=event.changed)
        case ev.ArchiveProgress():
            return _database(state, event.database, read=event.read, packed=event.packed, lock=None)
        case ev.ArchiveSealed():
            return _database(
                state,
                event.database,
                size=event.source_size,
                files=event.files,
                read=event.source_size,
                packed=event.size,
                sha256=event.sha256,
                manifest=event.manifest,
                content=event.content,
                true_names=event.true_names,
                beside=event.beside,
                beside_sent=0,
                compression=Step.DONE,
            )
        case ev.IntegrityChecked():
            return _database(state, event.database, integrity=event)
        case ev.DamageWaived():
            return _database(state, event.database, damage_waiver=event.waiver)
        case ev.SpoolDamaged():
            return _spool_damaged(state, event)
        case ev.UploadStarted():
            return _upload_started(state, event)
        case ev.UploadProgress():
            return _database(
                state, event.database, acknowledged=event.acknowledged, read_back=event.read_back
            )
        case ev.VerificationProgress():
            return _database(
                state,
                event.database,
                checked=event.checked,
                to_check=event.total,
                transfer=Step.VERIFYING,
            )
        case ev.BesideProgress():
            return _database(
                state,
                event.database,
                beside_sent=event.sent,
                beside=event.total,
                transfer=Step.RUNNING,
            )
        case ev.DeliveryStep():
            return _sent(state, event.database, event.file, step=event.step, arrival=None)
        case ev.DeliveryLost():
            return _sent(state, event.database, event.file, step="sending", lost=event.times)
        case ev.ArrivalSeen():
            return _sent(state, event.database, event.file, arrival=event)
        case ev.Delivered():
            return _delivered(state, event)
        case ev.DatabaseFailed():
            return _database_failed(state, event.database, event.problem, event.details)
        case ev.JobSucceeded():
            return _with(state, status=JobStatus.SUCCEEDED, ended_at=event.at)
        case ev.JobBlocked():
            return _blocked(state, event)


def _spool_damaged(state: JobState, event: ev.SpoolDamaged) -> JobState:
    damages = state.databases[event.database].damages + (not event.unproven)
    state = _database(state, event.database, damages=damages)
    if not state.databases[event.database].sealed:
        return state
    return _database(
        state,
        event.database,
        sha256=None,
        manifest=None,
        read=0,
        packed=0,
        beside=0,
        beside_sent=0,
        compression=Step.WAITING,
    )


def _worker_started(state: JobState, event: ev.WorkerStarted) -> JobState:
    """A new worker begins with what is known to be done; anything half done waits again."""
    databases = tuple(
        msgspec.structs.replace(
            database,
            compression=Step.DONE if database.sealed else Step.WAITING,
            transfer=Step.DONE if database.delivered else Step.WAITING,
            read_back=0,
            read_before=0,
            checked=0,
            to_check=0,
            problem=None,
            details={},
            lock=None,
        )
        for database in state.databases
    )
    sharebox = event.sharebox or state.sharebox
    if sharebox.place != state.sharebox.place:
        databases = tuple(_sent_elsewhere(item, state.destination, sharebox) for item in databases)
    moved = (sharebox.host, sharebox.port) != (state.sharebox.host, state.sharebox.port)
    return _with(
        state,
        databases=databases,
        sharebox=sharebox,
        # What was learnt of another server says nothing of this one.
        route=None if moved else state.route,
        status=JobStatus.RUNNING,
        started_at=state.started_at or event.at,
        ended_at=None,
        worker_pid=event.pid,
        proxy=event.proxy or state.proxy,
        host_key=event.host_key or (None if moved else state.host_key),
        accepted=event.host_key is not None,
        presented=None,
        waiting=None,
        waiting_since=None,
        question=None,
        problem=None,
        details={},
        problem_database=None,
    )


def _sent_elsewhere(
    database: DatabaseState, before: ShareboxSettings, now: ShareboxSettings
) -> DatabaseState:
    """A database whose job goes to another destination: all that is there is what was sent there before.

    Names that this job drew stay its own: the same server may only have another address now.
    """
    if database.delivered:
        return database
    known = {other.sharebox.place: other for other in database.elsewhere}
    if database.owns_names:
        known[before.place] = Elsewhere(sharebox=before, sent=database.sent)
    back = known.pop(now.place, None)
    return msgspec.structs.replace(
        database,
        sent=back.sent if back else _owned(database.sent),
        elsewhere=tuple(known.values()),
        acknowledged=0,
        beside_sent=0,
        resumed_from=0,
    )


def _upload_started(state: JobState, event: ev.UploadStarted) -> JobState:
    """Earlier programs wrote no `DeliveryStep`: that they sent something shows that they had created it."""
    database = state.databases[event.database]
    if database.archive not in database.sent:
        state = _sent(state, event.database, database.archive, step="sending")
    return _database(
        state,
        event.database,
        destination=state.sharebox,
        acknowledged=event.offset,
        read_back=event.read_back,
        read_before=event.read_back,
        reads_after=event.reads_after,
        resumed_from=event.offset,
        transfer=Step.RUNNING,
    )


def _owned(sent: dict[str, FileState]) -> dict[str, FileState]:
    return {name: FileState(step="sending") for name, file in sent.items() if file.step != "free"}


def _sent(state: JobState, index: int, file: str, **changes: object) -> JobState:
    """What is known of one file. A later archive, which may differ, bears the same names."""
    database = state.databases[index]
    known = database.sent.get(file, FileState())
    changed = msgspec.structs.replace(known, about=database.sha256, **changes)
    return _database(state, index, sent={**database.sent, file: changed})


def _delivered(state: JobState, event: ev.Delivered) -> JobState:
    database = state.databases[event.database]
    return _database(
        state,
        event.database,
        destination=state.sharebox,
        acknowledged=database.packed,
        verified=event.verified,
        read_meanwhile=event.read_meanwhile,
        delivered_as=event.path,
        manifest_refused=event.manifest_refused,
        refused=event.refused or _refused_manifest(database, event),
        signed_by=event.signed_by,
        beside_sent=database.beside,
        delivered_at=event.at,
        transfer=Step.DONE,
    )


def _refused_manifest(database: DatabaseState, event: ev.Delivered) -> dict[str, str]:
    """What earlier programs told: they put nothing else beside an archive."""
    return {database.archive + MANIFEST: event.manifest_refused} if event.manifest_refused else {}


def _blocked(state: JobState, event: ev.JobBlocked) -> JobState:
    blocked = _with(
        state,
        status=JobStatus.BLOCKED,
        ended_at=event.at,
        waiting=None,
        question=None,
        problem=event.problem,
        details=event.details,
        problem_database=event.database,
    )
    if event.database is None or state.databases[event.database].problem is not None:
        return blocked
    if event.problem not in OF_ONE_DATABASE:  # journals of before 0.2 name the database that was at work
        return _database(blocked, event.database, **_at_fault(state.databases[event.database]))
    return _database_failed(blocked, event.database, event.problem, event.details)


def _database_failed(state: JobState, index: int, problem: str, details: dict[str, str]) -> JobState:
    database = state.databases[index]
    return _database(state, index, problem=problem, details=details, lock=None, **_at_fault(database))


def _at_fault(database: DatabaseState) -> dict[str, Step]:
    """Marks the column at fault: T where the archive was whole, C before that."""
    return {"transfer": Step.FAILED} if database.sealed else {"compression": Step.FAILED}


def _with(state: JobState, **changes: object) -> JobState:
    return msgspec.structs.replace(state, **changes)


def _database(state: JobState, index: int, **changes: object) -> JobState:
    databases = list(state.databases)
    databases[index] = msgspec.structs.replace(databases[index], **changes)
    return _with(state, databases=tuple(databases))
