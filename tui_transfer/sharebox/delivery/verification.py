"""Makes sure that what arrived is what was sent, by the best means that the server leaves."""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tui_transfer.errors import Problem, TransferError
from tui_transfer.sharebox.delivery.evidence import Content
from tui_transfer.sharebox.delivery.places import look_again
from tui_transfer.sharebox.delivery.sighting import is_forbidden, is_missing
from tui_transfer.sharebox.sftp.session import READ, Attributes, SftpError
from tui_transfer.sharebox.sftp.window import read_ahead

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.sharebox.delivery.growing import ArchiveReader
    from tui_transfer.sharebox.delivery.meanwhile import Ranges
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

_SLOWEST_DISK: Final = 20 << 20
_DIGEST_LINE: Final = re.compile(rb"([0-9a-f]{64})\s")


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


@dataclass(frozen=True)
class ReadBefore:
    """What was read of a file over this very connection, before it was closed.

    Attributes:
        archive: what was sent.
        same: what was read, and is the same.
        parts: what is to be looked at after the close.
    """

    archive: ArchiveReader
    same: Ranges
    parts: Ranges


def compare(
    sharebox: Sharebox,
    path: str,
    seen: Attributes,
    size: int,
    sha256: str,
    on_bytes: Callable[[int, int], None],
    read_back: ReadBack | None = None,
    read_before: ReadBefore | None = None,
) -> Content | None:
    """Compares a file on the Sharebox with what was sent.

    Args:
        sharebox: where it is.
        path: which file.
        seen: what it was like a moment ago.
        size: the bytes it must have.
        sha256: its hash, in hexadecimal.
        on_bytes: is told how many bytes were read back so far, and how many are to be; may raise to stop.
        read_back: how far that came over an earlier connection.
        read_before: what was read while it was sent: then it is looked at again in places only.

    Returns:
        How it compares; None where there is no such file any more.

    Raises:
        TransferError: the server fails to read it, though it may be read; CONNECTION_LOST.
    """
    if seen.size is not None and seen.size != size:
        return Content.DIFFERENT
    with sharebox.refusals("relecture de", path):
        by_server = _hash_by_server(sharebox, path, size)
        if by_server == sha256:
            return Content.SAME_HASH
        # Another hash proves nothing yet: in a chroot, a command may see another file there than SFTP does.
        so_far = read_back or ReadBack()
        try:
            if read_before is not None and by_server is None and seen.size == size:
                again = _look_again(sharebox, path, read_before, on_bytes)
                if again is not None:
                    return again
            so_far.begin(seen, sharebox.sftp.can_sync)
            by_reading = _hash_by_reading(sharebox, path, size, on_bytes, so_far)
        except SftpError as error:
            if is_missing(error):
                return None
            if not is_forbidden(error):
                raise
            return Content.FORBIDDEN if by_server is None else Content.DIFFERENT
    return Content.SAME_BYTES if by_reading == sha256 else Content.DIFFERENT


def _look_again(
    sharebox: Sharebox, path: str, before: ReadBefore, on_bytes: Callable[[int, int], None]
) -> Content | None:
    """How the file compares in places; `None` where it is to be read as a whole."""
    total = len(before.parts)
    try:
        is_same = look_again(
            sharebox, path, before.archive, before.same, before.parts, lambda done: on_bytes(done, total)
        )
    except TransferError as error:
        if error.problem is not Problem.SPOOL_DAMAGED:
            raise
        return None  # what is compared with is not what was sent: the hash of that tells
    return Content.SAME_MEANWHILE if is_same else Content.DIFFERENT


def _hash_by_server(sharebox: Sharebox, path: str, size: int) -> str | None:
    try:
        digest = sharebox.sftp.sha256(path)
    except SftpError:
        digest = None
    return digest or hash_by_command(sharebox, path, size)


def hash_by_command(sharebox: Sharebox, path: str, size: int) -> str | None:
    """The SHA-256 that a command tells of a file, in hexadecimal, where the account may run one. In a chroot
    it may see another file there than SFTP does. It may cost the connection to ask.

    Args:
        sharebox: where.
        path: of the file.
        size: its bytes, which take their time.

    Raises:
        TransferError: CONNECTION_LOST, INTERRUPTED.
    """
    knowledge = sharebox.knowledge
    if not knowledge.abilities.runs_commands:
        return None
    with knowledge.at_risk("runs_commands"):
        output = sharebox.run(f"sha256sum < {shlex.quote(path)}", 30 + size / _SLOWEST_DISK)
    found = _DIGEST_LINE.match(output or b"")
    if found is None:
        knowledge.learn(runs_commands=False)
        return None
    return found[1].decode("ascii")


def _hash_by_reading(
    sharebox: Sharebox, path: str, size: int, on_bytes: Callable[[int, int], None], so_far: ReadBack
) -> str:
    """The hash of what is read back."""
    handle = sharebox.sftp.open(path, READ)
    for data in read_ahead(sharebox.sftp, handle, so_far.done, size):
        so_far.digest.update(data)
        so_far.done += len(data)
        on_bytes(so_far.done, size)
    if so_far.seen is None or so_far.seen.size is None:  # nobody told how long it is
        for data in read_ahead(sharebox.sftp, handle, so_far.done, so_far.done + 1):
            so_far.digest.update(data)
    sharebox.sftp.close(handle)
    return so_far.digest.hexdigest()
