"""What a database is made of, on real files."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.archive.tools import PROJECT, raises
from tui_transfer.archive.source import SourceKind, find_nested, list_source, summarize
from tui_transfer.errors import Problem
from tui_transfer.system.paths import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base de paie"
    folder.mkdir()
    return folder


def names(database: Path) -> list[str]:
    return [item.name for item in list_source(database).items]


def test_kinds_sizes_and_dates(tmp_path: Path) -> None:
    plain, empty, sqlite = tmp_path / "a.dat", tmp_path / "b.db", tmp_path / "c.db"
    plain.write_bytes(b"SQLite format 3 mais non")
    os.utime(plain, (1_000_000, 1_000_000))
    empty.touch()
    with closing(sqlite3.connect(sqlite)) as connection:
        connection.execute("CREATE TABLE t (x)")
    summary = summarize(plain)
    assert (summary.kind, summary.size, summary.modified, summary.files) == ("file", 24, 1_000_000, 1)
    assert summarize(empty).kind is SourceKind.FILE
    assert summarize(sqlite).kind is SourceKind.SQLITE
    os.utime(empty, (2_000_000, 2_000_000))
    os.utime(sqlite, (3_000_000, 3_000_000))
    folder = summarize(tmp_path)
    assert (folder.kind, folder.files, folder.modified) == ("folder", 3, 3_000_000)
    assert folder.size == 24 + sqlite.stat().st_size


def test_the_date_of_an_open_wal_database_is_that_of_its_log(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x)")
        os.utime(database, (1_000_000, 1_000_000))
        assert summarize(database).modified > 1_000_000


def test_everything_is_listed_in_a_stable_order(base: Path) -> None:
    (base / "vide").mkdir()
    (base / "Été 2021").mkdir()
    (base / "Été 2021" / "bulletin n° 1.txt").write_text("x")
    (base / "zéro.db").touch()
    (base / "a").touch()
    assert names(base) == [
        "base de paie",
        "base de paie/a",
        "base de paie/vide",
        "base de paie/zéro.db",
        "base de paie/Été 2021",
        "base de paie/Été 2021/bulletin n° 1.txt",
    ]


def test_deep_folders_are_listed_to_their_end(base: Path) -> None:
    deepest = base
    for _ in range(sys.getrecursionlimit() + 100):
        deepest /= "d"
        deepest.mkdir()
    try:
        assert len(names(base)) == sys.getrecursionlimit() + 101
    finally:  # shutil.rmtree, hence pytest, cannot remove it
        subprocess.run(["rm", "-r", base], check=True)


def test_a_missing_database_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "parti.db"
    for look in (summarize, list_source):
        with raises(Problem.DATABASE_MISSING) as caught:
            look(gone)
        assert str(gone) in caught.value.why


def test_a_database_given_as_a_link_is_what_it_leads_to(tmp_path: Path, base: Path) -> None:
    (base / "a").write_text("x")
    link = tmp_path / "lien"
    link.symlink_to(base)
    assert names(link) == ["base de paie", "base de paie/a"]
    assert list_source(link).path == base


def test_a_link_to_a_file_of_the_same_folder_stands_for_its_content(base: Path) -> None:
    (base / "sub").mkdir()
    (base / "2021.dat").write_text("données")
    (base / "sub" / "courant").symlink_to("../2021.dat")
    (base / "sub" / "encore").symlink_to("courant")
    found = {item.name: item for item in list_source(base).items}
    for name in ("courant", "encore"):
        item = found[f"base de paie/sub/{name}"]
        assert item.stamp == found["base de paie/2021.dat"].stamp
        assert Path(item.path).read_text() == "données"


@pytest.mark.parametrize("target", ["../dehors", "/etc/hostname", "nulle part", "lien", "sub", "."])
def test_any_other_link_is_refused_by_name(base: Path, target: str) -> None:
    (base.parent / "dehors").write_text("x")
    (base / "sub").mkdir()
    link = base / "lien"
    link.symlink_to(target)
    with raises(Problem.DATABASE_LINK) as caught:
        list_source(base)
    assert caught.value.details["path"] == str(link)
    assert caught.value.details["target"] == target
    assert summarize(base).files == 0


def test_a_link_into_a_folder_with_the_same_beginning_is_outside(base: Path) -> None:
    neighbour = base.with_name(base.name + " bis")
    neighbour.mkdir()
    (neighbour / "a").touch()
    (base / "lien").symlink_to(neighbour / "a")
    with raises(Problem.DATABASE_LINK):
        list_source(base)


@pytest.mark.skipif(sys.platform == "win32", reason="files of that kind are not there")
def test_sockets_and_pipes_are_refused_by_name(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(base / "tube")
    with raises(Problem.DATABASE_SPECIAL_FILE) as caught:
        list_source(base)
    assert caught.value.details == {"path": str(base / "tube"), "kind": "un tube nommé (FIFO)"}
    (base / "tube").unlink()
    monkeypatch.chdir(base)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("prise")
        with raises(Problem.DATABASE_SPECIAL_FILE) as caught:
            list_source(base)
    assert caught.value.details["path"] == str(base / "prise")


@pytest.mark.parametrize("look", [summarize, list_source])
def test_a_device_is_not_a_database(look: object) -> None:
    assert callable(look)
    with raises(Problem.DATABASE_SPECIAL_FILE):
        look(Path("/dev/null"))


@pytest.mark.skipif(sys.platform == "win32", reason="no file bears such a name there")
@pytest.mark.parametrize(
    ("name", "shown", "stored"),
    [(b"paie\xe9.dat", "paie\\xe9.dat", "paieé~84c511d0.dat"), (b"a\\b", "a\\b", "a_b~c62016d0")],
)
def test_names_that_would_not_come_back_are_stored_otherwise_and_told(
    base: Path, name: bytes, shown: str, stored: str
) -> None:
    Path(os.fsdecode(os.fsencode(base) + b"/" + name)).touch()
    source = list_source(base)
    (item,) = (item for item in source.items if item.true_name)
    assert item.name == f"{base.name}/{stored}"
    assert item.true_name == f"{base.name}/{os.fsdecode(name)}"
    assert source.summary == summarize(base)
    assert (source.summary.renamed, source.summary.renames) == (1, ((f"{base.name}/{shown}", item.name),))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine may enter, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="a mode keeps nobody from reading there")
@pytest.mark.parametrize("hidden", ["secret.dat", "dossier"])
@pytest.mark.parametrize("function", ["list_source", "summarize"])
def test_what_cannot_be_read_is_named(open_folder: Path, hidden: str, function: str) -> None:
    if (hidden, function) == ("secret.dat", "summarize"):
        hidden = ""  # a summary of a folder opens no file: here the database is the unreadable file
        open_folder = open_folder / "seule.dat"
        open_folder.touch(0o000)
    else:
        (open_folder / "dossier").mkdir(0o755)
        (open_folder / "secret.dat").touch(0o644)
        (open_folder / hidden).chmod(0o000)
    code = (
        "import os, pathlib, sys\n"
        "from tui_transfer.archive import source\n"
        "from tui_transfer.errors import TransferError\n"
        f"os.geteuid() or os.setuid({NOBODY})\n"  # root could read it all the same
        "try:\n"
        f"    source.{function}(pathlib.Path(sys.argv[1]))\n"
        "except TransferError as error:\n"
        "    print(error.problem, error.details['path'], error.details['reason'])\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, open_folder],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout
    expected = open_folder / hidden if hidden else open_folder
    assert shown.strip() == f"database-unreadable {expected} accès refusé"


@pytest.mark.skipif(sys.platform == "win32", reason="paths are other ones there; see the next")
@pytest.mark.parametrize("name", ["Paie 2021.", "bulletins.dat "])
def test_what_is_listed_and_cannot_be_found_is_named(
    base: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (base / "base.dat").touch()
    (base / name).mkdir()
    as_it_is = os.lstat

    def of_another_system(path: str) -> os.stat_result:
        """Some disks of a network find no name that Windows would not have."""
        return as_it_is(str(path).rstrip(". "))

    monkeypatch.setattr(os, "lstat", of_another_system)
    for look in (summarize, list_source):
        with raises(Problem.DATABASE_UNREADABLE) as caught:
            look(base)
        assert caught.value.details["path"] == str(base / name)


@pytest.mark.parametrize("folder", [False, True])
def test_what_goes_while_it_is_listed_is_as_if_it_had_gone_before(
    base: Path, monkeypatch: pytest.MonkeyPatch, *, folder: bool
) -> None:
    passing = base / "b.tmp"
    as_it_is = os.lstat

    def going(path: str) -> os.stat_result:
        if Path(path).name == passing.name:
            passing.rmdir() if folder else passing.unlink()
        return as_it_is(path)

    for name in ("a.dat", "c.dat"):
        (base / name).touch()
    if folder:
        passing.mkdir()
    else:
        passing.touch()
    monkeypatch.setattr(os, "lstat", going)
    assert names(base) == [base.name, f"{base.name}/a.dat", f"{base.name}/c.dat"]


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere no name is changed by the system")
def test_on_windows_names_of_other_systems_go_along(base: Path) -> None:
    deep = "x" * 100
    for name in (
        "Paie 2021./p.dat",
        "Paie 2021/p.dat",
        "Asso Été /bulletins.dat ",
        f"{deep}/{deep}/{deep}.dat",
    ):
        file = Path(literal(base / name))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * len(name))
    listed = {item.true_name or item.name: item.stamp.size for item in list_source(base).items if item.stamp}
    assert sorted(listed.values()) == sorted(
        map(
            len,
            ("Paie 2021./p.dat", "Paie 2021/p.dat", "Asso Été /bulletins.dat ", f"{deep}/{deep}/{deep}.dat"),
        )
    )
    assert f"{base.name}/Paie 2021./p.dat" in listed


def test_nested_databases_are_found_whatever_their_spelling(tmp_path: Path, base: Path) -> None:
    inner, other = base / "sub" / "a.db", tmp_path / "base de paie bis"
    link = tmp_path / "lien"
    link.symlink_to(base)
    assert find_nested([base, other]) is None
    assert find_nested([other, inner, base]) == (inner, base)
    assert find_nested([link, other, inner]) == (inner, link)
    assert find_nested([base, base / "x" / ".."]) == (base / "x" / "..", base)


def test_looking_at_databases_loads_nothing_heavy() -> None:
    code = "import sys, tui_transfer.archive.source; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "tui_transfer.archive.source" in loaded
    assert not {"py7zr", "lzma", "sqlite3", "msgspec", "paramiko", "textual"} & set(loaded)
