"""Makes sure that what arrived is what was sent, by the best means that the server leaves."""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.sftp.session import READ, Attributes, SftpError
from tui_transfer.sharebox.sftp.window import read_ahead

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.sharebox.ssh.sharebox import Sharebox

_SLOWEST_DISK: Final = 20 << 20
_DIGEST_LINE: Final = re.compile(rb"([0-9a-f]{64})\s")


class Verification(StrEnum):
    """How it was made sure that a file arrived whole. The values stand in journals, reports and JSON."""

    SERVER_HASH = "server-hash"
    """The server computed the same SHA-256."""
    READ_BACK = "read-back"
    """It was read back, and has the same SHA-256."""
    SIZE_ONLY = "size-only"
    """The server lets nobody read it; its size is right."""
    NONE = "none"
    """The server took it away, or tells nothing."""


@dataclass
class ReadBack:
    """How far a file was read back, so that another connection goes on from there.

    Attributes:
        done: bytes that were read.
        digest: their SHA-256.
        seen: what the file was like then.
    """

    done: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    seen: Attributes | None = None

    def begin(self, found: Attributes, can_sync: bool) -> None:
        """Goes on where the file is the same by size and time, and begins anew where that is not certain: a
        server that broke down may have lost what it let read, unless it could bring it to its disk.
        """
        if not can_sync or found.modified is None or found != self.seen:
            self.done, self.digest, self.seen = 0, hashlib.sha256(), found


def verify(
    sharebox: Sharebox,
    path: str,
    size: int,
    sha256: str,
    on_bytes: Callable[[int], None],
    read_back: ReadBack | None = None,
) -> Verification:
    """Compares a file on the Sharebox with what was sent.

    Args:
        sharebox: where it is.
        path: which file.
        size: the bytes it must have.
        sha256: its hash, in hexadecimal.
        on_bytes: is told how many bytes were read back so far; may raise to stop.
        read_back: how far that came over an earlier connection.

    Raises:
        TransferError: CONTENT_MISMATCH, or a problem of the connection.
    """
    with sharebox.refusals("vérification de", path):
        found = _look_at(sharebox, path)
        if found is None:
            return Verification.NONE
        if found.size is not None and found.size != size:
            raise _mismatch(path, f"{found.size} octets au lieu de {size}")
        by_server = _hash_by_server(sharebox, path, size)
        if by_server == sha256:
            return Verification.SERVER_HASH
        # Another hash proves nothing yet: in a chroot, a command may see another file there than SFTP does.
        so_far = read_back or ReadBack()
        so_far.begin(found, sharebox.sftp.can_sync)
        by_reading = _hash_by_reading(sharebox, path, size, on_bytes, so_far)
        if by_reading == sha256:
            return Verification.READ_BACK
        if by_reading is not None or by_server is not None:
            raise _mismatch(path, "son empreinte SHA-256 diffère")
        return Verification.SIZE_ONLY if found.size is not None else Verification.NONE


def _look_at(sharebox: Sharebox, path: str) -> Attributes | None:
    try:
        return sharebox.sftp.stat(path)
    except SftpError:
        return Attributes()  # it may be there, but the server does not tell


def _hash_by_server(sharebox: Sharebox, path: str, size: int) -> str | None:
    try:
        digest = sharebox.sftp.sha256(path)
    except SftpError:
        digest = None
    return digest or _hash_by_command(sharebox, path, size)


def _hash_by_command(sharebox: Sharebox, path: str, size: int) -> str | None:
    knowledge = sharebox.knowledge
    if not knowledge.runs_commands:
        return None
    knowledge.runs_commands = False  # unless it does; the connection may be lost first
    output = sharebox.run(f"sha256sum < {shlex.quote(path)}", 30 + size / _SLOWEST_DISK)
    found = _DIGEST_LINE.match(output or b"")
    if found is None:
        return None
    knowledge.runs_commands = True
    return found[1].decode("ascii")


def hashes_by_command(sharebox: Sharebox) -> bool:
    """Whether the account may run the command that hashes a file. It may cost the connection to ask.

    Raises:
        TransferError: CONNECTION_LOST.
    """
    return _hash_by_command(sharebox, "/dev/null", 0) is not None


def _hash_by_reading(
    sharebox: Sharebox, path: str, size: int, on_bytes: Callable[[int], None], so_far: ReadBack
) -> str | None:
    """The hash of what is read back; None if the server lets nobody read."""
    try:
        handle = sharebox.sftp.open(path, READ)
        for data in read_ahead(sharebox.sftp, handle, so_far.done, size):
            so_far.digest.update(data)
            so_far.done += len(data)
            on_bytes(so_far.done)
        sharebox.sftp.close(handle)
    except SftpError:
        return None
    return so_far.digest.hexdigest()


def _mismatch(path: str, reason: str) -> TransferError:
    return TransferError(Problem.CONTENT_MISMATCH, path=path, reason=reason)
