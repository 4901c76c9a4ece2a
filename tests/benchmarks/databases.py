"""Databases to measure with, by names that tell kind and size: `sqlite80`, `files20000`, `random200`."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from tui_transfer.demo.samples import make_samples

if TYPE_CHECKING:
    from pathlib import Path

_SCALE_PER_MB: Final = 1 / 30.6
"""Of the samples: their SQLite base has about 30 MB at scale 1."""
_FILES_PER_FOLDER: Final = 200
_ROWS: Final = (1, 60)


@dataclass(frozen=True)
class Database:
    """A file or a folder, and its size in bytes."""

    name: str
    path: Path
    size: int


def make_database(name: str, folder: Path) -> Database:
    """Makes a database in `folder`, the same bytes each time.

    Args:
        name: `sqliteN`, a payroll of N MB; `filesN`, a folder of N small files; `randomN`, N MB that do not
            shrink.
        folder: where; made here.
    """
    match = re.fullmatch(r"(sqlite|files|random)(\d+)", name)
    if match is None:
        raise ValueError(f"{name}: not a database that is known here")
    kind, count = match[1], int(match[2])
    folder.mkdir()
    path = {"sqlite": _sqlite, "files": _files, "random": _random}[kind](folder, count)
    size = sum(
        file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()
    )
    return Database(name, path, size)


def _sqlite(folder: Path, megabytes: int) -> Path:
    samples = make_samples(folder, megabytes * _SCALE_PER_MB)
    shutil.rmtree(samples.folder.path)
    samples.file.path.unlink()
    return samples.sqlite.path


def _files(folder: Path, count: int) -> Path:
    """Small texts, each of another length, of rows as a payroll exports them."""
    draw = Random(count)
    root = folder / "Bulletins"
    for number in range(count):
        path = root / f"{number // _FILES_PER_FOLDER:03}" / f"bulletin {number:06}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = (
            f"9{draw.randrange(10**12):012}99;Essai {draw.randrange(999)};{draw.randrange(8, 152)};"
            f"{draw.randrange(10_000, 400_000) / 100:.2f}"
            for _ in range(draw.randint(*_ROWS))
        )
        path.write_text("\n".join(["nir;nom;heures;brut", *rows, ""]), encoding="utf-8")
    return root


def _random(folder: Path, megabytes: int) -> Path:
    draw = Random(megabytes)
    path = folder / "chance.bin"
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(draw.randbytes(1_000_000))
    return path
