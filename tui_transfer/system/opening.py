"""Opens the files of others for reading: nobody who works with them is disturbed, and no reader kept waiting.

What keeps a file for itself is told from what may not be read: `is_in_use`.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import Final

_IN_USE: Final = frozenset({32, 33})
"""ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION"""


def is_in_use(error: OSError) -> bool:
    """Whether another program keeps the file, or the part of it that was to be read, for itself.

    Windows' own number says so of what was opened here, listed or looked at. Python's reading from an open
    file has only the C library's, « access refused », which a file that was opened meets for no other reason.
    """
    number = getattr(error, "winerror", None)
    return number in _IN_USE or (_LOCKS_PARTS and number is None and _of_an_open_file(error))


def _of_an_open_file(error: OSError) -> bool:
    return error.errno == errno.EACCES and error.filename is None


if sys.platform == "win32":
    import _winapi
    import msvcrt
    import time

    from tui_transfer.system.paths import readable

    _LOCKS_PARTS = True
    _SHARING_ALL: Final = 1 | 2 | 4  # FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SHARE_DELETE
    _PAUSES: Final = (0.02, 0.05, 0.1, 0.2)
    """Seconds between two tries: what looks through files, against viruses, for an index, or for who uses
    them (`users`), keeps each for an instant.
    """

    def open_to_read(path: str | os.PathLike[str]) -> int:
        """A descriptor of a file. Others may write to it, rename and remove it meanwhile.

        Raises:
            OSError: it cannot be opened; with Windows' own number, which `os.open` leaves out.
        """
        name = os.fspath(path)
        try:
            handle = _handle(name)
        except OSError as error:
            raise OSError(error.errno, error.strerror, readable(name), error.winerror) from None
        try:
            return msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT)
        except OSError:
            _winapi.CloseHandle(handle)
            raise

    def _handle(name: str) -> int:
        for pause in _PAUSES:
            try:
                return _winapi.CreateFile(
                    name, _winapi.GENERIC_READ, _SHARING_ALL, 0, _winapi.OPEN_EXISTING, 0, 0
                )
            except OSError as error:
                if not is_in_use(error):
                    raise
            time.sleep(pause)
        return _winapi.CreateFile(name, _winapi.GENERIC_READ, _SHARING_ALL, 0, _winapi.OPEN_EXISTING, 0, 0)

    def may_be_read(path: str | os.PathLike[str]) -> None:
        """Finds out whether a file can be read.

        Raises:
            OSError: it cannot.
        """
        os.close(open_to_read(path))

else:
    _LOCKS_PARTS = False
    _READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK

    def open_to_read(path: str | os.PathLike[str]) -> int:
        """A descriptor of a file; fails where a link, and does not hang where a FIFO, took its place.

        Raises:
            OSError: it cannot be opened.
        """
        return os.open(path, _READ)

    def may_be_read(path: str | os.PathLike[str]) -> None:
        """Finds out whether a file can be read, without opening it.

        Raises:
            OSError: it cannot.
        """
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
