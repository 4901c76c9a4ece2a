"""What a database is made of: looked at quickly for a list, or listed in full to be archived.

This module stays light: the list of databases and the prerequisites need it before anything heavy is
loaded.

How links are treated: a database given as a link is the file or folder it leads to. Inside a folder, a
link to a file of that same folder is stored as that file's content. 7-Zip would not give a stored link
back: `7zz x` ignores as "dangerous" any target with ``..`` and any link through another link, and
Windows only lets administrators create links. Every other link is refused by name: one that leaves the
folder, leads nowhere, or leads to a folder (whose content is stored where it really is).
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_transfer.archive.disk import open_unlinked, reading, unreadable
from tui_transfer.archive.stamp import Stamp
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system.files import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SQLITE_MAGIC: Final = b"SQLite format 3\0"
WAL_SUFFIX: Final = "-wal"

_FRAMED: Final = 8000
"""Bytes of data that are stored with one byte beside them, at most."""
_NAMELESS: Final = "base"  # what the root of a drive is called in its archive
_MOUNT_POINT: Final = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT: a junction, Windows' link to a folder
_SPECIAL_KINDS: Final = {
    stat.S_IFIFO: "un tube nommé (FIFO)",
    stat.S_IFSOCK: "une socket",
    stat.S_IFCHR: "un périphérique",
    stat.S_IFBLK: "un périphérique",
}


class SourceKind(StrEnum):
    """How a database is read."""

    FILE = "file"
    FOLDER = "folder"
    SQLITE = "sqlite"


@dataclass(frozen=True)
class Summary:
    """What a list shows of a database.

    Attributes:
        size: bytes.
        modified: newest change, in seconds since 1970.
        files: how many.
        log: bytes of an SQLite database that are still in its write-ahead log.
    """

    kind: SourceKind
    size: int
    modified: float
    files: int
    log: int = 0

    @property
    def space_needed(self) -> int:
        """Bytes that its archive takes at worst: nothing packs, and an SQLite database is first copied."""
        size = self.size + self.log
        archive = size + size // _FRAMED
        return size + archive if self.kind is SourceKind.SQLITE else archive


class Item(NamedTuple):
    """One file or folder to archive.

    Attributes:
        name: its name in the archive, parts separated by ``/``, beginning with the database's own.
        path: where its bytes are read.
        mode: type and permission bits, as in `os.stat_result.st_mode`.
        modified_ns: time of last change recorded in the archive.
        stamp: what its file must still be after it was read; `None` for a folder.
    """

    name: str
    path: str
    mode: int
    modified_ns: int
    stamp: Stamp | None


@dataclass(frozen=True)
class Source:
    """A database, resolved, and all that will be archived of it, in a stable order.

    Attributes:
        summary: what `summarize` told at the moment when this was listed.
    """

    path: Path
    summary: Summary
    items: tuple[Item, ...]

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(item.stamp.size for item in self.items if item.stamp)


def summarize(path: Path) -> Summary:
    """Looks at a database without reading its content.

    Raises:
        TransferError: `DATABASE_MISSING`, `DATABASE_UNREADABLE` or `DATABASE_LOCKED`.
    """
    root, info = _locate(path)
    if stat.S_ISDIR(info.st_mode):
        return _summary_of_folder(info, (found for _, _, found in _walk(str(root))))
    return _summary_of_file(str(root), info)


def list_source(database: Path) -> Source:
    """Lists everything of a database that will be archived.

    Raises:
        TransferError: `DATABASE_MISSING`, `DATABASE_UNREADABLE`, `DATABASE_LOCKED`, or, naming what
            cannot be archived, `DATABASE_LINK`, `DATABASE_SPECIAL_FILE` or `DATABASE_FILE_NAME`.
    """
    root, info = _locate(database)
    name = root.name or _NAMELESS
    if stat.S_ISDIR(info.st_mode):
        walked = list(_walk(str(root)))
        items = tuple(_item(str(root), name, relative, path, found) for relative, path, found in walked)
        return Source(root, _summary_of_folder(info, (found for _, _, found in walked)), items)
    summary = _summary_of_file(str(root), info)
    return Source(root, summary, (_item(str(root), name, "", str(root), info),))


def _summary_of_folder(folder: os.stat_result, content: Iterable[os.stat_result]) -> Summary:
    files = [found for found in content if stat.S_ISREG(found.st_mode)]
    newest = max((found.st_mtime for found in files), default=folder.st_mtime)
    return Summary(SourceKind.FOLDER, sum(found.st_size for found in files), newest, len(files))


def _summary_of_file(path: str, info: os.stat_result) -> Summary:
    kind = _kind_of_file(path, info)
    if kind is SourceKind.SQLITE and (log := _lstat(f"{path}{WAL_SUFFIX}")):
        return Summary(kind, info.st_size, max(info.st_mtime, log.st_mtime), 1, log.st_size)
    return Summary(kind, info.st_size, info.st_mtime, 1)


def find_nested(paths: Sequence[Path]) -> tuple[Path, Path] | None:
    """The first pair, as given, of which one (returned first) is the other or lies within it."""
    resolved = [(given, Path(os.path.realpath(given))) for given in paths]
    for position, (given, path) in enumerate(resolved):
        for earlier_given, earlier in resolved[:position]:
            if path.is_relative_to(earlier):
                return given, earlier_given
            if earlier.is_relative_to(path):
                return earlier_given, given
    return None


def _locate(path: Path) -> tuple[Path, os.stat_result]:
    """Follows the links that lead to a database, and says what is there."""
    try:
        root = Path(os.path.realpath(path, strict=True))
        return root, root.lstat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise TransferError(Problem.DATABASE_MISSING, path=printable(path)) from error
    except OSError as error:
        raise unreadable(path, error) from error


def _lstat(path: str) -> os.stat_result | None:
    """What is at `path`, a link not followed; `None` if nothing is, or no longer."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(path, error) from error


def _walk(root: str) -> Iterator[tuple[str, str, os.stat_result]]:
    """Everything in a folder: names relative to it, parts separated by ``/``, paths, and what they are.

    A folder comes before its content, beginning with ``""``, the root itself; siblings come in the
    order of their names. What vanishes in the middle is as if it had vanished before.
    """
    pending = [("", root)]
    while pending:
        relative, path = pending.pop()
        info = _lstat(path)
        if info is None:
            continue
        yield relative, path, info
        if stat.S_ISDIR(info.st_mode) and not _is_link(info):
            prefix = f"{relative}/" if relative else ""
            pending.extend((prefix + name, path) for name, path in sorted(_content(path), reverse=True))


def _is_link(info: os.stat_result) -> bool:
    return stat.S_ISLNK(info.st_mode) or getattr(info, "st_reparse_tag", 0) == _MOUNT_POINT


def _content(folder: str) -> list[tuple[str, str]]:
    """Names and paths."""
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, entry.path) for entry in entries]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(folder, error) from error


def _item(root: str, root_name: str, relative: str, path: str, info: os.stat_result) -> Item:
    if _is_link(info):
        path, info = _target(root, path)
    name = _archive_name(f"{root_name}/{relative}" if relative else root_name, path)
    if stat.S_ISDIR(info.st_mode):
        return Item(name, path, info.st_mode, info.st_mtime_ns, None)
    _refuse_special(path, info)
    # Asked now, so that a long compression does not stumble over it at its end.
    if not os.access(path, os.R_OK):
        raise TransferError(Problem.DATABASE_UNREADABLE, path=printable(path), reason="accès refusé")
    return Item(name, path, info.st_mode, info.st_mtime_ns, Stamp.of(info))


def _target(root: str, link: str) -> tuple[str, os.stat_result]:
    """The file of the same database whose content stands for a link; refuses any other link."""
    try:
        target = os.path.realpath(link, strict=True)
        info = os.lstat(target)
    except OSError:
        raise _refused_link(link, "cette cible n'existe pas") from None
    if not Path(target).is_relative_to(root):
        raise _refused_link(link, "cette cible est hors du dossier de la base")
    if stat.S_ISDIR(info.st_mode):
        raise _refused_link(link, "cette cible est un dossier, déjà transféré à sa vraie place")
    return target, info


def _refused_link(link: str, reason: str) -> TransferError:
    with reading(link):
        target = Path(link).readlink()
    return TransferError(Problem.DATABASE_LINK, path=printable(link), target=printable(target), reason=reason)


def _refuse_special(path: str, info: os.stat_result) -> None:
    if not stat.S_ISREG(info.st_mode):
        kind = _SPECIAL_KINDS.get(stat.S_IFMT(info.st_mode), "d'une espèce inconnue")
        raise TransferError(Problem.DATABASE_SPECIAL_FILE, path=printable(path), kind=kind)


def _archive_name(name: str, path: str) -> str:
    """Lets through the names that every 7-Zip gives back as they were."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        reason = "ce nom n'est pas écrit en Unicode"
    else:
        if "\\" not in name:
            return name
        reason = "ce nom contient une barre oblique inverse, que Windows prend pour un dossier"
    raise TransferError(Problem.DATABASE_FILE_NAME, path=printable(path), reason=reason)


def _kind_of_file(path: str, info: os.stat_result) -> SourceKind:
    _refuse_special(path, info)
    with reading(path), open_unlinked(path) as file:
        start = file.read(len(SQLITE_MAGIC))
    return SourceKind.SQLITE if start == SQLITE_MAGIC else SourceKind.FILE
