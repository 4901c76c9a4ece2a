"""What tells whether bytes are what they were: SHA-256, and CRC-32."""

from __future__ import annotations

import hashlib
import zlib
from typing import NamedTuple


class Hashes(NamedTuple):
    """SHA-256, in hexadecimal, and CRC-32 of the same bytes."""

    sha256: str
    crc32: int


class Hashing:
    """Takes the hashes of bytes on their way.

    Args:
        sha256: where it is known already; only the CRC-32 is taken then.
    """

    def __init__(self, sha256: str | None = None) -> None:
        self._known = sha256
        self._sha256 = hashlib.sha256()
        self._crc32 = 0

    def update(self, content: bytes) -> None:
        """Adds what comes next."""
        if self._known is None:
            self._sha256.update(content)
        self._crc32 = zlib.crc32(content, self._crc32)

    @property
    def hashes(self) -> Hashes:
        """Of all that was added."""
        return Hashes(self._known or self._sha256.hexdigest(), self._crc32)
