"""Takes values off the front of a packet of SSH or SFTP, which write them alike (RFC 4251, section 5)."""

from __future__ import annotations

from tui_transfer.errors.text import decoded


class Reader:
    """What is short raises an error of the protocol that reads, and nothing is ever made up for it.

    Args:
        packet: its bytes.
        error: what is raised, with words that say what was wrong.
    """

    def __init__(self, packet: bytes, error: type[Exception]) -> None:
        self._packet = packet
        self._error = error
        self._at = 0

    @property
    def has_more(self) -> bool:
        """Whether something was not taken yet."""
        return self._at < len(self._packet)

    def byte(self) -> int:
        """One byte."""
        return self._take(1)[0]

    def uint32(self) -> int:
        """Four bytes, the greatest first."""
        return int.from_bytes(self._take(4))

    def uint64(self) -> int:
        """Eight bytes, the greatest first."""
        return int.from_bytes(self._take(8))

    def string(self) -> bytes:
        """Bytes, of which the length is told first."""
        return self._take(self.uint32())

    def rest(self) -> bytes:
        """All that is left."""
        return self._take(len(self._packet) - self._at)

    def end(self) -> None:
        """Sees that nothing is left."""
        if self.has_more:
            raise self._error(f"{len(self._packet) - self._at} bytes after the end of a message")

    def _take(self, count: int) -> bytes:
        taken = self._packet[self._at : self._at + count]
        if len(taken) < count:
            raise self._error(f"a message of {len(self._packet)} bytes that is cut at byte {self._at}")
        self._at += count
        return taken


def displayed(text: bytes, longest: int = 500) -> str:
    """Text of a server on one line, without what a terminal obeys or what turns its letters round.

    Args:
        text: as it came.
        longest: how many of its letters are shown.
    """
    printable = "".join(sign if sign.isprintable() else " " for sign in decoded(text)[:longest])
    return " ".join(printable.split())
