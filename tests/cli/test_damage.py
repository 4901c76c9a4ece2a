"""What the disk of this machine changes between packing and sending: found, told, made again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.place import LIMIT, Place, Result, archives, blocks_packed, extract, place_for
from tests.servers.openssh import SshServer
from tests.servers.processes import wait_until
from tests.servers.relay import relay
from tui_transfer.archive.blocks import BLOCK_SIZE
from tui_transfer.job import control
from tui_transfer.job.remains import SpoolContents, spool_contents
from tui_transfer.settings.config import TransferSettings

FASTEST = TransferSettings(compression=0)
SLOWEST = TransferSettings(compression=9)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "bases" / "base.bin"
    path.parent.mkdir()
    path.write_bytes(os.urandom(3 * BLOCK_SIZE // 2))
    return path


@pytest.fixture
def payroll(tmp_path: Path) -> Path:
    """An SQLite base that takes ten seconds to pack, the first block one or two."""
    path = tmp_path / "bases" / "paie.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany(
            "INSERT INTO t VALUES (?)", ((os.urandom(300_000).ljust(1_000_000, b"-"),) for _ in range(80))
        )
        connection.commit()
    return path


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer) -> Place:
    return place_for(tmp_path / "home", ssh_server.password)


def _change(file: Path, at: int, length: int = 1) -> None:
    """Changes bytes of a file as a disk does: nothing else shows it."""
    info = file.stat()
    with file.open("r+b") as opened:
        opened.seek(at)
        was = opened.read(length)
        opened.seek(at)
        opened.write(bytes(byte ^ 1 for byte in was))
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))


def _spool(place: Place, name: str) -> Path:
    return place.job().spool / "0" / name


def _damages(result: Result) -> list[str]:
    return [event["part"] for event in result.events if event["type"] == "spool.damaged"]


def _assert_arrived(place: Place, server: SshServer, base: Path, out: Path) -> None:
    """The archive on the Sharebox holds the base, and its manifest tells of both."""
    (archive,) = archives(server.root)
    assert (extract(archive, out) / base.name).read_bytes() == base.read_bytes()
    manifest: dict[str, Any] = json.loads(Path(f"{archive}.manifest.json").read_bytes())
    (database,) = control.Follower(place.job()).state.databases
    assert manifest["archive"]["sha256"] == database.sha256
    assert [file["size"] for file in manifest["files"]] == [base.stat().st_size]
    assert not list(server.root.glob("*.part"))
    assert "à vérifier" in place.run("report").out


def test_a_bit_of_the_growing_archive_that_changes_before_it_is_sent(
    place: Place, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    with relay(ssh_server.port) as line:
        line.rate = 400_000
        place.configure(ssh_server, {"Base": base}, port=line.port)
        place.change(transfer=FASTEST)
        with place.started("run", "--yes", "--json") as command:
            wait_until(lambda: blocks_packed(place) >= 7, seconds=60, what="the last block")
            archive = _spool(place, "archive.part")
            _change(archive, 11_000_000)
            assert line.sent < 5_000_000, "the line is too fast for this test"
            line.rate = None
            out, err = command.communicate(timeout=LIMIT)
    result = Result(command.returncode, out, err)
    assert result.code == 0, err
    assert _damages(result) == ["archive"]
    assert result.finished["databases"][0]["verified"] in ("server-hash", "read-back")
    _assert_arrived(place, ssh_server, base, tmp_path / "out")


def test_a_snapshot_that_changes_between_two_workers(
    place: Place, ssh_server: SshServer, payroll: Path, tmp_path: Path
) -> None:
    place.configure(ssh_server, {"Base": payroll})
    place.change(transfer=SLOWEST)
    with place.started("run", "--yes", "--json") as command:
        wait_until(
            lambda: blocks_packed(place) >= 6 and _spool(place, "snapshot.json").exists(),
            seconds=60,
            what="a snapshot that is kept",
        )
        pid = control.Follower(place.job()).state.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        command.communicate(timeout=LIMIT)
    snapshot = _spool(place, "snapshot.sqlite")
    assert spool_contents(place.job()).snapshot == payroll.stat().st_size == snapshot.stat().st_size
    _change(snapshot, payroll.stat().st_size - 1_000_000, 64)
    place.change(transfer=FASTEST)
    result = place.run("resume", "--json")
    assert result.code == 0, result.err
    assert _damages(result) == ["snapshot"]
    _assert_arrived(place, ssh_server, payroll, tmp_path / "out")


@pytest.fixture
def ready(place: Place, ssh_server: SshServer, base: Path) -> control.Job:
    """A job that is blocked, its archive whole."""
    place.configure(ssh_server, {"Base": base})
    place.change(transfer=FASTEST)
    ssh_server.root.chmod(0o555)  # packed, but not taken
    assert place.run("run", "--yes").code == 9
    while not control.Follower(place.job()).state.databases[0].sealed:
        assert place.run("resume").code == 9  # it was refused before all was packed
    ssh_server.root.chmod(0o755)
    return place.job()


def _empty(file: Path) -> None:
    os.truncate(file, 0)


def _change_middle(file: Path) -> None:
    _change(file, file.stat().st_size // 2)


@pytest.mark.parametrize("harm", [_empty, _change_middle, Path.unlink])
@pytest.mark.parametrize(("name", "part"), [("manifest.json", "manifest"), ("archive.part", "archive")])
def test_what_was_ready_and_changes_between_two_workers(
    place: Place,
    ready: control.Job,
    ssh_server: SshServer,
    base: Path,
    tmp_path: Path,
    harm: Any,
    name: str,
    part: str,
) -> None:
    harm(ready.spool / "0" / name)
    result = place.run("resume", "--json")
    assert result.code == 0, result.err
    assert _damages(result) == [part]
    _assert_arrived(place, ssh_server, base, tmp_path / "out")


def test_what_was_ready_and_changes_is_told_in_words(
    place: Place, ready: control.Job, ssh_server: SshServer
) -> None:
    _empty(ready.spool / "0" / "manifest.json")
    result = place.run("resume")
    assert result.code == 0, result.err
    assert "Base : le manifeste préparé sur ce disque n’est plus tel qu’il y a été écrit" in result.out


def test_a_worker_that_a_person_ends_leaves_no_copy_in_clear(
    place: Place, ssh_server: SshServer, payroll: Path
) -> None:
    place.configure(ssh_server, {"Base": payroll})
    place.change(transfer=SLOWEST)
    with place.started("run", "--yes", "--json") as command:
        wait_until(
            lambda: blocks_packed(place) >= 6 and spool_contents(place.job()).snapshot > 0,
            seconds=60,
            what="blocks packed from a snapshot",
        )
        control.stop(place.job())
        command.communicate(timeout=LIMIT)
    assert command.returncode == 12
    left = spool_contents(place.job())
    assert left.snapshot == 0
    assert left.archives == _spool(place, "archive.part").stat().st_size > 0
    place.change(transfer=FASTEST)
    resumed = place.run("resume", "--json")
    assert resumed.code == 0, resumed.err
    (sealed,) = (event for event in resumed.events if event["type"] == "archive.sealed")
    assert sealed["reused"] >= 6, "another snapshot is the same"


def test_a_job_that_is_blocked_at_once_leaves_no_copy_in_clear(
    place: Place, ssh_server: SshServer, payroll: Path
) -> None:
    place.configure(ssh_server, {"Base": payroll}, key=None)
    assert place.run("run", "--yes").code == 8
    assert spool_contents(place.job()).snapshot == 0


def test_what_a_killed_worker_left_in_clear_the_next_one_removes_even_where_it_is_blocked(
    place: Place, ssh_server: SshServer, payroll: Path
) -> None:
    place.configure(ssh_server, {"Base": payroll}, key=None)
    assert place.run("run", "--yes").code == 8
    _spool(place, "snapshot.sqlite").write_bytes(b"S" * 1000)
    assert spool_contents(place.job()).snapshot == 1000
    payroll.unlink()
    assert place.run("resume").code == 8
    assert spool_contents(place.job()) == SpoolContents(0, spool_contents(place.job()).archives)
