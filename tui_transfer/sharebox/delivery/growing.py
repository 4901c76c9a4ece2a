"""An archive that is uploaded while it is still being written."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, Self

from tui_transfer.errors import Problem, TransferError
from tui_transfer.system import os_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

HEADER_BYTES: Final = 32
"""The signature header of a `.7z` file, which is written last; what follows it only grows."""


class ArchiveReader(Protocol):
    """Reads an archive; whoever has written it may have it checked on the way."""

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer where the file is shorter.

        Raises:
            TransferError: they cannot be read, or are not what was written.
        """


class PlainReader:
    """Reads a file as it is found. A context manager.

    Raises:
        TransferError: DISK_UNWRITABLE, from every method.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._reading():
            self._file = io.FileIO(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer where the file is shorter."""
        with self._reading():
            self._file.seek(offset)
            return self._file.read(length)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = os_errors.in_words(error)
            raise TransferError(Problem.DISK_UNWRITABLE, path=self._path, reason=reason) from error


class GrowingFile:
    """What may already be read of a local archive. Thread safe: one thread writes, another follows.

    The bytes from `HEADER_BYTES` to `available` are final; the header is once the file is finished.

    Args:
        path: the archive.
        open_reader: opens it for reading, for the thread that follows; there may be nothing to read yet.
    """

    def __init__(
        self,
        path: Path,
        open_reader: Callable[[Path], AbstractContextManager[ArchiveReader]] = PlainReader,
    ) -> None:
        self.path = path
        self._open_reader = open_reader
        self._changed = threading.Condition()
        self._available = 0
        self._size: int | None = None
        self._error: BaseException | None = None

    @classmethod
    def finished(cls, path: Path) -> GrowingFile:
        """An archive that is complete already."""
        file = cls(path)
        file.finish(path.stat().st_size)
        return file

    @property
    def size(self) -> int | None:
        """The final size in bytes; None while the file grows."""
        return self._size

    def open(self) -> AbstractContextManager[ArchiveReader]:
        """Opens it for reading.

        Raises:
            TransferError: it is not there, or cannot be read.
        """
        return self._open_reader(self.path)

    def advance(self, available: int) -> None:
        """Says that the bytes before the offset `available` are final, the header apart."""
        with self._changed:
            self._available = max(self._available, available)
            self._changed.notify_all()

    def finish(self, size: int) -> None:
        """Says that the file is complete, header included."""
        with self._changed:
            self._available = self._size = size
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """Says that the file will never be complete; whoever follows it gets `error`."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def wait(self, beyond: int, timeout: float) -> int:
        """Waits for something beyond an offset, for the file's end, or for `timeout` seconds.

        Returns:
            the offset up to which bytes are final, whichever of the three it was.

        Raises:
            BaseException: what `fail` was given.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._available > beyond or self._size is not None or self._error is not None, timeout
            )
            if self._error is not None:
                raise self._error
            return self._available
