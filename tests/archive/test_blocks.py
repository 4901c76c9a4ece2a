"""Blocks packed one by one make one LZMA2 stream."""

from __future__ import annotations

import importlib
import lzma
import os
import random
import sys
import threading
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archive.tools import MIB, raises
from tests.programs import missing
from tui_transfer.archive import blocks
from tui_transfer.archive.blocks import BLOCK_SIZE, END, PRESETS, Packed, Preset, pack
from tui_transfer.errors import Problem

GO_ON = threading.Event()


def stream(*blocks: Packed) -> bytes:
    return b"".join(block.content for block in blocks)


def unpack(packed: bytes) -> bytes:
    """What 7-Zip makes of a stream, by the libraries that the formats come from."""
    inflater = zlib.decompressobj(wbits=-15)
    chunks = inflater.decompress(packed)
    decoder = lzma.LZMADecompressor(
        lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": BLOCK_SIZE}]
    )
    data = decoder.decompress(chunks)
    assert inflater.eof
    assert decoder.eof
    assert not inflater.unused_data
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
        assert alone.lzma2_size == len(zlib.decompressobj(wbits=-15).decompress(alone.content))


@pytest.mark.parametrize(("preset", "sees"), [(0, False), (1, False), (5, False), (6, True), (9, True)])
def test_a_full_block_comes_back_whatever_the_size_of_the_dictionary(preset: int, sees: bool) -> None:
    noise = os.urandom(MIB)
    data = noise + bytes(BLOCK_SIZE - 2 * MIB) + noise  # whoever sees far enough packs the noise once
    packed = pack(data, preset, GO_ON)
    assert (len(packed.content) < 1.5 * MIB) == sees
    assert unpack(stream(packed, END)) == data


def test_records_of_numbers_become_smaller_than_with_the_presets_of_liblzma() -> None:
    draw = random.Random(4)
    data = b"".join(
        b"9%012d;%05.2f;%07.2f\n" % (draw.randrange(10**6), draw.randrange(8, 152), draw.uniform(9, 4000))
        for _ in range(60_000)
    )
    sizes = [len(pack(data, preset, GO_ON).content) for preset in (0, 1, 2, 4, 7)]
    assert all(harder < quicker for quicker, harder in pairwise(sizes))
    own = lzma.compress(data, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 3}])
    assert 1.15 * sizes[2] < len(own), "its own 3 takes far longer"


@pytest.mark.parametrize("preset", [0, 1])
def test_noise_is_stored_at_eight_bytes_for_64_kib(preset: int) -> None:
    noise = os.urandom(MIB + 1)
    packed = pack(noise, preset, GO_ON)
    assert len(packed.content) == len(noise) + 17 * 3 + 17 * 5
    assert unpack(stream(pack(b"avant" * 100, 6, GO_ON), packed, END)) == b"avant" * 100 + noise


def test_noise_between_what_shrinks_does_not_keep_it_from_being_deflated() -> None:
    data = bytes(3 * MIB) + os.urandom(MIB) + bytes(3 * MIB)
    packed = pack(data, 0, GO_ON)
    assert MIB < len(packed.content) < 1.1 * MIB
    assert unpack(stream(packed, END)) == data


@pytest.mark.parametrize("library", ["isal", "zlib"])
def test_deflate_is_there_on_every_machine(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if library == "isal":
        if find_spec("isal") is None:
            missing("isal is not built for this system")
    else:
        monkeypatch.setitem(sys.modules, "isal", None)
    module = importlib.reload(blocks)
    try:
        assert (module.deflate is zlib) == (library == "zlib")
        data = b"9%012d;essai\n" * MIB
        packed = module.pack(data[:MIB], 0, GO_ON)
        assert len(packed.content) < MIB // 20
        assert unpack(stream(packed, module.END)) == data[:MIB]
    finally:
        monkeypatch.undo()
        importlib.reload(blocks)


@pytest.mark.parametrize(
    "harm",
    [
        lambda it: it[:-1],
        lambda it: b"\7" + it[1:],
        lambda it: it + b"\0\1\0\xfe\xffx",
        lambda it: it + b"\1\0\0\xff\xff",  # says that it is the last one: nothing after it would be read
    ],
    ids=["cut", "rubbish", "more", "last"],
)
def test_what_deflate_got_wrong_is_stored_instead(
    harm: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No library is known to: but an archive is where nobody would look again."""
    sound = blocks._deflate
    monkeypatch.setattr(blocks, "_deflate", lambda data, cancelled: harm(sound(data, cancelled)))
    data = b"paie;" * MIB
    packed = blocks.pack(data, 0, GO_ON)
    assert len(packed.content) > len(data)
    assert unpack(stream(packed, END)) == data


@pytest.mark.parametrize("preset", [0, 6])
def test_packing_stops_when_asked(preset: int) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with raises(Problem.INTERRUPTED):
        pack(b"x" * MIB, preset, cancelled)
