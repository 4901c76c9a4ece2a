"""A compression that was killed goes on from where it was, and gives the same bytes."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.archive.tools import MIB, PROJECT, archive, extracted, is_archive, marked, raises, tree
from tui_transfer.archive.blocks import BLOCK_SIZE, FIRST_SIZES
from tui_transfer.archive.checksums import SpoolPart
from tui_transfer.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tui_transfer.archive.writer import Progress

FIRST = len(FIRST_SIZES)
BLOCKS = FIRST + 4

# Kills itself at its progress report number `moment`.
KILLED = """
import os, signal, sys, threading
from pathlib import Path
from tui_transfer.archive.source import list_source
from tui_transfer.archive.writer import Fixed, write_archive

database, folder, moment, preset = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

def report(_progress):
    global moment
    moment -= 1
    if moment == 0:
        os.kill(os.getpid(), signal.SIGKILL)

write_archive(list_source(database), folder / "a.7z", work=folder / "work", pacer=Fixed(preset), threads=2,
              on_progress=report, cancelled=threading.Event())
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder of `BLOCKS` blocks, whose files do not end where blocks do."""
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "a.dat").write_bytes(marked(2 * BLOCK_SIZE + 7))
    (folder / "b.dat").write_bytes(os.urandom(MIB) + marked(BLOCK_SIZE - MIB, 3))
    (folder / "c.dat").write_bytes(marked(BLOCK_SIZE + 9, 5))
    return folder


def spool(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def killed(database: Path, folder: Path, moment: int, preset: int = 1) -> None:
    run = [sys.executable, "-c", KILLED, str(database), str(folder), str(moment), str(preset)]
    assert subprocess.run(run, cwd=PROJECT, check=False).returncode == -signal.SIGKILL


def test_killed_at_every_block_it_gives_the_same_bytes_and_packs_none_twice(
    tmp_path: Path, base: Path
) -> None:
    reference = archive(base, spool(tmp_path, "reference"))
    folder = spool(tmp_path, "killed")
    # The reports of a run: its start, each block, the sealed archive.
    for moment in range(1, BLOCKS + 3):
        killed(base, folder, moment)
        sealed = moment == BLOCKS + 2
        assert is_archive(folder / "a.7z") == sealed
        copy = shutil.copytree(folder, tmp_path / f"at {moment}")
        made = archive(base, copy)
        assert made.reused == min(moment - 1, BLOCKS)
        assert made.sha256 == reference.sha256
        assert made.entries == reference.entries
    extracted(reference.path, tmp_path / "x")
    assert tree(tmp_path / "x" / "base") == tree(base)


@pytest.mark.parametrize("moment", [2, FIRST + 1, BLOCKS, BLOCKS + 1])
def test_killed_while_deflating_it_packs_no_block_twice(tmp_path: Path, base: Path, moment: int) -> None:
    folder = spool(tmp_path, "killed")
    killed(base, folder, moment, preset=0)
    made = archive(base, folder, preset=0)
    assert made.reused == moment - 1
    assert tree(extracted(made.path, tmp_path / "x") / "base") == tree(base)


def test_killed_by_another_process_at_any_moment(tmp_path: Path, base: Path) -> None:
    """From outside, whenever the archive has grown: in the middle of a write, of a packing, of a read."""
    reference = archive(base, spool(tmp_path, "reference"))
    folder = spool(tmp_path, "killed")
    run = [sys.executable, "-c", KILLED, str(base), str(folder), "-1", "1"]
    for enough in (1, 33, 10_000, 100_000, MIB):
        with subprocess.Popen(run, cwd=PROJECT) as process:
            while process.poll() is None and not _has(folder / "a.7z", enough):
                pass
            process.kill()
        before = _records(folder)
        made = archive(base, shutil.copytree(folder, tmp_path / f"at {enough}"))
        assert made.sha256 == reference.sha256
        assert made.reused == before


def _has(file: Path, size: int) -> bool:
    return file.exists() and file.stat().st_size >= size


def _records(folder: Path) -> int:
    """Blocks that the index knows: 8 bytes at its beginning, 76 for each."""
    index = folder / "work" / "blocks.index"
    return (index.stat().st_size - 8) // 76 if index.exists() and index.stat().st_size else 0


def test_killed_while_the_snapshot_is_taken_or_packed(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (zeroblob(?))", (3 * BLOCK_SIZE,))
        connection.commit()
    reference = archive(database, spool(tmp_path, "reference"))
    folder = spool(tmp_path, "killed")
    for moment in (1, 3, 30):
        killed(database, folder, moment)
    made = archive(database, folder)
    assert made.sha256 == reference.sha256
    assert made.reused > 0


def flip(file: Path, position: int) -> None:
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)


def cut(file: Path, size: int) -> None:
    os.truncate(file, size)


def extend(file: Path, size: int) -> None:
    with file.open("ab") as opened:
        opened.write(b"\xa5" * size)


ARCHIVE, INDEX = "a.7z", "work/blocks.index"


@pytest.mark.parametrize(
    ("file", "harm", "amount", "reused", "is_told"),
    [
        (ARCHIVE, flip, 40, 0, True),
        (ARCHIVE, flip, MIB // 2, FIRST + 1, True),  # within the block part of which does not pack
        (ARCHIVE, cut, MIB // 2, FIRST + 1, True),
        (ARCHIVE, cut, 0, 0, True),
        (ARCHIVE, extend, 1000, BLOCKS, False),
        (INDEX, flip, 0, 0, True),
        (INDEX, flip, 8 + 76, 1, True),
        (INDEX, flip, 8 + 2 * 76 - 1, 1, True),
        (INDEX, cut, 8 + 3 * 76 + 75, 3, False),  # a kill may leave that
        (INDEX, cut, 3, 0, False),
        (INDEX, extend, 100, BLOCKS, False),
    ],
)
def test_damage_to_what_was_packed_is_noticed_and_mended(
    tmp_path: Path,
    base: Path,
    file: str,
    harm: Callable[[Path, int], None],
    amount: int,
    reused: int,
    is_told: bool,
) -> None:
    folder = spool(tmp_path, "spool")
    reference = archive(base, folder)
    harm(folder / file, amount)
    told: list[SpoolPart] = []
    made = archive(base, folder, on_damaged=told.append)
    assert told == [SpoolPart.ARCHIVE] * is_told
    assert made.reused == reused
    assert made.sha256 == reference.sha256
    assert archive(base, folder).reused == BLOCKS, "the index was mended too"


def test_what_an_earlier_version_began_in_another_form_is_told_and_begun_again(
    tmp_path: Path, base: Path
) -> None:
    folder = spool(tmp_path, "spool")
    reference = archive(base, folder)
    with (folder / INDEX).open("r+b") as index:
        index.write(b"TTBLOCK3")
    told: list[str] = []
    made = archive(base, folder, on_damaged=told.append, on_older=lambda: told.append("older"))
    assert (told, made.reused, made.sha256) == (["older"], 0, reference.sha256)
    assert archive(base, folder, on_older=lambda: told.append("again")).reused == BLOCKS
    assert told == ["older"]


def test_blocks_before_a_change_of_the_database_are_used_again(tmp_path: Path, base: Path) -> None:
    folder = spool(tmp_path, "spool")
    archive(base, folder)
    with (base / "b.dat").open("r+b") as file:
        file.write(b"autre")
    made = archive(base, folder)
    assert made.reused == FIRST + 1
    assert made.sha256 == archive(base, spool(tmp_path, "reference")).sha256


def test_a_database_that_shrank_leaves_nothing_of_the_old_archive(tmp_path: Path) -> None:
    database, folder = tmp_path / "a.dat", spool(tmp_path, "spool")
    database.write_bytes(marked(3 * BLOCK_SIZE))
    archive(database, folder)
    os.truncate(database, BLOCK_SIZE)
    made = archive(database, folder)
    assert made.reused == FIRST
    assert made.sha256 == archive(database, spool(tmp_path, "reference")).sha256
    assert archive(database, folder).reused == FIRST


@pytest.mark.parametrize(("before", "after"), [(1, 3), (0, 3), (1, 0)])
def test_blocks_of_another_preset_are_used_again(tmp_path: Path, base: Path, before: int, after: int) -> None:
    folder, cancelled = spool(tmp_path, "spool"), threading.Event()

    def stop(progress: Progress) -> None:
        if progress.read == 2 * BLOCK_SIZE:
            cancelled.set()

    with raises(Problem.INTERRUPTED):
        archive(base, folder, preset=before, on_progress=stop, cancelled=cancelled)
    made = archive(base, folder, preset=after)
    # What is stored may all be there before it hears of the end.
    assert made.reused == FIRST + 1 if before else FIRST + 1 <= made.reused <= BLOCKS
    assert tree(extracted(made.path, tmp_path / "x") / "base") == tree(base)


def test_an_archive_that_is_begun_again_does_not_look_valid_meanwhile(tmp_path: Path, base: Path) -> None:
    folder = spool(tmp_path, "spool")
    archive(base, folder)
    assert is_archive(folder / ARCHIVE)
    seen: list[bytes] = []
    made = archive(base, folder, on_progress=lambda _: seen.append((folder / ARCHIVE).read_bytes()[:32]))
    assert seen[:-1] == [bytes(32)] * (BLOCKS + 1)
    assert seen[-1] == made.path.read_bytes()[:32] != bytes(32)
