"""What a receipt tells of a delivered job: who handed what over, when by whose clock, where, how verified."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from tui_transfer import __version__
from tui_transfer.job import audit
from tui_transfer.job.events import WorkerStarted
from tui_transfer.job.fields import Count, Moment
from tui_transfer.job.journal import JournalReader
from tui_transfer.job.spec import Decision, PrerequisiteTick, Waiver
from tui_transfer.job.state import JobState, JobStatus
from tui_transfer.preflight.statements import STATEMENTS
from tui_transfer.report.integrity import describe_integrity
from tui_transfer.system.decoding import from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_transfer.job.control import Job
    from tui_transfer.job.state import DatabaseState
    from tui_transfer.settings.config import ShareboxSettings

FORMAT: Final = 1


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Whatever comes after the first format keeps these fields, and may add others, with defaults."""


class Destination(_Part, frozen=True, kw_only=True):
    """Where databases were sent."""

    host: str
    port: int
    username: str
    directory: str

    @classmethod
    def of(cls, sharebox: ShareboxSettings) -> Destination:
        """That of settings."""
        return cls(
            host=sharebox.host,
            port=sharebox.port,
            username=sharebox.username,
            directory=sharebox.directory,
        )


class Handed(_Part, frozen=True, kw_only=True):
    """One database, as it was handed over. Sizes are bytes; hashes are SHA-256, in hexadecimal."""

    name: str
    archive: str
    path: str
    """On the Sharebox."""
    size: Count
    """Of the archive."""
    sha256: str
    source_size: Count | None = None
    files: Count | None = None
    left_out: tuple[str, ...] = ()
    control: str = ""
    """What SQLite said of it, and who let it go if it is damaged, in French."""
    """Files of the same name beside the database that were not taken."""
    read_at: Moment | None = None
    """When its reading began."""
    changed_since: bool = False
    """Whether the database is known to have changed between its reading and the end."""
    delivered_at: Moment | None = None
    """By the clock of the machine that sent it."""
    server_time: Moment | None = None
    """When the Sharebox last saw the archive written, by its own clock; None where it does not tell."""
    verified: str = "none"
    read_meanwhile: bool = False
    """Whether it was read back while it was sent, and again in places after that."""
    evidence: dict[str, str] = {}
    """What was seen of the archive, as the journal has it."""
    destination: Destination
    refused: dict[str, str] = {}
    """What was to lie beside the archive, and why the Sharebox refused it, in French."""
    signed_by: str = ""
    """The public key of the manifest's signature."""


class Answer(_Part, frozen=True, kw_only=True):
    """A file that the Sharebox put beside what was sent, and that is kept beside this receipt."""

    name: str
    size: Count
    sha256: str


class JournalEnd(_Part, frozen=True, kw_only=True):
    """Where the journal ended: its last line binds all those before."""

    lines: Count
    last_hash: str


class Receipt(_Part, frozen=True, kw_only=True):
    """The whole of a receipt. Times without another word are by the clock of the machine that sent."""

    format: Count = FORMAT
    program: str
    job: Annotated[str, Meta(pattern=r"\A\d{8}-\d{6}(-[0-9a-f]+)?\Z")]
    manager: str
    manager_id: str | None = None
    made: Decision
    """Who made this receipt, and when: the worker at its end, as a rule."""
    asked_at: Moment
    started_at: Moment | None = None
    ended_at: Moment | None = None
    by: tuple[Decision, ...] = ()
    """Who started each of the job's workers; of earlier versions nobody is known."""
    route: str | None = None
    """`direct`, `http`, `https` or `socks5`."""
    proxy: str | None = None
    host_key: str | None = None
    """The key that the Sharebox showed last: `SHA256:…`."""
    databases: tuple[Handed, ...]
    prerequisites: tuple[PrerequisiteTick, ...] = ()
    without: tuple[str, ...] = ()
    """The prerequisites that the transfer went without, in French."""
    waiver: Waiver | None = None
    """Who decided that."""
    answers: tuple[Answer, ...] = ()
    journal: JournalEnd
    order: str
    """SHA-256 of the `job.json`."""
    page: str = ""
    """SHA-256 of the page that says the same."""

    @property
    def verified(self) -> bool:
        """Whether the content of every database was compared on the Sharebox."""
        return all(item.verified in ("server-hash", "read-back") for item in self.databases)

    def encode(self) -> bytes:
        """The receipt as it is signed."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def decode(cls, content: bytes) -> Receipt:
        """Reads one.

        Raises:
            msgspec.DecodeError: it is none.
        """
        return from_json(content, cls)


def make_receipt(job: Job, answers: Sequence[Answer] = ()) -> Receipt | None:
    """The receipt of a job, from its journal; None where it is not delivered.

    Raises:
        TransferError: what keeps its folder from being read.
    """
    reader = JournalReader(job.journal, len(job.spec.databases))
    events = list(reader.read())
    audit.check_spec(job, events)
    state = JobState.fold(job.spec, events)
    if state.status is not JobStatus.SUCCEEDED:
        return None
    spec = job.spec
    ticked = {tick.key for tick in spec.prerequisites}
    missing = [item.text for item in STATEMENTS if item.key not in ticked]
    proxy = (state.proxy or spec.proxy) if state.route not in (None, "direct") else None
    return Receipt(
        program=f"tui-transfer {__version__}",
        job=spec.id,
        manager=spec.manager,
        manager_id=spec.manager_id,
        made=Decision.made_now(),
        asked_at=spec.created_at,
        started_at=state.started_at,
        ended_at=state.ended_at,
        by=tuple(event.who for event in events if isinstance(event, WorkerStarted) and event.who),
        route=state.route,
        proxy=f"{proxy.host}:{proxy.port}" if proxy else None,
        host_key=state.presented or (state.host_key if isinstance(state.host_key, str) else None),
        databases=tuple(_handed(item, state) for item in state.databases),
        prerequisites=spec.prerequisites,
        without=(*missing, *(spec.waiver.findings if spec.waiver else ())),
        waiver=spec.waiver,
        answers=tuple(answers),
        journal=JournalEnd(lines=reader.count, last_hash=reader.last_hash),
        order=audit.spec_hash(job),
    )


def _handed(item: DatabaseState, state: JobState) -> Handed:
    seen = item.sent[item.archive].arrival if item.archive in item.sent else None
    modified = seen.modified if seen else None
    return Handed(
        name=item.name,
        archive=item.archive,
        path=item.delivered_as or "",
        size=item.packed,
        sha256=item.sha256 or "",
        source_size=item.size,
        files=item.files,
        left_out=item.found.left_out if item.found else (),
        control=describe_integrity(item),
        read_at=item.read_at,
        changed_since=item.changed_since,
        delivered_at=item.delivered_at,
        server_time=None if modified is None else datetime.fromtimestamp(modified, UTC),
        verified=item.verified or "none",
        read_meanwhile=item.read_meanwhile,
        evidence=seen.evidence if seen else {},
        destination=Destination.of(item.destination or state.sharebox),
        refused=item.refused,
        signed_by=item.signed_by,
    )


def sha256(content: bytes) -> str:
    """As receipts have it."""
    return hashlib.sha256(content).hexdigest()
