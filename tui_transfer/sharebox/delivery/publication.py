"""Gives delivered files their final names, and delivers small ones whole."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.delivery.verification import verify
from tui_transfer.sharebox.sftp.session import CREATE, TRUNCATE, WRITE, Attributes, SftpError
from tui_transfer.sharebox.sftp.window import WriteWindow

if TYPE_CHECKING:
    from tui_transfer.sharebox.delivery.verification import Verification
    from tui_transfer.sharebox.sftp.session import SftpSession
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

PART: Final = ".part"
"""What follows the name of a file that is not complete or not verified."""


def find(sharebox: Sharebox, path: str) -> Attributes | None:
    """What is at `path`; None if there is nothing, or the server lets nobody look."""
    with sharebox.refusals("accès à", path):
        try:
            return sharebox.sftp.stat(path)
        except SftpError:
            return None


def open_part(sftp: SftpSession, part: str, *ways: int) -> bytes:
    """Opens a partial file in the first of several ways that the server allows, and gives its handle.

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


def publish(sharebox: Sharebox, part: str, final: str, size: int) -> str:
    """Renames a file that is complete, without ever replacing another one.

    Returns:
        The path that it has now: `part`, if the server took it away as soon as it was complete.

    Raises:
        TransferError: NAME_TAKEN, if there is a file of this name; what the server refuses.
    """
    with sharebox.refusals("renommage de", part):
        try:
            sharebox.sftp.rename(part, final)
        except SftpError:
            if find(sharebox, final) is not None:
                raise TransferError(Problem.NAME_TAKEN, path=final) from None
            if sharebox.sftp.stat(part) is None:
                return part
            raise
    found = find(sharebox, final)  # a server may take the file away now; nothing is wrong with that
    if found is not None and found.size is not None and found.size != size:
        reason = f"{found.size} octets au lieu de {size}"
        raise TransferError(Problem.CONTENT_MISMATCH, path=final, reason=reason)
    return final


def put_small(sharebox: Sharebox, name: str, data: bytes) -> Verification:
    """Delivers `data`, a few kilobytes, as the file `name`. One that is there with the same content is fine.

    Returns:
        How it was verified.

    Raises:
        TransferError: NAME_TAKEN, CONTENT_MISMATCH, what the server refuses, CONNECTION_LOST.
    """
    final = sharebox.path(name)
    part = final + PART
    if find(sharebox, final) is not None:
        try:
            return _verify(sharebox, final, data)
        except TransferError as error:
            if error.problem is Problem.CONTENT_MISMATCH:
                raise TransferError(Problem.NAME_TAKEN, path=final) from error
            raise
    write(sharebox, part, data)
    verification = _verify(sharebox, part, data)
    publish(sharebox, part, final, len(data))
    return verification


def write(sharebox: Sharebox, path: str, data: bytes) -> None:
    """Writes `data`, a few kilobytes, to a partial file, and has it brought to the server's disk.

    Raises:
        TransferError: what the server refuses, CONNECTION_LOST.
    """
    sftp = sharebox.sftp
    with sharebox.refusals("écriture de", path):
        handle = open_part(sftp, path, WRITE | CREATE | TRUNCATE)
        window = WriteWindow(sftp, handle, lambda *_: None)
        for offset in range(0, len(data), sftp.limits.write):
            window.write(offset, data[offset : offset + sftp.limits.write])
        window.drain()
        sftp.fsync(handle)
        sftp.close(handle)


def _verify(sharebox: Sharebox, path: str, data: bytes) -> Verification:
    return verify(sharebox, path, len(data), hashlib.sha256(data).hexdigest(), lambda _: None)
