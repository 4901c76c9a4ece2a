"""What happens during a job, one small frozen struct an event.

Events are what the journal holds, what `--json` prints, and what `JobState` is folded from. Sizes are
bytes; `database` is the position of a database in the job's specification, from 0. Adding a field with
a default keeps old journals readable; anything else changes `spec.FORMAT`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from tui_transfer.settings.config import ProxySettings, ShareboxSettings


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    at: datetime


class WorkerStarted(_Event, frozen=True, kw_only=True, tag="worker.started"):
    """A worker took the job, with what a person decided since the last one and the settings as they are."""

    pid: int
    program: str
    format: int = 1
    """Of the lines that follow, as `spec.FORMAT` of the program that writes them."""
    spec: str | None = None
    """SHA-256 of the `job.json` that it works by."""
    sharebox: ShareboxSettings | None = None
    proxy: ProxySettings | None = None
    host_key: str | None = None


class RouteFailed(_Event, frozen=True, kw_only=True, tag="route.failed"):
    """A way to the Sharebox did not work, and the next one is tried."""

    route: str
    reason: str


class Waiting(_Event, frozen=True, kw_only=True, tag="sharebox.waiting"):
    """The connection was lost; attempt number `attempt` comes after `seconds`."""

    attempt: int
    seconds: float
    reason: str


class Connected(_Event, frozen=True, kw_only=True, tag="sharebox.connected"):
    """The Sharebox answered with the right key and accepted the credentials."""

    route: str
    """`direct`, `http`, `https` or `socks5`."""
    host_key: str


class DatabaseSized(_Event, frozen=True, kw_only=True, tag="database.sized"):
    """How much there is to read of a database, before its turn comes: progress and time left count it."""

    database: int
    size: int


class ArchiveStarted(_Event, frozen=True, kw_only=True, tag="archive.started"):
    """A database begins to be read and compressed (column C)."""

    database: int
    kind: str
    """`file`, `folder` or `sqlite`."""
    size: int
    files: int
    modified: float | None = None
    """Newest change of its files, in seconds since 1970 by their disk's clock."""


class ArchiveKept(_Event, frozen=True, kw_only=True, tag="archive.kept"):
    """The archive that an earlier worker made whole is sent as it is.

    `changed` says that the database has changed since it was read: the archive holds its earlier state.
    """

    database: int
    changed: bool


class PresetChosen(_Event, frozen=True, kw_only=True, tag="archive.preset"):
    """Blocks are packed with another preset from now on, and why. Written only where the preset changes."""

    database: int
    preset: int | None
    """0 to 9; journals of before Deflate was among them have None for blocks that were stored."""
    reason: str
    """`start`, `link-behind`, `packing-behind` or `incompressible`: see `worker.pacing.Reason`."""
    rate: int
    """Bytes per second that the link is taken to carry."""
    backlog: int
    """Bytes packed that had not been acknowledged."""
    left: int
    """Bytes of the database that were still to be packed."""
    seconds: float
    """Until all of it is acknowledged, as expected."""
    instead: float | None = None
    """The same, had the preset before been kept."""


class ArchiveProgress(_Event, frozen=True, kw_only=True, tag="archive.progress"):
    """`read` bytes of the source are now `packed` bytes of the archive, final on disk."""

    database: int
    read: int
    packed: int


class ArchiveSealed(_Event, frozen=True, kw_only=True, tag="archive.sealed"):
    """The archive is whole: its size and SHA-256, and the size of what it holds."""

    database: int
    size: int
    sha256: str
    source_size: int
    files: int
    reused: int = 0
    """Blocks that an earlier worker had packed."""


class UploadStarted(_Event, frozen=True, kw_only=True, tag="upload.started"):
    """A database begins to be sent (column T), from `offset`: what lies before was checked to be there."""

    database: int
    offset: int


class UploadProgress(_Event, frozen=True, kw_only=True, tag="upload.progress"):
    """`acknowledged` bytes of the archive were acknowledged by the Sharebox."""

    database: int
    acknowledged: int


class VerificationProgress(_Event, frozen=True, kw_only=True, tag="verification.progress"):
    """What arrived is being compared: `checked` of `total` bytes."""

    database: int
    checked: int
    total: int


class DeliveryStep(_Event, frozen=True, kw_only=True, tag="delivery.step"):
    """What is asked of the Sharebox next for one file of a database, written before it is asked.

    A worker that is cut or killed in between so leaves word of what it may have done.
    """

    database: int
    file: str
    """The file's final name: that of the archive, or of one that lies beside it."""
    step: str
    """`sending`: its partial file is created, or written to again. `closing`: all of it was acknowledged, and
    it is closed. `renaming`: it gets its final name. `closed`: it was seen not to have got it. `free`: what
    is there under the partial name is another's after all.
    """


class DeliveryLost(_Event, frozen=True, kw_only=True, tag="delivery.lost"):
    """A file that the Sharebox had acknowledged is gone, for the time number `times`."""

    database: int
    file: str
    times: int


class TrialFollowed(_Event, frozen=True, kw_only=True, tag="sharebox.trial"):
    """A trial file was sent, to see what the Sharebox does with what it is given."""

    fate: str
    """`stayed`, `gone-at-close`, `gone-at-rename`, or `hidden`: nobody may look at what is there."""


class ArrivalSeen(_Event, frozen=True, kw_only=True, tag="delivery.arrived"):
    """One file of a database was seen to have arrived."""

    database: int
    file: str
    path: str
    evidence: dict[str, str]
    """What was seen, as `sharebox.delivery.evidence` names it."""


class Delivered(_Event, frozen=True, kw_only=True, tag="database.delivered"):
    """The archive and its manifest arrived; `verified` says how the archive was checked."""

    database: int
    path: str
    verified: str
    """`server-hash`, `read-back`, `size-only` or `none`."""


class JobSucceeded(_Event, frozen=True, kw_only=True, tag="job.succeeded"):
    """Every database was delivered; whether all were verified is in the state."""


class JobBlocked(_Event, frozen=True, kw_only=True, tag="job.blocked"):
    """The worker ended because of `problem`, one of `errors.Problem`; the job can be resumed."""

    problem: str
    details: dict[str, str] = {}
    database: int | None = None


Event: TypeAlias = (
    WorkerStarted
    | RouteFailed
    | Waiting
    | Connected
    | DatabaseSized
    | ArchiveStarted
    | ArchiveKept
    | PresetChosen
    | ArchiveProgress
    | ArchiveSealed
    | UploadStarted
    | UploadProgress
    | VerificationProgress
    | DeliveryStep
    | DeliveryLost
    | TrialFollowed
    | ArrivalSeen
    | Delivered
    | JobSucceeded
    | JobBlocked
)

Measure: TypeAlias = ArchiveProgress | UploadProgress | VerificationProgress
"""Events that only say how far something has come: a later one makes an earlier one useless."""
