"""Packs blocks of data, each on its own, so that they can be chained in one stream: LZMA2 within Deflate.

What is packed hard is compressed as LZMA2, and passes Deflate in stored blocks. Where the link is faster than
all cores with LZMA2, data are stored in LZMA2 chunks and compressed by Deflate, up to ten times as fast. So
blocks of any preset may follow one another in one 7z folder, whose two coders 7-Zip applies to all of it, as
py7zr does. libarchive, and what is built on it, does not open such archives.

An LZMA2 stream is a sequence of chunks closed by a zero byte. A block packed here begins with a chunk that
resets the dictionary and the coder's properties, and leaves the closing byte out; its Deflate blocks refer to
nothing before them, end at a byte's end, and none is marked as the last one. `END` closes both.

Source: the LZMA2 chunk format as described in XZ Utils' liblzma (``lzma2_encoder.c``); Deflate: RFC 1951.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from tui_transfer.errors import Problem, TransferError

try:
    from isal import isal_zlib as deflate
except ImportError:  # not built for this system: zlib takes twice as long, that is all
    import zlib as deflate  # type: ignore[no-redef]

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator

BLOCK_SIZE: Final = 8 << 20
"""Bytes of data in a block, and the largest dictionary used: an encoder takes about 11 times as much."""

FIRST_SIZES: Final = tuple(size << 18 for size in (1, 1, 2, 4, 8, 16))
"""Of the first blocks, which make one together: the link is fed, and shows how fast it is, all the sooner."""

PRESETS: Final = range(10)
Preset: TypeAlias = int
"""How hard a block is packed: 0 (fastest, by Deflate alone) to 9 (the smallest, on most data)."""

_SETTINGS: Final = {
    preset: {"mode": mode, "mf": finder, "nice_len": nice, "depth": depth, "dict_size": kilobytes << 10}
    for preset, mode, finder, nice, depth, kilobytes in (
        (1, lzma.MODE_FAST, lzma.MF_HC4, 32, 4, 256),
        (2, lzma.MODE_NORMAL, lzma.MF_HC3, 16, 4, 1024),
        (3, lzma.MODE_NORMAL, lzma.MF_HC3, 24, 4, 2048),
        (4, lzma.MODE_NORMAL, lzma.MF_HC4, 24, 4, 2048),
        (5, lzma.MODE_NORMAL, lzma.MF_BT4, 32, 4, 4096),
        (6, lzma.MODE_NORMAL, lzma.MF_BT4, 32, 8, 8192),
        (7, lzma.MODE_NORMAL, lzma.MF_BT4, 32, 16, 8192),
        (8, lzma.MODE_NORMAL, lzma.MF_BT4, 32, 32, 8192),
        (9, lzma.MODE_NORMAL, lzma.MF_BT4, 64, 48, 8192),
    )
}
"""Of liblzma, by preset. The last two are its own presets 5 and 6.

What payrolls are made of, records of numbers, repeats itself in short pieces. There a short search pays whose
finds are well used: from 2 on, ours leave up to a seventh less than its own 1, in about its time. On programs
and sources they are about as good.
"""
_STEP: Final = 256 << 10  # bytes packed between two looks at `cancelled`
_LZMA2_STORED: Final = 1 << 16  # the most that an uncompressed chunk holds
_LZMA2_STORED_HEAD: Final = 3
_LZMA2_STORED_FIRST, _LZMA2_STORED_NEXT = b"\1", b"\2"  # that resets the dictionary or not
_CHUNK_SIZE: Final = struct.Struct(">H")
_LZMA2_END: Final = b"\0"
_DEFLATE_LEVEL: Final = 1
_DEFLATE_RAW: Final = -15  # a window of 32 KiB, and neither header nor checksum
_DEFLATE_STORED: Final = (1 << 16) - 1  # the most that a stored block holds
_SAMPLES: Final = 8
_SAMPLE_SIZE: Final = 8 << 10
_WORTH_DEFLATING: Final = 0.98


@dataclass(frozen=True, slots=True)
class Packed:
    """A packed block.

    Attributes:
        content: its bytes in the stream.
        lzma2_size: how many bytes Deflate gives back of them, for LZMA2 to read.
    """

    content: bytes
    lzma2_size: int


def pack(data: bytes | bytearray, preset: Preset, cancelled: threading.Event) -> Packed:
    """Packs one block; stores it where packing would not make it smaller.

    The interpreter lock is released most of the time.

    Args:
        data: 1 to `BLOCK_SIZE` bytes.
        preset: how hard.
        cancelled: looked at often; ends the packing.

    Raises:
        TransferError: `INTERRUPTED`.
    """
    if preset in _SETTINGS:
        chunks = _lzma2(data, preset, cancelled)
        if len(chunks) < len(data):
            return Packed(_enclose(chunks), len(chunks))
        del chunks  # its memory is better used below
    size = len(data) + _LZMA2_STORED_HEAD * -(-len(data) // _LZMA2_STORED)
    if preset not in _SETTINGS and _shrinks(data):
        deflated = _deflate(_stored(data), cancelled)
        if len(deflated) < size and _inflates(deflated, data, size):
            return Packed(deflated, size)
    return Packed(_enclose(b"".join(_stored(data))), size)


def _lzma2(data: bytes | bytearray, preset: Preset, cancelled: threading.Event) -> bytearray:
    """The chunks that LZMA2 makes of a block, without the closing byte."""
    encoder = lzma.LZMACompressor(
        lzma.FORMAT_RAW,
        filters=[{"id": lzma.FILTER_LZMA2, **_SETTINGS[preset]}],
    )
    chunks = bytearray()
    with memoryview(data) as view:
        for start in range(0, len(data), _STEP):
            _stop_if(cancelled)
            chunks += encoder.compress(view[start : start + _STEP])
    chunks += encoder.flush()
    if not chunks.endswith(_LZMA2_END):
        raise TransferError(Problem.UNEXPECTED, reason="liblzma n'a pas fermé un bloc LZMA2", log="")
    del chunks[-len(_LZMA2_END) :]
    return chunks


def _stored(data: bytes | bytearray) -> Iterator[bytes | memoryview]:
    """LZMA2 chunks that hold a block as it is, in pieces: a block is not copied for that."""
    for start, piece in _pieces(data, _LZMA2_STORED):
        yield (_LZMA2_STORED_NEXT if start else _LZMA2_STORED_FIRST) + _CHUNK_SIZE.pack(len(piece) - 1)
        yield piece


def _enclose(data: bytes | bytearray, *, is_last: bool = False) -> bytes:
    """Deflate blocks that hold `data` as they are."""
    enclosed: list[bytes | memoryview] = []
    for _, piece in _pieces(data, _DEFLATE_STORED):
        enclosed += struct.pack("<BHH", is_last, len(piece), len(piece) ^ 0xFFFF), piece
    return b"".join(enclosed)


def _pieces(data: bytes | bytearray, longest: int) -> Iterator[tuple[int, memoryview]]:
    view = memoryview(data)
    return ((start, view[start : start + longest]) for start in range(0, len(view), longest))


def _shrinks(data: bytes | bytearray) -> bool:
    """Whether Deflate is worth its time, told from samples: on noise it gains nothing, and zlib is slow."""
    starts = range(0, len(data), max(_SAMPLE_SIZE, len(data) // _SAMPLES))
    samples = b"".join(data[start : start + _SAMPLE_SIZE] for start in starts)
    return len(zlib.compress(samples, _DEFLATE_LEVEL, _DEFLATE_RAW)) < _WORTH_DEFLATING * len(samples)


def _deflate(pieces: Iterable[bytes | memoryview], cancelled: threading.Event) -> bytes:
    """Deflate blocks that refer to nothing before them, and end at a byte's end."""
    encoder = deflate.compressobj(_DEFLATE_LEVEL, zlib.DEFLATED, _DEFLATE_RAW)
    blocks = []
    for piece in pieces:
        _stop_if(cancelled)
        blocks.append(encoder.compress(piece))
    blocks.append(encoder.flush(zlib.Z_SYNC_FLUSH))
    return b"".join(blocks)


def _inflates(deflated: bytes, data: bytes | bytearray, size: int) -> bool:
    """Whether zlib reads Deflate blocks as the chunks of `size` bytes that hold `data`, and what follows too.

    isal 1.9.1 was seen to write other codes for the same block at times, in a busy process. All were valid;
    nobody is to find out from an archive that one is not.
    """
    try:
        # Its length is known: so it is not put together of parts, while no other thread can go on.
        inflated = zlib.decompress(deflated + END.content, _DEFLATE_RAW, size + END.lzma2_size)
    except zlib.error:
        return False
    position = 0
    for piece in (*_stored(data), _LZMA2_END):
        if not inflated.startswith(piece, position):
            return False
        position += len(piece)
    return position == len(inflated)


def _stop_if(cancelled: threading.Event) -> None:
    if cancelled.is_set():
        raise TransferError(Problem.INTERRUPTED, reason="Arrêt demandé pendant la compression")


END: Final = Packed(_enclose(_LZMA2_END, is_last=True), len(_LZMA2_END))
"""Closes a stream."""
