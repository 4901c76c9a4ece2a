"""Which tables belong to a Visual FoxPro database: the tables say so, and so does its container.

The container (`.dbc`) has no stem in common with its tables. A table of it ends its header with 263 bytes
that hold the container's path, relative to the table, and a zero byte after it; a free table has zeros there.
The container is itself a table, with a row for each object in it.

Source: Microsoft, Visual FoxPro, « Table File Structure (.dbc, .dbf, .frx, .lbx, .mnx, .pjx, .scx, .vcx) »
and « Table Structures of Table Files ».
"""

from __future__ import annotations

import io
import posixpath
from typing import Final

from tui_transfer.archive.disk import open_unlinked, reading

_VISUAL: Final = (0x30, 0x31, 0x32)
"""The types of tables that can belong to a container: plain, with counters, with Varchar or Blob."""
_START: Final = 32
_HEADER_SIZE, _ROW_SIZE = slice(8, 10), slice(10, 12)
_LINK: Final = 263
_FIELD: Final = 32
_NAME, _PLACE, _WIDTH = slice(0, 11), slice(12, 16), 16
_FIELDS_END: Final = 0x0D
_DELETED: Final = ord("*")
_MOST_ROWS: Final = 100_000
_ENCODINGS: Final = ("cp1252", "cp850", "utf-8")
"""Paths are written in the code page of the program that made the table, which nothing tells."""


class BrokenTableError(ValueError):
    """A table of Visual FoxPro whose header is not whole."""


def containers_of(table: str) -> tuple[str, ...]:
    """The path of the container that a table belongs to, relative to the table's folder, in each way that it
    can be read; nothing where the file is another kind of table, or none, or belongs to no container.

    Raises:
        BrokenTableError: nobody can tell.
        TransferError: `DATABASE_UNREADABLE` or `DATABASE_LOCKED`.
    """
    with reading(table), io.BufferedReader(open_unlinked(table)) as file:
        header = _header(file)
    link = header[-_LINK:].partition(b"\0")[0]
    return tuple(dict.fromkeys(_path(link, encoding) for encoding in _ENCODINGS)) if link else ()


def tables_in(container: str) -> list[str]:
    """The names of the tables that a container holds, as its rows tell; they usually are those of their
    files. Empty where it cannot be understood.

    Raises:
        TransferError: `DATABASE_UNREADABLE` or `DATABASE_LOCKED`.
    """
    with reading(container), io.BufferedReader(open_unlinked(container)) as file:
        try:
            header = _header(file)
        except BrokenTableError:
            return []
        columns = _columns(header)
        kind, name = columns.get("OBJECTTYPE"), columns.get("OBJECTNAME")
        size = _number(header[_ROW_SIZE]) if header else 0
        if not kind or not name or size < max(kind.stop, name.stop):
            return []
        found = []
        for _ in range(_MOST_ROWS):
            row = file.read(size)
            if len(row) < size:
                break
            if row[0] != _DELETED and _text(row[kind]).casefold() == "table":
                found.append(_text(row[name]))
        return found


def _header(file: io.BufferedReader[io.FileIO]) -> bytes:
    """The header of a table of Visual FoxPro, of which nothing is read behind it; empty where it is none."""
    start = file.read(_START)
    if not start or start[0] not in _VISUAL:
        return b""
    size = _number(start[_HEADER_SIZE])
    header = start + file.read(max(0, size - len(start)))
    if len(header) < size or size < _START + _LINK:
        raise BrokenTableError
    return header


def _columns(header: bytes) -> dict[str, slice]:
    """Where in a row each column stands, by its name."""
    columns = {}
    for begin in range(_START, len(header) - _LINK - _FIELD, _FIELD):
        if header[begin] == _FIELDS_END:
            break
        field = header[begin : begin + _FIELD]
        place = _number(field[_PLACE])
        columns[_text(field[_NAME])] = slice(place, place + field[_WIDTH])
    return columns


def _path(link: bytes, encoding: str) -> str:
    return posixpath.normpath(link.decode(encoding, "replace").strip().replace("\\", "/"))


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("cp1252", "replace").strip()


def _number(field: bytes) -> int:
    return int.from_bytes(field, "little")
