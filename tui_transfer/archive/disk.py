"""Opens files on this machine's disk: a database's, of which nothing is trusted, and our own, private."""

from __future__ import annotations

import io
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.system.files import PRIVATE_FILE, printable
from tui_transfer.system.opening import is_in_use, open_to_read
from tui_transfer.system.os_errors import in_words
from tui_transfer.system.paths import followed

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPECIAL_KINDS: Final = {
    stat.S_IFIFO: "un tube nommé (FIFO)",
    stat.S_IFSOCK: "une socket",
    stat.S_IFCHR: "un périphérique",
    stat.S_IFBLK: "un périphérique",
}


def unreadable(path: str | Path, error: OSError) -> TransferError:
    """What to raise when the system refuses to read a part of a database."""
    problem = Problem.DATABASE_LOCKED if is_in_use(error) else Problem.DATABASE_UNREADABLE
    return TransferError(problem, path=printable(path), reason=in_words(error))


def locate(path: Path) -> tuple[Path, os.stat_result]:
    """Follows the links that lead to a database, and says what is there, by a literal path.

    Raises:
        TransferError: `DATABASE_MISSING` or `DATABASE_UNREADABLE`.
    """
    try:
        root = Path(followed(path))
        return root, root.lstat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise TransferError(Problem.DATABASE_MISSING, path=printable(path)) from error
    except OSError as error:
        raise unreadable(path, error) from error


def special_kind(info: os.stat_result) -> str | None:
    """What is neither a file nor a folder, in French; else None."""
    if stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode):
        return None
    return _SPECIAL_KINDS.get(stat.S_IFMT(info.st_mode), "d’une espèce inconnue")


def refuse_special(path: str, info: os.stat_result) -> None:
    """Lets through files and folders.

    Raises:
        TransferError: `DATABASE_SPECIAL_FILE`.
    """
    if (kind := special_kind(info)) is not None:
        raise TransferError(Problem.DATABASE_SPECIAL_FILE, path=printable(path), kind=kind)


def open_unlinked(path: str | Path) -> io.FileIO:
    """Opens a file for reading; fails where a link, and does not hang where a FIFO, took its place."""
    return io.FileIO(open_to_read(path))


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turns what the system refuses on the database's side into `unreadable`."""
    try:
        yield
    except OSError as error:
        raise unreadable(path, error) from error


def open_private(path: Path, *, anew: bool = False) -> int:
    """Opens for reading and writing a file that nobody else may read from its first instant.

    Args:
        path: the file; it is created if it is missing.
        anew: whether to empty it.

    Returns:
        A file descriptor. The caller wraps the call in `files.disk_errors`.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.open(path, flags | (os.O_TRUNC if anew else 0), PRIVATE_FILE)
