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

import hashlib
import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_transfer.archive.companions import AS_KNOWN, FileSet, Selection, find_files, main_of
from tui_transfer.archive.disk import locate, reading, refuse_special, unreadable
from tui_transfer.archive.names import stored_names
from tui_transfer.archive.recognition import ROLLBACK_SUFFIX, WAL_SUFFIX
from tui_transfer.archive.stamp import Stamp
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system.files import printable
from tui_transfer.system.opening import may_be_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_FRAMED: Final = 8000
"""Bytes of data that are stored with one byte beside them, at most."""
_SHOWN: Final = 3
"""Renamed files that are named."""
_NOT_FOUND_AGAIN: Final = "son dossier le contient, mais le système ne le trouve pas sous ce nom"
_NAMELESS: Final = "base"  # what the root of a drive is called in its archive
_MOUNT_POINT: Final = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT: a junction, Windows' link to a folder


class SourceKind(StrEnum):
    """How a database is read."""

    FILE = "file"
    SET = "set"
    """Several files in one folder, which are one database."""
    FOLDER = "folder"
    SQLITE = "sqlite"


@dataclass(frozen=True)
class Summary:
    """What a list shows of a database.

    Attributes:
        size: bytes.
        modified: newest change, in seconds since 1970.
        files: how many.
        log: bytes of an SQLite database that are still in its journals.
        format: of a set, as a person calls it.
        names: of the files of a set, as they can be shown, the main one first; empty for a folder and a file
            on its own.
        left_out: likewise, of files beside it, of the same stem, that stay here.
        renamed: how many of its names not every system gives back, and that are stored otherwise.
        renames: the first of them, and what they are stored as, fit to be shown.
        stamps: SHA-256 over the name, size and time of last change of every file, in hexadecimal. Where it is
            the same later, nobody wrote to any of them since, as far as `Stamp` tells.
    """

    kind: SourceKind
    size: int
    modified: float
    files: int
    log: int = 0
    format: str = ""
    names: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    renamed: int = 0
    renames: tuple[tuple[str, str], ...] = ()
    stamps: str = ""

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
        true_name: the name that it has, where not every system would give that back; likewise in parts.
    """

    name: str
    path: str
    mode: int
    modified_ns: int
    stamp: Stamp | None
    true_name: str | None = None


class _Found(NamedTuple):
    """Something in a folder: its name there and in the archive, both in parts; its path, and what it is."""

    true_name: str
    name: str
    path: str
    info: os.stat_result


@dataclass(frozen=True)
class Source:
    """A database, resolved, and all that will be archived of it, in a stable order.

    Attributes:
        path: the folder, or the main file.
        summary: what `summarize` told at the moment when this was listed.
        given, selection: what it was listed from, and can be again.
    """

    path: Path
    summary: Summary
    items: tuple[Item, ...]
    given: Path
    selection: Selection = AS_KNOWN

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(item.stamp.size for item in self.items if item.stamp)


def summarize(path: Path, selection: Selection = AS_KNOWN) -> Summary:
    """Looks at a database without reading its content.

    Args:
        path: the database's folder, or any of its files.
        selection: which of the files beside that one go along.

    Raises:
        TransferError: `DATABASE_MISSING`, `DATABASE_UNREADABLE`, `DATABASE_LOCKED`, `DATABASE_SPECIAL_FILE`
            or `DATABASE_INCOMPLETE`.
    """
    root, info = locate(path)
    if stat.S_ISDIR(info.st_mode):
        return _summary_of_folder(info, _walk(str(root)))
    return _summary_of_files(find_files(path, selection))


def list_source(database: Path, selection: Selection = AS_KNOWN) -> Source:
    """Lists everything of a database that will be archived; the arguments are those of `summarize`.

    Raises:
        TransferError: as `summarize`, or, naming what cannot be archived, `DATABASE_LINK`,
            or `DATABASE_SPECIAL_FILE`.
    """
    root, info = locate(database)
    if stat.S_ISDIR(info.st_mode):
        items: list[Item] = []
        summary = _summary_of_folder(info, _listing(str(root), items))
        return Source(root, summary, tuple(items), database, selection)
    files = find_files(database, selection)
    stored = stored_names([member.name for member in files.members])
    items = [
        _item(path, _Found(name, stored.get(name, name), path, found)) for name, path, found in files.members
    ]
    return Source(Path(files.members[0].path), _summary_of_files(files), tuple(items), database, selection)


def list_again(source: Source) -> Iterator[Item]:
    """The items of a source as they are now, one by one; `source.items` where nothing has changed.

    Raises:
        TransferError: as `list_source`.
    """
    if source.summary.kind is SourceKind.FOLDER:
        root, _ = locate(source.given)
        yield from (_item(str(root), found) for found in _walk(str(root)))
    else:
        yield from list_source(source.given, source.selection).items


def _listing(root: str, items: list[Item]) -> Iterator[_Found]:
    """What is in a folder, each put among `items` as it comes."""
    for found in _walk(root):
        items.append(_item(root, found))
        yield found


def _summary_of_folder(folder: os.stat_result, content: Iterable[_Found]) -> Summary:
    size = files = renamed = 0
    newest: float | None = None
    renames: list[tuple[str, str]] = []
    stamps = hashlib.sha256()
    for found in content:
        stamps.update(_stamped(found.true_name, found.info))
        if _renamed(found):
            renamed += 1
            if len(renames) < _SHOWN:
                renames.append((printable(Path(found.true_name)), found.name))
        if stat.S_ISREG(found.info.st_mode):
            size, files = size + found.info.st_size, files + 1
            newest = found.info.st_mtime if newest is None else max(newest, found.info.st_mtime)
    newest = folder.st_mtime if newest is None else newest
    return Summary(
        SourceKind.FOLDER,
        size,
        newest,
        files,
        renamed=renamed,
        renames=tuple(renames),
        stamps=stamps.hexdigest(),
    )


def _stamped(name: str, info: os.stat_result) -> bytes:
    """What a file adds to the stamps; a folder adds its name alone, since its time changes with files that
    come and go in it, and leave no other trace.
    """
    told = (info.st_size, info.st_mtime_ns) if not stat.S_ISDIR(info.st_mode) else ()
    return os.fsencode(name) + b"\0" + repr(told).encode() + b"\n"


def _renamed(found: _Found) -> bool:
    """Whether its own name is changed; that of a folder around it counts once, there."""
    return found.true_name.rpartition("/")[2] != found.name.rpartition("/")[2]


def _summary_of_files(files: FileSet) -> Summary:
    infos = [member.info for member in files.members]
    kind = SourceKind.SET if len(infos) > 1 else SourceKind.FILE
    journals = []
    stamps = hashlib.sha256()
    for name, _, info in files.members:
        stamps.update(_stamped(name, info))
    if files.sqlite:
        kind = SourceKind.SQLITE
        beside = {
            suffix: _lstat(f"{files.members[0].path}{suffix}") for suffix in (WAL_SUFFIX, ROLLBACK_SUFFIX)
        }
        journals = [found for found in beside.values() if found]
        for suffix, found in beside.items():
            if found and found.st_size:  # an empty one comes and goes with whoever opens the database
                stamps.update(_stamped(suffix, found))
    names = tuple(printable(Path(member.name)) for member in files.members)
    stored = stored_names([member.name for member in files.members])
    return Summary(
        kind,
        sum(info.st_size for info in infos),
        max(info.st_mtime for info in (*infos, *journals)),
        len(infos),
        sum(journal.st_size for journal in journals),
        files.format,
        names if len(infos) > 1 else (),
        tuple(printable(Path(name)) for name in files.left_out),
        len(stored),
        tuple((printable(Path(name)), new) for name, new in stored.items())[:_SHOWN],
        stamps.hexdigest(),
    )


def find_nested(paths: Sequence[Path]) -> tuple[Path, Path] | None:
    """The first pair, as given, of which one (returned first) is the other, a file of it, or within it."""
    resolved = [(given, Path(os.path.realpath(main_of(given)))) for given in paths]
    for position, (given, path) in enumerate(resolved):
        for earlier_given, earlier in resolved[:position]:
            if path.is_relative_to(earlier):
                return given, earlier_given
            if earlier.is_relative_to(path):
                return earlier_given, given
    return None


def _lstat(path: str) -> os.stat_result | None:
    """What is at `path`, a link not followed; `None` if nothing is, or no longer."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(path, error) from error


def _walk(root: str) -> Iterator[_Found]:
    """Everything in a folder, the folder itself first, and each before its content; siblings come in the
    order of their names. What vanishes in the middle is as if it had vanished before.
    """
    own = os.path.basename(root) or _NAMELESS  # noqa: PTH119 - a root has a name here
    pending = [(own, stored_names([own]).get(own, own), root)]
    while pending:
        true_name, name, path = pending.pop()
        info = _listed(path)
        if info is None:
            continue
        yield _Found(true_name, name, path, info)
        if stat.S_ISDIR(info.st_mode) and not _is_link(info):
            content = sorted(_content(path), reverse=True)
            stored = stored_names([child for child, _ in content])
            for child, path in content:
                pending.append((f"{true_name}/{child}", f"{name}/{stored.get(child, child)}", path))


def _listed(path: str) -> os.stat_result | None:
    """What is at a path that its folder has listed; `None` if it is gone since.

    Some disks list names that the system then does not find: those of another system, as a NAS has them.

    Raises:
        TransferError: `DATABASE_UNREADABLE` for one that is still listed: nothing stays behind unseen.
    """
    if info := _lstat(path):
        return info
    folder, name = os.path.split(path)
    if name not in (entry for entry, _ in _content(folder or os.curdir)):
        return None
    if info := _lstat(path):  # it came back
        return info
    raise TransferError(Problem.DATABASE_UNREADABLE, path=printable(path), reason=_NOT_FOUND_AGAIN)


def _is_link(info: os.stat_result) -> bool:
    return stat.S_ISLNK(info.st_mode) or getattr(info, "st_reparse_tag", 0) == _MOUNT_POINT


def _content(folder: str) -> list[tuple[str, str]]:
    """Names and paths."""
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, entry.path) for entry in entries]
    except FileNotFoundError as error:
        if _listed(folder) is None:
            return []
        raise unreadable(folder, error) from error
    except OSError as error:
        raise unreadable(folder, error) from error


def _item(root: str, found: _Found) -> Item:
    name, path, info = found.name, found.path, found.info
    true_name = None if found.true_name == name else found.true_name
    if _is_link(info):
        path, info = _target(root, path)
    if stat.S_ISDIR(info.st_mode):
        return Item(name, path, info.st_mode, info.st_mtime_ns, None, true_name)
    refuse_special(path, info)
    # Asked now, so that a long compression does not stumble over it at its end.
    with reading(path):
        may_be_read(path)
    return Item(name, path, info.st_mode, info.st_mtime_ns, Stamp.of(info), true_name)


def _target(root: str, link: str) -> tuple[str, os.stat_result]:
    """The file of the same database whose content stands for a link; refuses any other link."""
    try:
        target = os.path.realpath(link, strict=True)
        info = os.lstat(target)
    except OSError:
        raise _refused_link(link, "cette cible n’existe pas") from None
    if not Path(target).is_relative_to(root):
        raise _refused_link(link, "cette cible est hors du dossier de la base")
    if stat.S_ISDIR(info.st_mode):
        raise _refused_link(link, "cette cible est un dossier, déjà transféré à sa vraie place")
    return target, info


def _refused_link(link: str, reason: str) -> TransferError:
    with reading(link):
        target = Path(link).readlink()
    return TransferError(Problem.DATABASE_LINK, path=printable(link), target=printable(target), reason=reason)
