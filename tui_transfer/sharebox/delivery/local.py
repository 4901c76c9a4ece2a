"""The local archive of a delivery, read as it grows."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.sharebox.delivery.growing import ArchiveReader, GrowingFile
    from tui_transfer.sharebox.sftp.window import WriteWindow

_PATIENCE_SECONDS: Final = 0.2
_LOOK_SECONDS: Final = 0.002
"""Between two looks at whether answers have come, while the archive grows: they tell how fast the link is."""


class LocalArchive:
    """An archive that may still grow, open for reading. A context manager, which closes it.

    Args:
        file: what may be read of it.
        while_waiting: is called again and again while it grows; may raise to end the wait.

    Raises:
        TransferError: DISK_UNWRITABLE, and what the file's reader raises; also from every method.
        BaseException: what `GrowingFile.fail` was given, from every method that waits.
    """

    def __init__(self, file: GrowingFile, while_waiting: Callable[[], None]) -> None:
        self._file = file
        self._while_waiting = while_waiting
        self._open = ExitStack()
        self._reader = self._open.enter_context(file.open())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def size_so_far(self) -> int | None:
        """The final size in bytes; None while the archive grows."""
        return self._file.size

    @property
    def available(self) -> int:
        """The offset up to which its bytes are final by now."""
        return self._file.wait(beyond=-1, timeout=0)

    def final_size(self) -> int:
        """The final size in bytes, waited for."""
        while self._file.size is None:
            self.wait_beyond(self._file.wait(0, 0))
        return self._file.size

    def wait_beyond(self, offset: int, window: WriteWindow | None = None) -> int:
        """Waits until the archive has grown beyond `offset`, or is finished; gives how far it goes.

        The answers that come in the session of `window` meanwhile are collected.
        """
        while (available := self._file.wait(offset, _patience(window))) <= offset and self._file.size is None:
            self._while_waiting()
            if window is not None:
                window.collect()
        return available

    def open_again(self) -> ArchiveReader:
        """Another reader of it, for whoever reads elsewhere in it at the same time; closed with it."""
        return self._open.enter_context(self._file.open())

    def read(self, offset: int, length: int) -> bytes:
        """The `length` bytes from `offset` on, which are there."""
        data = self._reader.read(offset, length)
        if len(data) != length:
            reason = "l’archive a été raccourcie pendant l’envoi"
            raise TransferError(Problem.DISK_UNWRITABLE, path=self._file.path, reason=reason)
        return data

    def read_when_there(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset` on, waited for; fewer if the archive ends before."""
        available = self.wait_beyond(offset + length - 1)
        return self.read(offset, max(0, min(length, available - offset)))


def _patience(window: WriteWindow | None) -> float:
    return _LOOK_SECONDS if window is not None and window.awaits_answers else _PATIENCE_SECONDS
