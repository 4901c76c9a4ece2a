"""Failures of files told in French, and private files and folders on this machine's disk."""

from __future__ import annotations

import errno
import io
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REASONS: Final = {
    errno.EACCES: "accès refusé",
    errno.EPERM: "opération interdite",
    errno.ENOENT: "ce fichier ou ce dossier n'existe pas",
    errno.ENOTDIR: "un élément de ce chemin n'est pas un dossier",
    errno.EISDIR: "un dossier porte ce nom",
    errno.EEXIST: "un autre élément porte ce nom",
    errno.ELOOP: "lien symbolique inattendu, ou qui tourne en rond",
    errno.ENAMETOOLONG: "ce chemin est trop long",
    errno.EIO: "erreur matérielle du disque",
    errno.ESTALE: "le lecteur réseau a été déconnecté",
    errno.EROFS: "ce disque est en lecture seule",
    errno.ENOSPC: "plus aucun espace libre",
    errno.EDQUOT: "votre quota est atteint",
    errno.EFBIG: "fichier trop gros pour ce disque",
    errno.EMFILE: "trop de fichiers ouverts",
}
_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_SHARING_VIOLATIONS: Final = {32, 33}  # ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION (Windows)


def reason(error: OSError) -> str:
    """What the system refused, in French where the code is known."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


def printable(path: str | Path) -> str:
    """The path as text that any terminal, JSON document or mail can hold.

    Bytes that are not UTF-8 are shown as ``\\xNN``.
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def unreadable(path: str | Path, error: OSError) -> TransferError:
    """What to raise when the system refuses to read a part of a database."""
    if getattr(error, "winerror", None) in _SHARING_VIOLATIONS:
        return TransferError(
            Problem.DATABASE_LOCKED, path=printable(path), reason="un autre programme l'a ouvert"
        )
    return TransferError(Problem.DATABASE_UNREADABLE, path=printable(path), reason=reason(error))


def open_unlinked(path: str | Path) -> io.FileIO:
    """Opens a file for reading; fails where a link, and does not hang where a FIFO, took its place."""
    wanted = ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")  # each where the system has it
    flags = os.O_RDONLY
    for name in wanted:
        flags |= getattr(os, name, 0)
    return io.FileIO(os.open(path, flags))


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turns what the system refuses on the database's side into `unreadable`."""
    try:
        yield
    except OSError as error:
        raise unreadable(path, error) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns what the system refuses on our own side into `DISK_FULL` or `DISK_UNWRITABLE`."""
    try:
        yield
    except OSError as error:
        problem = Problem.DISK_FULL if error.errno in _FULL else Problem.DISK_UNWRITABLE
        raise TransferError(problem, path=printable(path), reason=reason(error)) from error


def make_private_folder(folder: Path) -> None:
    """Makes `folder` (its parent exists) for its owner alone, unless it is there already."""
    with writing(folder):
        folder.mkdir(mode=0o700, exist_ok=True)


def open_private(path: Path, *, anew: bool = False) -> int:
    """Opens for reading and writing a file that nobody else may read from its first instant.

    Args:
        path: the file; it is created if it is missing.
        anew: whether to empty it.

    Returns:
        A file descriptor. The caller wraps the call in `writing`.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.open(path, flags | (os.O_TRUNC if anew else 0), 0o600)


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces the content of a small private file: all of it or nothing, whatever happens."""
    beside = path.with_name(path.name + ".new")
    with writing(path):
        with os.fdopen(open_private(beside, anew=True), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
