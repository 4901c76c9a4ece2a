"""What happens during a job, one small frozen struct an event.

Events are what the journal holds, what `--json` prints, and what `JobState` is folded from. Sizes are
bytes; `database` is the position of a database in the job's specification, from 0. Adding a field with
a default keeps old journals readable; anything else changes `spec.FORMAT`.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from tui_transfer.job.fields import Count, Hexadecimal, Moment, Number, ProcessNumber, Seconds, check_moment
from tui_transfer.job.spec import Decision, Waiver
from tui_transfer.settings.config import ProxySettings, ShareboxSettings


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    at: Moment

    def __post_init__(self) -> None:
        check_moment(self.at)


class WorkerStarted(_Event, frozen=True, kw_only=True, tag="worker.started"):
    """A worker took the job, with what a person decided since the last one and the settings as they are."""

    pid: ProcessNumber
    program: str
    format: Count = 1
    """Of the lines that follow, as `spec.FORMAT` of the program that writes them."""
    spec: str | None = None
    """SHA-256 of the `job.json` that it works by."""
    who: Decision | None = None
    """The account that it runs under, on which machine, and who is behind it; earlier versions kept none."""
    sharebox: ShareboxSettings | None = None
    proxy: ProxySettings | None = None
    host_key: str | tuple[str, ...] | None = None
    """What a person accepted, as `Orders` has it."""


class RouteFailed(_Event, frozen=True, kw_only=True, tag="route.failed"):
    """A way to the Sharebox did not work, and the next one is tried."""

    route: str
    reason: str


class Waiting(_Event, frozen=True, kw_only=True, tag="sharebox.waiting"):
    """The connection was lost; attempt number `attempt` comes after `seconds`."""

    attempt: Count
    seconds: Seconds
    reason: str


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a Sharebox asks for, in its words; `hidden` where what is typed must not be shown."""

    text: str
    hidden: bool


class LoginAsked(_Event, frozen=True, kw_only=True, tag="sharebox.asked"):
    """The Sharebox asks a person something before it lets them in. `number` counts within one worker."""

    number: Count
    title: str
    text: str
    prompts: list[Prompt]


class LoginAnswered(_Event, frozen=True, kw_only=True, tag="sharebox.answered"):
    """The question of that number is over: an answer was `given`, or nobody gave one."""

    number: Count
    given: bool


class Connected(_Event, frozen=True, kw_only=True, tag="sharebox.connected"):
    """The Sharebox answered with the right key and accepted the credentials."""

    route: str
    """`direct`, `http`, `https` or `socks5`."""
    host_key: str
    said: str = ""
    """What the server had to say to whoever logs in, fit to be shown."""


class DatabaseSized(_Event, frozen=True, kw_only=True, tag="database.sized"):
    """How much there is to read of a database, before its turn comes: progress and time left count it."""

    database: Count
    size: Count


class DatabaseLocked(_Event, frozen=True, kw_only=True, tag="database.locked"):
    """Another program locks a database; the end of that is waited for, for so many seconds."""

    database: Count
    seconds: Seconds


class ArchiveStarted(_Event, frozen=True, kw_only=True, tag="archive.started"):
    """A database begins to be read and compressed (column C)."""

    database: Count
    kind: str
    """`file`, `set`, `folder` or `sqlite`."""
    size: Count
    files: Count
    modified: float | None = None
    """Newest change of its files, in seconds since 1970 by their disk's clock."""
    file_format: str = ""
    """Of a set, as a person calls it."""
    names: tuple[str, ...] = ()
    """Of the files of a set, the main one first."""
    left_out: tuple[str, ...] = ()
    """Names of files beside it, of the same stem, that stay."""
    renamed: Count = 0
    """How many of its names are stored otherwise, since not every system gives them back."""
    renames: tuple[tuple[str, str], ...] = ()
    """The first of them, and what they are stored as."""
    stamps: str = ""
    """Tells whether it is the same later, as `archive.source.Summary` has it; earlier versions kept none."""


class ArchiveLocked(_Event, frozen=True, kw_only=True, tag="archive.locked"):
    """The archives of the job are encrypted from now on with one passphrase, which is not told.

    The salt stands in the archives, too; `check` tells this passphrase from others.
    """

    salt: Hexadecimal
    check: Hexadecimal


class ArchiveKept(_Event, frozen=True, kw_only=True, tag="archive.kept"):
    """The archive that an earlier worker made whole is sent as it is.

    `changed` says that the database has changed since it was read: the archive holds its earlier state.
    """

    database: Count
    changed: bool


class PresetChosen(_Event, frozen=True, kw_only=True, tag="archive.preset"):
    """Blocks are packed with another preset from now on, and why. Written only where the preset changes."""

    database: Count
    preset: Number | None
    """0 to 9; the first journals have None for blocks that were stored."""
    reason: str
    """`start`: the link has not shown yet what it carries. `link-behind`: sending would end after packing,
    smaller blocks arrive sooner. `packing-behind`: packing would, blocks packed faster arrive sooner.
    `incompressible`: the data do not shrink, and are packed as quickly as shows when they do.
    """
    rate: Number
    """Bytes per second that the link is taken to carry."""
    backlog: Number
    """Bytes packed that had not been acknowledged."""
    left: Number
    """Bytes of the database that were still to be packed."""
    seconds: float
    """Until all of it is acknowledged, as expected."""
    instead: float | None = None
    """Of earlier versions: the same, had the preset before been kept."""


class ArchiveExpected(_Event, frozen=True, kw_only=True, tag="archive.expected"):
    """What places of a database shrink to, in thousandths, when they are packed quickly, each in the middle
    of an equal part of it: so it can be told what the rest of an archive will be like."""

    database: Count
    places: tuple[Count, ...]


class ArchiveProgress(_Event, frozen=True, kw_only=True, tag="archive.progress"):
    """`read` bytes of the source are now `packed` bytes of the archive, final on disk."""

    database: Count
    read: Count
    packed: Count


class ArchiveSealed(_Event, frozen=True, kw_only=True, tag="archive.sealed"):
    """The archive is whole: its size and SHA-256, and the size of what it holds."""

    database: Count
    size: Count
    sha256: str
    source_size: Count
    files: Count
    reused: Count = 0
    """Blocks that an earlier worker had packed."""
    manifest: str | None = None
    """SHA-256 of the manifest as it was written to the spool; None in journals of before it was kept."""
    beside: Count = 0
    """Bytes of all that will lie beside the archive."""
    content: str | None = None
    """SHA-256 that tells what it holds, as the manifest has it."""
    true_names: Count = 0
    """How many names it says itself that differ from those stored."""


class IntegrityChecked(_Event, frozen=True, kw_only=True, tag="database.checked"):
    """An SQLite database is looked at while it is packed, or was."""

    database: Count
    integrity: str
    """`running`, then `sound`, `damaged` or `unknown`: nobody can tell, or not in time."""
    found: str = ""
    """What was found, or what kept SQLite from telling, in its words."""
    seconds: Seconds = 0


class DamageWaived(_Event, frozen=True, kw_only=True, tag="database.waived"):
    """Somebody decided that a database is handed over although it is damaged."""

    database: Count
    waiver: Waiver


class SpoolDamaged(_Event, frozen=True, kw_only=True, tag="spool.damaged"):
    """Something in the spool is no longer what was written there; it is made again from the database.

    `unproven` says that nobody can tell: an earlier version wrote it in another form, or kept no hash of it.
    """

    database: Count
    part: str
    """`archive`, `manifest` or `snapshot`."""
    unproven: bool = False


class UploadStarted(_Event, frozen=True, kw_only=True, tag="upload.started"):
    """A database begins to be sent (column T), from `offset`: what lies before was checked to be there."""

    database: Count
    offset: Count
    read_back: Count = 0
    """Bytes of it that were read back over this connection already."""
    reads_after: Count | None = None
    """Bytes that are to be read once all is sent, at most, to verify it: few where it is read back before, 0
    where there is nothing to be read; `None` for all of the archive."""


class UploadProgress(_Event, frozen=True, kw_only=True, tag="upload.progress"):
    """`acknowledged` bytes of the archive were acknowledged by the Sharebox, and `read_back` of them were
    read back over this connection."""

    database: Count
    acknowledged: Count
    read_back: Count = 0


class VerificationProgress(_Event, frozen=True, kw_only=True, tag="verification.progress"):
    """What arrived is being compared: `checked` of the `total` bytes that are to be read for that."""

    database: Count
    checked: Count
    total: Count


class BesideProgress(_Event, frozen=True, kw_only=True, tag="beside.progress"):
    """`sent` of `total` bytes of what lies beside the archive were acknowledged by the Sharebox; of what is
    read back, half counts then.
    """

    database: Count
    sent: Count
    total: Count


class DeliveryStep(_Event, frozen=True, kw_only=True, tag="delivery.step"):
    """What is asked of the Sharebox next for one file of a database, written before it is asked.

    A worker that is cut or killed in between so leaves word of what it may have done.
    """

    database: Count
    file: str
    """The file's final name: that of the archive, or of one that lies beside it."""
    step: str
    """`sending`: its partial file is created, or written to again. `closing`: all of it was acknowledged, and
    it is closed. `renaming`: it gets its final name. `closed`: it was seen not to have got it. `free`: what
    is there under the partial name is another's after all.
    """


class DeliveryLost(_Event, frozen=True, kw_only=True, tag="delivery.lost"):
    """A file that the Sharebox had acknowledged is gone, for the time number `times`."""

    database: Count
    file: str
    times: Count


class TrialFollowed(_Event, frozen=True, kw_only=True, tag="sharebox.trial"):
    """A trial file was sent, to see what the Sharebox does with what it is given."""

    fate: str
    """`stayed`, `gone-at-close`, `gone-at-rename`, or `hidden`: nobody may look at what is there."""


class ArrivalSeen(_Event, frozen=True, kw_only=True, tag="delivery.arrived"):
    """One file of a database was seen to have arrived."""

    database: Count
    file: str
    path: str
    modified: Count | None = None
    """When the file was last written by the server's clock, in seconds since 1970."""
    evidence: dict[str, str]
    """What was seen, as `sharebox.delivery.evidence` names it."""


class Delivered(_Event, frozen=True, kw_only=True, tag="database.delivered"):
    """The archive arrived; `verified` says how it was checked."""

    database: Count
    path: str
    verified: str
    """`server-hash`, `read-back`, `size-only` or `none`."""
    read_meanwhile: bool = False
    """Of `read-back`: whether it was read while it was sent, and looked at again in places after the close;
    otherwise the whole was read after the close."""
    manifest_refused: str = ""
    """What the Sharebox has against the manifest, in French; the archive arrived without it."""
    refused: dict[str, str] = {}
    """The same of every file that was to lie beside the archive, by its name."""
    signed_by: str = ""
    """The public key of the manifest's signature, as `authorized_keys` has it; empty where there is none."""


class DatabaseFailed(_Event, frozen=True, kw_only=True, tag="database.failed"):
    """This worker can do no more for a database because of `problem`, one of `errors.Problem`, which is this
    one's alone: the others go on. A later worker tries it again."""

    database: Count
    problem: str
    details: dict[str, str] = {}


class JobSucceeded(_Event, frozen=True, kw_only=True, tag="job.succeeded"):
    """Every database was delivered; whether all were verified is in the state."""


class JobBlocked(_Event, frozen=True, kw_only=True, tag="job.blocked"):
    """The worker ended because of `problem`, one of `errors.Problem`; the job can be resumed.

    `database` is None for what concerned all of them; otherwise the others had their turn, and this is the
    first, in their order, of those that failed.
    """

    problem: str
    details: dict[str, str] = {}
    database: Count | None = None


Event: TypeAlias = (
    WorkerStarted
    | RouteFailed
    | Waiting
    | LoginAsked
    | LoginAnswered
    | Connected
    | DatabaseSized
    | DatabaseLocked
    | ArchiveStarted
    | ArchiveLocked
    | ArchiveKept
    | PresetChosen
    | ArchiveExpected
    | ArchiveProgress
    | ArchiveSealed
    | IntegrityChecked
    | DamageWaived
    | SpoolDamaged
    | UploadStarted
    | UploadProgress
    | VerificationProgress
    | BesideProgress
    | DeliveryStep
    | DeliveryLost
    | TrialFollowed
    | ArrivalSeen
    | Delivered
    | DatabaseFailed
    | JobSucceeded
    | JobBlocked
)

Measure: TypeAlias = ArchiveProgress | UploadProgress | VerificationProgress | BesideProgress
"""Events that only say how far something has come: a later one makes an earlier one useless."""
