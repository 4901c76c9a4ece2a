"""The growing archive, and the index of its packed blocks that lets a restart use them again.

Each record of the index holds hashes of a block's source bytes and of its packed bytes, so that neither
file is trusted: whatever was torn by a kill or a power cut, or came from another state of the database,
differs and is packed again.

The archive's first 32 bytes, its signature header, stay zero until everything else is on disk: an
archive whose making failed never looks valid.
"""

from __future__ import annotations

import hashlib
import os
import struct
from contextlib import ExitStack
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final, Self

from tui_transfer.archive.disk import open_private
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system.files import disk_errors

if TYPE_CHECKING:
    import threading
    from pathlib import Path
    from types import TracebackType

    from tui_transfer.archive.blocks import Packed

SIGNATURE_SIZE: Final = 32
"""Bytes of a 7z signature header, before the packed blocks."""

_MAGIC: Final = b"TTBLOCK2"  # the version of the format is its last digit
_RECORD: Final = struct.Struct("<32sI32sII")
_SIZE: Final = struct.Struct("<I")
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """A packed block: hash and size in bytes of what it was, and of what it became.

    Attributes:
        source_sha256: SHA-256 of the block as it was.
        packed_sha256: of `lzma2_size`, as it is written here, and the packed bytes: both have to be right.
        lzma2_size: as for `Packed`.
    """

    source_sha256: bytes
    source_size: int
    packed_sha256: bytes
    packed_size: int
    lzma2_size: int

    @classmethod
    def of(cls, source: bytearray, packed: Packed) -> Record:
        """The record of `source` packed as `packed`."""
        content = packed.content
        digest = _packed_sha256(content, packed.lzma2_size)
        return cls(_sha256(source), len(source), digest, len(content), packed.lzma2_size)

    def pack(self) -> bytes:
        """This record as it is written to the index."""
        return _RECORD.pack(*astuple(self))


class GrowingArchive:
    """An archive being written block by block, and its index. A context manager.

    Args:
        archive: the archive; continued if it exists.
        index: its index; an archive without one is begun again.

    Attributes:
        end: size in bytes of the part that is final.
        lzma2_size: bytes that Deflate gives back of the blocks.
        reused: blocks that did not have to be packed again.
        packed: blocks that were appended.

    Raises:
        TransferError: from every method, `DISK_FULL` or `DISK_UNWRITABLE`.
    """

    def __init__(self, archive: Path, index: Path) -> None:
        self.end = SIGNATURE_SIZE
        self.lzma2_size = 0
        self.reused = 0
        self.packed = 0
        self._path = archive
        with disk_errors(archive), ExitStack() as stack:
            self._archive = stack.enter_context(os.fdopen(open_private(archive), "rb+"))
            self._index = stack.enter_context(os.fdopen(open_private(index), "rb+"))
            self._archive.write(bytes(SIGNATURE_SIZE))
            self._archive.flush()
            self._earlier = iter(_read_records(self._index.read()))
            self._resuming = True
            self._files = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with disk_errors(self._path):
            self._files.close()

    def reuse(self, source: bytearray) -> bool:
        """Whether the next block is already there, intact; the first that is not ends the reuse."""
        if not self._resuming:
            return False
        record = next(self._earlier, None)
        if record and self._holds(record, source):
            self._grow(record)
            self.reused += 1
            return True
        self._resuming = False
        self._cut()
        return False

    def append(self, record: Record, packed: bytes) -> None:
        """Adds a block packed anew. The archive is written before its index."""
        with disk_errors(self._path):
            self._archive.write(packed)
            self._archive.flush()
            self._index.write(record.pack())
            self._index.flush()
        self._grow(record)
        self.packed += 1

    def seal(self, tail: bytes, signature: bytes) -> None:
        """Writes what follows the blocks, and when all of it is on disk the signature header."""
        if self._resuming:
            self._resuming = False
            self._cut()
        with disk_errors(self._path):
            self._archive.write(tail)
            self._sync()
            self._archive.seek(0)
            self._archive.write(signature)
            self._sync()
        self.end += len(tail)

    def sha256(self, cancelled: threading.Event) -> str:
        """SHA-256 of the whole file, read back, in hexadecimal.

        Raises:
            TransferError: `INTERRUPTED`.
        """
        digest = hashlib.sha256()
        with disk_errors(self._path):
            self._archive.seek(0)
            while chunk := self._archive.read(_CHUNK):
                if cancelled.is_set():
                    raise TransferError(Problem.INTERRUPTED, reason="Arrêt demandé pendant la compression")
                digest.update(chunk)
        return digest.hexdigest()

    def _grow(self, record: Record) -> None:
        self.end += record.packed_size
        self.lzma2_size += record.lzma2_size

    def _holds(self, record: Record, source: bytearray) -> bool:
        if (record.source_size, record.source_sha256) != (len(source), _sha256(source)):
            return False
        with disk_errors(self._path):
            self._archive.seek(self.end)
            packed = self._archive.read(record.packed_size)
        return _packed_sha256(packed, record.lzma2_size) == record.packed_sha256

    def _cut(self) -> None:
        """Drops what follows the blocks that were used again, and goes on from there."""
        with disk_errors(self._path):
            self._archive.seek(self.end)
            self._archive.truncate()
            self._index.seek(0)
            self._index.write(_MAGIC)
            self._index.seek(len(_MAGIC) + self.reused * _RECORD.size)
            self._index.truncate()
            self._index.flush()

    def _sync(self) -> None:
        self._archive.flush()
        os.fsync(self._archive.fileno())


def _read_records(index: bytes) -> list[Record]:
    """The records of an index; none if it is of another format. A torn last one is left out."""
    if not index.startswith(_MAGIC):
        return []
    body = index[len(_MAGIC) :]
    whole = len(body) - len(body) % _RECORD.size
    return [Record(*fields) for fields in _RECORD.iter_unpack(body[:whole])]


def _sha256(data: bytes | bytearray) -> bytes:
    return hashlib.sha256(data).digest()


def _packed_sha256(content: bytes, lzma2_size: int) -> bytes:
    digest = hashlib.sha256(_SIZE.pack(lzma2_size))
    digest.update(content)
    return digest.digest()
