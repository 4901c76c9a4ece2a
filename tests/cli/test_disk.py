"""Local disks that are full, read-only or out of reach: named, nothing lost, gone on with once mended."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.cli.place import LIMIT, Place, archives, blocks_packed, extract, place_for
from tests.mounts import small_disk
from tests.programs import require
from tests.servers.openssh import SshServer
from tests.servers.processes import wait_until
from tests.servers.relay import relay
from tui_transfer.archive.blocks import BLOCK_SIZE
from tui_transfer.errors import Problem
from tui_transfer.job import control

ROOM = 110_000_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, f"size={ROOM}") as mounted:
        yield mounted


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "bases" / "base.bin"
    path.parent.mkdir()
    return path


@pytest.fixture
def place(disk: Path, ssh_server: SshServer, base: Path) -> Place:
    made = place_for(disk / "home", ssh_server.password)
    made.configure(ssh_server, {"Base": base})
    return made


def _fill(disk: Path) -> Path:
    """Takes what is left of the disk, to the last block."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 16)):
            pass
    return filler


def _assert_arrived(server: SshServer, base: Path, out: Path) -> None:
    (archive,) = archives(server.root)
    assert (extract(archive, out) / base.name).read_bytes() == base.read_bytes()


def test_a_disk_that_fills_up_blocks_with_words_and_the_work_is_kept(
    place: Place, disk: Path, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    # Five blocks: what is random in them takes a second each to pack, the rest no time.
    base.write_bytes(b"".join(os.urandom(1_500_000).ljust(BLOCK_SIZE, b"-") for _ in range(5)))
    with place.started("run", "--yes", "--json") as command:
        wait_until(lambda: blocks_packed(place) >= 1, seconds=60, what="a block")
        filler = _fill(disk)
        out, _ = command.communicate(timeout=LIMIT)
    assert command.returncode == 10
    assert '"problem":"disk-full"' in out.splitlines()[-1]
    assert "bloqué" in place.run("jobs").out
    assert archives(ssh_server.root) == []
    blocks = blocks_packed(place)
    assert place.run("resume").code == 10, "there still is no room"
    assert place.run("report").code == 0
    filler.unlink()
    resumed = place.run("resume", "--json")
    assert resumed.code == 0, resumed.err
    (sealed,) = (event for event in resumed.events if event["type"] == "archive.sealed")
    assert sealed["reused"] >= blocks >= 1
    _assert_arrived(ssh_server, base, tmp_path / "out")


def test_room_is_looked_for_before_anything_begins(place: Place, disk: Path, base: Path) -> None:
    base.write_bytes(bytes(ROOM - 60_000_000))
    refused = place.run("run", "--yes")
    assert refused.code == 10
    assert "nécessaires au plus" in refused.err
    assert not place.home.jobs.exists()


@pytest.fixture
def interrupted(place: Place, base: Path) -> control.Job:
    """A job whose worker was refused by the Sharebox."""
    base.write_bytes(os.urandom(500_000))
    assert place.run("run", "--yes", TUI_TRANSFER_SFTP_PASSWORD="incorrect").code == 7
    return place.job()


def test_room_is_looked_for_again_before_going_on(
    interrupted: control.Job, place: Place, disk: Path, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    shutil.rmtree(interrupted.spool)
    filler = _fill(disk)
    os.truncate(filler, filler.stat().st_size - 1_200_000)
    blocked = place.run("resume", "--json")
    assert blocked.code == 10
    assert "nécessaires au plus" in blocked.finished["details"]["reason"]
    assert control.Follower(interrupted).failure is not None
    filler.unlink()
    assert place.run("resume").code == 0
    _assert_arrived(ssh_server, base, tmp_path / "out")


def test_a_spool_that_was_removed_is_made_again(
    interrupted: control.Job, place: Place, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    shutil.rmtree(interrupted.spool)
    assert place.run("resume").code == 0
    _assert_arrived(ssh_server, base, tmp_path / "out")


def test_a_sharebox_that_is_full_is_named_and_once_it_has_room_the_rest_is_sent(
    place: Place, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    """Others fill it while the archive is sent: there was room enough before."""
    base.write_bytes(os.urandom(3_000_000))
    with (
        small_disk(ssh_server.root, f"size=9m,uid={ssh_server.root.stat().st_uid}"),
        relay(ssh_server.port) as line,
    ):
        line.rate = 500_000
        place.configure(ssh_server, {"Base": base}, port=line.port)
        with place.started("run", "--yes", "--json") as command:
            wait_until(lambda: line.sent > 1_500_000, seconds=60, what="some of it to be sent")
            of_others = ssh_server.root / "autre"
            with contextlib.suppress(OSError):
                of_others.write_bytes(bytes(9_000_000))
            line.rate = None
            assert command.wait(60) == 9
        failure = control.Follower(place.job()).state.failure
        assert failure is not None
        assert failure.problem is Problem.SHAREBOX_FULL
        assert "plein" in failure.as_text()
        assert archives(ssh_server.root) == []
        of_others.unlink()
        assert place.run("resume").code == 0
        assert control.Follower(place.job()).state.databases[0].resumed_from > 1_000_000
        _assert_arrived(ssh_server, base, tmp_path / "out")


def test_a_job_that_is_removed_under_its_worker_is_not_said_to_be_resumable_or_done(
    place: Place, ssh_server: SshServer, base: Path
) -> None:
    base.write_bytes(os.urandom(3_000_000))
    with relay(ssh_server.port) as line:
        line.rate = 300_000
        place.configure(ssh_server, {"Base": base}, port=line.port)
        with place.started("run", "--yes", "--json") as command:
            wait_until(lambda: line.sent > 500_000, seconds=60, what="some of it to be sent")
            worker = psutil.Process(control.Follower(place.job()).state.worker_pid)
            worker.suspend()  # or it might make a file in a folder that is being removed
            shutil.rmtree(place.home.jobs)
            worker.resume()
            out, _ = command.communicate(timeout=LIMIT)
            worker.wait(60)
    assert command.returncode == 10
    assert "journal.jsonl" in out.splitlines()[-1]
    assert archives(ssh_server.root) == []


def _remount(how: str) -> Callable[[control.Job], object]:
    def remount(job: control.Job) -> None:
        disk = job.folder.parents[2]
        subprocess.run([require("mount"), "-o", f"remount,{how}", str(disk)], check=True)

    return remount


def _allow(mode: int, what: str) -> Callable[[control.Job], object]:
    return lambda job: (job.folder / what).chmod(mode)


@pytest.mark.parametrize(
    ("harm", "mend", "words"),
    [
        (_remount("ro"), _remount("rw"), "lecture seule"),
        (_allow(0, "spool"), _allow(0o700, "spool"), "accès refusé"),
        (_allow(0o500, "spool/0"), _allow(0o700, "spool/0"), "accès refusé"),
        (_allow(0o400, "journal.jsonl"), _allow(0o600, "journal.jsonl"), "accès refusé"),
    ],
)
def test_what_cannot_be_written_is_named_and_mended(
    interrupted: control.Job,
    place: Place,
    ssh_server: SshServer,
    base: Path,
    tmp_path: Path,
    harm: Callable[[control.Job], object],
    mend: Callable[[control.Job], object],
    words: str,
) -> None:
    powerless = [require("setpriv"), "--bounding-set", "-dac_override,-dac_read_search"]
    harm(interrupted)
    try:
        refused = place.run("resume", through=powerless)
    finally:
        mend(interrupted)
    assert refused.code == 10
    assert words in refused.err
    assert str(interrupted.folder.parent) in refused.err
    assert place.run("resume", through=powerless).code == 0
    _assert_arrived(ssh_server, base, tmp_path / "out")
