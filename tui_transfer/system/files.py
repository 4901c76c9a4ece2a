"""Files that only their owner may read, and that are never seen half written."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from tui_transfer.errors import Problem, TransferError, harmless
from tui_transfer.system import access, names, os_errors
from tui_transfer.system.paths import readable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
LONGEST: Final = 16 << 20
"""Bytes that a file which is read whole may have; those of this program are a thousand times smaller."""

_READ: Final = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe that nobody writes to is opened all the same, and refused
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_FOLDER: Final = "un dossier porte ce nom"
_SPECIAL: Final = "ce n’est pas un fichier ordinaire"


class UnfitFileError(OSError):
    """What bears a file's name cannot be read as one; the text says why, in French, for a sentence's end."""


def keep_process_private() -> None:
    """Has whatever this process creates readable by its owner alone, and its memory dumped nowhere."""
    os.umask(0o077)
    if sys.platform != "win32":
        import resource

        # One byte: too small for a file, and what keeps Linux from handing the dump to a program (systemd's,
        # Ubuntu's), for which it ignores every other limit, 0 included. Source: core(5), fs/coredump.c.
        with contextlib.suppress(OSError, ValueError):  # a system that refuses it does without
            _, hard = resource.getrlimit(resource.RLIMIT_CORE)
            least = 1 if hard == resource.RLIM_INFINITY else min(1, hard)
            resource.setrlimit(resource.RLIMIT_CORE, (least, hard))


def make_private_folder(folder: Path) -> Path:
    """Makes `folder` and its parents, readable by nobody else; one that exists is left as it is.

    A power cut takes none of them back once this has returned: also where a process that was killed had made
    `folder`, and came no further.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE.
    """
    with disk_errors(folder):
        for missing in reversed([folder, *folder.parents]):
            if not missing.exists():
                missing.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                access.close_to_others(missing)
                if missing != folder:
                    sync_folder(missing.parent)
        sync_folder(folder.parent)
    return folder


def keep_private_folder(folder: Path) -> Path:
    """Does what `make_private_folder` does, and closes a folder that is there to others.

    For those whose content is this program's alone.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE.
    """
    make_private_folder(folder)
    access.close_to_others(folder)
    return folder


def open_regular(path: Path) -> BinaryIO:
    """Opens a file for reading. What would keep a reader waiting, or never end, is refused: pipes, devices.

    Raises:
        UnfitFileError: it is no regular file.
        OSError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, _READ)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise UnfitFileError(_SPECIAL) from error
        if isinstance(error, PermissionError) and path.is_dir():  # Windows does not open one, and so refuses
            raise UnfitFileError(_FOLDER) from error
        raise
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise UnfitFileError(_FOLDER if stat.S_ISDIR(mode) else _SPECIAL)
    return os.fdopen(descriptor, "rb")


def read_file(path: Path, limit: int = LONGEST) -> bytes:
    """The content of a regular file of at most `limit` bytes.

    Raises:
        UnfitFileError: it is no regular file, or is longer.
        OSError: it cannot be read.
    """
    with open_regular(path) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise UnfitFileError("il est beaucoup trop gros")
    return content


def write_private(path: Path, content: bytes) -> None:
    """Writes `content` to `path` atomically: readers see the old file or the new one, whole.

    The new file is synced to disk before it takes the name, so that a power cut leaves one of the two.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE; `path` is then untouched.
    """
    make_private_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    with disk_errors(path):
        if path.exists() and not path.is_file():
            # A device or a pipe would be replaced by a file of its name.
            raise UnfitFileError(_SPECIAL)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                access.close_to_others(temporary)
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            names.replace(temporary, path)
        except BaseException:
            names.remove(temporary)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a rename or creation in `folder` survive a power cut, where the system can do that.

    A folder that one may not list cannot be opened for it, and some network disks sync files alone: that is
    no failure (as PostgreSQL has it, `fsync_fname_ext`).
    """
    if os.name != "posix":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns an `OSError` on our own files into DISK_FULL or DISK_UNWRITABLE, naming `path`."""
    try:
        yield
    except OSError as error:
        raise local_disk_error(path, error) from error


def local_disk_error(path: Path, error: OSError) -> TransferError:
    """The failure that `error`, met on our own file `path`, means."""
    problem = Problem.DISK_FULL if error.errno in os_errors.DISK_FULL else Problem.DISK_UNWRITABLE
    return TransferError(problem, path=printable(path), reason=os_errors.in_words(error))


def printable(path: str | Path) -> str:
    """The path as text that any terminal, JSON document or mail can hold.

    Bytes that are not UTF-8 are shown as ``\\xNN``.
    """
    return harmless(os.fsencode(readable(path)).decode("utf-8", "backslashreplace"))
