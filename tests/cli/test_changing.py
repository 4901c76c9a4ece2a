"""Databases that change while they are read, or between two workers: never sent as if whole, always said."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.cli.place import LIMIT, Place, archives, blocks_packed, extract, place_for
from tests.servers.openssh import SshServer
from tests.servers.processes import wait_until
from tui_transfer.archive.blocks import BLOCK_SIZE
from tui_transfer.job import control


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Five blocks: what is random in them takes half a second each to pack, the rest no time."""
    path = tmp_path / "bases" / "base.bin"
    path.parent.mkdir()
    path.write_bytes(b"".join(os.urandom(800_000).ljust(BLOCK_SIZE, b"-") for _ in range(5)))
    return path


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, base: Path) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, {"Base": base})
    return made


def _overwrite(base: Path) -> None:
    with base.open("r+b") as file:
        file.write(b"autre")


def _append(base: Path) -> None:
    with base.open("ab") as file:
        file.write(b"de plus")


def _replace(base: Path) -> None:
    base.with_name("autre.bin").replace(base)


@pytest.mark.parametrize(
    "change", [_overwrite, _append, lambda base: os.truncate(base, base.stat().st_size - 1), _replace]
)
def test_a_file_that_changes_is_not_sent_and_goes_well_once_it_is_quiet(
    place: Place, ssh_server: SshServer, base: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    shutil.copyfile(base, base.with_name("autre.bin"))
    with place.started("run", "--yes", "--json") as command:
        wait_until(lambda: blocks_packed(place) >= 1, seconds=60, what="a block")
        change(base)
        out, _ = command.communicate(timeout=LIMIT)
    assert command.returncode == 4
    assert '"problem":"database-changed"' in out.splitlines()[-1]
    assert str(base) in out.splitlines()[-1]
    assert archives(ssh_server.root) == []
    assert place.run("resume").code == 0
    (archive,) = archives(ssh_server.root)
    assert (extract(archive, tmp_path / "out") / base.name).read_bytes() == base.read_bytes()


@contextmanager
def _writer(database: Path) -> Iterator[None]:
    """Moves amounts between two accounts, in WAL mode, until the block ends: their sum stays 0."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE compte (nom TEXT, solde INTEGER, reste BLOB)")
        connection.executemany("INSERT INTO compte VALUES (?, 0, zeroblob(4000000))", [("a",), ("b",)])
        connection.commit()
    stop, wrote = threading.Event(), threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            while not stop.is_set():
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("UPDATE compte SET solde = solde + 1 WHERE nom = 'a'")
                connection.execute("UPDATE compte SET solde = solde - 1 WHERE nom = 'b'")
                connection.execute("COMMIT")
                wrote.set()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert wrote.wait(30)
        yield
    finally:
        stop.set()
        thread.join()


def test_an_sqlite_database_under_a_writer_arrives_consistent(
    place: Place, ssh_server: SshServer, tmp_path: Path
) -> None:
    database = tmp_path / "bases" / "paie.db"
    place.configure(ssh_server, {"Paie": database})
    with _writer(database):
        result = place.run("run", "--yes")
    assert result.code == 0, result.err
    (archive,) = archives(ssh_server.root)
    arrived = extract(archive, tmp_path / "out") / database.name
    with closing(sqlite3.connect(arrived)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT sum(solde), max(solde) > 0 FROM compte").fetchall() == [(0, 1)]


def test_an_archive_that_was_ready_is_sent_and_a_later_change_is_said(
    place: Place, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    base.write_bytes(b"ce matin" * 1000)
    ssh_server.root.chmod(0o555)  # packed, but not taken
    assert place.run("run", "--yes").code == 9
    ssh_server.root.chmod(0o755)
    this_morning = base.read_bytes()
    base.write_bytes(b"cet apres-midi" * 1000)
    resumed = place.run("resume")
    assert resumed.code == 0, resumed.err
    assert "la base a changé depuis, et son état actuel demande un nouveau transfert" in resumed.out
    assert "la base a changé depuis" in place.run("report").out
    (archive,) = archives(ssh_server.root)
    assert (extract(archive, tmp_path / "out") / base.name).read_bytes() == this_morning


def test_an_archive_that_was_ready_and_is_up_to_date_is_not_called_old(
    place: Place, ssh_server: SshServer, tmp_path: Path
) -> None:
    """A folder with a link, and an SQLite base whose last pages are in its log: what is there is not what
    is stored."""
    folder = tmp_path / "bases" / "dossier"
    folder.mkdir()
    (folder / "un.txt").write_text("ce matin")
    (folder / "lien.txt").symlink_to("un.txt")
    database = tmp_path / "bases" / "paie.db"
    place.configure(ssh_server, {"Dossier": folder, "Paie": database})
    ssh_server.root.chmod(0o555)  # packed, but not taken
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE compte (nom TEXT, reste BLOB)")
        connection.execute("INSERT INTO compte VALUES ('a', zeroblob(100000))")
        connection.commit()
        assert place.run("run", "--yes").code == 9
        while not all(item.sealed for item in control.Follower(place.job()).state.databases):
            assert place.run("resume").code == 9  # it was refused before all was packed
        ssh_server.root.chmod(0o755)
        resumed = place.run("resume")
    assert resumed.code == 0, resumed.err
    assert resumed.out.count("déjà compressée") == 2
    assert "a changé" not in resumed.out + place.run("report").out
