"""Sets of files as one database: one archive, one reading, or none."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.archive.tools import archive, extracted, raises
from tui_transfer.archive.companions import Selection, find_files, main_of
from tui_transfer.archive.reader import SourceReader
from tui_transfer.archive.source import SourceKind, find_nested, list_source, summarize
from tui_transfer.errors import Problem

HOT = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 5")
connection.execute("BEGIN")
connection.execute("UPDATE paie SET net = net + 1000")
connection.execute("INSERT INTO paie VALUES ('intrus', 1)")
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def hfsql(tmp_path: Path) -> Path:
    folder = tmp_path / "bases"
    folder.mkdir()
    for name, content in (("PAIE.FIC", b"donnees"), ("paie.ndx", b"index"), ("Paie.MMO", b"memos")):
        (folder / name).write_bytes(content * 1000)
    (folder / "PAIE.txt").write_text("notes")
    (folder / "AUTRE.FIC").write_text("une autre base")
    return folder / "PAIE.FIC"


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_set_is_one_database_whichever_file_is_named(hfsql: Path, tmp_path: Path) -> None:
    for named in ("PAIE.FIC", "paie.ndx", "Paie.MMO"):
        summary = summarize(hfsql.parent / named)
        assert (summary.kind, summary.format, summary.files) == (SourceKind.SET, "HFSQL", 3)
        assert summary.names == ("PAIE.FIC", "Paie.MMO", "paie.ndx")
        assert summary.left_out == ("PAIE.txt",)
        assert summary.size == sum((hfsql.parent / name).stat().st_size for name in summary.names)
        assert main_of(hfsql.parent / named) == hfsql
    made = archive(hfsql.parent / "paie.ndx", tmp_path)
    assert [entry.name for entry in made.entries] == ["PAIE.FIC", "Paie.MMO", "paie.ndx"]
    wanted = {name: data for name, data in content(hfsql.parent).items() if name[:4].lower() == "paie"}
    del wanted["PAIE.txt"]
    assert content(extracted(made.path, tmp_path / "out")) == wanted


def test_a_person_decides_what_else_goes_and_what_does_not(hfsql: Path) -> None:
    selection = Selection(also=("PAIE.txt",), without=("paie.ndx",))
    files = find_files(hfsql, selection)
    assert [member.name for member in files.members] == ["PAIE.FIC", "PAIE.txt", "Paie.MMO"]
    assert files.left_out == ("paie.ndx",)
    with raises(Problem.DATABASE_INCOMPLETE):
        find_files(hfsql, Selection(also=("parti.txt",)))


def test_two_files_of_one_database_are_one_database(hfsql: Path) -> None:
    memos = hfsql.with_name("Paie.MMO")
    assert find_nested([hfsql, memos]) == (memos, hfsql)


def link_to_nowhere(path: Path) -> None:
    path.symlink_to("nulle part")


@pytest.mark.parametrize("spoil", [Path.mkdir, link_to_nowhere, os.mkfifo])
def test_a_companion_with_data_that_cannot_go_stops_the_database(hfsql: Path, spoil: object) -> None:
    memos = hfsql.with_name("Paie.MMO")
    memos.unlink()
    assert callable(spoil)
    spoil(memos)
    for look in (summarize, list_source):
        with raises(Problem.DATABASE_INCOMPLETE) as caught:
            look(hfsql)
        assert "Paie.MMO" in caught.value.why
    assert find_files(hfsql, Selection(without=("Paie.MMO",))).left_out == ("PAIE.txt", "Paie.MMO")


def test_an_index_that_cannot_go_is_left_out_and_named(hfsql: Path) -> None:
    index = hfsql.with_name("paie.ndx")
    index.unlink()
    index.symlink_to("nulle part")
    assert summarize(hfsql).left_out == ("PAIE.txt", "paie.ndx")


def test_companions_lie_beside_a_link_or_beside_what_it_leads_to(hfsql: Path, tmp_path: Path) -> None:
    links = tmp_path / "liens"
    links.mkdir()
    (links / "PAIE.FIC").symlink_to(hfsql)
    (links / "paie.ftx").write_text("texte")
    names = ("PAIE.FIC", "Paie.MMO", "paie.ftx", "paie.ndx")
    assert summarize(links / "PAIE.FIC").names == names
    (links / "courante").symlink_to(hfsql)
    assert summarize(links / "courante").names == ("PAIE.FIC", "Paie.MMO", "paie.ndx")


@pytest.mark.parametrize("name", ["Paie.MMO", "paie.ndx", "paie.ftx"])
def test_what_changes_beside_the_main_file_is_a_change_of_the_database(hfsql: Path, name: str) -> None:
    reader = SourceReader(list_source(hfsql), threading.Event())
    assert b"".join(reader.blocks())
    hfsql.with_name(name).write_text("autre chose")
    with raises(Problem.DATABASE_CHANGED) as caught:
        reader.confirm()
    assert name in caught.value.why


def test_an_encrypted_sqlite_base_goes_with_its_journals(tmp_path: Path) -> None:
    base = tmp_path / "bases" / "paie.db"
    base.parent.mkdir()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{base}{suffix}").write_bytes(os.urandom(40_000))
    assert summarize(Path(f"{base}-shm")).left_out == ()
    summary = summarize(base)
    assert (summary.format, summary.names) == ("SQLite chiffrée", ("paie.db", "paie.db-shm", "paie.db-wal"))
    made = archive(base, tmp_path)
    assert content(extracted(made.path, tmp_path / "out")) == content(base.parent)


def sqlite_base(path: Path, journal: str = "delete") -> Path:
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("CREATE TABLE paie (nom TEXT, net REAL)")
        connection.executemany("INSERT INTO paie VALUES (?, ?)", ((f"n{i}", i) for i in range(20_000)))
        connection.commit()
    return path


def rows(path: Path) -> tuple[int, float, str]:
    with closing(sqlite3.connect(path)) as connection:
        count, total = connection.execute("SELECT count(*), sum(net) FROM paie").fetchone()
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        return count, total, verdict


@pytest.mark.parametrize("torn", [0, 16, 4096])
def test_a_hot_journal_makes_a_database_of_a_torn_one(tmp_path: Path, torn: int) -> None:
    base = sqlite_base(tmp_path / "bases" / "paie.db")
    whole = rows(base)
    subprocess.run([sys.executable, "-c", HOT, base], check=False)
    with base.open("rb+") as file:
        file.write(bytes(torn))
    before = content(base.parent)
    assert before.keys() == {"paie.db", "paie.db-journal"}
    assert summarize(base).kind is SourceKind.SQLITE
    made = archive(base, tmp_path)
    assert rows(extracted(made.path, tmp_path / "out") / "paie.db") == whole
    assert content(base.parent) == before


@pytest.mark.parametrize("beside", [("-wal", "-shm"), ("-wal",)])
@pytest.mark.parametrize("torn", [16, 4096])
def test_a_write_ahead_log_makes_a_database_of_a_torn_one(
    tmp_path: Path, torn: int, beside: tuple[str, ...]
) -> None:
    base = sqlite_base(tmp_path / "bases" / "paie.db", "wal")
    with closing(sqlite3.connect(base)) as connection:
        connection.execute("CREATE TABLE autre (x)")  # page 1 is in the log
        assert summarize(base).left_out == ()
        kept = content(base.parent)
        whole = rows(base)
    for suffix in ("", *beside):
        Path(f"{base}{suffix}").write_bytes(kept[f"{base.name}{suffix}"])
    with base.open("rb+") as file:
        file.write(bytes(torn))
    before = content(base.parent)
    made = archive(base, tmp_path)
    assert rows(extracted(made.path, tmp_path / "out") / "paie.db") == whole
    assert content(base.parent) == before, "a connection to it would have written beside it"


def test_an_sqlite_base_takes_along_what_a_person_adds(tmp_path: Path) -> None:
    base = sqlite_base(tmp_path / "bases" / "paie.db")
    notes = base.with_name("paie.txt")
    notes.write_text("notes")
    assert summarize(base).left_out == ("paie.txt",)
    source = list_source(base, Selection(also=("paie.txt",)))
    assert (source.summary.kind, source.summary.names) == (SourceKind.SQLITE, ("paie.db", "paie.txt"))
    made = archive(source, tmp_path)
    assert content(extracted(made.path, tmp_path / "out")) == content(base.parent)


def test_what_goes_with_an_sqlite_base_must_not_change_either(tmp_path: Path) -> None:
    base = sqlite_base(tmp_path / "bases" / "paie.db")
    notes = base.with_name("paie.txt")
    notes.write_text("notes")

    def change(_: object) -> None:
        notes.write_text("d’autres")

    with raises(Problem.DATABASE_CHANGED):
        archive(list_source(base, Selection(also=("paie.txt",))), tmp_path, on_progress=change)
