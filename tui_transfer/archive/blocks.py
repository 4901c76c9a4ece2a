"""Packs blocks of data as LZMA2, each on its own, so that they can be chained in one stream.

An LZMA2 stream is a sequence of chunks closed by a zero byte. A block packed here begins with a chunk
that resets the dictionary and the coder's properties, and leaves the closing byte out: blocks of any
preset may follow one another, and `END` closes the whole.

Source: the LZMA2 chunk format as described in XZ Utils' liblzma (``lzma2_encoder.c``).
"""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING, Final, TypeAlias

from tui_transfer.errors import Problem, TransferError

if TYPE_CHECKING:
    import threading

BLOCK_SIZE: Final = 8 << 20
"""Bytes of data in a block, and the largest dictionary used: an encoder takes about 11 times as much."""

FIRST_SIZES: Final = tuple(size << 18 for size in (1, 1, 2, 4, 8, 16))
"""Of the first blocks, which make one together: the link is fed, and shows how fast it is, all the sooner."""

END: Final = b"\0"
"""Closes an LZMA2 stream."""

PRESETS: Final = range(10)
STORED: Final = None
"""Instead of a preset: the block is not packed."""
Preset: TypeAlias = int | None
"""How hard a block is packed: 0 (fastest) to 9 (the smallest, on most data), or `STORED`."""

_SETTINGS: Final = [
    {"mode": mode, "mf": finder, "nice_len": nice, "depth": depth, "dict_size": kilobytes << 10}
    for mode, finder, nice, depth, kilobytes in (
        (lzma.MODE_FAST, lzma.MF_HC4, 32, 4, 256),
        (lzma.MODE_NORMAL, lzma.MF_HC3, 16, 4, 1024),
        (lzma.MODE_NORMAL, lzma.MF_HC3, 24, 4, 2048),
        (lzma.MODE_NORMAL, lzma.MF_HC4, 24, 4, 2048),
        (lzma.MODE_NORMAL, lzma.MF_HC4, 32, 4, 4096),
        (lzma.MODE_NORMAL, lzma.MF_BT4, 32, 4, 4096),
        (lzma.MODE_NORMAL, lzma.MF_BT4, 32, 8, 8192),
        (lzma.MODE_NORMAL, lzma.MF_BT4, 32, 16, 8192),
        (lzma.MODE_NORMAL, lzma.MF_BT4, 32, 32, 8192),
        (lzma.MODE_NORMAL, lzma.MF_BT4, 64, 48, 8192),
    )
]
"""Of liblzma, by preset. The last two are its own presets 5 and 6.

What payrolls are made of, records of numbers, repeats itself in short pieces. There a short search pays whose
finds are well used: from 1 on, ours leave up to a seventh less than its own 1, in about its time. On programs
and sources they are about as good.
"""
_STEP: Final = 256 << 10  # bytes packed between two looks at `cancelled`
_STORED_CHUNK: Final = 1 << 16
_STORED_FIRST, _STORED_NEXT = b"\1", b"\2"  # uncompressed chunk, that resets the dictionary or not


def pack(data: bytes | bytearray, preset: Preset, cancelled: threading.Event) -> bytearray:
    """Packs one block; stores it where it is asked to, or where packing would not make it smaller.

    The result depends on `data` and `preset` alone. The interpreter lock is released meanwhile.

    Args:
        data: 1 to `BLOCK_SIZE` bytes.
        preset: how hard.
        cancelled: looked at often; ends the packing.

    Raises:
        TransferError: `INTERRUPTED`.
    """
    if preset is STORED:
        return _store(data)
    encoder = lzma.LZMACompressor(
        lzma.FORMAT_RAW,
        filters=[{"id": lzma.FILTER_LZMA2, **_SETTINGS[preset]}],
    )
    packed = bytearray()
    with memoryview(data) as view:
        for start in range(0, len(data), _STEP):
            if cancelled.is_set():
                raise TransferError(Problem.INTERRUPTED, reason="Arrêt demandé pendant la compression")
            packed += encoder.compress(view[start : start + _STEP])
    packed += encoder.flush()
    if not packed.endswith(END):
        raise TransferError(Problem.UNEXPECTED, reason="liblzma n'a pas fermé un bloc LZMA2", log="")
    del packed[-len(END) :]
    if len(packed) < len(data):
        return packed
    del packed, encoder  # their memory is better used below
    return _store(data)


def _store(data: bytes | bytearray) -> bytearray:
    stored = bytearray()
    for start in range(0, len(data), _STORED_CHUNK):
        chunk = data[start : start + _STORED_CHUNK]
        stored += _STORED_NEXT if start else _STORED_FIRST
        stored += (len(chunk) - 1).to_bytes(2, "big")
        stored += chunk
    return stored
