"""What a job's spool holds of the databases, so that a person knows of it and can get rid of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui_transfer.system.files import disk_errors

if TYPE_CHECKING:
    from pathlib import Path

    from tui_transfer.job.control import Job

ARCHIVE_NAME: Final = "archive.part"
"""A database's archive, in its folder of the spool. Never named .7z there: until its last bytes are written
it is not one."""
SNAPSHOT_NAME: Final = "snapshot.sqlite"
"""The copy that an SQLite database is packed from; SQLite's own files bear its name and a suffix."""


@dataclass(frozen=True)
class SpoolContents:
    """Sizes in bytes.

    Attributes:
        snapshot: of copies of databases as they are, in clear, over all databases of the job.
        archives: of archives, whole or begun. They are in clear too, for whoever has a program that unpacks.
    """

    snapshot: int = 0
    archives: int = 0

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return self.snapshot > 0 or self.archives > 0


def spool_contents(job: Job) -> SpoolContents:
    """What the job's spool holds now; a worker may be changing it.

    Raises:
        TransferError: DISK_UNWRITABLE where that cannot be told.
    """
    with disk_errors(job.spool):
        files = [file for folder in _content(job.spool) if folder.is_dir() for file in _content(folder)]
        return SpoolContents(
            snapshot=sum(_size(file) for file in files if file.name.startswith(SNAPSHOT_NAME)),
            archives=sum(_size(file) for file in files if file.name == ARCHIVE_NAME),
        )


def _content(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:  # not made yet, or removed a moment ago
        return []


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except FileNotFoundError:
        return 0
