"""Files that only their owner may read, and that are never seen half written."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def make_private_folder(folder: Path) -> Path:
    """Makes `folder` and its parents, readable by nobody else; one that exists is left as it is.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE.
    """
    with disk_errors(folder):
        for missing in reversed([folder, *folder.parents]):
            if not missing.exists():
                missing.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    return folder


def write_private(path: Path, content: bytes) -> None:
    """Writes `content` to `path` atomically: readers see the old file or the new one, whole.

    The new file is synced to disk before it takes the name, so that a power cut leaves one of the two.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE; `path` is then untouched.
    """
    make_private_folder(path.parent)
    with disk_errors(path):
        # mkstemp creates the file 0600, whatever the umask.
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a rename or creation in `folder` survive a power cut, where the system can do that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
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
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TransferError(Problem.DISK_FULL, path=path, reason="il n'y a plus d'espace libre")
    reasons = {
        errno.EACCES: "accès refusé",
        errno.EPERM: "accès refusé",
        errno.EROFS: "ce disque est en lecture seule",
        errno.ENOENT: "ce dossier n'existe pas",
        errno.ENOTDIR: "un élément du chemin n'est pas un dossier",
        errno.EIO: "le disque signale une erreur matérielle",
    }
    reason = reasons.get(error.errno or 0, f"erreur du système ({error.strerror or error})")
    return TransferError(Problem.DISK_UNWRITABLE, path=path, reason=reason)
