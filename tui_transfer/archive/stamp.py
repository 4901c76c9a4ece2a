"""What tells whether a file is still the one that was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system.files import printable

if TYPE_CHECKING:
    import os
    from pathlib import Path

MODIFIED: Final = "son contenu a été modifié"


class Stamp(NamedTuple):
    """A file's size in bytes, time of last change in nanoseconds, and identity on its disk.

    Two stamps that differ, taken around a reading, mean that somebody wrote in between. Equal ones mean that
    nobody did, but for writes through a memory map, and a second write within one tick of the file system's
    clock (4 ms on Linux, 100 ns on NTFS, 2 s on FAT) that keeps the size: only reading again shows
    those.
    """

    size: int
    modified_ns: int
    device: int
    inode: int

    @classmethod
    def of(cls, info: os.stat_result) -> Stamp:
        """The stamp in the answer of `os.stat`, `os.lstat` or `os.fstat`."""
        return cls(info.st_size, info.st_mtime_ns, info.st_dev, info.st_ino)

    def difference(self, later: Stamp) -> str | None:
        """What changed between this stamp and a later one, in French; `None` if nothing did."""
        if (self.device, self.inode) != (later.device, later.inode):
            return "ce fichier a été remplacé par un autre"
        if self.size != later.size:
            return f"sa taille est passée de {french.number(self.size)} à {french.count(later.size, 'octet')}"
        if self.modified_ns != later.modified_ns:
            return MODIFIED
        return None


def changed(path: str | Path, reason: str) -> TransferError:
    """What to raise when a part of a database is no longer what it was."""
    return TransferError(Problem.DATABASE_CHANGED, path=printable(path), reason=reason)
