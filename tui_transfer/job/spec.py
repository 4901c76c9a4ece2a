"""What a job is to do, as it is kept in `job.json`. No secret is ever in it."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import msgspec
from msgspec import Meta

from tui_transfer import __version__
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.fields import Count, Line, Moment, Place, check_moment
from tui_transfer.settings.config import (
    Compression,
    Days,
    FileName,
    Mail,
    ManagerNumber,
    Minutes,
    ProxySettings,
    ShareboxSettings,
)
from tui_transfer.settings.host_keys import are_fingerprints
from tui_transfer.system import account
from tui_transfer.system.decoding import from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tui_transfer.settings.config import Settings

FORMAT: Final = 1
"""The version of the job folder's files (`job.json` and `journal.jsonl`)."""

STAMP: Final = "%Y%m%d-%H%M%S"
"""How a job's time is written in its name and in those of its archives."""

_ID_BYTES: Final = 8
"""What is drawn for each job: no two bear the same name, whichever clocks and machines made them."""
_SLUG_LENGTH: Final = 40
_DIGEST_LENGTH: Final = 8
_DIGEST: Final = re.compile(r"[0-9a-f]{8}")

ArchiveName = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_-]*\.7z\Z", max_length=200)]
"""A name in the folder of the Sharebox: never the way to another folder."""


class DatabaseSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A database to hand over, and the name its archive takes on the Sharebox."""

    name: Line
    path: Annotated[str, Meta(pattern=r"\A[^\0]+\Z")]
    archive: ArchiveName
    also: tuple[FileName, ...] = ()
    """As `DatabaseSettings` has it, like the next one."""
    without: tuple[FileName, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided: the account that ran the program, and when. Old ones know no more than these."""

    by: Line
    at: Moment
    sudo_user: Line | None = None
    """As `system.account.Account` has it, like the next two."""
    logname: Line | None = None
    host: Line | None = None

    def __post_init__(self) -> None:
        check_moment(self.at)

    @classmethod
    def made_now(cls, **decision: Any) -> Self:
        """A decision of whoever runs this process; `decision` is what else the struct holds."""
        who = account.current()
        return cls(
            by=who.name,
            at=datetime.now().astimezone(),
            sudo_user=who.sudo_user,
            logname=who.logname,
            host=who.host,
            **decision,
        )


class PrerequisiteTick(Decision, frozen=True, kw_only=True):
    """A prerequisite that a person ticked."""

    key: Line


class Waiver(Decision, frozen=True, kw_only=True):
    """The decision to go on although prerequisites were not met."""

    asked: bool
    """Whether a person answered a question that named them; otherwise all was confirmed in advance."""
    findings: tuple[Line, ...] = ()
    """What the program itself found, in French; what was not ticked is told by `JobSpec.prerequisites`."""


class JobSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What to do. Written once, when the job is created."""

    format: Count = FORMAT
    id: str
    sequence: Place = 0
    """Its place among the jobs and refused attempts of its home; 0 until it is created there, and for jobs
    of before they were numbered."""
    created_at: Moment
    program: str = __version__
    manager: Line
    manager_id: ManagerNumber | None = None
    contact: Line | None = None
    """Whom to ask about the transfer."""
    sharebox: ShareboxSettings
    proxy: ProxySettings | None = None
    databases: Annotated[tuple[DatabaseSpec, ...], Meta(min_length=1)]
    recipients: tuple[Mail, ...]
    prerequisites: tuple[PrerequisiteTick, ...] = ()
    waiver: Waiver | None = None
    """None where every prerequisite was met."""
    retry_for: Minutes = 30
    """Minutes for which a lost connection is tried again."""
    compression: Compression = "auto"
    """How hard blocks are packed."""
    encrypt: bool = False
    """Whether archives are encrypted."""
    retention_days: Days = 365
    """How long verified jobs of the home, and receipts, are kept."""

    def __post_init__(self) -> None:
        check_moment(self.created_at)
        if len({database.archive for database in self.databases}) < len(self.databases):
            raise ValueError("two archives of one name")

    def encode(self) -> bytes:
        """The content of `job.json`."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def decode(cls, content: bytes, file: Path) -> JobSpec:
        """Reads `job.json`.

        Raises:
            TransferError: JOURNAL_NEWER where a later version of the program wrote it, JOURNAL_INVALID.
        """
        try:
            found = from_json(content, _Versioned).format
            if found > FORMAT:
                raise TransferError(Problem.JOURNAL_NEWER, file=file, found=found, known=FORMAT)
            spec = from_json(content, cls)
            if not are_fingerprints(spec.sharebox.host_key):
                raise msgspec.ValidationError("no fingerprint - at `$.sharebox.host_key`")
            return spec
        except msgspec.DecodeError as error:
            reason = f"il est illisible ({error})"
            raise TransferError(Problem.JOURNAL_INVALID, file=file, line=1, reason=reason) from error


class _Versioned(msgspec.Struct):
    format: Count = FORMAT


def make_spec(
    settings: Settings,
    databases: Sequence[tuple[str, Path]],
    now: datetime,
    prerequisites: Sequence[PrerequisiteTick] = (),
    waiver: Waiver | None = None,
) -> JobSpec:
    """A new job for `databases`, pairs of name and absolute path, in the order given.

    One that bears a name of the settings is the one that is there, with the files chosen beside it.

    Raises:
        TransferError: DATABASE_NONE.
    """
    if not databases:
        raise TransferError(Problem.DATABASE_NONE)
    job = f"{now.strftime(STAMP)}-{secrets.token_hex(_ID_BYTES)}"
    manager = slug(settings.manager.name, titled)
    if settings.manager.id is not None:
        manager = f"{settings.manager.id}_{manager}"
    known = {database.name: database for database in settings.databases}
    return JobSpec(
        id=job,
        created_at=now,
        manager=settings.manager.name,
        manager_id=settings.manager.id,
        contact=settings.manager.contact,
        sharebox=settings.sharebox,
        proxy=settings.proxy,
        databases=tuple(
            DatabaseSpec(
                name=name,
                path=str(path),
                archive=f"{manager}_{slug(name, str.capitalize)}_{job}.7z",
                also=known[name].also if name in known else (),
                without=known[name].without if name in known else (),
            )
            for name, path in databases
        ),
        recipients=settings.report.recipients,
        prerequisites=tuple(prerequisites),
        waiver=waiver,
        retry_for=settings.transfer.retry_for,
        compression=settings.transfer.compression,
        encrypt=settings.transfer.encrypt,
        retention_days=settings.retention.days,
    )


def slug(text: str, plain: Callable[[str], str]) -> str:
    """`text` as 1 to 40 lower-case ASCII letters, digits and hyphens; another text has another slug.

    A text that its slug gives back stands as it is: `Association Exemple` is `association-exemple`. Any
    other, whose capitals, accents, signs or end are lost, has the beginning of its SHA-256 at the end:
    `Loisirs & Sport` is `loisirs-sport-48033b83`.

    Args:
        text: a name that a person gave.
        plain: how the words of a slug are written, with spaces between them: `titled` or `str.capitalize`.
    """
    words = _words(text)
    readable = "-".join(words)
    kept = text == plain(" ".join(words)) and 0 < len(readable) <= _SLUG_LENGTH
    if kept and not _DIGEST.fullmatch(words[-1]):  # which the slug of another text may end in
        return readable
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    readable = readable[: _SLUG_LENGTH - 1 - _DIGEST_LENGTH].strip("-")
    return f"{readable or 'sans-nom'}-{digest}"


def titled(words: str) -> str:
    """`words` with a capital each, as the names of associations are written."""
    return " ".join(word.capitalize() for word in words.split())


def _words(text: str) -> list[str]:
    """The letters and digits of `text` as words of lower-case ASCII."""
    # NFKD splits accents off; the ligatures of French do not decompose and are spelt out.
    spelt = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE")
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode().lower()
    return re.findall("[a-z0-9]+", plain)
