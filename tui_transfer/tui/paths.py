"""Completion of paths: what a typed path may become."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer.archive.companions import main_of
from tui_transfer.archive.source import find_nested
from tui_transfer.system import platform

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST: Final = 200
"""Entries shown of one folder; typing narrows them down."""


@dataclass(frozen=True)
class Match:
    """An entry of the folder that is being typed in."""

    name: str
    path: str
    """What to put in the field to have it; a folder's ends with a separator."""
    is_folder: bool


def restarted(typed: str) -> str:
    """`typed` without what precedes a second beginning, as in `/srv/bases//mnt/usb` or `/srv/bases/~/x`.

    The field begins with a folder; who types a whole path after it means that path.
    """
    for beginning in ("//", "/~"):
        if (place := typed.rfind(beginning)) > 0 or (place == 0 and beginning == "/~"):
            return typed[place + 1 :]
    return typed


def find_matches(typed: str) -> list[Match]:
    """The entries that begin as `typed` does, folders first; hidden ones only where a dot was typed.

    Case does not matter. A folder that cannot be read has no entries.
    """
    whole = typed.replace("\\", "/") if platform.ON_WINDOWS else typed
    parent, _, start = whole.rpartition("/")
    shown = f"{parent}/" if "/" in typed or parent else ""
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
    return sorted(found, key=lambda match: (not match.is_folder, match.name.casefold()))[:MOST]


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
