"""The files that programs keep beside a database while somebody works with it, and whom they name.

None of them is proof: a program that crashed leaves its own behind. So they make a warning, which a person
may overrule. Who is named is shown as it stands there.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer import french
from tui_transfer.archive.companions import AS_KNOWN, Selection, files_sent, locks_beside, main_of
from tui_transfer.archive.disk import open_unlinked
from tui_transfer.archive.sets import SQLITE_JOURNALS, folded
from tui_transfer.errors import TransferError, harmless

if TYPE_CHECKING:
    from collections.abc import Callable

_ANY_PROGRAM: Final = (*SQLITE_JOURNALS[:2], ".lck", ".lock", "~")
"""What is added to the whole name of a database, whatever its format."""
_LONGEST: Final = 64 * 255
"""Bytes of a lock that are read: as many as Access writes for as many users as it lets in."""
_MOST_USERS: Final = 5


def find_locks(database: Path, selection: Selection = AS_KNOWN) -> list[str]:
    """The locks beside what is sent of a database, or in its folder, by name, with whom they name in
    brackets.

    Empty ones are left-overs. What cannot be looked at is told by others.
    """
    files, found = [main_of(database)], []
    with suppress(TransferError):
        files += files_sent(database, selection)
        found += locks_beside(database, selection)
    found += [file.parent / f"{file.name}{ending}" for file in files for ending in _ANY_PROGRAM]
    once = {Path(os.path.realpath(lock.parent)) / lock.name for lock in found}  # whatever leads there
    return [_described(lock) for lock in sorted(once) if _has_content(lock)]


def _described(lock: Path) -> str:
    name = harmless(lock.name)
    holders = _holders(lock)
    return f"{name} ({french.some_of(holders, _MOST_USERS)})" if holders else name


def _holders(lock: Path) -> list[str]:
    """Whom a lock names, in French; empty where it names nobody, or cannot be read."""
    name = folded(lock.name)
    for ending, names in _READERS.items():
        if name.endswith(ending):
            try:
                with open_unlinked(lock) as file:
                    return list(dict.fromkeys(names(file.read(_LONGEST))))
            except OSError:  # held by the program that made it
                return []
    return []


def _of_access(content: bytes) -> list[str]:
    """Records of 64 bytes: a computer and a user, 32 bytes each, that end with a zero byte.

    Source: Microsoft, « Understanding Microsoft Jet Locking ».
    """
    records = [content[begin : begin + 64] for begin in range(0, len(content), 64)]
    return [_station(_text(record[:32]), _text(record[32:])) for record in records if _text(record[:32])]


def _of_h2(content: bytes) -> list[str]:
    """A Java properties file; a base that is served says where. Source: H2, « File Locking Protocols »."""
    entries = dict(re.findall(r"(?m)^(\w+)=(.*?)\r?$", _text(content)))
    station = entries.get("hostName") or entries.get("server") or entries.get("ipAddress") or ""
    return [_station(station.replace("\\:", ":"), "")] if station else []


def _of_libreoffice(content: bytes) -> list[str]:
    """Fields parted by commas: name, account, computer, date. Source: LibreOffice, « lockfilecommon.cxx »."""
    name, account, station, *_ = [*_text(content, "utf-8").split(","), "", "", ""]
    return [_station(station, name or account)] if station or name or account else []


def _station(station: str, user: str) -> str:
    parts = [f"poste {station}" if station else "", f"utilisateur {user}" if user else ""]
    return harmless(", ".join(part for part in parts if part))


def _text(field: bytes, encoding: str = "cp1252") -> str:
    return field.partition(b"\0")[0].decode(encoding, "replace").strip()


def _has_content(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except OSError:
        return False


_READERS: Final[dict[str, Callable[[bytes], list[str]]]] = {
    ".laccdb": _of_access,
    ".ldb": _of_access,
    ".lock.db": _of_h2,
    "#": _of_libreoffice,
}
