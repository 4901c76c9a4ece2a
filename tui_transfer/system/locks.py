"""Exclusive locks on files: whoever holds one is alive, since the system frees it however its holder dies.

A lock is on the file and not on its name. Where the name leads to another file or to none, since somebody
removed or replaced it, the lock says nothing any more: it is not taken on such a file, and its holder can
ask.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.system import names
from tui_transfer.system.files import PRIVATE_FILE, disk_errors, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_POLL: Final = 0.02
_REMOVABLE_WHILE_OPEN: Final = os.name == "posix"
_NO_FILE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO})
"""There is nothing that anybody could have locked: no file, a link to itself, a socket."""
_AT_ONCE: Final = getattr(os, "O_NONBLOCK", 0)
"""A pipe of that name, which nobody writes to, is opened at once, too."""


class LockHeldError(Exception):
    """Somebody else holds the lock."""


class Lock:
    """An exclusive lock on a file, held until `release` or the end of the process.

    Another lock on the same file keeps this one from being taken also within one process.

    Args:
        file: what is locked; its content plays no part.
        timeout: seconds to wait for whoever holds it.
        create: whether to make the file where there is none.
    """

    def __init__(self, file: Path, timeout: float = 0.0, *, create: bool = False) -> None:
        self._file = file
        self._timeout = timeout
        self._flags = os.O_RDWR | _AT_ONCE | (os.O_CREAT if create else 0)
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Takes the lock.

        Raises:
            LockHeldError: somebody held it until the end of the timeout.
            TransferError: DISK_FULL or DISK_UNWRITABLE.
        """
        limit = time.monotonic() + self._timeout
        while not self._try():
            if time.monotonic() >= limit:
                raise LockHeldError(self._file)
            time.sleep(_POLL)

    def _try(self) -> bool:
        with disk_errors(self._file):
            descriptor = os.open(self._file, self._flags, PRIVATE_FILE)
            if _try_lock(descriptor, _EXCLUSIVE) and _leads_to(self._file, descriptor):
                self._descriptor = descriptor
                return True
            os.close(descriptor)
            return False

    def release(self) -> None:
        """Gives the lock back, if it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def remove(self) -> None:
        """Removes the file, whose lock is held, and gives the lock back; nobody can take it any more.

        Raises:
            TransferError: DISK_UNWRITABLE.
        """
        try:
            if not _REMOVABLE_WHILE_OPEN:
                self.release()
            with disk_errors(self._file):
                names.remove(self._file)
        finally:
            self.release()

    def check(self) -> None:
        """Checks that the lock, which is held, still is on the file of that name.

        A disk that does not answer is not told here: whoever reads or writes there is told.

        Raises:
            TransferError: DISK_UNWRITABLE where there is no such file, or another one.
        """
        assert self._descriptor is not None
        with disk_errors(self._file):
            try:
                named = self._file.stat()
            except FileNotFoundError:
                raise
            except OSError:
                return
            if not _is_same(named, os.fstat(self._descriptor)):
                reason = "un autre fichier a pris sa place"
                raise TransferError(Problem.DISK_UNWRITABLE, path=printable(self._file), reason=reason)

    def __enter__(self) -> Lock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _leads_to(file: Path, descriptor: int) -> bool:
    try:
        return _is_same(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    class _Overlapped(ctypes.Structure):
        """`OVERLAPPED`, by which Windows is told the place of a lock."""

        _fields_ = (
            ("internal", ctypes.c_size_t),
            ("internal_high", ctypes.c_size_t),
            ("offset", wintypes.DWORD),
            ("offset_high", wintypes.DWORD),
            ("event", wintypes.HANDLE),
        )

    _lock_file = ctypes.WinDLL("kernel32", use_last_error=True).LockFileEx
    _lock_file.argtypes = [wintypes.HANDLE, *[wintypes.DWORD] * 4, ctypes.POINTER(_Overlapped)]
    _lock_file.restype = wintypes.BOOL

    _FAR: Final = 0x7FFF_FFF0
    """The byte that is locked: nobody can read one that is, and no file of ours is that long. Disks of a
    network whose offsets have 32 bits know it too."""
    _SHARED: Final = 1  # LOCKFILE_FAIL_IMMEDIATELY
    _EXCLUSIVE: Final = 1 | 2  # and LOCKFILE_EXCLUSIVE_LOCK
    _TAKEN: Final = frozenset({33, 997})
    """ERROR_LOCK_VIOLATION, ERROR_IO_PENDING"""

    def _try_lock(descriptor: int, kind: int) -> bool:
        """Locks an open file, unless a lock of somebody else forbids it; closing it frees the lock."""
        place = _Overlapped(offset=_FAR)
        if _lock_file(msvcrt.get_osfhandle(descriptor), kind, 0, 1, 0, ctypes.byref(place)):
            return True
        number = ctypes.get_last_error()
        if number not in _TAKEN:
            raise ctypes.WinError(number)
        return False

    def _is_same(named: os.stat_result, opened: os.stat_result) -> bool:
        return True  # what is open can be neither removed nor replaced there

else:
    import fcntl

    _SHARED: Final = fcntl.LOCK_SH | fcntl.LOCK_NB
    _EXCLUSIVE: Final = fcntl.LOCK_EX | fcntl.LOCK_NB

    def _try_lock(descriptor: int, kind: int) -> bool:
        """Locks an open file, unless a lock of somebody else forbids it; closing it frees the lock."""
        try:
            fcntl.flock(descriptor, kind)
        except BlockingIOError:
            return False
        return True

    def _is_same(named: os.stat_result, opened: os.stat_result) -> bool:
        return os.path.samestat(named, opened)


def is_held(file: Path) -> bool:
    """Whether somebody holds the lock. Nothing is written, and those who look do not see each other.

    Raises:
        TransferError: DISK_UNWRITABLE where the file cannot be looked at.
    """
    with disk_errors(file), _opened(file) as descriptor:
        return descriptor is not None and not _try_lock(descriptor, _SHARED)


@contextmanager
def _opened(file: Path) -> Iterator[int | None]:
    try:
        descriptor = os.open(file, os.O_RDONLY | _AT_ONCE)
    except OSError as error:
        if error.errno not in _NO_FILE and not file.is_dir():  # which Windows does not open
            raise
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)
