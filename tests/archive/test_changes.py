"""A database that changes while it is read is never archived as if it were whole."""

from __future__ import annotations

import mmap
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.archive.tools import archive, extracted, is_archive, marked, raises, tree
from tui_transfer.archive.blocks import BLOCK_SIZE, FIRST_SIZES
from tui_transfer.errors import Problem
from tui_transfer.french import number

if TYPE_CHECKING:
    from collections.abc import Callable


SIZE = 3 * BLOCK_SIZE + 5
LAST = len(FIRST_SIZES) + 2
"""The block of a file of `SIZE` in which its last bytes are."""


class During:
    """Does something once: when block number `block`, from 0, has been read and the next has not."""

    def __init__(self, block: int, action: Callable[[], object]) -> None:
        self.blocks = 0
        self._block = block
        self._action = action

    def __call__(self) -> int:
        if self.blocks == self._block:
            self._action()
        self.blocks += 1
        return 0


def modify(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"modification")


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"suite")


def truncate(path: Path) -> None:
    os.truncate(path, SIZE - 1)


def replace(path: Path) -> None:
    """By a file of the same size and date, as a program that saves "atomically" may."""
    other = path.with_name("nouvelle")
    shutil.copy2(path, other)
    other.replace(path)


def remove(path: Path) -> None:
    path.unlink()


def replace_by_link(path: Path) -> None:
    path.symlink_to(path.rename(path.parent.parent / "ailleurs"))


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


REASONS = [
    (modify, "son contenu a été modifié"),
    (append, f"sa taille est passée de {number(SIZE)} à {number(SIZE + 5)}\N{NO-BREAK SPACE}octets"),
    (truncate, f"sa taille est passée de {number(SIZE)} à {number(SIZE - 1)}\N{NO-BREAK SPACE}octets"),
    (replace, "ce fichier a été remplacé par un autre"),
    (remove, "ce fichier a disparu"),
]
OTHER_NATURES = [replace_by_pipe, replace_by_link]


@pytest.mark.parametrize(("change", "reason"), REASONS)
@pytest.mark.parametrize("block", [0, LAST])
def test_a_file_that_changes_is_named_with_what_changed(
    tmp_path: Path, change: Callable[[Path], None], reason: str, block: int
) -> None:
    """Block 0: half-way through the file. The last block is cut after the file's last check."""
    database = tmp_path / "base" / "paie.dat"
    database.parent.mkdir()
    database.write_bytes(marked(SIZE))
    with raises(Problem.DATABASE_CHANGED) as caught:
        archive(database.parent, tmp_path, preset=During(block, lambda: change(database)))
    assert caught.value.details == {"path": str(database), "reason": reason}
    assert not is_archive(tmp_path / "a.7z")


@pytest.mark.parametrize(("change", "reason"), REASONS)
def test_a_file_of_a_folder_that_changes_after_it_was_read_is_named(
    tmp_path: Path, change: Callable[[Path], None], reason: str
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "a.dat").write_bytes(marked(SIZE))
    (base / "b.dat").write_bytes(marked(SIZE, 7))
    with raises(Problem.DATABASE_CHANGED) as caught:
        archive(base, tmp_path, preset=During(LAST + 1, lambda: change(base / "a.dat")))
    assert caught.value.details == {"path": str(base / "a.dat"), "reason": reason}
    assert not is_archive(tmp_path / "a.7z")


@pytest.mark.parametrize("name", ["b.dat", "vide"])
def test_what_appears_in_a_folder_is_named(tmp_path: Path, name: str) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "a.dat").write_bytes(marked(SIZE))
    appear = (base / name).mkdir if name == "vide" else (base / name).touch
    with raises(Problem.DATABASE_CHANGED) as caught:
        archive(base, tmp_path, preset=During(1, appear))
    assert caught.value.details == {"path": str(base / name), "reason": "cet élément est apparu"}


@pytest.mark.parametrize("change", OTHER_NATURES)
@pytest.mark.parametrize(("name", "block"), [("a.dat", 0), ("a.dat", LAST), ("b.dat", 0)])
def test_what_takes_the_place_of_a_file_is_not_followed(
    tmp_path: Path, change: Callable[[Path], None], name: str, block: int
) -> None:
    """While the file is being read, after it was read, and before it is."""
    base = tmp_path / "base"
    base.mkdir()
    (base / "a.dat").write_bytes(marked(SIZE))
    (base / "b.dat").write_bytes(marked(SIZE, 7))
    with raises(Problem.DATABASE_CHANGED) as caught:
        archive(base, tmp_path, preset=During(block, lambda: change(base / name)))
    assert caught.value.details["path"] == str(base / name)
    assert not is_archive(tmp_path / "a.7z")


def test_a_file_that_grows_without_end_is_not_read_without_end(tmp_path: Path) -> None:
    database = tmp_path / "journal.dat"
    database.write_bytes(marked(SIZE))
    read = 0

    def grow() -> int:
        nonlocal read
        read += 1
        assert read < 10, "it is still being read"
        with database.open("ab") as file:
            file.write(marked(BLOCK_SIZE))
        return 0

    with raises(Problem.DATABASE_CHANGED):
        archive(database, tmp_path, preset=grow)


def test_a_change_is_noticed_before_the_next_file_is_read(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "a.dat").write_bytes(marked(SIZE))
    (base / "b.dat").write_bytes(marked(SIZE, 7))
    during = During(0, lambda: modify(base / "a.dat"))
    with raises(Problem.DATABASE_CHANGED):
        archive(base, tmp_path, preset=during)
    assert during.blocks == LAST, "blocks of a.dat only"


def test_nothing_is_read_through_a_folder_swapped_for_a_link(tmp_path: Path) -> None:
    base, elsewhere = tmp_path / "base", tmp_path / "ailleurs"
    for folder in (base / "b", elsewhere):
        folder.mkdir(parents=True)
        (folder / "paie.dat").write_bytes(marked(SIZE))
    (base / "a.dat").write_bytes(marked(SIZE, 7))

    def swap() -> None:
        (base / "b").rename(tmp_path / "b")
        (base / "b").symlink_to(elsewhere)

    during = During(0, swap)
    with raises(Problem.DATABASE_CHANGED) as caught:
        archive(base, tmp_path, preset=during)
    assert caught.value.details["path"] == str(base / "b" / "paie.dat")
    assert during.blocks == LAST, "blocks of a.dat only"


def test_a_write_through_a_memory_map_is_noticed(tmp_path: Path) -> None:
    """Its size and its dates stay as they are: the system knows both pages as written to already."""
    database = tmp_path / "paie.dat"
    database.write_bytes(marked(SIZE))
    with database.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[0], memory[-1] = b"11"

        def transaction() -> None:
            memory[0], memory[-1] = b"22"

        with raises(Problem.DATABASE_CHANGED) as caught:
            archive(database, tmp_path, preset=During(0, transaction))
    assert caught.value.details == {"path": str(database), "reason": "son contenu a été modifié"}
    assert not is_archive(tmp_path / "a.7z")


def test_it_goes_well_once_the_database_is_quiet(tmp_path: Path) -> None:
    database = tmp_path / "paie.dat"
    database.write_bytes(marked(SIZE))
    with database.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[-1] = ord("1")  # written to before it is listed: the next time, its dates stay as they are

        def late() -> None:
            memory[-1] = ord("2")

        with raises(Problem.DATABASE_CHANGED):
            archive(database, tmp_path, preset=During(LAST, late))
    made = archive(database, tmp_path)
    assert made.reused == LAST, "the blocks that have not changed"
    assert tree(extracted(made.path, tmp_path / "x") / "paie.dat") == tree(database)
