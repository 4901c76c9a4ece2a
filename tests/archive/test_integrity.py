"""Whether a database is sound, as the real SQLite tells."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from tui_transfer.archive.integrity import Inspection, Integrity, Verdict

PAGE = 4096
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "paie.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE paie (nom TEXT NOT NULL, net REAL)")
        connection.executemany("INSERT INTO paie VALUES (?, ?)", ((f"nom {i}", i) for i in range(20_000)))
        connection.execute("CREATE INDEX i ON paie (nom)")
        connection.commit()
    return path


def damage(path: Path, page: int = 5) -> None:
    with path.open("rb+") as file:
        file.seek(page * PAGE)
        file.write(bytes(PAGE))


def verdict(path: Path, limit: float = 600) -> Verdict:
    with Inspection(path, limit) as inspection:
        return inspection.verdict()


def test_a_sound_database_is_found_so_and_nothing_is_left_beside_it(base: Path) -> None:
    assert verdict(base) == Verdict(Integrity.SOUND)
    assert list(base.parent.iterdir()) == [base]


@pytest.mark.parametrize("page", [3, 5, 40])
def test_zeroed_pages_are_damage(base: Path, page: int) -> None:
    damage(base, page)
    found = verdict(base)
    assert found.integrity is Integrity.DAMAGED
    assert found.found == "sa structure est illisible"
    assert found.said


def test_the_pages_that_sqlite_names_are_told(base: Path) -> None:
    with base.open("rb+") as file:
        file.seek(40 * PAGE)
        page = file.read(PAGE)
        file.seek(20 * PAGE)
        file.write(page)
    found = verdict(base)
    assert found.integrity is Integrity.DAMAGED
    assert re.fullmatch(r"pages? \d+(, \d+)*", found.found), found


def test_what_is_no_database_any_more_is_damage(base: Path) -> None:
    base.write_bytes(b"SQLite format 3\0" + bytes(5000))
    assert verdict(base).integrity is Integrity.DAMAGED


def test_what_programs_wrote_against_their_own_rules_is_no_damage(base: Path) -> None:
    with closing(sqlite3.connect(base)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (NULL)")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = 'CREATE TABLE t (x NOT NULL)' WHERE name = 't'")
        connection.commit()
    assert verdict(base) == Verdict(Integrity.UNKNOWN, "des valeurs y contredisent ses propres règles")


def test_a_module_that_is_missing_here_is_no_damage(base: Path) -> None:
    virtual = "INSERT INTO sqlite_schema VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING x()')"
    with closing(sqlite3.connect(base)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(virtual)
        connection.commit()
    assert verdict(base).integrity is not Integrity.DAMAGED


class _Endless(Inspection):
    """Looks for ever."""

    QUERY = ENDLESS


def test_the_limit_ends_the_look_and_nobody_knows(base: Path) -> None:
    begin = time.monotonic()
    with _Endless(base, 0.2) as inspection:
        assert inspection.verdict() == Verdict(Integrity.UNKNOWN, "son contrôle, trop long, a été arrêté")
    assert 0.2 <= time.monotonic() - begin < 10


def test_a_request_to_end_is_heard_at_once(base: Path) -> None:
    begin = time.monotonic()
    with _Endless(base, 600) as inspection:
        threading.Timer(0.1, inspection.end).start()
        assert inspection.verdict() == Verdict(Integrity.UNKNOWN, "son contrôle, trop long, a été arrêté")
    assert time.monotonic() - begin < 10


def test_leaving_ends_the_look(base: Path) -> None:
    begin = time.monotonic()
    with _Endless(base, 600):
        pass
    assert time.monotonic() - begin < 10
