"""The 7z container around one LZMA2 stream, made by py7zr's own header classes."""

from __future__ import annotations

import io
import lzma
import stat
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from py7zr.archiveinfo import Bond, Folder, Header, SignatureHeader, write_uint64
from py7zr.properties import PROPERTY

from tui_transfer.archive.blocks import ALIGNMENT, BLOCK_SIZE
from tui_transfer.archive.encryption import METHOD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_transfer.archive.encryption import ArchiveKey, StreamCipher
    from tui_transfer.archive.reader import Content
    from tui_transfer.archive.source import Item

# Only the dictionary's size is written to the header. The preset is the cheapest, for py7zr makes an
# encoder of this that is never used.
_FILTER: Final = {"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": BLOCK_SIZE}
_EPOCH: Final = 116_444_736_000_000_000  # 1970-01-01 in steps of 100 ns since 1601-01-01
_UNIX_EXTENSION: Final = 0x8000  # says that the upper 16 bits are a Unix mode, as p7zip does
_DIRECTORY, _ARCHIVE = 0x10, 0x20  # Windows' attributes
_PERMISSIONS: Final = 0o777


@dataclass(frozen=True)
class Container:
    """What completes a pack stream: the header after it, and the 32 bytes before it."""

    header: bytes
    signature: bytes


def build_container(
    files: Sequence[tuple[Item, Content | None]], stream_size: int, key: ArchiveKey | None = None
) -> Container:
    """Builds the headers of an archive.

    Args:
        files: every item in order, folders without content. The contents lie end to end in the stream.
        stream_size: bytes of the LZMA2 stream, its end included.
        key: with which the stream is encrypted, and the header is to be.
    """
    header = Header()
    header.filters = [_FILTER]
    folder = header.initialize()  # type: ignore[no-untyped-call]
    contents = [content for _, content in files if content]
    folder.unpacksizes = [sum(content.size for content in contents)]
    packed_size = stream_size
    if key:
        packed_size = _encrypt_folder(folder, stream_size, key.stream_cipher())
    _describe_streams(header, contents, packed_size)
    assert header.files_info
    header.files_info.files = [_file_info(item, content) for item, content in files]
    return _encrypted(header, packed_size, key) if key else _container(header, packed_size)


def _encrypt_folder(folder: Folder, stream_size: int, cipher: StreamCipher) -> int:
    """Puts the cipher before the coder of a stream; returns the bytes that the stream becomes."""
    aes = {"method": METHOD, "properties": cipher.properties, "numinstreams": 1, "numoutstreams": 1}
    folder.coders = [aes, *folder.coders]
    folder.bindpairs = [Bond(incoder=1, outcoder=0)]  # type: ignore[no-untyped-call]
    folder.unpacksizes = [stream_size, *folder.unpacksizes]
    return stream_size + -stream_size % ALIGNMENT


def _describe_streams(header: Header, contents: Sequence[Content], packed_size: int) -> None:
    if not contents:  # folders only: the header names no stream at all
        header.main_streams = None
        return
    streams = header.main_streams
    assert streams
    assert streams.packinfo
    assert streams.substreamsinfo
    streams.packinfo.numstreams = 1
    streams.packinfo.packsizes = [packed_size]
    streams.substreamsinfo.num_unpackstreams_folders = [len(contents)]
    streams.substreamsinfo.unpacksizes = [content.size for content in contents]
    streams.substreamsinfo.digests = [content.crc32 for content in contents]
    streams.substreamsinfo.digestsdefined = [True] * len(contents)


def _file_info(item: Item, content: Content | None) -> dict[str, Any]:
    """One entry of the header. An empty file is a stream of no byte: py7zr has no other way."""
    mode = stat.S_IFMT(item.mode) | (item.mode & _PERMISSIONS)
    return {
        "filename": item.name,
        "emptystream": content is None,
        "lastwritetime": max(0, item.modified_ns // 100 + _EPOCH),
        "attributes": mode << 16 | _UNIX_EXTENSION | (_ARCHIVE if content else _DIRECTORY),
    }


def _container(header: Header, packed_size: int) -> Container:
    after_blocks = io.BytesIO()
    # Positions count from the start of the pack stream, which lies `packed_size` before this buffer.
    position, size, crc32 = header.write(after_blocks, -packed_size, encoded=True)
    return Container(after_blocks.getvalue(), _signature(packed_size + position, size, crc32))


def _encrypted(header: Header, packed_size: int, key: ArchiveKey) -> Container:
    """The header packed and encrypted, and another one, in clear, that says how.

    py7zr would make another key for it, and leave out the CRC-32 by which a wrong passphrase is noticed.
    """
    plain = io.BytesIO()
    header.write(plain, 0, encoded=False)
    packed = lzma.compress(plain.getvalue(), lzma.FORMAT_RAW, filters=[_FILTER])
    folder = Folder()
    folder.prepare_coderinfo([_FILTER])  # type: ignore[no-untyped-call]
    folder.unpacksizes = [len(plain.getvalue())]
    cipher = key.header_cipher(plain.getvalue())
    encrypted_size = _encrypt_folder(folder, len(packed), cipher)

    how = io.BytesIO()
    how.write(PROPERTY.ENCODED_HEADER + PROPERTY.PACK_INFO)
    write_uint64(how, packed_size)
    write_uint64(how, 1)
    how.write(PROPERTY.SIZE)
    write_uint64(how, encrypted_size)
    how.write(PROPERTY.END + PROPERTY.UNPACK_INFO + PROPERTY.FOLDER + b"\1\0")
    folder.write(how)
    how.write(PROPERTY.CODERS_UNPACK_SIZE)
    for size in folder.unpacksizes:
        write_uint64(how, size)
    how.write(PROPERTY.CRC + b"\1" + zlib.crc32(plain.getvalue()).to_bytes(4, "little"))
    how.write(PROPERTY.END + PROPERTY.END)

    end = how.getvalue()
    signature = _signature(packed_size + encrypted_size, len(end), zlib.crc32(end))
    return Container(cipher.finish(packed) + end, signature)


def _signature(position: int, size: int, crc32: int) -> bytes:
    """The 32 bytes that say where the header lies, counted from behind them."""
    before = io.BytesIO()
    signature = SignatureHeader()
    signature.nextheaderofs = position
    signature.calccrc(size, crc32)
    signature.write(before)
    return before.getvalue()
