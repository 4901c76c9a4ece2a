"""What was written to an archive, told by hashes taken before it went to the disk: what is read again must
equal it.

Disks, their cables and the memory of their caches change bits, seldom and in silence. The hashes are kept in
memory, 40 bytes for each `SEGMENT_SIZE`, and belong to a run: another one takes them anew, from an archive
that has the SHA-256 that it had.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_right
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from tui_transfer.archive.disk import open_unlinked
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system import os_errors
from tui_transfer.system.files import printable

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

SIGNATURE_SIZE: Final = 32
"""Bytes of a 7z signature header, before the packed blocks. It is written last."""

SEGMENT_SIZE: Final = 256 << 10
"""Bytes that are hashed together, at most: they are read and hashed before the first of them is sent, within
a fraction of a millisecond, while what was sent before still keeps the link busy."""

DIGEST_SIZE: Final = hashlib.sha256().digest_size


def digests_of(content: bytes | bytearray) -> bytes:
    """SHA-256 of each segment of `content`, one behind the other."""
    view = memoryview(content)
    return b"".join(
        hashlib.sha256(view[start : start + SEGMENT_SIZE]).digest()
        for start in range(0, len(content), SEGMENT_SIZE)
    )


class SpoolPart(StrEnum):
    """What is written to be read again later. The values stand in journals."""

    ARCHIVE = "archive"
    MANIFEST = "manifest"
    SNAPSHOT = "snapshot"


def damaged(path: Path, part: SpoolPart, reason: str) -> TransferError:
    """What to raise when one of our own files is no longer what was written to it; `reason` is in French."""
    return TransferError(Problem.SPOOL_DAMAGED, part=part, path=printable(path), reason=reason)


class Checksums:
    """Hashes of what was written to an archive. Thread-safe for one thread that adds, and others that read
    what was added.

    Attributes:
        end: size in bytes of what they cover, from the archive's start.
    """

    def __init__(self) -> None:
        self.end = SIGNATURE_SIZE
        self._signature = bytes(SIGNATURE_SIZE)
        self._starts = array("Q")
        self._digests = bytearray()

    def take_again(self, archive: Path, sha256: str, cancelled: threading.Event) -> bool:
        """Takes those of an archive that an earlier run made whole, where it still has the `sha256` (in
        hexadecimal) that it had then; otherwise, or where it cannot be read, returns `False` and takes none.

        Raises:
            TransferError: `INTERRUPTED`.
        """
        found, whole = Checksums(), hashlib.sha256()
        try:
            with open_unlinked(archive) as file:
                found.seal(file.read(SIGNATURE_SIZE))
                whole.update(found._signature)
                while segment := file.read(SEGMENT_SIZE):
                    _stop_if(cancelled)
                    whole.update(segment)
                    found.add(len(segment), digests_of(segment))
        except OSError:
            return False
        if whole.hexdigest() != sha256:
            return False
        self._signature, self._starts, self._digests = found._signature, found._starts, found._digests
        self.end = found.end
        return True

    def add(self, size: int, digests: bytes) -> None:
        """Adds the next `size` bytes, told by their `digests_of`."""
        self._starts.extend(range(self.end, self.end + size, SEGMENT_SIZE))
        self._digests += digests
        self.end += size

    def seal(self, signature: bytes) -> None:
        """Tells the bytes at the archive's start."""
        self._signature = signature

    def sha256(self, archive: Path, cancelled: threading.Event) -> str:
        """SHA-256 of the whole archive as it was written, in hexadecimal.

        It begins with what is written last. So it is taken of what is read again, once that is seen to be the
        same.

        Raises:
            TransferError: `SPOOL_DAMAGED`, `INTERRUPTED`.
        """
        whole = hashlib.sha256()
        with CheckedReader(archive, self) as reader:
            for content in reader:
                _stop_if(cancelled)
                whole.update(content)
        return whole.hexdigest()

    def segment_at(self, offset: int) -> tuple[int, int]:
        """Where the segment that holds the byte at `offset`, before `end`, begins and ends."""
        end = self.end  # looked at first: more may be added meanwhile, which begins there
        number = bisect_right(self._starts, offset)
        start = self._starts[number - 1] if number else 0
        if number < len(self._starts):
            end = self._starts[number]
        return start, end if number else SIGNATURE_SIZE

    def is_as_written(self, start: int, content: bytes) -> bool:
        """Whether `content` is the segment that was written at `start`."""
        if start == 0:
            return content == self._signature
        number = bisect_right(self._starts, start) - 1
        expected = self._digests[number * DIGEST_SIZE : (number + 1) * DIGEST_SIZE]
        return hashlib.sha256(content).digest() == expected


class CheckedReader:
    """Reads an archive, and gives nothing of it that is not as it was written. A context manager.

    Args:
        path: the archive.
        checksums: of what was written to it.

    Raises:
        TransferError: from every method, `SPOOL_DAMAGED`, also where it cannot be read.
    """

    def __init__(self, path: Path, checksums: Checksums) -> None:
        self._path = path
        self._checksums = checksums
        self._start = 0
        self._segment = b""
        """The last that was read, which begins at `_start`."""
        try:
            self._file = open_unlinked(path)
        except OSError as error:
            raise damaged(path, SpoolPart.ARCHIVE, os_errors.in_words(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[bytes]:
        """The archive's segments."""
        offset = 0
        while offset < self._checksums.end:
            self._load(*self._checksums.segment_at(offset))
            yield self._segment
            offset += len(self._segment)

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on; fewer where fewer are known of."""
        pieces = []
        stop = min(offset + length, self._checksums.end)
        while offset < stop:
            if not self._start <= offset < self._start + len(self._segment):
                self._load(*self._checksums.segment_at(offset))
            pieces.append(self._segment[offset - self._start : stop - self._start])
            offset += len(pieces[-1])
        return b"".join(pieces)

    def _load(self, start: int, end: int) -> None:
        try:
            self._file.seek(start)
            content = self._file.read(end - start)
        except OSError as error:
            raise damaged(self._path, SpoolPart.ARCHIVE, os_errors.in_words(error)) from error
        if not self._checksums.is_as_written(start, content):
            reason = f"des octets {start} à {end}, certains ne sont plus ceux qui y ont été écrits"
            raise damaged(self._path, SpoolPart.ARCHIVE, reason)
        self._start, self._segment = start, content


def _stop_if(cancelled: threading.Event) -> None:
    if cancelled.is_set():
        raise TransferError(Problem.INTERRUPTED, reason="Arrêt demandé pendant la compression")
