"""The 7z container around one LZMA2 stream: the header after it, and the signature header before it.

Source: ``7zFormat.txt`` of the LZMA SDK. Written here, and not by py7zr's classes, which take half a kilobyte
of memory a file and a large encoder.
"""

from __future__ import annotations

import lzma
import stat
import struct
import zlib
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui_transfer.archive.blocks import ALIGNMENT, BLOCK_SIZE
from tui_transfer.archive.encryption import METHOD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_transfer.archive.encryption import ArchiveKey
    from tui_transfer.archive.reader import Content
    from tui_transfer.archive.source import Item

_SIGNATURE: Final = b"7z\xbc\xaf\x27\x1c\x00\x04"
"""What an archive begins with, and the version of its format: 0.4, as 7-Zip writes."""

_END, _HEADER, _MAIN_STREAMS, _FILES = b"\x00", b"\x01", b"\x04", b"\x05"
_PACK_INFO, _UNPACK_INFO, _SUBSTREAMS = b"\x06", b"\x07", b"\x08"
_SIZE, _CRC, _FOLDER, _UNPACK_SIZE, _STREAM_COUNT = b"\x09", b"\x0a", b"\x0b", b"\x0c", b"\x0d"
_EMPTY_STREAM, _NAMES, _MODIFIED, _ATTRIBUTES = b"\x0e", b"\x11", b"\x14", b"\x15"
_ENCODED_HEADER: Final = b"\x17"
_ALL: Final = b"\x01"
_HERE: Final = b"\x00"  # the data follow at once
_NUL: Final = b"\x00\x00"  # ends a name

_LZMA2: Final = b"\x21"
_HEADER_DICTIONARY: Final = 1 << 20
_HEADER_FILTER: Final = {"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": _HEADER_DICTIONARY}

_EPOCH: Final = 116_444_736_000_000_000  # 1970-01-01 in steps of 100 ns since 1601-01-01
_LAST_TIME: Final = (1 << 63) - 1
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
    contents = [content for _, content in files if content]
    plain = bytearray(_HEADER)
    packed_size = _padded(stream_size) if key else stream_size
    if contents:  # otherwise the header names no stream at all
        total = sum(content.size for content in contents)
        properties = key.stream_cipher().properties if key else b""
        plain += _MAIN_STREAMS
        plain += _streams(0, stream_size, total, BLOCK_SIZE, properties)
        _add_substreams(plain, contents)
        plain += _END
    _add_files(plain, files)
    plain += _END
    return _packed(plain, packed_size, key)


def _packed(plain: bytearray, position: int, key: ArchiveKey | None) -> Container:
    """A header, packed and encrypted, and another one, in clear, that says how.

    Its CRC-32 is that by which a wrong passphrase is noticed.
    """
    packed = lzma.compress(plain, lzma.FORMAT_RAW, filters=[_HEADER_FILTER])
    cipher = key.header_cipher(bytes(plain)) if key else None
    properties = cipher.properties if cipher else b""
    how = _ENCODED_HEADER + _streams(
        position, len(packed), len(plain), _HEADER_DICTIONARY, properties, zlib.crc32(plain)
    )
    how += _END
    content = cipher.finish(packed) if cipher else packed
    return Container(content + how, _signature(position + len(content), how))


def _signature(position: int, end: bytes) -> bytes:
    """The 32 bytes that say where the last header lies, counted from behind them."""
    start = struct.pack("<QQI", position, len(end), zlib.crc32(end))
    return _SIGNATURE + struct.pack("<I", zlib.crc32(start)) + start


def _streams(
    position: int, size: int, unpacked: int, dictionary: int, cipher: bytes, crc32: int | None = None
) -> bytes:
    """Where one LZMA2 stream lies, and how it becomes its data.

    Args:
        position: of its first byte, counted from behind the signature header.
        size: its bytes, before they are encrypted.
        unpacked: bytes of data.
        dictionary: bytes.
        cipher: the properties of its encryption; empty where there is none.
        crc32: of the data, where the parts have none of their own.
    """
    lzma2 = b"\x21" + _LZMA2 + b"\x01" + bytes([(dictionary.bit_length() - 13) * 2])
    coders, sizes = b"\x01" + lzma2, [unpacked]
    if cipher:  # the decoder comes first, and what it gives goes to LZMA2's
        aes = bytes([0x20 | len(METHOD)]) + METHOD + _number(len(cipher)) + cipher
        coders, sizes = b"\x02" + aes + lzma2 + b"\x01\x00", [size, unpacked]
    checksum = b"" if crc32 is None else _CRC + _ALL + struct.pack("<I", crc32)
    return b"".join(
        (
            _PACK_INFO, _number(position), _number(1),
            _SIZE, _number(_padded(size) if cipher else size), _END,
            _UNPACK_INFO, _FOLDER, _number(1), _HERE, coders,
            _UNPACK_SIZE, *map(_number, sizes), checksum, _END,
        )
    )  # fmt: skip


def _padded(size: int) -> int:
    """Bytes that so many become once they are encrypted."""
    return size + -size % ALIGNMENT


def _add_substreams(made: bytearray, contents: Sequence[Content]) -> None:
    """How the data of the stream are divided. An empty file is a stream of no byte, as py7zr has it."""
    made += _SUBSTREAMS
    if len(contents) != 1:
        made += _STREAM_COUNT + _number(len(contents))
        if len(contents) > 1:
            made += _SIZE
            for content in contents[:-1]:
                made += _number(content.size)
    made += _CRC + _ALL
    for content in contents:
        made += content.crc32.to_bytes(4, "little")
    made += _END


def _add_files(made: bytearray, files: Sequence[tuple[Item, Content | None]]) -> None:
    """Names, times and attributes. The names of a hundred thousand files take 10 MB: they are not copied."""
    made += _FILES + _number(len(files))
    empty = [content is None for _, content in files]
    if any(empty):
        made += _EMPTY_STREAM + _number((len(empty) + 7) // 8) + _bits(empty)
    size = sum(len(item.name.encode("utf-16-le")) + len(_NUL) for item, _ in files)
    made += _NAMES + _number(len(_HERE) + size) + _HERE
    for item, _ in files:
        made += item.name.encode("utf-16-le") + _NUL
    made += _MODIFIED + _number(len(_ALL + _HERE) + 8 * len(files)) + _ALL + _HERE
    for item, _ in files:
        made += min(max(0, item.modified_ns // 100 + _EPOCH), _LAST_TIME).to_bytes(8, "little")
    made += _ATTRIBUTES + _number(len(_ALL + _HERE) + 4 * len(files)) + _ALL + _HERE
    for item, content in files:
        made += _attributes(item, content).to_bytes(4, "little")
    made += _END


def _attributes(item: Item, content: Content | None) -> int:
    mode = stat.S_IFMT(item.mode) | (item.mode & _PERMISSIONS)
    return mode << 16 | _UNIX_EXTENSION | (_ARCHIVE if content else _DIRECTORY)


def _bits(values: Iterable[bool]) -> bytes:
    """One bit each, the first in the highest of the first byte."""
    made = array("B")
    for place, value in enumerate(values):
        if place % 8 == 0:
            made.append(0)
        if value:
            made[-1] |= 0x80 >> place % 8
    return made.tobytes()


def _number(value: int) -> bytes:
    """A number as 7z writes them: the first byte's leading ones count those that follow."""
    for more in range(8):
        if value < 1 << 7 * (more + 1):
            first = (0xFF << 8 - more & 0xFF) | value >> 8 * more
            return bytes([first]) + (value & (1 << 8 * more) - 1).to_bytes(more, "little")
    return b"\xff" + value.to_bytes(8, "little")
