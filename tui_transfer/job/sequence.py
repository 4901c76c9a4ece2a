"""The order of whatever was asked of a home: numbers that only grow, whatever its clock says."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.job.fields import LAST_PLACE
from tui_transfer.system.files import disk_errors, make_private_folder, read_file
from tui_transfer.system.locks import Lock, LockHeldError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tui_transfer.settings.config import Home

NAME: Final = "sequence"
_LIMIT: Final = 10.0
"""Seconds to wait for others, which take a number within milliseconds."""
_WIDTH: Final = 20
"""Digits of the number in its file: written over in one piece, it is never seen half written."""


@contextmanager
def drawn(home: Home, known: int) -> Iterator[int]:
    """A number greater than any drawn before; nobody draws another one while the body runs.

    Args:
        home: whose sequence it is.
        known: the greatest number that is known to have been drawn: the file that remembers it may be lost.

    Raises:
        TransferError: DISK_FULL or DISK_UNWRITABLE, also where somebody else does not come to an end.
    """
    make_private_folder(home.data)
    file = home.data / NAME
    lock = Lock(file, _LIMIT, create=True)
    try:
        lock.acquire()
    except LockHeldError as error:
        reason = "un autre programme ne le libère pas"
        raise TransferError(Problem.DISK_UNWRITABLE, path=file, reason=reason) from error
    try:
        with disk_errors(file):
            number = max(_read(file), known) + 1
            _write(file, number)
        yield number
    finally:
        lock.release()


def _read(file: Path) -> int:
    digits = read_file(file)[:_WIDTH].strip()
    number = int(digits) if digits.isdigit() else 0
    return number if number <= LAST_PLACE else 0


def _write(file: Path, number: int) -> None:
    with file.open("r+b") as stream:
        stream.write(b"%0*d\n" % (_WIDTH, number))
        stream.flush()
        os.fsync(stream.fileno())
