"""What is sent opens with whatever a receiver has: each program, each kind of archive, byte for byte."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import py7zr
import pytest

from tests.archive.tools import archive
from tests.programs import require, require_from_npm
from tui_transfer.archive.blocks import BLOCK_SIZE
from tui_transfer.archive.encryption import ArchiveKey, new_salt
from tui_transfer.demo.samples import make_samples

MANY = 20_000


def one_file(folder: Path) -> Path:
    path = folder / "Bulletins d'été n° 1.dat"
    path.write_bytes(b"matricule;net\n" * 900_000)
    return path


def sqlite_base(folder: Path) -> Path:
    return make_samples(folder, 0.5).sqlite.path


def nested_folder(folder: Path) -> Path:
    base = folder / "Paie"
    for year in range(2019, 2023):
        for month in range(1, 13):
            path = base / f"année {year}" / f"{month:02}" / "bulletins.csv"
            path.parent.mkdir(parents=True)
            path.write_bytes(os.urandom(month) * 4000)
    return base


def many_files(folder: Path) -> Path:
    base = folder / "beaucoup"
    for number in range(MANY):
        if number % 500 == 0:
            (base / str(number)).mkdir(parents=True)
        (base / str(number - number % 500) / f"{number}.txt").write_bytes(b"%d" % number * (number % 9))
    return base


def nothing_in_it(folder: Path) -> Path:
    base = folder / "vide"
    (base / "dossier vide").mkdir(parents=True)
    (base / "fichier vide").touch()
    (base / "un autre").touch()
    (base / "plein").write_bytes(b"1")
    return base


def noise(folder: Path) -> Path:
    path = folder / "bruit.bin"
    path.write_bytes(os.urandom(2 * BLOCK_SIZE + 1))
    return path


BASES = [one_file, sqlite_base, nested_folder, many_files, nothing_in_it, noise]


def by_7zz(file: Path, into: Path, passphrase: str) -> None:
    _run(require("7zz"), "x", "-bd", f"-p{passphrase}", f"-o{into}", file)


def by_p7zip_16(file: Path, into: Path, passphrase: str) -> None:
    _run(require_from_npm("7zip-bin", "linux/x64/7za"), "x", "-bd", f"-p{passphrase}", f"-o{into}", file)


def by_bsdtar(file: Path, into: Path, passphrase: str) -> None:
    assert not passphrase
    into.mkdir()
    _run(require("bsdtar"), "-xf", file, "-C", into)


def by_unar(file: Path, into: Path, passphrase: str) -> None:
    _run(require("unar"), "-q", "-D", "-p", passphrase, "-o", into, file)


def _run(*command: str | Path) -> None:
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def by_py7zr(file: Path, into: Path, passphrase: str) -> None:
    with py7zr.SevenZipFile(file, password=passphrase or None) as opened:
        opened.extractall(into)


Opener = Callable[[Path, Path, str], None]
OPENERS: list[Opener] = [by_7zz, by_p7zip_16, by_bsdtar, by_unar, by_py7zr]
OPENERS_OF_ENCRYPTED: list[Opener] = [by_7zz, by_p7zip_16, by_unar, by_py7zr]
"""libarchive, which bsdtar is made of, knows no encrypted 7z."""

PASSPHRASE = "cascade-tulipe-marbre-volcan-été-€"


@pytest.fixture(scope="module", params=BASES, ids=lambda make: make.__name__)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = request.param(tmp_path_factory.mktemp("base"))
    return made


@pytest.fixture(scope="module")
def packed(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its archive, in blocks of every preset that is chosen."""
    presets = iter([1, 0, 2, 5, 7] * 1000)
    return archive(base, tmp_path_factory.mktemp("packed"), preset=lambda: next(presets)).path


@pytest.fixture(scope="module")
def encrypted(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, encrypted."""
    presets = iter([1, 0, 2, 5, 7] * 1000)
    key = ArchiveKey.derive(PASSPHRASE, new_salt()).of("base.7z")
    folder = tmp_path_factory.mktemp("encrypted")
    return archive(base, folder, preset=lambda: next(presets), key=key).path


@pytest.mark.parametrize("opener", OPENERS, ids=lambda opener: opener.__name__)
def test_every_program_gives_back_what_was_packed(
    base: Path, packed: Path, opener: Opener, tmp_path: Path
) -> None:
    opener(packed, tmp_path / "x", "")
    assert contents(tmp_path / "x" / base.name) == contents(base)


@pytest.mark.parametrize("opener", OPENERS_OF_ENCRYPTED, ids=lambda opener: opener.__name__)
def test_programs_give_back_what_was_encrypted(
    base: Path, encrypted: Path, opener: Opener, tmp_path: Path
) -> None:
    opener(encrypted, tmp_path / "x", PASSPHRASE)
    assert contents(tmp_path / "x" / base.name) == contents(base)


def contents(root: Path) -> dict[str, str | None]:
    """The hash of each file at or below `root`, None for folders."""
    paths = [root, *root.rglob("*")]
    return {str(path.relative_to(root)): None if path.is_dir() else _sha256(path) for path in paths}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
