"""The manifest that lies beside an archive on the Sharebox: what is in it, to the byte, and who sent it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from tui_transfer import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_transfer.archive.writer import Archive, ArchivedFile
    from tui_transfer.job.spec import JobSpec

FORMAT: Final = 2
"""Of the manifest. The first has `format`, `program`, `job`, `manager`, `database`, `created_at`, `archive`
and `files` alone; whatever comes after keeps them as they are."""


class ArchiveFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The archive that a manifest lies beside."""

    name: str
    size: int
    sha256: str


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the databases of its transfer this is: number `number`, from 1, of `of`."""

    number: int
    of: int


class Sister(msgspec.Struct, frozen=True, kw_only=True):
    """Another database of the same transfer."""

    database: str
    archive: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The whole of a manifest. What has a default is not in those of the first format."""

    format: int
    program: str
    job: str
    manager_id: str | None = None
    manager: str
    contact: str | None = None
    database: str
    created_at: datetime
    archive: ArchiveFacts
    kind: str | None = None
    position: Position | None = None
    sisters: tuple[Sister, ...] = ()
    verified: str | None = None
    files: msgspec.Raw


def make_manifest(spec: JobSpec, index: int, kind: str, archive: Archive) -> Manifest:
    """What is known of an archive once it is whole: all but how it was verified, which `verified` is for.

    Args:
        spec: of the job.
        index: which of its databases.
        kind: of the database, as `SourceKind` has it.
        archive: what was made of it.
    """
    database = spec.databases[index]
    return Manifest(
        format=FORMAT,
        program=f"tui-transfer {__version__}",
        job=spec.id,
        manager_id=spec.manager_id,
        manager=spec.manager,
        contact=spec.contact,
        database=database.name,
        created_at=spec.created_at,
        archive=ArchiveFacts(name=database.archive, size=archive.size, sha256=archive.sha256),
        kind=kind,
        position=Position(number=index + 1, of=len(spec.databases)),
        sisters=tuple(
            Sister(database=other.name, archive=other.archive)
            for other in spec.databases
            if other is not database
        ),
        files=_listed(archive.entries),
    )


def encode(manifest: Manifest) -> bytes:
    """The manifest as it is written: JSON, with a line for each file, to be read and compared with the usual
    tools, and no spaces.
    """
    return msgspec.json.encode(manifest) + b"\n"


def verified(draft: bytes, verification: str) -> bytes:
    """The manifest of which `draft` was written before its archive was sent, with how that was verified.

    Raises:
        msgspec.DecodeError: the draft is none.
    """
    manifest = msgspec.json.decode(draft, type=Manifest)
    return encode(msgspec.structs.replace(manifest, verified=verification))


def _listed(entries: Iterable[ArchivedFile]) -> msgspec.Raw:
    files = (
        msgspec.json.encode({"name": entry.name, "size": entry.size, "sha256": entry.sha256})
        for entry in entries
    )
    return msgspec.Raw(b"[\n" + b",\n".join(files) + b"\n]")
