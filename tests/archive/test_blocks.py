"""Blocks packed one by one make one LZMA2 stream."""

from __future__ import annotations

import lzma
import os
import random
import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archive.tools import MIB, raises
from tui_transfer.archive.blocks import BLOCK_SIZE, END, PRESETS, Preset, pack
from tui_transfer.errors import Problem

GO_ON = threading.Event()


def stream(*blocks: bytes | bytearray) -> bytes:
    return b"".join(blocks)


def unpack(packed: bytes) -> bytes:
    """What 7-Zip makes of a stream, by the library that the format comes from."""
    decoder = lzma.LZMADecompressor(
        lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": BLOCK_SIZE}]
    )
    data = decoder.decompress(packed)
    assert decoder.eof
    assert not decoder.unused_data
    return data


def pieces() -> st.SearchStrategy[bytes]:
    """Data of both kinds, some longer than the 64 KiB of a stored chunk."""
    repeated = st.builds(
        lambda unit, times: unit * times, st.binary(min_size=1, max_size=20), st.integers(1, 9000)
    )
    noise = st.builds(
        lambda seed, size: seed.randbytes(size), st.randoms(use_true_random=False), st.integers(1, 150_000)
    )
    return st.binary(min_size=1, max_size=300) | repeated | noise


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(pieces(), st.sampled_from(PRESETS)), max_size=5))
def test_blocks_of_any_presets_chain_and_each_stands_alone(blocks: list[tuple[bytes, Preset]]) -> None:
    packed = [pack(data, preset, GO_ON) for data, preset in blocks]
    assert unpack(stream(*packed, END)) == b"".join(data for data, _ in blocks)
    for (data, _), alone in zip(blocks, packed, strict=True):
        assert unpack(stream(alone, END)) == data


@pytest.mark.parametrize(("preset", "sees"), [(0, False), (1, False), (5, False), (6, True), (9, True)])
def test_a_full_block_comes_back_whatever_the_size_of_the_dictionary(preset: int, sees: bool) -> None:
    noise = os.urandom(MIB)
    data = noise + bytes(BLOCK_SIZE - 2 * MIB) + noise  # whoever sees far enough packs the noise once
    packed = pack(data, preset, GO_ON)
    assert (len(packed) < 1.5 * MIB) == sees
    assert unpack(stream(packed, END)) == data


def test_records_of_numbers_become_smaller_than_with_the_presets_of_liblzma() -> None:
    draw = random.Random(4)
    data = b"".join(
        b"9%012d;%05.2f;%07.2f\n" % (draw.randrange(10**6), draw.randrange(8, 152), draw.uniform(9, 4000))
        for _ in range(60_000)
    )
    sizes = [len(pack(data, preset, GO_ON)) for preset in (0, 1, 2, 4, 7)]
    assert all(harder < quicker for quicker, harder in pairwise(sizes))
    own = lzma.compress(data, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 3}])
    assert 1.15 * sizes[2] < len(own), "its own 3 takes far longer"


@pytest.mark.parametrize("preset", [0, 1])
def test_noise_is_stored_at_three_bytes_for_64_kib(preset: int) -> None:
    noise = os.urandom(MIB + 1)
    packed = pack(noise, preset, GO_ON)
    assert len(packed) == len(noise) + 17 * 3
    assert unpack(stream(pack(b"avant" * 100, 6, GO_ON), packed, END)) == b"avant" * 100 + noise


def test_packing_stops_when_asked() -> None:
    cancelled = threading.Event()
    cancelled.set()
    with raises(Problem.INTERRUPTED):
        pack(b"x" * MIB, 6, cancelled)
