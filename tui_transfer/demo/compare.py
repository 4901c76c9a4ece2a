"""Compares what was delivered with the database it came from: the demonstration's last word."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import py7zr

from tui_transfer import french
from tui_transfer.archive.source import list_source

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK: Final = 1024 * 1024
_SQLITE_MAGIC: Final = b"SQLite format 3\0"
_JOURNALS: Final = ("-wal", "-journal")
_WRITING_FIELDS: Final = (slice(18, 20), slice(24, 28), slice(40, 44), slice(92, 100))
"""In the header (https://www.sqlite.org/fileformat2.html#the_database_header): the kind of journal, the file
change counter, the schema cookie, and the counter and library version of the last change."""


@dataclass(frozen=True)
class Comparison:
    """What was found, in French, one sentence a difference; empty when all is equal."""

    differences: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether the archive holds the database, all of it, and nothing else."""
        return not self.differences


def compare_delivery(archive: Path, database: Path) -> Comparison:
    """Opens a delivered `.7z` and compares its content with `database`, byte for byte.

    A file is an entry of its own name; a folder an entry of its name with all that it holds. An SQLite base
    was archived as a consistent snapshot, which holds what a journal beside the file still kept; then it
    differs in the fields of the header that say how and when a file was written. So the journals are played
    into a copy, and that is compared with the snapshot, page by page, but for these fields.

    Raises:
        OSError: the archive or the database cannot be read, or there is no room to extract.
        TransferError: what `list_source` raises of the database.
        sqlite3.Error: the database is a damaged SQLite base.
    """
    database = database.resolve()
    with tempfile.TemporaryDirectory(prefix="tui-transfer-compare-") as temporary:  # made 0700
        extracted = Path(temporary, "extracted")
        try:
            with py7zr.SevenZipFile(archive) as opened:
                opened.extractall(extracted)
        except OSError:
            raise
        except Exception as error:  # a damaged header makes py7zr raise anything, TypeError included
            reason = str(error) or type(error).__name__
            return Comparison((f"L’archive {archive.name} ne s’ouvre pas ({reason}).",))
        if _is_sqlite(database):
            source = _settled_copy(database, Path(temporary, "source"))
            _forget_writing(source)
            _forget_writing(extracted / database.name)
            expected = {database.name: source}
        else:
            expected = {item.name: Path(item.path) for item in list_source(database).items}
        return Comparison(tuple(_differences(expected, _tree_inside(extracted))))


def _is_sqlite(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC


def _settled_copy(database: Path, copy: Path) -> Path:
    """Copies an SQLite base and lets SQLite play its journals, over there: nothing is written beside it."""
    for suffix in ("", *_JOURNALS):
        journal = database.with_name(database.name + suffix)
        if journal.exists():
            shutil.copyfile(journal, f"{copy}{suffix}")
    with closing(sqlite3.connect(copy)) as settling:
        settling.execute("SELECT count(*) FROM sqlite_master").fetchone()
        settling.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return copy


def _forget_writing(copy: Path) -> None:
    """Zeroes, in a copy that is ours, what says how it was written rather than what it holds."""
    if copy.is_file():
        with copy.open("r+b") as stream:
            header = bytearray(stream.read(100))
            for field in _WRITING_FIELDS:
                header[field] = bytes(len(header[field]))
            stream.seek(0)
            stream.write(header)


def _tree_inside(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}


def _differences(expected: dict[str, Path], delivered: dict[str, Path]) -> Iterator[str]:
    for name in sorted(expected.keys() - delivered.keys()):
        yield f"« {name} » manque dans l’archive."
    for name in sorted(delivered.keys() - expected.keys()):
        yield f"« {name} » est en trop dans l’archive."
    for name in sorted(expected.keys() & delivered.keys()):
        yield from _difference(name, expected[name], delivered[name])


def _difference(name: str, expected: Path, delivered: Path) -> Iterator[str]:
    if expected.is_dir() or delivered.is_dir():
        if expected.is_dir() != delivered.is_dir():
            yield f"« {name} » est un dossier d’un côté et un fichier de l’autre."
        return
    sizes = expected.stat().st_size, delivered.stat().st_size
    if sizes[0] != sizes[1]:
        arrived, meant = french.count(sizes[1], "octet"), french.number(sizes[0])
        yield f"« {name} » : {arrived} dans l’archive, {meant} dans la base."
    elif (offset := _first_difference(expected, delivered)) is not None:
        yield f"« {name} » : le contenu diffère à partir de l’octet {offset}."


def _first_difference(expected: Path, delivered: Path) -> int | None:
    """The offset of the first byte in which two files of one size differ."""
    with expected.open("rb") as left, delivered.open("rb") as right:
        for start in range(0, expected.stat().st_size, _CHUNK):
            a, b = left.read(_CHUNK), right.read(_CHUNK)
            if a != b:
                return start + next(i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y)
    return None
