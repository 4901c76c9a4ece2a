from __future__ import annotations

import hashlib
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tui_transfer.demo.samples import Samples, make_samples

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """The samples at their full size."""
    return make_samples(tmp_path_factory.mktemp("samples"))


def fingerprints(folder: Path) -> dict[str, tuple[float, str]]:
    """Date and SHA-256 of everything in `folder`; the empty string for a folder."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in folder.rglob("*")
    }


def test_they_are_the_same_each_time(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        make_samples(tmp_path / name, scale=0.05)
    first = fingerprints(tmp_path / "first")
    assert first == fingerprints(tmp_path / "second")
    assert len(first) > 10


def test_their_sizes_show_progress_without_taking_long(samples: Samples) -> None:
    assert 25e6 < samples.sqlite.path.stat().st_size < 40e6
    assert 2e6 < samples.file.path.stat().st_size < 8e6
    assert 1e6 < sum(path.stat().st_size for path in samples.folder.path.rglob("*") if path.is_file()) < 8e6


def test_a_scale_makes_smaller_ones(tmp_path: Path) -> None:
    small = make_samples(tmp_path, scale=0.01)
    assert all(sample.path.stat().st_size < 1e6 for sample in small)


def test_the_sqlite_base_is_sound_and_whole(samples: Samples) -> None:
    with closing(sqlite3.connect(samples.sqlite.path)) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert base.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables == {"employeurs", "salaries", "bulletins", "lignes"}
        for table in tables:
            assert base.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 100


def test_nobody_in_it_can_exist(samples: Samples) -> None:
    with closing(sqlite3.connect(samples.sqlite.path)) as base:
        numbers = [nir for (nir,) in base.execute("SELECT nir FROM salaries")]
        companies = [siret for (siret,) in base.execute("SELECT siret FROM employeurs")]
    for nir in numbers:
        assert len(nir) == 15
        assert nir[0] not in "12345678"  # the sexes and the provisional numbers that are given out
        assert int(nir[13:]) != 97 - int(nir[:13]) % 97
    assert all(siret.startswith("00000") and len(siret) == 14 for siret in companies)


def test_the_folder_has_what_goes_wrong_elsewhere(samples: Samples) -> None:
    paths = list(samples.folder.path.rglob("*"))
    assert any(path.is_file() and path.stat().st_size == 0 for path in paths)
    assert any(path.is_dir() and not any(path.iterdir()) for path in paths)
    assert any(" " in path.name for path in paths)
    assert any(not path.name.isascii() for path in paths)
    assert any(len(path.relative_to(samples.folder.path).parts) > 2 for path in paths)


@pytest.mark.linux
def test_only_their_owner_can_read_them(samples: Samples) -> None:
    for path in samples.sqlite.path.parent.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_one_is_active_and_names_differ(samples: Samples) -> None:
    assert [sample.active for sample in samples] == [True, False, False]
    assert len({sample.name for sample in samples}) == 3


def test_a_missing_folder_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"impact-emploi\.db"):
        make_samples(tmp_path / "missing")
