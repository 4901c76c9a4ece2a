"""Which files make up a database: what the makers of the formats say, as a table, and how names are read.

Knowledge about names alone; nothing here looks at a disk. A database is named after its *main* file. The
others bear the same *stem*, and another ending: `PAIE.FIC` has its index in `paie.ndx` and its memos in
`Paie.mmo`. Capitals say nothing, as the programs that write these files run on Windows. Tables of one format
bear other stems, and say themselves to which database they belong.

To add a format, add a row to `FORMATS`, and its files to the README.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Format:
    """A kind of database that consists of several files.

    Endings are in small letters, and follow the stem. All but those of main files are patterns of `fnmatch`.

    Attributes:
        title: what a person calls it.
        main: endings of the file that the database is named after.
        data: endings of files without which data are missing.
        derived: endings of files that its programs can make again from the others, such as indexes: they go
            along, and do not stop a database where they cannot be read.
        empty: endings of files that hold nothing of the database, and are not spoken of.
        locks: endings of files that are there while somebody works with it.
        folder_locks: names of such files, where one serves for all databases of a folder.
        tables: endings of main files, of any stem in its folder, whose content tells whether they belong to
            it (`foxpro`); what belongs to them does, too.
        source: where its makers say so.
    """

    title: str
    main: tuple[str, ...]
    source: str
    data: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    folder_locks: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


FORMATS: Final = (
    Format(
        title="dBase ou FoxPro",
        main=(".dbf",),
        data=(".fpt", ".dbt"),
        derived=(".cdx", ".idx", ".mdx", ".ndx"),
        source="Microsoft, Visual FoxPro 9, « File Extensions and File Types » (learn.microsoft.com); "
        "Borland, dBASE IV, « Structure of a .DBF, .DBT, .MDX and .NDX file »",
    ),
    Format(
        title="FoxPro (conteneur de bases)",
        main=(".dbc",),
        data=(".dct",),
        derived=(".dcx",),
        tables=(".dbf",),
        source="Microsoft, Visual FoxPro 9, « File Extensions and File Types » and « Table File Structure » "
        "(learn.microsoft.com)",
    ),
    Format(
        title="Paradox",
        main=(".db",),
        data=(".mb", ".val"),
        derived=(".px", ".x[0-9a-f][0-9a-f]", ".y[0-9a-f][0-9a-f]", ".xg?", ".yg?", ".tv", ".fam"),
        locks=(".lck",),
        folder_locks=("pdoxusrs.lck", "paradox.lck"),
        source="Borland, Database Desktop, « Types of files »; pxlib, « doc/pxformat.txt »",
    ),
    Format(
        title="HFSQL",
        main=(".fic",),
        data=(".mmo",),
        derived=(".ndx", ".ftx"),
        source="PC SOFT, « Les fichiers de données HFSQL Classic » (doc.pcsoft.fr)",
    ),
    Format(
        title="Access",
        main=(".mdb", ".mde"),
        locks=(".ldb",),
        source="Microsoft, « Introduction to lock files (laccdb and ldb) in Access »",
    ),
    Format(
        title="Access",
        main=(".accdb", ".accde"),
        locks=(".laccdb",),
        source="Microsoft, « Introduction to lock files (laccdb and ldb) in Access »",
    ),
    Format(
        title="Firebird ou InterBase",
        main=(".fdb", ".gdb", ".ib"),
        # Further volumes bear any name; these are the customary ones. The delta takes what is written during
        # a backup.
        data=(
            ".fd[0-9]",
            ".fdb[0-9]*",
            ".f[0-9][0-9]",
            ".gd[0-9]",
            ".gdb[0-9]*",
            ".g[0-9][0-9]",
            ".*db.delta",
        ),
        locks=(".lck", ".*db.lck"),
        source="InterBase, « Creating a Multifile Database » (docwiki.embarcadero.com); Firebird, nbackup, "
        "on locking and unlocking",
    ),
    Format(
        title="SQL Server",
        main=(".mdf",),
        data=(".ndf", "_*.ndf", ".ldf", "_*.ldf"),
        source="Microsoft, SQL Server, « Database files and filegroups »; CREATE DATABASE names the log "
        "« <base>_log.ldf » by default",
    ),
    Format(
        title="H2",
        main=(".mv.db", ".h2.db"),
        data=(".lobs.db",),
        empty=(".trace.db", ".*.temp.db"),
        locks=(".lock.db",),
        source="H2, « Advanced: Database File Layout » and « File Locking Protocols »",
    ),
    Format(
        title="HSQLDB",
        main=(".script",),
        data=(".properties", ".data", ".log", ".lobs"),
        derived=(".backup",),
        empty=(".app.log", ".sql.log"),
        locks=(".lck",),
        source="HyperSQL User Guide, « System Management: Database Files »",
    ),
)
"""The formats whose files are known by their names."""

SQLITE_JOURNALS: Final = ("-wal", "-journal", "-shm")
"""What SQLite adds to the whole name of a database. Source: SQLite, « Temporary Files Used By SQLite »."""

SQLITE_ENCRYPTED: Final = Format(
    title="SQLite chiffrée",
    main=("",),
    data=SQLITE_JOURNALS,
    source="SQLite, « Temporary Files Used By SQLite »; SQLCipher and SEE encrypt journals page by page",
)
"""What has SQLite's journals beside it, and cannot be read as SQLite: it goes as it is, with them."""

_OFFICE_LOCK: Final = ".~lock.{name}#"
"""LibreOffice's, of what it has open. Source: LibreOffice, « svl/source/misc/lockfilecommon.cxx »."""

_FOLDER_LOCKS: Final = frozenset(name for form in FORMATS for name in form.folder_locks)

_CONTAINERS: Final = tuple(ending for form in FORMATS if form.tables for ending in form.main)

PLAIN: Final = Format(title="", main=("",), source="")
"""A file on its own."""


@dataclass(frozen=True)
class Named:
    """What a file's name tells: its format, the name of the database's main file, and their stem, folded."""

    format: Format
    main: str
    stem: str

    def endings(self, names: Iterable[str], patterns: tuple[str, ...]) -> list[str]:
        """Those of `names` that are the stem and an ending of `patterns`, in their order."""
        return [name for name in names if name != self.main and _has_ending(name, self.stem, patterns)]

    def others(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that bear the stem and any ending that begins with a dot, in their order."""
        return self.endings(names, (".*",))


def recognise(name: str, siblings: Iterable[str]) -> Named:
    """What database the file `name` belongs to, as its name and those of its folder tell.

    `name` may be any of the database's files. A companion whose main file is missing is on its own.

    Args:
        name: without folder.
        siblings: all names in its folder.
    """
    names = sorted(siblings)
    for suffix in SQLITE_JOURNALS:
        if name.endswith(suffix) and (base := name.removesuffix(suffix)) in names:
            return _as_main(base) or _plain(base)
    if found := _as_main(name):
        return found
    mains = filter(None, (_as_main(other) for other in names if other != name))
    owners = [main for main in mains if main.endings([name], _companions(main.format))]
    # The longest stem: `paie_2_log.ldf` belongs to `paie_2.mdf`, whatever `paie.mdf` is beside it.
    return max(owners, key=lambda main: len(main.stem), default=_plain(name))


def of_stem(table: str, siblings: Iterable[str]) -> list[str]:
    """The names that begin like that of a file without its ending: what belongs to it is among them."""
    stem = folded(table).rpartition(".")[0]
    return [name for name in siblings if folded(name).startswith(stem)]


def companions(database: Named, siblings: Iterable[str]) -> tuple[list[str], list[str]]:
    """The names beside a database that hold data of it, and those that can be made again from it; sorted."""
    names = sorted(siblings)
    return (
        _of(database, names, database.format.data),
        _of(database, names, database.format.derived),
    )


def tables(database: Named, siblings: Iterable[str]) -> list[str]:
    """The names beside a database, of any stem, of files that may say themselves that they belong to it."""
    return [name for name in sorted(siblings) if folded(name).endswith(database.format.tables)]


def may_belong(name: str) -> bool:
    """Whether a file of that name may say itself that it belongs to a database of another stem."""
    return any(folded(name).endswith(form.tables) for form in FORMATS)


def containers(table: str, siblings: Iterable[str]) -> list[str]:
    """The names beside a table of those databases to which it may say that it belongs."""
    forms = [form for form in FORMATS if folded(table).endswith(form.tables)]
    endings = tuple(ending for form in forms for ending in form.main)
    return [name for name in sorted(siblings) if folded(name).endswith(endings)]


def with_journals(database: Named, siblings: Iterable[str]) -> Named:
    """`database`, a file that cannot be read as SQLite, as an encrypted SQLite base if journals of SQLite lie
    beside it.
    """
    journals = {f"{database.main}{suffix}" for suffix in SQLITE_JOURNALS}
    if journals.isdisjoint(siblings):
        return database
    return Named(SQLITE_ENCRYPTED, database.main, folded(database.main))


def as_plain(database: Named) -> Named:
    """`database`, whose content shows that its ending deceives, as a file on its own."""
    return Named(PLAIN, database.main, database.stem)


def locks(database: Named, siblings: Iterable[str]) -> list[str]:
    """The names beside a database that say that somebody works with it; sorted."""
    names = sorted(siblings)
    shared = [name for name in names if folded(name) in database.format.folder_locks]
    office = [name for name in names if folded(name) == folded(_OFFICE_LOCK.format(name=database.main))]
    return [*_of(database, names, database.format.locks), *shared, *office]


def locks_of_folder(content: Iterable[str]) -> list[str]:
    """The names in a folder that say that somebody works with a database in it; sorted."""
    names = sorted(content)
    mains = [main for main in map(_as_main, names) if main is not None]
    return sorted({lock for main in mains for lock in locks(main, names)})


def may_concern(name: str, sibling: str) -> bool:
    """Whether `sibling` is worth a look for the sake of the file `name`: of many in a folder, few are."""
    other = folded(sibling)
    if folded(name).endswith(_CONTAINERS):
        return True
    return other[:1] == folded(name)[:1] or other in _FOLDER_LOCKS or other.startswith(_OFFICE_LOCK[:2])


def empty(database: Named, siblings: Iterable[str]) -> list[str]:
    """The names beside a database that hold nothing of it."""
    return database.endings(siblings, database.format.empty)


def folded(name: str) -> str:
    """`name` as it is compared: without regard to capitals, nor to how an accent is written."""
    return unicodedata.normalize("NFC", name).casefold()


def _of(database: Named, names: list[str], patterns: tuple[str, ...]) -> list[str]:
    """Those of `names` that have an ending of `patterns`, but for those of a database of a longer stem."""
    rivals = [
        other
        for other in map(_as_main, names)
        if other and other.format is database.format and len(other.stem) > len(database.stem)
    ]
    found = database.endings(names, patterns)
    return [name for name in found if not any(rival.endings([name], patterns) for rival in rivals)]


def _companions(form: Format) -> tuple[str, ...]:
    return (*form.data, *form.derived, *form.locks)


def _as_main(name: str) -> Named | None:
    """What `name` tells if it is a main file; of two endings the longer one counts."""
    text = folded(name)
    found = [
        (len(ending), Named(form, name, text.removesuffix(ending)))
        for form in FORMATS
        for ending in form.main
        if text.endswith(ending) and text != ending
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _plain(name: str) -> Named:
    stem, dot, _ = folded(name).rpartition(".")
    return Named(PLAIN, name, stem if dot and stem else folded(name))


def _has_ending(name: str, stem: str, patterns: tuple[str, ...]) -> bool:
    text = folded(name)
    return text.startswith(stem) and any(fnmatchcase(text[len(stem) :], pattern) for pattern in patterns)
