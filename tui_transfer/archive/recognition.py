"""Tells an SQLite database from other files, also where its first page was being written when power went.

A program that dies while it writes leaves a *hot* journal, from which SQLite makes the database whole again.
Until then the database's own first bytes may say nothing; what they were, or will be, stands in the journal.

Source: SQLite, « Database File Format »: 1.3 (header), 3 (rollback journal), 4 (write-ahead log).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from tui_transfer.archive.disk import open_unlinked, reading

if TYPE_CHECKING:
    import io

SQLITE_MAGIC: Final = b"SQLite format 3\0"
WAL_SUFFIX: Final = "-wal"
ROLLBACK_SUFFIX: Final = "-journal"

_JOURNAL_MAGIC: Final = bytes.fromhex("d9d505f920a163d7")
_JOURNAL_SECTOR: Final = slice(20, 24)
_JOURNAL_PAGE_SIZE: Final = slice(24, 28)
_WAL_MAGICS: Final = (bytes.fromhex("377f0682"), bytes.fromhex("377f0683"))
_WAL_HEADER: Final = 32
_WAL_PAGE_SIZE: Final = slice(8, 12)
_WAL_FRAME_HEADER: Final = 24
_PAGE_SIZES: Final = {1 << power for power in range(9, 17)}
_MOST_RECORDS: Final = 100_000
"""Of a journal, looked at for a first page: it is among the first that a change writes."""


def is_sqlite(path: str) -> bool:
    """Whether the file at `path` is an SQLite database, or its journals make one of it. An encrypted one is
    not.

    Raises:
        TransferError: `DATABASE_UNREADABLE` or `DATABASE_LOCKED`.
    """
    with reading(path), open_unlinked(path) as file:
        start = file.read(len(SQLITE_MAGIC))
    if start == SQLITE_MAGIC:
        return True
    return bool(start) and (_brings_back(path, ROLLBACK_SUFFIX) or _brings_back(path, WAL_SUFFIX))


def is_torn(path: str) -> bool:
    """Whether only the journals of what `is_sqlite` say so."""
    with reading(path), open_unlinked(path) as file:
        return file.read(len(SQLITE_MAGIC)) != SQLITE_MAGIC


def _brings_back(path: str, suffix: str) -> bool:
    """Whether the journal of that suffix, if there is one that can be read, holds a first page of SQLite."""
    try:
        with open_unlinked(f"{path}{suffix}") as journal:
            return _has_first_page(journal)
    except OSError:
        return False


def _has_first_page(journal: io.FileIO) -> bool:
    header = journal.read(_WAL_HEADER)
    if len(header) < _WAL_HEADER:
        return False
    if header.startswith(_JOURNAL_MAGIC):
        # Records: page number, page, checksum.
        begin, size = _number(header[_JOURNAL_SECTOR]), _number(header[_JOURNAL_PAGE_SIZE])
        before, after = 4, 4
    elif header.startswith(_WAL_MAGICS):
        begin, size = _WAL_HEADER, _number(header[_WAL_PAGE_SIZE])
        before, after = _WAL_FRAME_HEADER, 0
    else:
        return False
    if size not in _PAGE_SIZES:
        return False
    for record in range(_MOST_RECORDS):
        journal.seek(begin + record * (before + size + after), os.SEEK_SET)
        start = journal.read(before + len(SQLITE_MAGIC))
        if len(start) < before + len(SQLITE_MAGIC):
            return False
        if _number(start[:4]) == 1:
            return start[before:] == SQLITE_MAGIC
    return False


def _number(field: bytes) -> int:
    return int.from_bytes(field, "big")
