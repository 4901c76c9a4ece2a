"""Looks through the places where people keep databases. It adds nothing: it tells what is there.

Only names are looked at, never contents. It ends by itself, after some seconds and so many folders; network
drives are slow, and homes are big.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer.archive import sets
from tui_transfer.archive.companions import main_of
from tui_transfer.system.documents import documents_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MOST: Final = 200
"""Databases that are told: somebody is to choose among them."""
SECONDS: Final = 20.0
_MOST_FOLDERS: Final = 20_000
_DEPTH: Final = 5
_ALSO: Final = frozenset({".db", ".sqlite", ".sqlite3", ".db3"})
"""Endings of databases whose format tells itself by its content."""
_NOT_LOOKED_INTO: Final = frozenset(
    {"node_modules", "__pycache__", "appdata", "application data", "library", "windows", "proc", "sys", "dev"}
)
_MAIN: Final = frozenset(ending.lower() for form in sets.FORMATS for ending in form.main)


@dataclass(frozen=True)
class Place:
    """A folder to look through, and how many folders deep."""

    folder: Path
    depth: int = _DEPTH


def known_places(beside: Sequence[Path] = ()) -> list[Place]:
    """Where databases are likely, the likeliest first: beside those that are known (`beside`), in the current
    folder, where documents are kept, then in the home, and in folders with « impact » in their names.
    """
    home = Path.home()
    roots = (home, home.parent, Path("/"), Path("/srv"), Path("/opt"), Path(home.anchor))
    named = [found for root in dict.fromkeys(roots) for found in _named_impact(root)]
    folders = [*(path.parent for path in beside), Path.cwd(), *named, documents_folder(), home]
    return [Place(folder) for folder in dict.fromkeys(folders) if folder != Path(folder.anchor)]


def search(
    places: Sequence[Place],
    apart_from: Path,
    is_wanted: Callable[[], bool],
    *,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Path]:
    """Gives the databases there, each once, as it finds them.

    Args:
        places: where to look.
        apart_from: a folder that is left out: the program's own.
        is_wanted: asked often; False ends it.
        seconds: after which it ends by itself.
        clock: tells the time.
    """
    end, seen, given = clock() + seconds, set[str](), set[Path]()
    left_out = os.path.realpath(apart_from)
    for place in places:
        stack = [(str(place.folder), place.depth)]
        while stack:
            folder, depth = stack.pop()
            real = os.path.realpath(folder)
            if real in seen or real == left_out:
                continue
            seen.add(real)
            if not is_wanted() or clock() >= end or len(seen) > _MOST_FOLDERS or len(given) >= MOST:
                return
            files, folders = _entries(folder)
            for file in files:
                if (database := main_of(Path(folder, file))) not in given:
                    given.add(database)
                    yield database
            if depth:
                stack += [(os.path.join(folder, name), depth - 1) for name in reversed(folders)]  # noqa: PTH118


def _entries(folder: str) -> tuple[list[str], list[str]]:
    """The likely files and the folders of a folder; nothing of one that cannot be read."""
    files, folders = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if entry.name.lower() not in _NOT_LOOKED_INTO:
                        folders.append(entry.name)
                elif Path(entry.name).suffix.lower() in _MAIN | _ALSO and entry.is_file():
                    files.append(entry.name)
    except OSError:
        return [], []
    return sorted(files), sorted(folders)


def _named_impact(root: Path) -> list[Path]:
    try:
        with os.scandir(root) as entries:
            return [
                Path(entry.path) for entry in entries if "impact" in entry.name.lower() and entry.is_dir()
            ]
    except OSError:
        return []
