from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import py7zr
import pytest

from tui_transfer.archive.source import list_source
from tui_transfer.archive.writer import Fixed, write_archive
from tui_transfer.demo.compare import compare_delivery
from tui_transfer.demo.samples import Samples, make_samples

LZMA2 = [{"id": py7zr.FILTER_LZMA2, "preset": 0}]
STORED = [{"id": py7zr.FILTER_COPY}]


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    (tmp_path / "bases").mkdir()
    return make_samples(tmp_path / "bases", scale=0.01)


def archive_of(tmp_path: Path, source: Path, name: str, filters: list[dict[str, int]] = LZMA2) -> Path:
    """An archive, as delivered, of `source` under `name`."""
    archive = tmp_path / "delivered.7z"
    with py7zr.SevenZipFile(archive, "w", filters=filters) as opened:
        opened.set_encoded_header_mode(False)  # so that all before the header is content
        opened.writeall(source, name)
    return archive


def snapshot_of(tmp_path: Path, base: Path) -> Path:
    copy = tmp_path / "snapshot"
    with closing(sqlite3.connect(base)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def delivered(tmp_path: Path, database: Path) -> Path:
    """An archive as a transfer makes it."""
    (tmp_path / "made").mkdir()
    archive = tmp_path / "made" / "delivered.7z"
    write_archive(
        list_source(database),
        archive,
        work=tmp_path / "made" / "work",
        pacer=Fixed(0),
        on_progress=lambda _: None,
        cancelled=threading.Event(),
    )
    return archive


def copy_of(tmp_path: Path, folder: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


@pytest.mark.parametrize("number", range(3), ids=["sqlite", "folder", "file"])
def test_what_a_transfer_makes_of_a_sample_is_equal(tmp_path: Path, samples: Samples, number: int) -> None:
    database = list(samples)[number].path
    comparison = compare_delivery(delivered(tmp_path, database), database)
    assert comparison.differences == ()
    assert comparison.equal


def test_a_database_given_by_a_link_is_equal(tmp_path: Path, samples: Samples) -> None:
    link = tmp_path / "lien"
    link.symlink_to(samples.folder.path)
    assert compare_delivery(delivered(tmp_path, link), link).differences == ()


def test_an_sqlite_snapshot_is_equal_though_its_header_differs(tmp_path: Path, samples: Samples) -> None:
    base = samples.sqlite.path
    copy = snapshot_of(tmp_path, base)
    assert copy.read_bytes() != base.read_bytes()
    assert compare_delivery(archive_of(tmp_path, copy, base.name), base).differences == ()


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_an_sqlite_base_with_a_write_ahead_log_is_equal(
    tmp_path: Path, samples: Samples, closed: bool
) -> None:
    base = samples.sqlite.path
    with closing(sqlite3.connect(base)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("UPDATE salaries SET nom = 'Essai'")
        writer.commit()
        if closed:
            writer.close()
        archive = delivered(tmp_path, base)
        beside = sorted(base.parent.iterdir())
        assert compare_delivery(archive, base).differences == ()
        assert sorted(base.parent.iterdir()) == beside
    with py7zr.SevenZipFile(archive) as opened:
        opened.extractall(tmp_path / "out")
    with closing(sqlite3.connect(tmp_path / "out" / base.name)) as copy:
        assert copy.execute("SELECT DISTINCT nom FROM salaries").fetchall() == [("Essai",)]


def test_one_changed_value_in_an_sqlite_base_is_seen(tmp_path: Path, samples: Samples) -> None:
    base = samples.sqlite.path
    copy = snapshot_of(tmp_path, base)
    with closing(sqlite3.connect(copy)) as changed:
        changed.execute("UPDATE bulletins SET net = net + 1 WHERE id = 7")
        changed.commit()
    (difference,) = compare_delivery(archive_of(tmp_path, copy, base.name), base).differences
    assert "« impact-emploi.db » : le contenu diffère à partir de l’octet" in difference


def test_a_flipped_byte_is_located(tmp_path: Path, samples: Samples) -> None:
    copy = copy_of(tmp_path, samples.folder.path)
    target = next((copy / "Pièces jointes").glob("*.bin"))
    content = bytearray(target.read_bytes())
    content[12_345] ^= 1
    target.write_bytes(content)
    archive = archive_of(tmp_path, copy, samples.folder.path.name)
    (difference,) = compare_delivery(archive, samples.folder.path).differences
    assert target.name in difference
    assert "à partir de l’octet 12345." in difference


def test_what_is_missing_extra_or_shorter_is_named(tmp_path: Path, samples: Samples) -> None:
    copy = copy_of(tmp_path, samples.folder.path)
    (copy / "À classer").rmdir()
    (copy / "fichier vide.txt").unlink()
    (copy / "en plus.txt").write_bytes(b"x")
    (copy / "Lisez-moi.txt").write_bytes(b"court")
    archive = archive_of(tmp_path, copy, samples.folder.path.name)
    found = compare_delivery(archive, samples.folder.path).differences
    root = samples.folder.path.name
    assert found == (
        f"« {root}/fichier vide.txt » manque dans l’archive.",
        f"« {root}/À classer » manque dans l’archive.",
        f"« {root}/en plus.txt » est en trop dans l’archive.",
        f"« {root}/Lisez-moi.txt » : 5\xa0octets dans l’archive, 43 dans la base.",
    )


def test_a_file_in_place_of_a_folder_is_said(tmp_path: Path, samples: Samples) -> None:
    copy = copy_of(tmp_path, samples.folder.path)
    (copy / "À classer").rmdir()
    (copy / "À classer").write_bytes(b"")
    archive = archive_of(tmp_path, copy, samples.folder.path.name)
    (difference,) = compare_delivery(archive, samples.folder.path).differences
    assert "un dossier d’un côté et un fichier de l’autre" in difference


@pytest.mark.parametrize("filters", [LZMA2, STORED], ids=["lzma2", "stored"])
@pytest.mark.linux
def test_damage_to_the_content_is_never_called_equal(tmp_path: Path, filters: list[dict[str, int]]) -> None:
    database = tmp_path / "base.fdb"
    database.write_bytes(bytes(range(256)))
    archive = archive_of(tmp_path, database, database.name, filters)
    sound = archive.read_bytes()
    end_of_content = 32 + int.from_bytes(sound[12:20], "little")
    for position in range(len(sound)):
        damaged = bytearray(sound)
        damaged[position] ^= 0x55
        archive.write_bytes(damaged)
        comparison = compare_delivery(archive, database)  # an answer wherever the damage is
        if 32 <= position < end_of_content:
            assert not comparison.equal, position


def test_what_is_no_archive_or_only_a_part_of_one_is_said(tmp_path: Path, samples: Samples) -> None:
    archive = archive_of(tmp_path, samples.file.path, samples.file.path.name)
    for content in (b"", b"no archive", archive.read_bytes()[:-100], bytes(32) + archive.read_bytes()[32:]):
        archive.write_bytes(content)
        (difference,) = compare_delivery(archive, samples.file.path).differences
        assert difference.startswith("L’archive delivered.7z ne s’ouvre pas")
        archive = archive_of(tmp_path, samples.file.path, samples.file.path.name)


def test_a_delivery_that_is_not_there_is_an_error_not_a_difference(tmp_path: Path, samples: Samples) -> None:
    with pytest.raises(FileNotFoundError):
        compare_delivery(tmp_path / "nowhere.7z", samples.file.path)
