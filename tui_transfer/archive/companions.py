"""Which files on the disk make up the database that a person names by one of them; `sets` has what is known.

Files that hold data of it go along, or the database does not go at all. What merely bears the same stem
stays, and is named, unless a person says otherwise (`Selection`).
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from tui_transfer.archive import sets
from tui_transfer.archive.disk import locate, reading, refuse_special, special_kind
from tui_transfer.archive.recognition import is_sqlite
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system import os_errors
from tui_transfer.system.files import printable


class Selection(NamedTuple):
    """What a person decided about the files beside a database, by their names.

    Attributes:
        also: go along, although nothing says that they belong to it.
        without: stay, although they are known to belong to it.
    """

    also: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


AS_KNOWN: Final = Selection()
"""All that is known to belong to a database goes along, and nothing else."""


class Member(NamedTuple):
    """A file of a database: its name beside the others, where its bytes are, what the system says of it."""

    name: str
    path: str
    info: os.stat_result


@dataclass(frozen=True)
class FileSet:
    """The files of a database.

    Attributes:
        format: what a person calls it; empty for a file on its own, and for an SQLite database.
        sqlite: whether the main file is an SQLite database, its journals beside it: they are read through
            SQLite, and not listed.
        members: what is sent, the main file first.
        left_out: names of files of the same stem that stay.
    """

    format: str
    sqlite: bool
    members: tuple[Member, ...]
    left_out: tuple[str, ...]


def find_files(given: Path, selection: Selection = AS_KNOWN) -> FileSet:
    """The files of the database that one of them, not a folder, names.

    Where that is a link, the others are looked for beside what it leads to; and beside the link, if both bear
    one name.

    Raises:
        TransferError: `DATABASE_MISSING`, `DATABASE_UNREADABLE`, `DATABASE_LOCKED`, `DATABASE_SPECIAL_FILE`;
            or `DATABASE_INCOMPLETE`, naming a file that holds data of it, or was asked for, and cannot go.
    """
    found = _find(given)
    database, paths = found.database, found.paths
    data, derived = sets.companions(database, paths)
    members: dict[str, Member] = {}
    for name in (*data, *selection.also):
        if name not in selection.without:
            member = _look(name, paths.get(name))
            if isinstance(member, str):
                raise _incomplete(found.root, name, member)
            members[name] = member
    for name in derived:
        if name not in selection.without and isinstance(member := _look(name, paths[name]), Member):
            members[name] = member
    members.pop(database.main, None)
    left_out = {*data, *derived, *found.others}.difference(members, {database.main})
    return FileSet(
        database.format.title,
        found.sqlite,
        (
            Member(database.main, str(found.root), found.info),
            *(members[name] for name in sorted(members)),
        ),
        tuple(sorted(left_out)),
    )


def files_to_choose(given: Path) -> tuple[str, list[str], list[str]]:
    """What a person may choose from: the main file, what belongs to it, and what merely bears its stem.

    Raises:
        TransferError: as `find_files`, but `DATABASE_INCOMPLETE`.
    """
    found = _find(given)
    data, derived = sets.companions(found.database, found.paths)
    known = sorted({*data, *derived})
    return found.database.main, known, sorted(set(found.others).difference(known, {found.database.main}))


@dataclass(frozen=True)
class _Found:
    """The main file of a database, and what lies beside it, by name."""

    database: sets.Named
    sqlite: bool
    root: Path
    info: os.stat_result
    paths: dict[str, str]
    others: list[str]


def _find(given: Path) -> _Found:
    root, info = locate(given)
    paths = _beside(root)
    if given.name == root.name:
        paths |= _beside(given)
    named = sets.recognise(root.name, paths)
    if named.main != root.name:
        root, info = locate(Path(paths[named.main]))
    refuse_special(str(root), info)
    sqlite = is_sqlite(str(root))
    database = sets.as_plain(named) if sqlite else sets.with_journals(named, paths)
    return _Found(database, sqlite, root, info, paths, _others(named, paths))


def main_of(given: Path) -> Path:
    """The main file of the database that one of its files names; anything else, and what cannot be looked
    at, as it is.
    """
    try:
        root, info = locate(given)
        if stat.S_ISDIR(info.st_mode):
            return given
        paths = _beside(root)
    except TransferError:
        return given
    main = sets.recognise(root.name, paths).main
    return given if main == root.name else Path(paths[main])


def locks_beside(given: Path) -> list[Path]:
    """Files that say that somebody works with a database, whether a file of it or a folder is given.

    Raises:
        TransferError: `DATABASE_MISSING` or `DATABASE_UNREADABLE`.
    """
    root, info = locate(given)
    if stat.S_ISDIR(info.st_mode):
        with reading(root), os.scandir(root) as entries:
            names = {entry.name: entry.path for entry in entries}
        return [Path(names[name]) for name in sets.locks_of_folder(names)]
    paths = _beside(root)
    database = sets.recognise(root.name, paths)
    return [Path(paths[name]) for name in sets.locks(database, paths)]


def _beside(file: Path) -> dict[str, str]:
    """Names and paths of what lies beside a file and may concern it, itself included."""
    with reading(file.parent), os.scandir(file.parent) as entries:
        return {entry.name: entry.path for entry in entries if sets.may_concern(file.name, entry.name)}


def _look(name: str, path: str | None) -> Member | str:
    """A file that goes along; or why it cannot, in French."""
    if path is None:
        return "ce fichier n’existe plus"
    try:
        target = os.path.realpath(path, strict=True)
        info = os.lstat(target)
    except FileNotFoundError:
        return "ce lien ne mène à rien"
    except OSError as error:
        return os_errors.in_words(error)
    if stat.S_ISDIR(info.st_mode):
        return "c’est un dossier"
    if (kind := special_kind(info)) is not None:
        return f"c’est {kind}"
    return Member(name, target, info) if os.access(target, os.R_OK) else "accès refusé"


def _incomplete(root: Path, name: str, reason: str) -> TransferError:
    return TransferError(
        Problem.DATABASE_INCOMPLETE, path=printable(root), companion=printable(Path(name)), reason=reason
    )


def _others(database: sets.Named, paths: dict[str, str]) -> list[str]:
    """Files of the same stem of which nothing is known."""
    named = database.others(paths)
    journals = (f"{database.main}{suffix}" for suffix in sets.SQLITE_JOURNALS)
    unspoken = {*sets.locks(database, paths), *sets.empty(database, paths), *journals}
    return [name for name in named if name not in unspoken and not Path(paths[name]).is_dir()]
