"""What is to be expected of a database: how far places of it shrink, from its beginning to its end.

Few databases are alike all through: tables of figures shrink to a tenth, pictures not at all, and what was
deleted to nothing. So what was packed of one does not tell what the rest will be. A few places of it, packed
as quickly as can be, do not tell that exactly, but they tell how the rest compares with what was packed.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from tui_transfer.archive.blocks import BLOCK_SIZE, pack
from tui_transfer.archive.disk import open_unlinked

if TYPE_CHECKING:
    import threading

    from tui_transfer.archive.source import Source

PLACES: Final = 24
_LENGTH: Final = 256 << 10
"""Bytes of a place: enough to find what repeats itself, and all are packed in some tenths of a second."""
_PRESET: Final = 1
_LEAST: Final = 4 * BLOCK_SIZE
"""Bytes of a database that are not packed at once."""


def look_ahead(source: Source, cancelled: threading.Event) -> tuple[int, ...]:
    """What places of a database shrink to, in thousandths, each in the middle of an equal part of it; nothing
    where that is of no use, or a file cannot be read: whoever packs it will say so.

    Raises:
        TransferError: INTERRUPTED, once `cancelled` is set.
    """
    if source.size < _LEAST:
        return ()
    files = [(item.path, item.stamp.size) for item in source.items if item.stamp and item.stamp.size]
    ends = list(accumulate(size for _, size in files))
    found = []
    for place in range(PLACES):
        offset = source.size * (2 * place + 1) // (2 * PLACES)
        index = min(bisect_right(ends, offset), len(files) - 1)
        path, size = files[index]
        try:
            with open_unlinked(path) as file:
                file.seek(max(0, offset - (ends[index] - size)))
                data = bytearray(file.read(_LENGTH))
        except OSError:
            return ()
        found.append(1000 * len(pack(data, _PRESET, cancelled)) // len(data) if data else 1000)
    return tuple(found)
