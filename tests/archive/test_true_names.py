"""An encrypted archive gives back the names that its files really have, by a file of its own."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from tests.archive.test_openers import OPENERS_OF_ENCRYPTED, Opener, by_7zz
from tests.archive.tools import archive, marked, raises
from tui_transfer.archive.blocks import BLOCK_SIZE
from tui_transfer.archive.encryption import ArchiveKey
from tui_transfer.archive.true_names import NAME
from tui_transfer.archive.writer import Progress
from tui_transfer.errors import Problem

PASSPHRASE = "cascade-tulipe-marbre-volcan-sirop-jardin"
KEY = ArchiveKey.derive(PASSPHRASE, b"0123456789abcdef").of("a.7z")
NAMES = (
    b"a:b.dat",
    b"pai\xe9.db",
    b"CON",
    b"ligne\ncoup\xc3\xa9e",
    b"point.",
    b"PAIE.DB",
    b"Paie.db",
    b"simple",
)


def hostile(folder: Path, name: str = "Paie: 2022") -> Path:
    """A folder of such names, in folders that bear some too, each file holding its own path."""
    base = folder / name
    for within in (base, base / "aux", base / "aux" / "fin "):
        within.mkdir(parents=True)
        for raw in NAMES:
            path = within / os.fsdecode(raw)
            path.write_bytes(os.fsencode(path.relative_to(base)))
    (base / "vide:").mkdir()
    return base


def give_back(root: Path, file: str = NAME) -> int:
    """Does what the manifest's page says; returns how many names were given back."""
    names = json.loads((root / file).read_bytes())["names"]
    (root / file).unlink()
    for entry in reversed(names):
        raw = bytes.fromhex(entry["name_hex"]) if "name_hex" in entry else entry["name"].encode()
        path = root / entry["stored_as"]
        path.rename(path.with_name(os.fsdecode(raw.rpartition(b"/")[2])))
    return len(names)


def tree(root: Path) -> dict[bytes, bytes | None]:
    paths = [path for path in root.rglob("*") if path != root]
    return {
        os.fsencode(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in paths
    }


@pytest.mark.parametrize("opener", OPENERS_OF_ENCRYPTED, ids=lambda opener: opener.__name__)
def test_every_program_that_opens_it_gives_back_every_name(tmp_path: Path, opener: Opener) -> None:
    base = hostile(tmp_path / "base")
    made = archive(base, made_in(tmp_path, "spool"), key=KEY)
    opener(made.path, tmp_path / "x", PASSPHRASE)
    assert give_back(tmp_path / "x") == made.true_names
    assert tree(tmp_path / "x") == tree(tmp_path / "base")
    assert NAME not in {entry.name for entry in made.entries}, "it is no file of the database"


def made_in(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def test_it_is_there_only_where_something_else_would_not_tell(tmp_path: Path) -> None:
    (tmp_path / "simple").mkdir()
    (tmp_path / "simple" / "paie.db").touch()
    for base, key in ((tmp_path / "simple", KEY), (hostile(tmp_path / "base"), None)):
        made = archive(base, made_in(tmp_path, f"spool of {base.name[:4]}"), key=key)
        by_7zz(made.path, tmp_path / "x", PASSPHRASE)
        assert made.true_names == 0
        assert not (tmp_path / "x" / NAME).exists()


@pytest.mark.parametrize("name", [NAME, NAME.upper()])
def test_it_takes_no_place_of_a_file_of_the_database(tmp_path: Path, name: str) -> None:
    base = hostile(tmp_path / "base", name)
    made = archive(base, made_in(tmp_path, "spool"), key=KEY)
    by_7zz(made.path, tmp_path / "x", PASSPHRASE)
    give_back(tmp_path / "x", "noms-d-origine-2.json")
    assert tree(tmp_path / "x") == tree(tmp_path / "base")


def test_one_file_with_such_a_name_has_it_beside_it(tmp_path: Path) -> None:
    base = made_in(tmp_path, "base") / "paie: 2022.dat"
    base.write_bytes(b"")
    by_7zz(archive(base, made_in(tmp_path, "spool"), key=KEY).path, tmp_path / "x", PASSPHRASE)
    assert give_back(tmp_path / "x") == 1
    assert tree(tmp_path / "x") == tree(tmp_path / "base")


def test_one_that_was_stopped_goes_on_and_gives_the_same_bytes(tmp_path: Path) -> None:
    base, folder, cancelled = hostile(tmp_path / "base"), made_in(tmp_path, "spool"), threading.Event()
    (base / "zz").write_bytes(marked(2 * BLOCK_SIZE))
    seen: list[Progress] = []

    def stop(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 3:
            cancelled.set()

    with raises(Problem.INTERRUPTED):
        archive(base, folder, key=KEY, on_progress=stop, cancelled=cancelled)
    again = archive(base, folder, key=KEY, on_progress=seen.append)
    whole = archive(base, made_in(tmp_path, "reference"), key=KEY)
    assert again.reused >= 2
    assert again.sha256 == whole.sha256
    assert all(progress.read <= progress.total for progress in seen)
    assert seen[-1].read == seen[-1].total == whole.source_size
