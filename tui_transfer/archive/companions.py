"""Which files on the disk make up the database that a person names by one of them; `sets` has what is known.

Files that hold data of it go along, or the database does not go at all. What merely bears the same stem
stays, and is named, unless a person says otherwise (`Selection`).
"""

from __future__ import annotations

import os
import posixpath
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from tui_transfer.archive import sets
from tui_transfer.archive.disk import locate, reading, refuse_special, special_kind
from tui_transfer.archive.foxpro import BrokenTableError, containers_of, tables_in
from tui_transfer.archive.recognition import is_sqlite
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system.files import printable
from tui_transfer.system.opening import may_be_read
from tui_transfer.system.os_errors import in_words
from tui_transfer.system.paths import literal, readable

_ELSEWHERE: Final = "la base la cite, et elle n’est pas dans ce dossier (donnez alors tout le dossier)"


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
    members: dict[str, Member] = {}
    for name in found.data:
        if name not in (*selection.without, *selection.also):
            members[name] = _require(found, name, found.lost.get(name))
    for name in selection.also:
        if name not in selection.without:
            members[name] = _require(found, name)
    for name in found.derived:
        if name not in selection.without and isinstance(member := _look(name, found.paths[name]), Member):
            members[name] = member
    main = found.database.main
    members.pop(main, None)
    left_out = {*found.data, *found.derived, *found.others}.difference(members, {main})
    return FileSet(
        found.database.format.title,
        found.sqlite,
        (Member(main, str(found.root), found.info), *(members[name] for name in sorted(members))),
        tuple(sorted(left_out)),
    )


def files_to_choose(given: Path) -> tuple[str, list[str], list[str]]:
    """What a person may choose from: the main file, what belongs to it, and what merely bears its stem.

    Raises:
        TransferError: as `find_files`, but `DATABASE_INCOMPLETE`.
    """
    found = _find(given)
    known = sorted({*found.data, *found.derived})
    return found.database.main, known, sorted(set(found.others).difference(known, {found.database.main}))


@dataclass(frozen=True)
class _Main:
    """The main file of a database, as it was found and where it leads, and what lies beside it, by name."""

    database: sets.Named
    path: Path
    root: Path
    info: os.stat_result
    paths: dict[str, str]


@dataclass(frozen=True)
class _Found(_Main):
    """The same, and what belongs to it: what holds data, what can be made again, and what bears its stem;
    `lost` says in French why some of the first cannot go.
    """

    sqlite: bool
    data: list[str]
    derived: list[str]
    others: list[str]
    lost: dict[str, str]


def _find(given: Path) -> _Found:
    main = _find_main(given)
    named, root, paths = main.database, main.root, main.paths
    refuse_special(str(root), main.info)
    sqlite = is_sqlite(str(root))
    database = sets.as_plain(named) if sqlite else sets.with_journals(named, paths)
    data, derived = sets.companions(database, paths)
    tables, lost = _tables(database, root, paths)
    for table in tables:
        beside = sets.of_stem(table, paths)
        more_data, more_derived = sets.companions(sets.recognise(table, beside), beside)
        data += [table, *more_data]
        derived += more_derived
    data += lost
    others = _others(named, paths)
    return _Found(database, main.path, root, main.info, paths, sqlite, data, derived, others, lost)


def _find_main(given: Path) -> _Main:
    path = given
    root, info = locate(given)
    paths = _beside(root)
    if given.name == root.name:
        paths |= _beside(given)
    named = sets.recognise(root.name, paths)
    if named.main != root.name:
        path = Path(paths[named.main])
        root, info = locate(path)
        if named.format.tables:  # which bear any name
            paths |= _beside(path)
    container = _container(root) if stat.S_ISREG(info.st_mode) else None
    return _Main(named, path, root, info, paths) if container is None else _find_main(container)


def _container(table: Path) -> Path | None:
    """The main file of the database to which a table says that it belongs, where that lies beside it."""
    if not sets.may_belong(table.name):
        return None
    try:
        links = containers_of(str(table))
    except BrokenTableError:
        return None
    folder = table.parent
    with reading(folder), os.scandir(folder) as entries:
        found = sets.containers(table.name, (entry.name for entry in entries)) if links else []
    return next((folder / name for name in found if _leads(links, folder / name)), None)


def _tables(database: sets.Named, root: Path, paths: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """The tables beside a container that say that they belong to it; and, with the reason in French, those of
    which nobody can tell, and those that it holds and that are not there.
    """
    if not database.format.tables:
        return [], {}
    tables, lost = [], {}
    for name in sets.tables(database, paths):
        if Path(paths[name]).is_dir():
            continue
        try:
            if isinstance(look := _look(name, paths[name]), str):
                lost[name] = look
            elif _leads(containers_of(look.path), root):
                tables.append(name)
        except BrokenTableError:
            lost[name] = "son en-tête est abîmé"
        except TransferError as error:
            lost[name] = str(error.details["reason"])
    listed = tables_in(str(root))
    stems = {sets.folded(Path(name).stem) for name in (*tables, *lost)}
    absent = [name for name in listed if sets.folded(name) not in stems]
    # The name of a table may differ from that of its file: only so many are missing as there are too few.
    for name in absent[: max(0, len(listed) - len(stems))]:
        lost[f"{name}{database.format.tables[0]}"] = _ELSEWHERE
    return tables, lost


def _leads(links: tuple[str, ...], container: Path) -> bool:
    """Whether one of the paths that a table beside a container may mean leads to that."""
    folder = container.parent.as_posix()
    for link in links:
        if link[:1] == "/" or link[1:2] == ":":  # where it once lay: that it was moved since says nothing
            link = posixpath.basename(link)
        meant = posixpath.normpath(posixpath.join(folder, link))
        if sets.folded(meant) == sets.folded(container.as_posix()):
            return True
    return False


def main_of(given: Path) -> Path:
    """The main file of the database that one of its files names; anything else, and what cannot be looked
    at, as it is.
    """
    try:
        _, info = locate(given)
        return given if stat.S_ISDIR(info.st_mode) else Path(readable(_find_main(given).path))
    except TransferError:
        return given


def files_sent(given: Path, selection: Selection = AS_KNOWN) -> list[Path]:
    """The files that are sent of a database, links resolved, whether they can be read or not; its folder
    where it is one.

    Raises:
        TransferError: `DATABASE_MISSING`, `DATABASE_UNREADABLE`, and so on: nobody can tell.
    """
    root, info = locate(given)
    if stat.S_ISDIR(info.st_mode):
        return [root]
    found = _find(given)
    return [found.root, *(Path(os.path.realpath(found.paths[name])) for name in _sent(found, selection))]


def locks_beside(given: Path, selection: Selection = AS_KNOWN) -> list[Path]:
    """Files that say that somebody works with what is sent of a database, a file of it or a folder.

    Raises:
        TransferError: as `files_sent`.
    """
    root, info = locate(given)
    if stat.S_ISDIR(info.st_mode):
        with reading(root), os.scandir(root) as entries:
            names = {entry.name: entry.path for entry in entries}
        return [Path(names[name]) for name in sets.locks_of_folder(names)]
    found = _find(given)
    sent = [found.database.main, *_sent(found, selection)]
    locks = {lock for name in sent for lock in sets.locks(sets.recognise(name, found.paths), found.paths)}
    return [Path(found.paths[lock]) for lock in sorted(locks)]


def _sent(found: _Found, selection: Selection) -> list[str]:
    """The names of what goes along with the main file, as far as it is there."""
    names = {*found.data, *found.derived, *selection.also}.difference(selection.without)
    return sorted(names.intersection(found.paths) - {found.database.main})


def _beside(file: Path) -> dict[str, str]:
    """Names and paths of what lies beside a file and may concern it, itself included."""
    with reading(file.parent), os.scandir(literal(file.parent)) as entries:
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
        return in_words(error)
    if stat.S_ISDIR(info.st_mode):
        return "c’est un dossier"
    if (kind := special_kind(info)) is not None:
        return f"c’est {kind}"
    try:
        may_be_read(target)
    except OSError as error:
        return in_words(error)
    return Member(name, target, info)


def _require(found: _Found, name: str, reason: str | None = None) -> Member:
    """A file without which the database is not sent; `reason` says why it cannot go, if that is known."""
    member = reason or _look(name, found.paths.get(name))
    if isinstance(member, str):
        raise _incomplete(found.root, name, member)
    return member


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
