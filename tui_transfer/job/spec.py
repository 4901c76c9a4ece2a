"""What a job is to do, as it is kept in `job.json`. No secret is ever in it."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer import __version__
from tui_transfer.errors import Problem, TransferError
from tui_transfer.settings.config import Compression, ProxySettings, ShareboxSettings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui_transfer.settings.config import Settings

FORMAT: Final = 1
"""The version of the job folder's files (`job.json` and `journal.jsonl`)."""

STAMP: Final = "%Y%m%d-%H%M%S"
"""How a job's time is written in its name and in those of its archives."""


class DatabaseSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A database to hand over, and the name its archive takes on the Sharebox."""

    name: str
    path: str
    archive: str


class PrerequisiteTick(msgspec.Struct, frozen=True, kw_only=True):
    """A prerequisite that a person ticked: which, by whom, when."""

    key: str
    by: str
    at: datetime


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """The decision to go on although prerequisites were not met: by whom, when."""

    by: str
    at: datetime
    asked: bool
    """Whether a person answered a question that named them; otherwise all was confirmed in advance."""
    findings: tuple[str, ...] = ()
    """What the program itself found, in French; what was not ticked is told by `JobSpec.prerequisites`."""


class JobSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What to do. Written once, when the job is created."""

    format: int = FORMAT
    id: str
    created_at: datetime
    program: str = __version__
    manager: str
    sharebox: ShareboxSettings
    proxy: ProxySettings | None = None
    databases: tuple[DatabaseSpec, ...]
    recipients: tuple[str, ...]
    prerequisites: tuple[PrerequisiteTick, ...] = ()
    waiver: Waiver | None = None
    """None where every prerequisite was met."""
    retry_for: int = 30
    """Minutes for which a lost connection is tried again."""
    compression: Compression = "auto"
    """How hard blocks are packed."""

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
            found = msgspec.json.decode(content, type=_Versioned).format
            if found > FORMAT:
                raise TransferError(Problem.JOURNAL_NEWER, file=file, found=found, known=FORMAT)
            return msgspec.json.decode(content, type=cls)
        except msgspec.DecodeError as error:
            raise TransferError(Problem.JOURNAL_INVALID, file=file, line=1, reason=error) from error


class _Versioned(msgspec.Struct):
    format: int = FORMAT


def make_spec(
    settings: Settings,
    databases: Sequence[tuple[str, Path]],
    now: datetime,
    prerequisites: Sequence[PrerequisiteTick] = (),
    waiver: Waiver | None = None,
) -> JobSpec:
    """A new job for `databases`, pairs of name and absolute path, in the order given.

    Raises:
        TransferError: DATABASE_NONE.
    """
    if not databases:
        raise TransferError(Problem.DATABASE_NONE)
    stamp = now.strftime(STAMP)
    return JobSpec(
        id=f"{stamp}-{secrets.token_hex(2)}",
        created_at=now,
        manager=settings.manager.name,
        sharebox=settings.sharebox,
        proxy=settings.proxy,
        databases=tuple(
            DatabaseSpec(name=name, path=str(path), archive=archive)
            for (name, path), archive in zip(
                databases,
                _archive_names(settings.manager.name, [name for name, _ in databases], stamp),
                strict=True,
            )
        ),
        recipients=settings.report.recipients,
        prerequisites=tuple(prerequisites),
        waiver=waiver,
        retry_for=settings.transfer.retry_for,
        compression=settings.transfer.compression,
    )


def slug(text: str, limit: int = 40) -> str:
    """`text` in lower-case ASCII letters, digits and hyphens, at most `limit` long, never empty."""
    # NFKD splits accents off; the ligatures of French do not decompose and are spelt out.
    spelt = text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE")
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:limit].strip("-") or "sans-nom"


def _archive_names(manager: str, names: Sequence[str], stamp: str) -> list[str]:
    """`<manager>_<database>_<stamp>.7z`, made different where two names give the same slug."""
    taken: set[str] = set()
    result = []
    for name in names:
        base = candidate = slug(name)
        number = 2
        while candidate in taken:
            candidate = f"{base}-{number}"
            number += 1
        taken.add(candidate)
        result.append(f"{slug(manager)}_{candidate}_{stamp}.7z")
    return result
