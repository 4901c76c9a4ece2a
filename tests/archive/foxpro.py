"""Files of Visual FoxPro, made as its documentation describes them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LINK = 263
_CONTAINER = (("OBJECTID", "I", 4), ("PARENTID", "I", 4), ("OBJECTTYPE", "C", 10), ("OBJECTNAME", "C", 128),
              ("PROPERTY", "M", 4), ("CODE", "M", 4), ("RIINFO", "C", 6), ("USER", "M", 4))  # fmt: skip
_TABLE = (("NUMERO", "C", 15), ("NET", "N", 10))


def table(
    columns: Sequence[tuple[str, str, int]], rows: Sequence[bytes], link: bytes, *, kind: int, flags: int
) -> bytes:
    """A table: header, fields, link, rows."""
    width = 1 + sum(size for _, _, size in columns)
    size = 32 + 32 * len(columns) + 1 + (LINK if kind in (0x30, 0x31, 0x32) else 0)
    header = struct.pack("<BBBBIHH16xBB2x", kind, 22, 3, 2, len(rows), size, width, flags, 0x03)
    fields, place = b"", 1
    for name, letter, length in columns:
        fields += struct.pack("<11scIBB14x", name.encode(), letter.encode(), place, length, 0)
        place += length
    assert all(len(row) == width for row in rows)
    end = link.ljust(LINK, b"\0") if kind in (0x30, 0x31, 0x32) else b""
    return header + fields + b"\r" + end + b"".join(rows) + b"\x1a"


def salaries(path: Path, link: bytes, *, kind: int = 0x30) -> Path:
    """A table with its memos and its index; `link` is the path of its container."""
    rows = [b" " + b"1850578006084".ljust(15) + b"   1234.56" for _ in range(50)]
    path.write_bytes(table(_TABLE, rows, link, kind=kind, flags=0x03))
    path.with_suffix(".fpt").write_bytes(b"memos of " + path.name.encode())
    path.with_suffix(".CDX").write_bytes(b"index of " + path.name.encode())
    return path


def container(path: Path, tables: Sequence[str], deleted: Sequence[str] = ()) -> Path:
    """A container, with its own memos and index."""
    objects = [("Database", "Database", False), ("Database", "TransactionLog", False)]
    objects += [("Table", name, False) for name in tables] + [("Table", name, True) for name in deleted]
    objects += [("Field", "numero", False), ("View", "bulletins", False)]
    rows = [
        (b"*" if gone else b" ") + struct.pack("<II", number, 1) + what.encode().ljust(10)
        + name.encode("cp1252").ljust(128) + bytes(8) + b" " * 6 + bytes(4)
        for number, (what, name, gone) in enumerate(objects, 1)
    ]  # fmt: skip
    path.write_bytes(table(_CONTAINER, rows, b"", kind=0x30, flags=0x07))
    path.with_suffix(".dct").write_bytes(b"memos of the container")
    path.with_suffix(".dcx").write_bytes(b"index of the container")
    return path
