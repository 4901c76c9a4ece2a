"""Snapshots of SQLite databases, with other programs at work on them."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.archive.tools import raises
from tui_transfer.archive import sqlite
from tui_transfer.archive.snapshot import take_snapshot
from tui_transfer.archive.source import list_source
from tui_transfer.errors import Problem
from tui_transfer.system.paths import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Moves money between random accounts, several pages in each transaction: the sum never changes.
WRITER = """
import random, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
print("ready", flush=True)
while True:
    connection.execute("BEGIN IMMEDIATE")
    for _ in range(20):
        amount = random.randrange(100)
        for sign in (amount, -amount):
            connection.execute(
                "UPDATE account SET balance = balance + ? WHERE id = ?", (sign, random.randrange(1, 20001))
            )
    connection.execute("UPDATE progress SET commits = commits + 1")
    connection.execute("COMMIT")
"""


def bank(path: Path, journal: str) -> Path:
    """A database of about 8 MB whose balances sum up to 0."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, note TEXT)")
        connection.execute("CREATE TABLE progress (commits INTEGER)")
        connection.execute("INSERT INTO progress VALUES (0)")
        rows = ((0, "x" * 380) for _ in range(20_000))
        connection.executemany("INSERT INTO account (balance, note) VALUES (?, ?)", rows)
        connection.commit()
    return path


def balance_and_commits(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (total,) = connection.execute("SELECT sum(balance) FROM account").fetchone()
        (commits,) = connection.execute("SELECT commits FROM progress").fetchone()
    return total, commits


def snapshot(
    database: Path,
    work: Path,
    *,
    on_copied: Callable[[int], None] = lambda _: None,
    on_damaged: Callable[[], None] = lambda: None,
    cancelled: threading.Event | None = None,
    locked_after: float = 30,
    on_locked: Callable[[float], object] = lambda _: None,
) -> Path:
    work.mkdir(mode=0o700, exist_ok=True)
    source = list_source(database)
    taken = take_snapshot(
        source,
        work,
        on_copied=on_copied,
        on_damaged=on_damaged,
        cancelled=cancelled or threading.Event(),
        locked_after=locked_after,
        on_locked=on_locked,
    )
    taken.keep()
    (item,) = taken.source.items
    assert (item.true_name or item.name) == database.name
    assert item.path == str(work / "snapshot.sqlite")
    return work / "snapshot.sqlite"


@contextmanager
def writer(database: Path) -> Iterator[None]:
    """A process that commits without pause."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, database], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    try:
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("journal", ["WAL", "DELETE", "TRUNCATE", "PERSIST"])
def test_snapshots_are_consistent_while_another_process_writes(tmp_path: Path, journal: str) -> None:
    database = bank(tmp_path / "paie n° 1 ?#%20.db", journal)
    commits = 0
    with writer(database):
        for number in range(6):
            while _commits(database) <= commits:  # let it write between two snapshots
                pass
            total, commits = balance_and_commits(snapshot(database, tmp_path / str(number)))
            assert total == 0
            assert commits > 0


def _commits(database: Path) -> int:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        return int(connection.execute("SELECT commits FROM progress").fetchone()[0])


def commit(database: Path) -> None:
    """Changes both ends of the database and closes it: its log goes into it and away."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE account SET balance = balance + 1 WHERE id = 1")
        connection.execute("UPDATE account SET balance = balance - 1 WHERE id = 20000")
        connection.execute("UPDATE progress SET commits = commits + 1")
        connection.commit()
    assert not Path(f"{database}-wal").exists()


def test_a_copy_that_a_writer_overtook_is_made_again(tmp_path: Path) -> None:
    """A closed WAL database is copied without a lock."""
    database = bank(tmp_path / "a.db", "WAL")
    writes = iter([commit])
    taken = snapshot(database, tmp_path / "work", on_copied=lambda _: next(writes, lambda _: None)(database))
    assert balance_and_commits(taken) == (0, 1)


def test_a_copy_that_is_always_overtaken_is_given_up(tmp_path: Path) -> None:
    database = bank(tmp_path / "a.db", "WAL")
    with raises(Problem.DATABASE_CHANGED) as caught:
        snapshot(database, tmp_path / "work", on_copied=lambda _: commit(database))
    assert caught.value.details["path"] == str(database)


def overwrite(database: Path, content: bytes) -> None:
    """Writes as a program does that heeds no lock of SQLite's: one that restores a saved database."""
    with database.open("r+b") as file:
        file.write(content)


def replace(database: Path, content: bytes) -> None:
    """Puts another file in its place."""
    other = database.with_suffix(".new")
    other.write_bytes(content)
    other.replace(database)


@pytest.mark.parametrize("tamper", [overwrite, replace])
def test_a_backup_notices_who_heeds_no_lock(tmp_path: Path, tamper: Callable[[Path, bytes], None]) -> None:
    database = bank(tmp_path / "a.db", "DELETE")
    saved = database.with_suffix(".saved")
    shutil.copy(database, saved)
    commit(saved)
    writes = iter([tamper])
    taken = snapshot(
        database,
        tmp_path / "work",
        on_copied=lambda _: next(writes, lambda *_: None)(database, saved.read_bytes()),
    )
    assert taken.read_bytes() == saved.read_bytes()
    with raises(Problem.DATABASE_CHANGED):
        snapshot(database, tmp_path / "again", on_copied=lambda _: tamper(database, saved.read_bytes()))


ATTEMPT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("UPDATE progress SET commits = 1")
except sqlite3.OperationalError as error:
    print(error.sqlite_errorname)
"""


def test_writers_wait_for_a_backup_of_a_database_without_a_log(tmp_path: Path) -> None:
    """Or they would change what was not copied yet. Another process sees the lock that the system holds."""
    database = bank(tmp_path / "a.db", "DELETE")
    content = database.read_bytes()
    outcomes = []

    def write(_: int) -> None:
        attempt = [sys.executable, "-c", ATTEMPT, str(database)]
        outcomes.append(subprocess.run(attempt, check=True, capture_output=True, text=True).stdout.strip())

    taken = snapshot(database, tmp_path / "work", on_copied=write)
    assert set(outcomes) == {"SQLITE_BUSY"}
    assert taken.read_bytes() == content


def test_a_file_so_long_that_locks_lie_in_it_is_copied_page_by_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows nobody can read what a waiting writer has locked; SQLite does not try to."""
    monkeypatch.setattr(sqlite, "_LOCK_BYTES", 4 << 20)
    database = bank(tmp_path / "a.db", "DELETE")
    content, taken = database.read_bytes(), snapshot(database, tmp_path / "work")
    assert taken.read_bytes()[:100] != content[:100], "SQLite counts its own changes there"
    assert taken.read_bytes()[100:] == content[100:]
    assert balance_and_commits(taken) == (0, 0)


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere no name is changed by the system")
def test_on_windows_the_database_is_taken_whose_names_are_the_same_letter_by_letter(
    tmp_path: Path,
) -> None:
    """A disk of a NAS may hold both. Their logs are open, as those of a program that runs."""
    for commits, name in enumerate(["Paie 2021", "Paie 2021."], start=1):
        database, folder = bank(tmp_path / f"{commits}.db", "WAL"), Path(literal(tmp_path / name))
        folder.mkdir()
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("UPDATE progress SET commits = ?", (commits,))
            for suffix in ("", "-wal", "-shm"):
                shutil.copyfile(f"{database}{suffix}", folder / f"a.db{suffix}")
    for commits, name in enumerate(["Paie 2021", "Paie 2021."], start=1):
        taken = snapshot(tmp_path / name / "a.db", tmp_path / f"work {commits}")
        assert balance_and_commits(taken) == (0, commits)


def crashed(database: Path, statements: str) -> None:
    """Has a process do `statements` on the database and die."""
    code = (
        "import os, signal, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        f"{statements}\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    died = subprocess.run([sys.executable, "-c", code, database], check=False)
    assert died.returncode == -signal.SIGKILL


COMMITTED = 'connection.execute("UPDATE progress SET commits = 7")'
# A cache too small for the transaction makes SQLite write half of it to the database.
UNFINISHED = """
connection.execute("PRAGMA cache_size = 5")
connection.execute("BEGIN")
connection.execute("UPDATE account SET balance = balance + id")
"""


def clean(database: Path) -> None:
    assert database.exists()


def crashed_with_a_log(database: Path) -> None:
    crashed(database, COMMITTED)
    assert database.with_name("a.db-wal").stat().st_size > 0


def without_shared_memory(database: Path) -> None:
    crashed_with_a_log(database)
    database.with_name("a.db-shm").unlink()


def in_the_middle_of_a_transaction(database: Path) -> None:
    crashed(database, UNFINISHED)
    assert database.with_name("a.db-journal").stat().st_size > 0


@pytest.mark.parametrize(
    ("journal", "spoil", "commits"),
    [
        ("DELETE", clean, 0),
        ("WAL", clean, 0),
        ("WAL", crashed_with_a_log, 7),
        ("WAL", without_shared_memory, 7),
        ("DELETE", in_the_middle_of_a_transaction, 0),
    ],
)
def test_nothing_is_left_beside_the_original_and_nothing_is_lost(
    tmp_path: Path, journal: str, spoil: Callable[[Path], None], commits: int
) -> None:
    folder = tmp_path / "original"
    folder.mkdir()
    database = bank(folder / "a.db", journal)
    spoil(database)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".db-shm"}
    names = sorted(path.name for path in folder.iterdir())
    taken = snapshot(database, tmp_path / "work")
    assert sorted(path.name for path in folder.iterdir()) == names
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert sorted(path.name for path in taken.parent.iterdir()) == ["snapshot.json", "snapshot.sqlite"]
    assert {path.stat().st_mode & 0o777 for path in taken.parent.iterdir()} == {0o600}
    assert balance_and_commits(taken) == (0, commits)


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_a_lock_that_stays_is_named(tmp_path: Path, journal: str) -> None:
    database, told = bank(tmp_path / "a.db", journal), list[float]()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        if journal == "WAL":
            # One that lets nobody else in, although its -wal and -shm are there.
            connection.execute("SELECT count(*) FROM account").fetchone()
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("UPDATE progress SET commits = 1")
        else:
            connection.execute("BEGIN EXCLUSIVE")
        with raises(Problem.DATABASE_LOCKED) as caught:
            snapshot(database, tmp_path / "work", locked_after=0.3, on_locked=told.append)
    assert told == [0.3], "once, and for how long it is waited"
    assert caught.value.details["path"] == str(database)
    assert balance_and_commits(snapshot(database, tmp_path / "work"))[0] == 0


@pytest.mark.parametrize("damage", ["truncated", "garbage", "magic only"])
def test_a_damaged_database_is_named(tmp_path: Path, damage: str) -> None:
    database = bank(tmp_path / "a.db", "DELETE")
    if damage == "truncated":
        os.truncate(database, 20_000)
    elif damage == "garbage":
        database.write_bytes(b"SQLite format 3\0" + b"\xa5" * 5000)
    else:
        os.truncate(database, 16)
    with raises(Problem.DATABASE_UNREADABLE) as caught:
        snapshot(database, tmp_path / "work")
    assert caught.value.details["path"] == str(database)


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_a_snapshot_stops_when_asked_and_is_not_taken_for_whole(tmp_path: Path, journal: str) -> None:
    database = bank(tmp_path / "a.db", journal)
    cancelled = threading.Event()
    copied = []

    def stop(amount: int) -> None:
        copied.append(amount)
        cancelled.set()

    with raises(Problem.INTERRUPTED):
        snapshot(database, tmp_path / "work", on_copied=stop, cancelled=cancelled)
    assert len(copied) == 1
    again: list[int] = []
    assert balance_and_commits(snapshot(database, tmp_path / "work", on_copied=again.append)) == (0, 0)
    assert again[-1] == database.stat().st_size


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_a_snapshot_is_used_again_until_the_original_changes(tmp_path: Path, journal: str) -> None:
    database, work = bank(tmp_path / "a.db", journal), tmp_path / "work"
    copied: list[int] = []
    first = snapshot(database, work, on_copied=copied.append).read_bytes()
    copied.clear()
    assert snapshot(database, work, on_copied=copied.append).read_bytes() == first
    assert not copied
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE progress SET commits = 3")
        connection.commit()
        assert balance_and_commits(snapshot(database, work, on_copied=copied.append)) == (0, 3)
        assert copied


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
@pytest.mark.parametrize("is_open", [False, True])
def test_a_snapshot_that_is_not_what_was_written_is_taken_anew_and_that_is_told(
    tmp_path: Path, journal: str, is_open: bool
) -> None:
    """By its content: its times may be what they were."""
    database, work = bank(tmp_path / "a.db", journal), tmp_path / "work"
    with closing(sqlite3.connect(database)) as connection:
        if is_open:
            connection.execute("SELECT * FROM progress").fetchone()
        taken = snapshot(database, work)
        content, info = taken.read_bytes(), taken.stat()
        with taken.open("r+b") as file:
            file.seek(-5000, os.SEEK_END)
            file.write(bytes(64))
        os.utime(taken, ns=(info.st_atime_ns, info.st_mtime_ns))
        told: list[str] = []
        assert snapshot(database, work, on_damaged=lambda: told.append("damaged")).read_bytes() == content
        assert told == ["damaged"]


def test_a_snapshot_of_which_nothing_is_known_is_taken_anew(tmp_path: Path) -> None:
    database, work = bank(tmp_path / "a.db", "DELETE"), tmp_path / "work"
    taken = snapshot(database, work)
    (work / "snapshot.json").write_text('{"original": {}')
    taken.write_bytes(b"x" * 100)
    assert balance_and_commits(snapshot(database, work)) == (0, 0)


@pytest.mark.parametrize("mark", [b'{"sha256": "\xff"}', b'{"x": ' + b"[" * 100_000, None])
def test_a_mark_that_is_none_keeps_no_snapshot_from_being_taken(tmp_path: Path, mark: bytes | None) -> None:
    """Bytes that are no text, lists in lists, a pipe that nobody writes to."""
    database, work = bank(tmp_path / "a.db", "DELETE"), tmp_path / "work"
    snapshot(database, work)
    file = work / "snapshot.json"
    file.unlink(missing_ok=True)
    if mark is None:
        os.mkfifo(file)
    else:
        file.write_bytes(mark)
    assert balance_and_commits(snapshot(database, work)) == (0, 0)


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_nothing_is_left_of_a_snapshot_that_is_not_whole(tmp_path: Path, journal: str) -> None:
    database, work = bank(tmp_path / "a.db", journal), tmp_path / "work"
    cancelled = threading.Event()
    with raises(Problem.INTERRUPTED):
        snapshot(database, work, on_copied=lambda _: cancelled.set(), cancelled=cancelled)
    assert list(work.iterdir()) == []


def test_nothing_is_left_of_a_snapshot_that_could_not_be_taken(tmp_path: Path) -> None:
    database, work = bank(tmp_path / "a.db", "DELETE"), tmp_path / "work"
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with raises(Problem.DATABASE_LOCKED):
            snapshot(database, work, locked_after=0.1)
    assert list(work.iterdir()) == []
