"""Transfers from Windows to the real sshd of this machine."""

from __future__ import annotations

import itertools
import os
import socket
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.cli.place import archives, arrived, content, extract
from tests.servers.processes import LOOPBACK, free_port
from tests.servers.relay import relay
from tests.windows.place import INSIDE, WindowsPlace, started, windows_place
from tests.windows.wine import in_windows
from tui_transfer.job.events import UploadProgress, UploadStarted, WorkerStarted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.openssh import SshServer
    from tests.windows.wine import Wine

pytestmark = pytest.mark.windows

SLOW = 400_000
"""Bytes per second, of a line that is to be still at it when something happens."""


@pytest.fixture
def bases(tmp_path: Path) -> Path:
    folder = tmp_path / "bases"
    folder.mkdir()
    return folder


@pytest.fixture
def base(bases: Path) -> Path:
    """One that does not shrink, and takes 7 s on a slow line."""
    base = bases / "paie.dat"
    base.write_bytes(os.urandom(3_000_000))
    return base


@pytest.fixture
def place(windows: Wine, tmp_path: Path, ssh_server: SshServer) -> WindowsPlace:
    return windows_place(windows, tmp_path / "home", ssh_server.password)


def delivered(server: SshServer, into: Path) -> dict[str, bytes | None]:
    """What the one archive that arrived holds; nothing else did but what belongs to it."""
    (archive,) = archives(server.root)
    assert {path.name for path in server.root.iterdir()} == arrived(archive.name)
    return content(extract(archive, into))


def test_every_kind_of_database_arrives_whole(
    place: WindowsPlace, ssh_server: SshServer, bases: Path, tmp_path: Path
) -> None:
    folder = bases / "Dossier d'été"
    (folder / "sous-dossier vide").mkdir(parents=True)
    (folder / "Salariés – 2021.txt").write_text("Élodie;1200,00\n" * 5000)
    (folder / "vide.dat").touch()
    file = bases / "ancienne base.fdb"
    file.write_bytes(os.urandom(100_000))
    sqlite = bases / "active.db"
    with closing(sqlite3.connect(sqlite)) as connection:
        connection.execute("CREATE TABLE paie (nom TEXT, net REAL)")
        connection.executemany("INSERT INTO paie VALUES (?, ?)", ((f"n{i}", i) for i in range(5_000)))
        connection.commit()
    place.configure(ssh_server, {"Base active": sqlite, "Dossier": folder, "Ancienne": file})
    done = place.run("run", "--yes")
    assert done.code == 0, done.out
    found: dict[str, bytes | None] = {}
    for archive in archives(ssh_server.root):
        found |= content(extract(archive, tmp_path / "out" / archive.stem))
    assert found.pop("ancienne base.fdb") == file.read_bytes()
    base = found.pop("active.db")
    assert base is not None
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(base)
        assert connection.execute("SELECT count(*), sum(net) FROM paie").fetchone() == (5_000, 12_497_500)
    assert found == {"Dossier d'été": None} | {
        f"Dossier d'été/{name}": inside for name, inside in content(folder).items()
    }
    again = place.run("jobs", "--verify")
    assert again.code == 0, again.out


def test_after_the_worker_was_ended_by_the_task_manager_it_goes_on_where_it_was(
    place: WindowsPlace, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    with relay(ssh_server.port) as line:
        line.rate = SLOW
        place.configure(ssh_server, {"Paie": base}, port=line.port)
        with place.started("run", "--yes") as view:
            place.wait_for(
                lambda event: isinstance(event, UploadProgress) and event.acknowledged > 500_000, "upload"
            )
            place.windows.tool("taskkill", "/F", "/PID", str(place.worker()))
            said, _ = view.communicate(timeout=60)
        assert view.returncode == 12, said.decode("cp1252")
        line.rate = None
        ssh_server.wait_for_sessions()
        done = place.run("resume")
    assert done.code == 0, done.out
    begun = [event.offset for event in place.events() if isinstance(event, UploadStarted)]
    assert begun[0] < 100 < 400_000 < begun[-1]
    assert delivered(ssh_server, tmp_path / "out") == {"paie.dat": base.read_bytes()}


def test_a_cut_connection_is_made_anew_by_itself(
    place: WindowsPlace, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    with relay(ssh_server.port) as line:
        line.cuts = [800_000, 1_200_000]
        place.configure(ssh_server, {"Paie": base}, port=line.port)
        done = place.run("run", "--yes")
        assert done.code == 0, done.out
        assert line.connections >= 3
    assert delivered(ssh_server, tmp_path / "out") == {"paie.dat": base.read_bytes()}
    assert sum(isinstance(event, WorkerStarted) for event in place.events()) == 1


def test_a_proxy_that_says_nothing_is_given_up(
    place: WindowsPlace, ssh_server: SshServer, base: Path
) -> None:
    place.configure(ssh_server, {"Paie": base}, port=free_port())
    with socket.create_server((LOOPBACK, 0)) as silent:
        begun = time.monotonic()
        done = place.run("run", "--yes", "--proxy", f"http://{LOOPBACK}:{silent.getsockname()[1]}")
        assert time.monotonic() - begun < 90
    assert done.code == 6, done.out
    assert "Traceback" not in done.out


def test_a_wrong_password_is_shown_once_and_ends_with_7(
    windows: Wine, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    place = windows_place(windows, tmp_path / "home", "faux")
    place.configure(ssh_server, {"Paie": base})
    done = place.run("run", "--yes")
    assert done.code == 7, done.out
    assert ssh_server.refused_passwords() == 1
    assert archives(ssh_server.root) == []


def test_a_scheduled_task_does_not_wait_for_a_password(
    windows: Wine, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    """`NUL`, which a task has as its input, calls itself a terminal."""
    place = windows_place(windows, tmp_path / "home", "")
    place.seen_here.secrets.clear()
    place.configure(ssh_server, {"Paie": base})
    words = [in_windows(windows.python), "-m", "tui_transfer", "run", "--yes"]
    done = windows.run([windows.program, "cmd", "/c", *words, "<", "NUL"], place.environment)
    assert done.code == 7, done.out
    assert "TUI_TRANSFER_SFTP_PASSWORD" in done.out
    assert ssh_server.refused_passwords() == 0


def test_a_file_that_another_program_keeps_for_itself_is_said_to_be_open(
    place: WindowsPlace, ssh_server: SshServer, base: Path
) -> None:
    place.configure(ssh_server, {"Paie": base})
    hold = place.windows.python_command(in_windows(INSIDE / "hold.py"), in_windows(base))
    with started(place.windows, hold) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        done = place.run("run", "--yes")
        holder.communicate(timeout=60)
    assert done.code == 3, done.out
    assert "un autre programme l’a ouvert" in done.out
    assert archives(ssh_server.root) == []
    assert place.run("run", "--yes").code == 0


@pytest.mark.parametrize("database", ["the folder", "Paie 2021.", "Asso Été "])
def test_names_that_windows_would_change_arrive(
    place: WindowsPlace, ssh_server: SshServer, bases: Path, tmp_path: Path, database: str
) -> None:
    """A NAS, or WSL, makes such names; Windows drops what stands at their end, unless it is asked not to."""
    for folder, name in itertools.product(("Paie 2021.", "Asso Été "), ("bulletins.dat", "fin.", "fin ")):
        (bases / folder).mkdir(exist_ok=True)
        (bases / folder / name).write_bytes(f"{folder}/{name}".encode())
    (bases / "base.dat").write_bytes(b"base")
    chosen = bases if database == "the folder" else bases / database
    place.configure(ssh_server, {"Paie": chosen})
    done = place.run("run", "--yes")
    assert done.code == 0, done.out
    found = {data for data in delivered(ssh_server, tmp_path / "out").values() if data is not None}
    assert found == {data for data in content(chosen).values() if data is not None}


def test_of_two_at_once_the_second_is_told_and_who_looks_disturbs_nobody(
    place: WindowsPlace, ssh_server: SshServer, base: Path, tmp_path: Path
) -> None:
    with relay(ssh_server.port) as line:
        line.rate = SLOW
        place.configure(ssh_server, {"Paie": base}, port=line.port)
        with place.started("run", "--yes") as first:
            place.wait_for(lambda event: isinstance(event, UploadProgress), "the upload")
            second = place.run("run", "--yes")
            looked = place.run("jobs")
            line.rate = None
            said, _ = first.communicate(timeout=120)
    assert second.code == 16, second.out
    assert looked.code == 0, looked.out
    assert "en cours" in looked.out
    assert first.returncode == 0, said.decode("cp1252")
    assert delivered(ssh_server, tmp_path / "out") == {"paie.dat": base.read_bytes()}
