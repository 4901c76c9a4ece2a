"""The manifest that lies beside an archive on the Sharebox: what is in it, to the byte, and who sent it.

What its fields mean stands here, in French, for those who receive it: the JSON Schema that ships
(`report/manifest.schema.json`) is made of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tui_transfer import __version__
from tui_transfer.job.beside import LIST
from tui_transfer.preflight.statements import STATEMENTS

if TYPE_CHECKING:
    from tui_transfer.archive.writer import Archive
    from tui_transfer.job.history import Earlier
    from tui_transfer.job.spec import JobSpec, Waiver
    from tui_transfer.worker.listing import Listing

FORMAT: Final = 2
"""Of the manifest. The first has `format`, `program`, `job`, `manager`, `database`, `created_at`, `archive`
and `files` alone; whatever comes after keeps them as they are."""

_FILE: Final = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "son nom, à partir de celui de la base"},
        "stored_as": {
            "type": "string",
            "description": "son nom dans l’archive, si tous les systèmes ne rendraient pas le sien",
        },
        "name_hex": {"type": "string", "description": "les octets de son nom, là où le texte ne le rend pas"},
        "size": {"type": "integer", "minimum": 0, "description": "en octets"},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
    "required": ["name", "size", "sha256"],
}
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="empreinte SHA-256, en hexadécimal")]


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has a default is left out where it is so."""


class ArchiveFacts(_Part, frozen=True, kw_only=True):
    """L’archive à côté de laquelle est ce manifeste."""

    name: Annotated[str, Meta(description="son nom sur Sharebox")]
    size: Annotated[int, Meta(ge=0, description="en octets")]
    sha256: Sha256


class FileList(_Part, frozen=True, kw_only=True):
    """La liste des fichiers, à part : du JSON comprimé par xz, un fichier par ligne."""

    name: Annotated[str, Meta(description="son nom sur Sharebox")]
    size: Annotated[int, Meta(ge=0, description="en octets, comprimée")]
    sha256: Sha256
    count: Annotated[int, Meta(ge=0, description="nombre de fichiers")]


class Position(_Part, frozen=True, kw_only=True):
    """La place de la base dans son transfert : « 1 sur 2 »."""

    number: Annotated[int, Meta(ge=1, description="à partir de 1")]
    of: Annotated[int, Meta(ge=1, description="nombre de bases du transfert")]


class Sister(_Part, frozen=True, kw_only=True):
    """Une autre base du même transfert."""

    database: str
    archive: Annotated[str, Meta(description="le nom de son archive, qui a son propre manifeste")]


class Prerequisite(_Part, frozen=True, kw_only=True):
    """Un prérequis du transfert."""

    key: str
    text: str
    ticked_by: Annotated[str | None, Meta(description="le compte qui l’a coché ; absent : pas coché")] = None
    ticked_at: datetime | None = None


class WaiverFacts(_Part, frozen=True, kw_only=True):
    """La décision de transférer sans que tous les prérequis soient remplis."""

    by: Annotated[str, Meta(description="le compte qui a décidé")]
    at: datetime
    asked: Annotated[
        bool, Meta(description="vrai : en réponse à une question qui les nommait ; faux : d’avance (--yes)")
    ]
    findings: Annotated[
        tuple[str, ...], Meta(description="ce que le programme a constaté, outre les prérequis non cochés")
    ] = ()


class Supersedes(_Part, frozen=True, kw_only=True):
    """La remise précédente de la même base, depuis le même poste : celle-ci la remplace."""

    job: Annotated[str, Meta(description="référence de son transfert")]
    archive: str
    sha256: Annotated[Sha256, Meta(description="empreinte de son archive")]
    delivered_at: datetime | None = None
    same_content: Annotated[
        bool | None, Meta(description="vrai : les fichiers étaient les mêmes, à l’octet ; absent : inconnu")
    ] = None


class Manifest(_Part, frozen=True, kw_only=True):
    """Le manifeste d’une archive. Dans le format 1, les clés qui ont une valeur par défaut manquent."""

    format: Annotated[int, Meta(description="version de ce format : 2")]
    program: Annotated[str, Meta(description="programme et version qui l’ont écrit")]
    job: Annotated[str, Meta(description="référence du transfert")]
    manager_id: Annotated[
        str | None, Meta(description="numéro du gestionnaire : SIRET ou autre ; absent s’il n’en a pas donné")
    ] = None
    manager: Annotated[str, Meta(description="nom du gestionnaire")]
    contact: Annotated[str | None, Meta(description="qui interroger à propos du transfert")] = None
    database: Annotated[str, Meta(description="nom de la base, comme le gestionnaire l’appelle")]
    kind: Annotated[
        str | None,
        Meta(description="file : un fichier ; folder : un dossier ; set : plusieurs fichiers ; sqlite"),
    ] = None
    position: Position | None = None
    sisters: Annotated[tuple[Sister, ...], Meta(description="les autres bases du transfert")] = ()
    created_at: Annotated[datetime, Meta(description="quand le transfert a été demandé")]
    read_at: Annotated[datetime | None, Meta(description="quand la lecture de la base a commencé")] = None
    archive: ArchiveFacts
    encrypted: Annotated[
        str | None,
        Meta(
            description="7zAES : l’archive s’ouvre avec une phrase secrète ; files est vide, et content "
            "manque"
        ),
    ] = None
    true_names: Annotated[
        int,
        Meta(
            ge=0,
            description="d’une archive chiffrée : nombre de noms que Windows ou macOS ne rendraient pas ; "
            "elle les donne elle-même, dans noms-d-origine.json",
        ),
    ] = 0
    verified: Annotated[
        str | None,
        Meta(
            description="comment l’archive arrivée a été contrôlée : server-hash, par l’empreinte que "
            "Sharebox a calculée ; read-back, par relecture ; size-only, par sa taille ; none : pas du tout"
        ),
    ] = None
    prerequisites: tuple[Prerequisite, ...] = ()
    waiver: WaiverFacts | None = None
    damage_waiver: Annotated[
        WaiverFacts | None, Meta(description="la décision de transférer une base que SQLite dit endommagée")
    ] = None
    supersedes: Supersedes | None = None
    content: Annotated[
        Sha256 | None,
        Meta(
            description="empreinte SHA-256 de ce que « sha256sum » dit des fichiers, dans leur ordre : égale "
            "pour des contenus égaux, de quelque façon qu’ils soient comprimés"
        ),
    ] = None
    files_list: Annotated[
        FileList | None,
        Meta(description="au-delà de 256 Kio de liste, à la place de files"),
    ] = None
    files: Annotated[
        msgspec.Raw | UnsetType,
        Meta(
            description="les fichiers de l’archive, un par ligne",
            extra_json_schema={"type": "array", "items": _FILE},
        ),
    ] = UNSET


@dataclass(frozen=True)
class Read:
    """What is known of a database that was read, beside its archive.

    Attributes:
        kind: as `SourceKind` has it.
        at: when its reading began.
        listing: its files.
        earlier: what was delivered of it before, from here.
        damage_waiver: the decision to hand it over although it is damaged.
    """

    kind: str
    at: datetime
    listing: Listing
    earlier: Earlier | None
    damage_waiver: Waiver | None = None


def make_manifest(spec: JobSpec, index: int, archive: Archive, read: Read) -> Manifest:
    """What is known of an archive once it is whole: all but how it was verified, which `verified` is for.

    Args:
        spec: of the job.
        index: which of its databases.
        archive: what was made of it.
        read: what it was made of.
    """
    database, listing = spec.databases[index], read.listing
    return Manifest(
        format=FORMAT,
        program=f"tui-transfer {__version__}",
        job=spec.id,
        manager_id=spec.manager_id,
        manager=spec.manager,
        contact=spec.contact,
        database=database.name,
        created_at=spec.created_at,
        read_at=read.at,
        archive=ArchiveFacts(name=database.archive, size=archive.size, sha256=archive.sha256),
        kind=read.kind,
        position=Position(number=index + 1, of=len(spec.databases)),
        sisters=tuple(
            Sister(database=other.name, archive=other.archive)
            for other in spec.databases
            if other is not database
        ),
        encrypted="7zAES" if spec.encrypt else None,
        true_names=archive.true_names,
        prerequisites=_prerequisites(spec),
        waiver=_waiver(spec.waiver),
        damage_waiver=_waiver(read.damage_waiver),
        supersedes=_supersedes(read),
        content=listing.content,
        files_list=_beside(database.archive, listing),
        files=msgspec.Raw(listing.within) if listing.within else UNSET,
    )


def encode(manifest: Manifest) -> bytes:
    """The manifest as it is written: JSON, with a line for each file, to be read and compared with the usual
    tools, and no spaces.
    """
    return msgspec.json.encode(manifest) + b"\n"


def decode(content: bytes) -> Manifest:
    """Reads a manifest of any format.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return msgspec.json.decode(content, type=Manifest)


def verified(draft: Manifest, verification: str) -> Manifest:
    """The manifest that was made before its archive was sent, with how that was verified."""
    return msgspec.structs.replace(draft, verified=verification)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a manifest."""
    (made,), parts = msgspec.json.schema_components([Manifest], ref_template="#/$defs/{name}")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Manifeste de tui-transfer"}
    return {**head, **made, "$defs": parts}


def _prerequisites(spec: JobSpec) -> tuple[Prerequisite, ...]:
    ticks = {tick.key: tick for tick in spec.prerequisites}
    return tuple(
        Prerequisite(
            key=item.key,
            text=item.text,
            ticked_by=ticks[item.key].by if item.key in ticks else None,
            ticked_at=ticks[item.key].at if item.key in ticks else None,
        )
        for item in STATEMENTS
    )


def _waiver(given: Waiver | None) -> WaiverFacts | None:
    if given is None:
        return None
    return WaiverFacts(by=given.by, at=given.at, asked=given.asked, findings=given.findings)


def _supersedes(read: Read) -> Supersedes | None:
    if (earlier := read.earlier) is None:
        return None
    known, before = earlier.state, earlier.spec
    contents = (known.content, read.listing.content)
    return Supersedes(
        job=before.id,
        archive=known.archive,
        sha256=known.sha256 or "",
        delivered_at=known.delivered_at,
        same_content=None if None in contents else contents[0] == contents[1],
    )


def _beside(archive: str, listing: Listing) -> FileList | None:
    if (content := listing.beside) is None:
        return None
    sha256 = hashlib.sha256(content).hexdigest()
    return FileList(name=archive + LIST, size=len(content), sha256=sha256, count=listing.count)
