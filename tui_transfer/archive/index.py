"""The growing archive, and the index of its packed blocks that lets a restart use them again.

Each record of the index holds hashes of a block's source bytes and of its packed bytes, so that neither
file is trusted: whatever was torn by a kill or a power cut, or came from another state of the database,
differs and is packed again. What differs from what was written here is told: the disk changed it.

The archive's first 32 bytes, its signature header, stay zero until everything else is on disk: an
archive whose making failed never looks valid.

The index: 8 bytes that name its format, then 76 for each block (little-endian): SHA-256 and size of the block
as it was; those of what it became, `Record.packed_sha256`; CRC-32 of all these. Where the archive is
encrypted, what a block was is told by its `ArchiveKey.fingerprint` instead, and what it became is ciphertext.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from contextlib import ExitStack
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from tui_transfer.archive.checksums import SIGNATURE_SIZE, Checksums, digests_of
from tui_transfer.archive.disk import open_private
from tui_transfer.system.files import disk_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from tui_transfer.archive.encryption import ArchiveKey, StreamCipher

_FORMAT: Final = b"TTBLOCK"
_MAGIC: Final = _FORMAT + b"4"
_RECORD: Final = struct.Struct("<32sI32sI")
_CHECK: Final = struct.Struct("<I")
_RECORD_SIZE: Final = _RECORD.size + _CHECK.size


@dataclass(frozen=True, slots=True)
class Record:
    """A packed block: hash and size in bytes of what it was, and of what it became.

    Attributes:
        source_digest: of the block as it was, what `fingerprint_by` gives.
        packed_sha256: SHA-256 of the `digests_of` what it became.
    """

    source_digest: bytes
    source_size: int
    packed_sha256: bytes
    packed_size: int

    def pack(self) -> bytes:
        """This record as it is written to the index."""
        fields = _RECORD.pack(*astuple(self))
        return fields + _CHECK.pack(zlib.crc32(fields))

    def is_of(self, source: bytearray, key: ArchiveKey | None) -> bool:
        """Whether this block was `source`."""
        return self.source_size == len(source) and self.source_digest == fingerprint_by(key, source)

    def became(self, digests: bytes) -> bool:
        """Whether it became what has these digests."""
        return self.packed_sha256 == hashlib.sha256(digests).digest()


def fingerprint_by(key: ArchiveKey | None, source: bytes | bytearray) -> bytes:
    """What tells a block from another: its SHA-256, or what only the key's owner could compute."""
    return key.fingerprint(source) if key else hashlib.sha256(source).digest()


@dataclass(frozen=True, slots=True)
class PackedBlock:
    """A block on its way into the archive: what it was, its packed bytes and their `digests_of`.

    Attributes:
        source_digest: of the block as it was, what `fingerprint_by` gives.
    """

    source_digest: bytes
    source_size: int
    content: bytes | bytearray
    digests: bytes

    @classmethod
    def of(cls, source: bytearray, packed: bytes | bytearray, key: ArchiveKey | None) -> PackedBlock:
        """What `source`, packed as `packed`, is to the archive. All hashes are taken here, but those of what
        is to be `encrypted` yet.
        """
        digests = b"" if key else digests_of(packed)
        return cls(fingerprint_by(key, source), len(source), packed, digests)

    def encrypted(self, cipher: StreamCipher) -> PackedBlock:
        """The same block as the cipher's next."""
        content = cipher.encrypt(self.content)
        return replace(self, content=content, digests=digests_of(content))

    @property
    def record(self) -> Record:
        """What the index holds of it."""
        packed_sha256 = hashlib.sha256(self.digests).digest()
        return Record(self.source_digest, self.source_size, packed_sha256, len(self.content))


class GrowingArchive:
    """An archive being written block by block, and its index. A context manager.

    Args:
        archive: the archive; continued if it exists.
        index: its index; an archive without one is begun again.
        checksums: are told what the archive holds, before anybody is told that it does.
        on_damaged: is called where what was written earlier to one of the two is no longer that; it is
            packed again.
        on_older: is called where an earlier version of the program wrote them in a form of its own; all is
            packed again.
        key: encrypts the archive; None leaves it in clear.

    Attributes:
        reused: blocks that did not have to be packed again.
        packed: blocks that were appended.

    Raises:
        TransferError: from every method, `DISK_FULL` or `DISK_UNWRITABLE`.
    """

    def __init__(
        self,
        archive: Path,
        index: Path,
        checksums: Checksums,
        on_damaged: Callable[[], object],
        on_older: Callable[[], object],
        key: ArchiveKey | None = None,
    ) -> None:
        self.reused = 0
        self.packed = 0
        self._key = key
        self._cipher = key.stream_cipher() if key else None
        self._path = archive
        self._checksums = checksums
        self._on_damaged = on_damaged
        self._on_older = on_older
        with disk_errors(archive), ExitStack() as stack:
            self._archive = stack.enter_context(os.fdopen(open_private(archive), "rb+"))
            self._index = stack.enter_context(os.fdopen(open_private(index), "rb+"))
            self._archive.write(bytes(SIGNATURE_SIZE))
            self._archive.flush()
            self._earlier = _read_records(self._index.read())
            self._resuming = True
            self._files = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with disk_errors(self._path):
            self._files.close()

    @property
    def end(self) -> int:
        """Size in bytes of the part that is final."""
        return self._checksums.end

    @property
    def stream_size(self) -> int:
        """Bytes of packed blocks, those that wait to be encrypted included."""
        return self.end - SIGNATURE_SIZE + (len(self._cipher.waiting) if self._cipher else 0)

    def reuse(self, source: bytearray) -> bool:
        """Whether the next block is already there, intact; the first that is not ends the reuse."""
        if not self._resuming:
            return False
        if (block := self._find(source)) is not None:
            if self._cipher:
                self._cipher.go_on_after(block.content)
            self._grow(block)
            self.reused += 1
            return True
        self._resuming = False
        self._cut()
        return False

    def append(self, block: PackedBlock) -> None:
        """Adds a block packed anew. The archive is written before its index.

        A last block whose end waits to be encrypted does not get there: it is packed again.
        """
        if self._cipher:
            block = block.encrypted(self._cipher)
        with disk_errors(self._path):
            self._archive.write(block.content)
            self._archive.flush()
            if not (self._cipher and self._cipher.waiting):
                self._index.write(block.record.pack())
                self._index.flush()
        self._grow(block)
        self.packed += 1

    def seal(self, end: bytes, header: bytes, signature: bytes) -> None:
        """Writes the end of the stream and what follows it, and when all of it is on disk the signature
        header.
        """
        if self._resuming:
            self._resuming = False
            self._cut()
        tail = (self._cipher.finish(end) if self._cipher else end) + header
        with disk_errors(self._path):
            self._archive.write(tail)
            self._sync()
            self._archive.seek(0)
            self._archive.write(signature)
            self._sync()
        self._checksums.add(len(tail), digests_of(tail))
        self._checksums.seal(signature)

    def _grow(self, block: PackedBlock) -> None:
        self._checksums.add(len(block.content), block.digests)

    def _find(self, source: bytearray) -> PackedBlock | None:
        """The next block as an earlier run packed it, if it was `source`, and is as it was written."""
        try:
            record = next(self._earlier, None)
        except _DamagedRecordError:
            self._on_damaged()
            return None
        except _OlderFormatError:
            self._on_older()
            return None
        if record is None or not record.is_of(source, self._key):
            return None
        with disk_errors(self._path):
            self._archive.seek(self.end)
            content = self._archive.read(record.packed_size)
        digests = digests_of(content)
        if not record.became(digests):
            self._on_damaged()
            return None
        return PackedBlock(record.source_digest, record.source_size, content, digests)

    def _cut(self) -> None:
        """Drops what follows the blocks that were used again, and goes on from there."""
        with disk_errors(self._path):
            self._archive.seek(self.end)
            self._archive.truncate()
            self._index.seek(0)
            self._index.write(_MAGIC)
            self._index.seek(len(_MAGIC) + self.reused * _RECORD_SIZE)
            self._index.truncate()
            self._index.flush()

    def _sync(self) -> None:
        self._archive.flush()
        os.fsync(self._archive.fileno())


class _DamagedRecordError(Exception):
    """A record is not what was written."""


class _OlderFormatError(Exception):
    """An earlier version wrote the index."""


def _read_records(index: bytes) -> Iterator[Record]:
    """The records of an index. A torn last one is left out.

    Raises:
        _DamagedRecordError: the next one is damaged.
        _OlderFormatError: see there.
    """
    if not index.startswith(_MAGIC):
        if index.startswith(_FORMAT) and len(index) >= len(_MAGIC):
            raise _OlderFormatError
        if not _MAGIC.startswith(index):
            raise _DamagedRecordError
        return
    for start in range(len(_MAGIC), len(index) - _RECORD_SIZE + 1, _RECORD_SIZE):
        fields = index[start : start + _RECORD.size]
        if _CHECK.unpack_from(index, start + _RECORD.size) != (zlib.crc32(fields),):
            raise _DamagedRecordError
        yield Record(*_RECORD.unpack(fields))
