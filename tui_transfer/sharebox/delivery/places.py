"""Looks again, in places, at a file that was read back while it was sent.

A server may serve reads until the close from elsewhere than what it keeps: from a cache, say, or a file that
it copies then. So what was not read yet is read after the close, and of the rest what tells most: the first
and the last megabyte, and places drawn at random. That the file kept is another is found with certainty if
these megabytes differ (or its size, which is looked at before). Otherwise a place finds it with a probability
of the share `p` of the file that differs, and all together with 1 - (1 - p) ** 64: where 1 % of the file
differs in 47 cases of 100, 5 % in 96, 10 % in 99.9.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from tui_transfer.sharebox.delivery.meanwhile import Ranges, is_of_use
from tui_transfer.sharebox.sftp.session import READ
from tui_transfer.sharebox.sftp.window import read_ranges

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_transfer.sharebox.delivery.growing import ArchiveReader
    from tui_transfer.sharebox.ssh.knowledge import Knowledge
    from tui_transfer.sharebox.ssh.sharebox import Sharebox

END_BYTES: Final = 1_000_000
"""Of the beginning, and of the end."""
PLACES: Final = 64
PLACE_BYTES: Final = 4096
"""A page of a cache, or a block of a disk: what differs is seldom less."""


def bytes_read_after(knowledge: Knowledge) -> int | None:
    """How many bytes of an archive are to be read once it is closed, at most, with such a server; `None` for
    all of it.
    """
    if is_of_use(knowledge):
        return 2 * END_BYTES + PLACES * PLACE_BYTES
    can = knowledge.abilities
    has_nothing_to_read = knowledge.is_complete and (can.hashes or not can.reads or can.takes_away)
    return 0 if has_nothing_to_read else None


def to_look_at(size: int, same: Ranges) -> Ranges:
    """What is to be read of a file of `size` bytes after the close.

    Args:
        size: of the file.
        same: what was read of it before.
    """
    parts = Ranges(same.gaps(size))
    parts.add(range(min(END_BYTES, size)))
    parts.add(range(max(0, size - END_BYTES), size))
    for _ in range(PLACES):
        start = int.from_bytes(os.urandom(8), "big") % max(1, size - PLACE_BYTES + 1)
        parts.add(range(start, min(start + PLACE_BYTES, size)))
    return parts


def look_again(
    sharebox: Sharebox,
    path: str,
    archive: ArchiveReader,
    same: Ranges,
    parts: Ranges,
    on_bytes: Callable[[int], None],
) -> bool:
    """Whether these parts of a file are those of the archive. Where they are not, although they were when
    they were read before, the server is known from now on not to keep what it shows.

    Args:
        sharebox: where it is.
        path: of the file.
        archive: what was sent.
        same: what was read before the close, and was the same.
        parts: what to look at, as `to_look_at` tells.
        on_bytes: is told how many bytes were looked at so far; may raise to stop.

    Raises:
        SftpError: the server refuses to read.
        TransferError: SPOOL_DAMAGED.
    """
    sftp, seen = sharebox.sftp, Ranges()
    handle = sftp.open(path, READ)
    for offset, theirs in read_ranges(sftp, handle, parts):
        ours = archive.read(offset, len(theirs))
        common = length_in_common(ours, theirs)
        seen.add(range(offset, offset + common))
        if common < len(theirs):
            break
        on_bytes(len(seen))
    sftp.close(handle)
    if len(seen) == len(parts):
        return True
    differing = next(at for part in parts if (at := seen.gap(part.start, part.stop)))
    if differing.start in same:
        sharebox.knowledge.learn(keeps_what_it_shows=False)
    return False


def length_in_common(ours: bytes, theirs: bytes) -> int:
    """How many bytes they have in common at their beginning."""
    if ours == theirs:
        return len(ours)
    differing = (at for at, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other)
    return next(differing, min(len(ours), len(theirs)))
