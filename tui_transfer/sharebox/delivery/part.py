"""The partial file, under which name a file is sent: created where nothing is, and taken up again."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.delivery.sighting import find, is_missing
from tui_transfer.sharebox.sftp.session import CREATE, EXCLUSIVE, WRITE, SftpError

if TYPE_CHECKING:
    from tui_transfer.sharebox.delivery.ledger import Ledger
    from tui_transfer.sharebox.sftp.session import SftpSession
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

PART: Final = ".part"
"""What follows the name of a file that is not complete or not verified."""


def part_path(sharebox: Sharebox, name: str) -> str:
    """The path under which the file of that name is written."""
    path = sharebox.path(name)
    return path + PART if sharebox.address.temporary_names else path


def create_part(sharebox: Sharebox, part: str, ledger: Ledger) -> bytes:
    """Creates a partial file that no worker of this job has created, and gives its handle.

    What is there is another's, and is not touched, unless it is empty: then it is nobody's, such as what is
    left of an attempt whose answer was lost. That the name is ours stands in the ledger before the file is
    made, so that after a process that died in between the next one knows its own. It stays there where the
    server refuses and shows nothing, or an empty one: it has made it all the same, or may have.

    Args:
        sharebox: where.
        part: the path.
        ledger: is told that the file is ours.

    Raises:
        SftpError: the server refuses.
        TransferError: NAME_TAKEN, CONNECTION_LOST.
    """
    sftp, found = sharebox.sftp, find(sharebox, part)
    if found.attributes is not None:
        if found.attributes.size != 0:
            raise TransferError(Problem.NAME_TAKEN, path=part)
        with contextlib.suppress(SftpError):
            sftp.remove(part)
    ledger.own()
    try:
        return sftp.open(part, WRITE | CREATE | EXCLUSIVE)
    except SftpError as error:
        found = find(sharebox, part)
        if found.is_nothing:  # the server does not know « exclusive »
            return _open_plainly(sftp, part, ledger)
        if found.attributes is not None and found.attributes.size != 0:
            ledger.disown()
            raise TransferError(Problem.NAME_TAKEN, path=part) from error
        raise


def _open_plainly(sftp: SftpSession, part: str, ledger: Ledger) -> bytes:
    try:
        return sftp.open(part, WRITE | CREATE)
    except SftpError as error:
        if is_missing(error):  # so is the folder: nothing can have been made there
            ledger.disown()
        raise


def open_part(sftp: SftpSession, part: str, *ways: int) -> bytes:
    """Opens a partial file of ours in the first of several ways that the server allows, and gives its handle.

    Where files that exist may not be written to, what an earlier attempt left is removed, to begin again.

    Args:
        sftp: the session.
        part: the partial file.
        ways: flags for opening it, the best first.

    Raises:
        SftpError: the server allows none.
    """
    for flags in ways:
        with contextlib.suppress(SftpError):
            return sftp.open(part, flags)
    with contextlib.suppress(SftpError):  # there may be nothing to remove: opening it says what is wrong
        sftp.remove(part)
    return sftp.open(part, ways[-1])
