"""How much one request may ask for or bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui_transfer.sharebox.sftp.replies import ServerLimits

PACKET_BYTES: Final = 32_000
"""What fits, with its headers, into one SSH packet of 32 KiB, which every server takes (RFC 4253, 6.1)."""
_LONGEST_DATA: Final = 3 * PACKET_BYTES
"""Three SSH packets, so that copies of a message stay below 128 KiB. What is longer, malloc goes on taking
from the system and giving back, and all its pages are made anew: with 256 KiB, 200 MB over loopback meant
190,000 page faults and took half as long again.
"""
_LEAST_LIMIT: Final = 1024
"""Bytes. A server that tells of less is not believed: the headers alone of a request take a tenth of that."""


@dataclass(frozen=True)
class Limits:
    """The longest data, in bytes, of one read or write request."""

    read: int = PACKET_BYTES
    write: int = PACKET_BYTES

    @classmethod
    def of(cls, server: ServerLimits) -> Limits:
        """What to keep to with a server that tells this; the defaults in place of nonsense. A packet holds a
        request's data and its headers.
        """
        has_usual_packets = server.packet < 2 * _LEAST_LIMIT  # none is told, or none that can be
        room = _LONGEST_DATA if has_usual_packets else server.packet - _LEAST_LIMIT
        return cls(min(_usable(server.read), room), min(_usable(server.write), room))


def _usable(told: int) -> int:
    """Zero means « no limit »."""
    if 0 < told < _LEAST_LIMIT:
        return PACKET_BYTES
    return min(told or _LONGEST_DATA, _LONGEST_DATA)
