"""The databases of the frozen samples, at the path that their jobs remember."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from filelock import FileLock

STAGE = Path("/tmp/tui-transfer-samples")
"""The same on every machine: `job.json` names the bases by their paths, and its hash is in the journal."""
BASES = STAGE / "bases"
TEXT, SQLITE, FOLDER = BASES / "paie.txt", BASES / "paie.db", BASES / "Bulletins 2021"

_LOCK = STAGE.with_suffix(".lock")
_LOCK_LIMIT = 600.0
_CHANGED_AT = datetime(2022, 2, 28, 17, 30, tzinfo=UTC).timestamp()
"""Of every file: the journal remembers it, to tell whether a base has changed since it was read."""
_NAMES = ("Brouillon", "Essai", "Exemplaire", "Factice", "Fictif", "Gabarit", "Maquette", "Spécimen")
_TEXT_ROWS = 140_000
_SQLITE_ROWS = 12_000


@contextmanager
def installed(frozen: Path) -> Iterator[None]:
    """Lays the databases out below `STAGE` for one process at a time, and removes them at the end.

    Args:
        frozen: the folder of the samples; it holds the bases that cannot be made again byte for byte.
    """
    with FileLock(_LOCK, timeout=_LOCK_LIMIT):
        shutil.rmtree(STAGE, ignore_errors=True)  # of a process that was killed
        try:
            shutil.copytree(frozen / "bases", BASES)
            TEXT.write_text("\n".join(_rows(_TEXT_ROWS)), encoding="utf-8")
            for path in BASES.rglob("*"):
                os.utime(path, (_CHANGED_AT, _CHANGED_AT))
            yield
        finally:
            shutil.rmtree(STAGE)


def make_frozen_bases(folder: Path) -> None:
    """Makes those that are kept with the samples: an SQLite base, which each version of SQLite writes in its
    own way, and a folder.
    """
    bulletins = folder / FOLDER.name / "janvier"
    bulletins.mkdir(parents=True)
    for number in range(3):
        (bulletins / f"bulletin n° {number}.csv").write_text("\n".join(_rows(400 * number)), encoding="utf-8")
    with closing(sqlite3.connect(folder / SQLITE.name)) as connection:
        connection.execute("CREATE TABLE paie (ligne TEXT)")
        connection.executemany("INSERT INTO paie VALUES (?)", ((row,) for row in _rows(_SQLITE_ROWS)))
        connection.commit()


def _rows(count: int) -> Iterator[str]:
    """Lines of a made-up payroll, the same each time: long to pack, and small then."""
    chance = Random(count).randbytes(3 * count)
    for number in range(count):
        name, hours, rate = chance[3 * number : 3 * number + 3]
        who = f"9{number // 24:012}99;{_NAMES[name % len(_NAMES)]};2021-{1 + number % 12:02}"
        yield f"{who};{hours % 16 + 136} h;{rate % 32 + 10},00 €;net à payer en euros"
