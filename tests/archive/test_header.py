"""The header that completes an archive: its numbers, and what 7-Zip and py7zr read in it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import py7zr
import pytest
from hypothesis import given
from hypothesis import strategies as st
from py7zr.archiveinfo import read_uint64

from tests.archive.tools import archive
from tui_transfer.archive.header import _bits, _number


@given(st.one_of(st.integers(0, (1 << 64) - 1), st.sampled_from([1 << 7 * n for n in range(1, 10)])))
def test_numbers_are_read_as_they_were_written(value: int) -> None:
    value %= 1 << 64
    for number in {value, max(0, value - 1)}:
        file = io.BytesIO(_number(number) + b"rest")
        assert read_uint64(file) == number
        assert file.read() == b"rest"


def test_bits_begin_with_the_highest() -> None:
    assert _bits([True, False, False, False, False, False, False, True, True]) == b"\x81\x80"


@pytest.mark.parametrize("modified", [0, 1_646_208_000, -10_000_000_000, 250_000_000_000])
def test_times_modes_and_sizes_are_read_by_others(tmp_path: Path, modified: int) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "a").write_bytes(b"x" * 300)
    (base / "vide").touch()
    (base / "a").chmod(0o640)
    os.utime(base / "a", (modified, modified))
    with py7zr.SevenZipFile(archive(base, tmp_path).path) as opened:
        found = {entry.filename: entry for entry in opened.list()}
        properties = {file.filename: file for file in opened.files}
    assert found.keys() == {"base", "base/a", "base/vide"}
    assert (found["base/a"].uncompressed, found["base/vide"].uncompressed) == (300, 0)
    assert found["base"].is_directory
    assert properties["base/a"].posix_mode == 0o640
