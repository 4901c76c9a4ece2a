"""What is encrypted opens with its passphrase alone, goes on where it was, and tells nothing of its data."""

from __future__ import annotations

import hashlib
import lzma
import math
import os
import random
import subprocess
import threading
from pathlib import Path

import pytest

from tests.archive.tools import MIB, archive, marked, raises
from tests.programs import require
from tui_transfer.archive.blocks import ALIGNMENT, BLOCK_SIZE, END, FIRST_SIZES, pack, pack_aligned
from tui_transfer.archive.encryption import SALT_SIZE, ArchiveKey, new_salt
from tui_transfer.archive.passphrase import SEPARATOR, WORDS, make_passphrase, words
from tui_transfer.archive.writer import Progress
from tui_transfer.errors import Problem

FIRST = len(FIRST_SIZES)
PASSPHRASE = "cascade-tulipe-marbre-volcan-sirop-jardin"
KEY = ArchiveKey.derive(PASSPHRASE, b"0123456789abcdef").of("a.7z")
ENDS = [0, 1, ALIGNMENT, ALIGNMENT + 1, MIB]
"""Bytes of a last block, of which some are too few to fill one that a cipher takes; 0: there is none."""


def base_ending_in(tmp_path: Path, end: int) -> Path:
    base = tmp_path / "Paie secrète"
    base.mkdir()
    (base / "Bulletins secrets.dat").write_bytes(marked(2 * BLOCK_SIZE) + os.urandom(end))
    return base


def spool(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def decrypted_by_7zz(file: Path, into: Path) -> bytes:
    subprocess.run(
        [require("7zz"), "x", f"-p{PASSPHRASE}", f"-o{into}", file], capture_output=True, check=True
    )
    return (into / "Paie secrète" / "Bulletins secrets.dat").read_bytes()


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("blocks", [1, FIRST, FIRST + 1])
def test_one_that_was_stopped_goes_on_and_gives_the_same_bytes(tmp_path: Path, end: int, blocks: int) -> None:
    base, folder, cancelled = base_ending_in(tmp_path, end), spool(tmp_path, "spool"), threading.Event()
    reference = archive(base, spool(tmp_path, "reference"), key=KEY)
    seen: list[int] = []

    def stop(progress: Progress) -> None:
        seen.append(progress.read)
        if len(seen) == blocks + 1:
            cancelled.set()

    with raises(Problem.INTERRUPTED):
        archive(base, folder, key=KEY, on_progress=stop, cancelled=cancelled)
    made = archive(base, folder, key=KEY)
    assert made.reused >= blocks
    assert made.sha256 == reference.sha256
    assert decrypted_by_7zz(made.path, tmp_path / "x") == (base / "Bulletins secrets.dat").read_bytes()


@pytest.mark.parametrize("end", ENDS)
def test_a_whole_one_is_used_again_but_for_an_end_that_fills_no_cipher_block(
    tmp_path: Path, end: int
) -> None:
    base, folder = base_ending_in(tmp_path, end), spool(tmp_path, "spool")
    reference = archive(base, folder, key=KEY)
    made = archive(base, folder, key=KEY)
    assert made.sha256 == reference.sha256
    assert made.reused == FIRST + 1 + (end > ALIGNMENT)


@pytest.mark.parametrize("other", [None, ArchiveKey.derive("une autre", KEY.salt).of("a.7z"), KEY.of("b.7z")])
def test_what_another_key_encrypted_is_packed_again(tmp_path: Path, other: ArchiveKey | None) -> None:
    base, folder = base_ending_in(tmp_path, 1), spool(tmp_path, "spool")
    archive(base, folder, key=other)
    made = archive(base, folder, key=KEY)
    assert made.reused == 0
    assert made.sha256 == archive(base, spool(tmp_path, "reference"), key=KEY).sha256


def test_it_opens_with_no_other_passphrase_and_shows_no_name(tmp_path: Path) -> None:
    made = archive(base_ending_in(tmp_path, 1), spool(tmp_path, "spool"), key=KEY)
    listed = subprocess.run(
        [require("7zz"), "l", "-pune autre", made.path], capture_output=True, text=True, check=False
    )
    assert listed.returncode != 0
    assert "Wrong password?" in listed.stderr
    assert "ecret" not in listed.stdout


def test_the_spool_holds_neither_content_nor_names_nor_hashes_of_it(tmp_path: Path) -> None:
    base, folder = base_ending_in(tmp_path, MIB), spool(tmp_path, "spool")
    archive(base, folder, preset=0, key=KEY)
    content = (base / "Bulletins secrets.dat").read_bytes()
    first, last = content[: FIRST_SIZES[0]], content[-MIB:]
    kept = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    for secret in (last[:32], last[-32:], "secrets".encode("utf-16-le"), b"secrets", PASSPHRASE.encode()):
        assert secret not in kept
    for block in (first, last, content):
        assert hashlib.sha256(block).digest() not in kept
    assert KEY._aes not in kept


def test_equal_contents_of_two_archives_have_nothing_in_common(tmp_path: Path) -> None:
    base = base_ending_in(tmp_path, 0)
    places = range(32, 2 * BLOCK_SIZE, ALIGNMENT)  # what follows is the header

    def pieces(name: str) -> set[bytes]:
        content = archive(base, spool(tmp_path, name), preset=0, key=KEY.of(name)).path.read_bytes()
        return {content[start : start + ALIGNMENT] for start in places}

    one, two = pieces("one.7z"), pieces("two.7z")
    assert len(one) == len(places), "no piece comes twice, although the content repeats itself"
    assert not one & two


@pytest.mark.parametrize("preset", [0, 1, 5])
def test_aligned_blocks_follow_one_another_like_others(preset: int) -> None:
    going = threading.Event()
    seeded = random.Random(5)
    blocks = [seeded.randbytes(20) * seeded.randrange(1, 60) for _ in range(200)] + [seeded.randbytes(70_000)]
    packed = [pack_aligned(block, preset, going) for block in blocks]
    assert {len(block) % ALIGNMENT for block in packed} == {0}
    longer = [len(one) - len(pack(block, preset, going)) for one, block in zip(packed, blocks, strict=True)]
    assert max(longer) < 80
    decoder = lzma.LZMADecompressor(
        lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": BLOCK_SIZE}]
    )
    assert decoder.decompress(b"".join(packed) + END) == b"".join(blocks)


def test_a_key_tells_its_passphrase_from_others_and_shows_none() -> None:
    assert ArchiveKey.derive(PASSPHRASE, KEY.salt).check == KEY.check
    assert ArchiveKey.derive(PASSPHRASE + " ", KEY.salt).check != KEY.check
    assert ArchiveKey.derive(PASSPHRASE, new_salt()).check != KEY.check
    assert KEY.check not in (KEY._aes.hex(), KEY.fingerprint(b"").hex()[: len(KEY.check)])
    assert str(KEY._aes) not in repr(KEY)
    assert len(new_salt()) == SALT_SIZE


def test_a_passphrase_is_worth_70_bits_and_can_be_told_by_telephone() -> None:
    assert WORDS * math.log2(len(set(words()))) >= 70
    assert all(
        4 <= len(word) <= 8 and word.isascii() and word.isalpha() and word.islower() for word in words()
    )
    made = {make_passphrase() for _ in range(100)}
    assert len(made) == 100
    assert {len(passphrase.split(SEPARATOR)) for passphrase in made} == {WORDS}
    assert {word for passphrase in made for word in passphrase.split(SEPARATOR)} <= set(words())
