"""Packs blocks as LZMA2, each on its own, so that blocks of any preset may follow one another in a stream.

An LZMA2 stream is a sequence of chunks closed by a zero byte. A block packed here begins with a chunk that
resets the dictionary and the coder's properties, and leaves the closing byte out; `END` is that byte. Data
that do not shrink, and those for which the link is too fast to wait, are stored in uncompressed chunks.

Source: the LZMA2 chunk format as described in XZ Utils' liblzma (``lzma2_encoder.c``).
"""

from __future__ import annotations

import lzma
import struct
from typing import TYPE_CHECKING, Final, TypeAlias

from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

BLOCK_SIZE: Final = 8 << 20
"""Bytes of data in a block, and the largest dictionary used: an encoder takes about 11 times as much."""

FIRST_SIZES: Final = tuple(size << 18 for size in (1, 1, 2, 4, 8, 16))
"""Of the first blocks, which make one together: the link is fed, and shows how fast it is, all the sooner."""

PRESETS: Final = range(10)
Preset: TypeAlias = int
"""How hard a block is packed: 0 (stored) to 9 (the smallest, on most data)."""

_SETTINGS: Final = {
    preset: {"mode": mode, "mf": finder, "nice_len": nice, "depth": depth, "dict_size": kilobytes << 10}
    for preset, mode, finder, nice, depth, kilobytes in (
        (1, lzma.MODE_FAST, lzma.MF_HC3, 32, 4, 256),
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
_STORED: Final = 1 << 16  # the most that an uncompressed chunk holds
_STORED_FIRST, _STORED_NEXT = b"\1", b"\2"  # that resets the dictionary or not
_CHUNK_SIZE: Final = struct.Struct(">H")
_HEAD_SIZE: Final = 1 + _CHUNK_SIZE.size  # of an uncompressed chunk

ALIGNMENT: Final = 16
"""Bytes that a cipher takes together."""

END: Final = b"\0"
"""Closes a stream."""


def pack(
    data: bytes | bytearray | memoryview, preset: Preset, cancelled: threading.Event
) -> bytes | bytearray:
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
        chunks = _compressed(data, preset, cancelled)
        if len(chunks) < len(data):
            return chunks
        del chunks  # its memory is better used below
    return b"".join(_stored(data))


def pack_aligned(data: bytes | bytearray, preset: Preset, cancelled: threading.Event) -> bytes | bytearray:
    """Packs one block, as `pack` does, into a multiple of `ALIGNMENT` bytes: some 60 more at most.

    Its end is stored in as many chunks, three bytes of head each, as that takes. A block too short to be cut
    so often, as only the last one is, gets whatever length it has.
    """
    if len(data) <= ALIGNMENT:
        return pack(data, preset, cancelled)
    end = data[-ALIGNMENT:]
    with memoryview(data) as view:
        packed = bytearray(pack(view[:-ALIGNMENT], preset, cancelled))
    cuts = next(n for n in range(ALIGNMENT) if (len(packed) + (n + 1) * _HEAD_SIZE) % ALIGNMENT == 0)
    for piece in (*(end[n : n + 1] for n in range(cuts)), end[cuts:]):
        packed += _STORED_NEXT + _CHUNK_SIZE.pack(len(piece) - 1) + piece
    return packed


def _compressed(
    data: bytes | bytearray | memoryview, preset: Preset, cancelled: threading.Event
) -> bytearray:
    """The chunks that LZMA2 makes of a block, without the closing byte."""
    encoder = lzma.LZMACompressor(
        lzma.FORMAT_RAW,
        filters=[{"id": lzma.FILTER_LZMA2, **_SETTINGS[preset]}],
    )
    chunks = bytearray()
    with memoryview(data) as view:
        for start in range(0, len(data), _STEP):
            if cancelled.is_set():
                raise TransferError(Problem.INTERRUPTED, reason="Arrêt demandé pendant la compression")
            chunks += encoder.compress(view[start : start + _STEP])
    chunks += encoder.flush()
    if not chunks.endswith(END):
        raise TransferError(Problem.UNEXPECTED, reason="liblzma n’a pas fermé un bloc LZMA2", log="")
    del chunks[-len(END) :]
    return chunks


def _stored(data: bytes | bytearray | memoryview) -> Iterator[bytes | memoryview]:
    """Chunks that hold a block as it is, in pieces: a block is not copied for that."""
    view = memoryview(data)
    for start in range(0, len(view), _STORED):
        piece = view[start : start + _STORED]
        yield (_STORED_NEXT if start else _STORED_FIRST) + _CHUNK_SIZE.pack(len(piece) - 1)
        yield piece
