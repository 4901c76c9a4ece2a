"""Completion of paths: what a typed path may become."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer.archive.companions import main_of
from tui_transfer.archive.source import find_nested
from tui_transfer.system import platform
from tui_transfer.system.volumes import drives

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST: Final = 200
"""Entries shown of one folder; typing narrows them down."""
_SECOND_OF_WINDOWS: Final = re.compile(r".*[\\/]((?:[A-Za-z]:[\\/]|[\\/]{2}[^\\/]).*)", re.DOTALL)


@dataclass(frozen=True)
class Match:
    """An entry of the folder that is being typed in."""

    name: str
    path: str
    """What to put in the field to have it; a folder's ends with a separator."""
    is_folder: bool


def restarted(typed: str) -> str:
    r"""`typed` without what precedes a second beginning, as in `/srv/bases//mnt/usb`, `/srv/bases/~/x` or, on
    Windows, `C:/bases/D:\paie` and `C:/bases/\\serveur\paie`.

    The field begins with a folder; who types a whole path after it means that path.
    """
    if platform.ON_WINDOWS and (found := _SECOND_OF_WINDOWS.match(typed)):
        return found[1]
    for beginning in ("//", "/~"):
        if (place := typed.rfind(beginning)) > 0 or (place == 0 and beginning == "/~"):
            return typed[place + 1 :]
    return typed


def ends_in_folder(typed: str) -> bool:
    """Whether all of `typed` names a folder, rather than the beginning of a name in one."""
    return typed.endswith(("/", "\\") if platform.ON_WINDOWS else "/") and len(typed) > 1


def find_matches(typed: str) -> list[Match]:
    """The entries that begin as `typed` does, folders first; hidden ones only where a dot was typed. Drives
    come before all, where there are any and nothing else was typed.

    Case does not matter. A folder that cannot be read has no entries.
    """
    whole = typed.replace("\\", "/") if platform.ON_WINDOWS else typed
    begun = whole.upper()
    of_drives = [drive for drive in drives() if drive.startswith(begun) and drive != begun]
    found = [Match(drive[:2], drive, True) for drive in of_drives]
    if f"{begun}/" in of_drives:  # to the system alone it means that drive's current folder
        return found
    return [*found, *_entries_for(whole)][:MOST]


def _entries_for(whole: str) -> list[Match]:
    parent, _, start = whole.rpartition("/")
    shown = f"{parent}/" if "/" in whole else ""
    folder = Path(shown).expanduser() if shown else Path.cwd()
    try:
        with os.scandir(folder) as entries:
            found = [
                Match(entry.name, f"{shown}{entry.name}{'/' if entry.is_dir() else ''}", entry.is_dir())
                for entry in entries
                if entry.name.casefold().startswith(start.casefold())
                and (not entry.name.startswith(".") or start.startswith("."))
            ]
    except OSError:
        return []
    return sorted(found, key=lambda match: (not match.is_folder, match.name.casefold()))


def complete(typed: str, matches: list[Match]) -> str:
    """`typed` with what all `matches` go on with; the whole path where there is only one."""
    if len(matches) == 1:
        return matches[0].path
    paths = [match.path.casefold() for match in matches]
    # Not `os.path.commonpath`: a completion may end in the middle of a name.
    length = next(
        (index for index, letters in enumerate(zip(*paths, strict=False)) if len(set(letters)) > 1),
        min(map(len, paths), default=0),
    )
    return matches[0].path[:length] if length > len(typed) else typed


def why_not(path: Path, known: Sequence[tuple[str, Path]]) -> str | None:
    """Why the database at `path` cannot be added to those that are `known`, in French; None where it can."""
    if not path.exists():
        return "Rien n’existe à cet emplacement."
    for name, other in known:
        if nested := find_nested([other, path]):
            if main_of(path).resolve() == main_of(other).resolve():
                return f"Déjà dans la liste : « {name} »."
            return (
                f"Elle est à l’intérieur de « {name} »."
                if nested[0] == path
                else f"Elle contient « {name} », déjà dans la liste."
            )
    return None


def propose_name(path: Path, taken: set[str]) -> str:
    """A name for the database at `path`, made from its file name, different from those `taken`."""
    base = path.stem.replace("_", " ").replace("-", " ").strip() or path.name or "Base"
    base = base[0].upper() + base[1:]
    candidate, number = base, 2
    while candidate.casefold() in taken:
        candidate = f"{base} ({number})"
        number += 1
    return candidate
