"""The locks that tell whether a worker lives: it holds them, and the system frees them however it dies."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tui_transfer.system.files import PRIVATE_FILE, disk_errors

if TYPE_CHECKING:
    from pathlib import Path

    import filelock


def make(file: Path, timeout: float) -> filelock.BaseFileLock:
    """The lock in `file`, not taken yet; taking it waits `timeout` seconds for whoever holds it.

    Those who only look at jobs take no lock: the library, which costs the first screen a tenth of its time,
    is loaded here.
    """
    import filelock

    return filelock.FileLock(file, timeout=timeout, mode=PRIVATE_FILE)


if sys.platform == "win32":

    def is_held(file: Path) -> bool:
        """Whether somebody holds the lock."""
        import filelock

        with disk_errors(file):
            if not file.exists():
                return False
            try:
                with filelock.FileLock(file, timeout=0):
                    return False
            except filelock.Timeout:
                return True

else:
    import fcntl

    def is_held(file: Path) -> bool:
        """Whether somebody holds the lock. Nothing is written, and those who look do not see each other.

        Raises:
            TransferError: DISK_UNWRITABLE where the file cannot be looked at.
        """
        with disk_errors(file):
            try:
                descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe, too
            except FileNotFoundError:
                return False
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            finally:
                os.close(descriptor)
        return False
