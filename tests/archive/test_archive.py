"""Archives as the official 7-Zip and py7zr see them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from itertools import accumulate
from pathlib import Path

import py7zr
import pytest

from tests.archive.tools import MIB, PROJECT, archive, extracted, is_archive, marked, raises, tree
from tests.mounts import small_disk
from tests.programs import missing, require
from tui_transfer.archive.blocks import BLOCK_SIZE, FIRST_SIZES
from tui_transfer.archive.reader import SourceReader
from tui_transfer.archive.source import list_source, summarize
from tui_transfer.archive.writer import Progress
from tui_transfer.errors import Problem, TransferError

HEADERS = 1000
"""Bytes of an archive of one file that hold nothing of it, at most."""


def odd_folder(root: Path) -> Path:
    """A folder with all that is unusual in a database."""
    base = root / "Base de paie – été"
    (base / "vide").mkdir(parents=True)
    (base / "Été 2021" / "À payer").mkdir(parents=True)
    (base / "Été 2021" / "bulletin n° 1 €.txt").write_text("Élise Müller")
    (base / "Été 2021" / "😀.bin").write_bytes(bytes(range(256)))
    (base / "Été 2021" / "dernier").symlink_to("bulletin n° 1 €.txt")
    (base / "zéro.db").touch()
    (base / "-option").write_text("x")
    for number in range(300):
        (base / "Été 2021" / "À payer" / f"{number:03}.xml").write_text(f"<paie>{number}</paie>" * number)
    (base / "noise.bin").write_bytes(os.urandom(2 * BLOCK_SIZE + 12_345))
    (base / "marked.bin").write_bytes(marked(BLOCK_SIZE + 1))
    for path in [*base.rglob("*"), base]:
        os.utime(path, ns=(0, 1_600_000_000_123_456_700 + len(path.name) * 10**9), follow_symlinks=False)
    return base


def test_an_odd_folder_comes_back_byte_for_byte(tmp_path: Path) -> None:
    base = odd_folder(tmp_path)
    presets = iter([1, 9, 0, 3, 6, 2, 1, 0, 4])
    made = archive(base, tmp_path, preset=lambda: next(presets))
    back = extracted(made.path, tmp_path / "x") / base.name
    originals = tree(base)
    # A link came back as a file with its target's content, and its target's date.
    originals[f"{base.name}/Été 2021/dernier"] = originals[f"{base.name}/Été 2021/bulletin n° 1 €.txt"]
    assert tree(back) == originals
    assert not (back / "Été 2021" / "dernier").is_symlink()
    assert made.source_size == sum(entry.size for entry in made.entries) > 3 * BLOCK_SIZE
    assert {entry.name: entry.sha256 for entry in made.entries} == {
        name: hashlib.sha256(content).hexdigest()
        for name, (content, _) in originals.items()
        if content is not None
    }
    assert (made.size, made.sha256) == (
        made.path.stat().st_size,
        hashlib.sha256(made.path.read_bytes()).hexdigest(),
    )


def test_py7zr_reads_it_too(tmp_path: Path) -> None:
    base = odd_folder(tmp_path)
    made = archive(base, tmp_path)
    with py7zr.SevenZipFile(made.path) as file:
        assert file.testzip() is None
        file.reset()
        file.extractall(tmp_path / "x")
    back, originals = tree(tmp_path / "x" / base.name), tree(base)
    assert {name: content for name, (content, _) in back.items()} == {
        name: content for name, (content, _) in originals.items()
    }


@pytest.mark.parametrize("size", [0, 1, BLOCK_SIZE, BLOCK_SIZE + 1])
def test_a_single_file_of_any_size(tmp_path: Path, size: int) -> None:
    database = tmp_path / "ma base.db"
    database.write_bytes(marked(size))
    database.chmod(0o640)
    made = archive(database, tmp_path)
    back = extracted(made.path, tmp_path / "x") / "ma base.db"
    assert tree(back) == tree(database)
    assert back.stat().st_mode == database.stat().st_mode
    assert [(entry.name, entry.size) for entry in made.entries] == [("ma base.db", size)]


def test_an_empty_folder(tmp_path: Path) -> None:
    base = tmp_path / "vide"
    base.mkdir()
    made = archive(base, tmp_path)
    assert tree(extracted(made.path, tmp_path / "x") / "vide") == tree(base)
    assert (made.entries, made.source_size) == ((), 0)


def test_an_sqlite_database_keeps_its_name_and_date(tmp_path: Path) -> None:
    database = tmp_path / "paie été.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
        os.utime(database, (1_500_000_000, 1_500_000_000))
        connection.execute("INSERT INTO t VALUES ('dans le -wal')")
        connection.commit()
        made = archive(database, tmp_path)
    back = extracted(made.path, tmp_path / "x") / "paie été.db"
    assert back.stat().st_mtime == 1_500_000_000 == made.entries[0].modified
    with closing(sqlite3.connect(back)) as connection:
        assert connection.execute("SELECT x FROM t").fetchall() == [("dans le -wal",)]


def test_all_that_is_written_is_private_whatever_the_umask(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE t (x)")
    seen: set[str] = set()

    def look(_: Progress | None = None) -> None:
        for path in (tmp_path / "a.7z", tmp_path / "work", *(tmp_path / "work").iterdir()):
            with contextlib.suppress(FileNotFoundError):  # what is written under another name first
                assert path.stat().st_mode & 0o777 == (0o700 if path.name == "work" else 0o600), path
                seen.add(path.name)

    umask = os.umask(0)
    try:
        archive(database, tmp_path, on_progress=look)
        look()
    finally:
        os.umask(umask)
    # « snapshot.json » is written beside the packing, and may be seen or not.
    assert seen >= {"work", "a.7z", "blocks.index", "snapshot.sqlite"}


def test_packing_gives_way_even_where_the_whole_program_does_already(tmp_path: Path) -> None:
    """As `nice tui-transfer run` does: nobody but root may take niceness back."""
    if sys.platform != "linux":
        missing("only on Linux a thread can be nice")
    script = f"""
import os, sys, threading
from pathlib import Path
from tests.archive.tools import archive

def look(_):
    for thread in threading.enumerate():
        niceness = os.getpriority(os.PRIO_PROCESS, thread.native_id)
        seen[thread.name] = niceness

seen = {{}}
os.nice(7)
archive(Path({os.fspath(tmp_path / "a.dat")!r}), Path({os.fspath(tmp_path)!r}), on_progress=look)
print(seen["MainThread"], {{niceness for name, niceness in seen.items() if name.startswith("pack")}})
"""
    (tmp_path / "a.dat").write_bytes(marked(BLOCK_SIZE))
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("7 {12}\n", "")


def test_what_was_called_final_never_changes(tmp_path: Path) -> None:
    """The uploader sends what progress calls packed, long before the archive is finished."""
    database = tmp_path / "a.dat"
    database.write_bytes(marked(3 * BLOCK_SIZE) + os.urandom(BLOCK_SIZE))
    seen: list[tuple[Progress, bytes]] = []

    def look(progress: Progress) -> None:
        seen.append((progress, (tmp_path / "a.7z").read_bytes()[: progress.packed]))

    made = archive(database, tmp_path, on_progress=look)
    whole = made.path.read_bytes()
    assert all(len(part) == at.packed and whole[32:].startswith(part[32:]) for at, part in seen)
    assert all(part[:32] == bytes(32) for _, part in seen[:-1])
    assert seen[-1][1] == whole
    reads = [at.read for at, _ in seen]
    whole_blocks = range(2 * BLOCK_SIZE, 5 * BLOCK_SIZE, BLOCK_SIZE)
    assert reads == [0, *accumulate(FIRST_SIZES), *whole_blocks, 4 * BLOCK_SIZE]
    assert {at.total for at, _ in seen} == {4 * BLOCK_SIZE}
    assert (seen[0][0].packed, seen[-1][0].packed) == (32, made.size)


def test_it_stops_when_asked_and_leaves_no_valid_archive(tmp_path: Path) -> None:
    database = tmp_path / "a.dat"
    database.write_bytes(marked(3 * BLOCK_SIZE))
    cancelled = threading.Event()

    def stop(progress: Progress) -> None:
        if progress.read:
            cancelled.set()

    with raises(Problem.INTERRUPTED):
        archive(database, tmp_path, on_progress=stop, cancelled=cancelled)
    left = (tmp_path / "a.7z").read_bytes()
    assert len(left) > 32
    assert left[:32] == bytes(32)
    assert not is_archive(tmp_path / "a.7z")


def test_it_stops_when_asked_also_among_empty_files(tmp_path: Path) -> None:
    base, cancelled = tmp_path / "base", threading.Event()
    base.mkdir()
    for name in "abc":
        (base / name).touch()
    cancelled.set()
    with raises(Problem.INTERRUPTED):
        list(SourceReader(list_source(base), cancelled).blocks())


def test_the_space_said_to_be_needed_holds_what_does_not_shrink(tmp_path: Path) -> None:
    database = tmp_path / "a.dat"
    database.write_bytes(os.urandom(2 * BLOCK_SIZE))
    made = archive(database, tmp_path, preset=0)
    assert made.size - HEADERS < summarize(database).space_needed < 1.001 * made.size


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_a_full_disk_is_named_and_the_work_goes_on_once_there_is_room(tmp_path: Path, kind: str) -> None:
    database, small = tmp_path / "a.db", tmp_path / "petit"
    small.mkdir()
    if kind == "sqlite":
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE t (x)")
            connection.execute("INSERT INTO t VALUES (randomblob(30000000))")
            connection.commit()
    else:
        database.write_bytes(os.urandom(3 * BLOCK_SIZE))
    with small_disk(small, "size=20m"):
        with raises(Problem.DISK_FULL) as caught:
            archive(database, small)
        assert str(small) in caught.value.why
        assert not is_archive(small / "a.7z")
        subprocess.run([require("mount"), "-o", "remount,size=100m", small], check=True)
        made = archive(database, small)
        assert made.reused == (len(FIRST_SIZES) + 1 if kind == "file" else 0)
        extracted(made.path, tmp_path / "x")


def test_a_read_only_disk_is_named_and_a_missing_folder_made(tmp_path: Path) -> None:
    database, folder = tmp_path / "a.db", tmp_path / "spool"
    database.touch()
    archive(database, folder)
    shutil.rmtree(folder)
    folder.mkdir()
    with small_disk(folder, "ro"), raises(Problem.DISK_UNWRITABLE) as caught:
        archive(database, folder)
    assert caught.value.details["reason"] == "ce disque est en lecture seule"


PEAK = """
import pathlib, re, sys, threading
from tui_transfer.archive.source import list_source
from tui_transfer.archive.writer import Fixed, write_archive
folder = pathlib.Path(sys.argv[1])
write_archive(list_source(folder / "a.dat"), folder / "a.7z", work=folder / "work", threads=2,
              pacer=Fixed(int(sys.argv[2])), on_progress=lambda _: None, cancelled=threading.Event())
status = pathlib.Path("/proc/self/status").read_text()
print(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])
"""


@pytest.mark.parametrize(
    ("preset", "noise", "zeros", "limit"),
    [
        (0, 32 * MIB, 144 * MIB, 150 * MIB),
        (1, 32 * MIB, 144 * MIB, 150 * MIB),
        (6, 16 * MIB, 16 * MIB, 300 * MIB),
    ],
)
def test_memory_does_not_grow_with_the_database(
    tmp_path: Path, preset: int, noise: int, zeros: int, limit: int
) -> None:
    """What does not pack would fill the memory if the archive were held, the rest if the database were."""
    if not Path("/proc/self/status").exists():
        missing("this system does not tell a process's peak memory")
    with (tmp_path / "a.dat").open("wb") as file:
        for _ in range(noise // MIB):
            file.write(os.urandom(MIB))
        file.truncate(noise + zeros)
    run = [sys.executable, "-c", PEAK, str(tmp_path), str(preset)]
    shown = subprocess.run(run, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert int(shown) * 1024 < limit


def test_problems_of_the_database_come_before_anything_is_written(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    os.mkfifo(base / "tube")
    with pytest.raises(TransferError):
        archive(base, tmp_path)
    assert not (tmp_path / "a.7z").exists()
