"""Where each database went, and what lies elsewhere, where settings change in the middle of a transfer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.place import Place, archives, place_for
from tests.cli.terminal import at_terminal
from tests.servers.account import Account
from tests.servers.openssh import SshServer, openssh
from tests.servers.relay import Relay, relay
from tui_transfer.job import control
from tui_transfer.settings.config import TransferSettings

SIZE = 3_000_000


@pytest.fixture
def bases(tmp_path: Path) -> dict[str, Path]:
    """A small one, and one that a cut leaves in part."""
    made = {"Petite": tmp_path / "petite.bin", "Grosse": tmp_path / "grosse.bin"}
    made["Petite"].write_bytes(os.urandom(1000))
    made["Grosse"].write_bytes(os.urandom(SIZE))
    return made


@pytest.fixture
def line(ssh_server: SshServer) -> Iterator[Relay]:
    with relay(ssh_server.port) as made:
        yield made


@pytest.fixture
def second(ssh_server: SshServer) -> Path:
    """Another folder of the same Sharebox, on disk."""
    folder = ssh_server.root / "bis"
    folder.mkdir()
    shutil.chown(folder, ssh_server.root.stat().st_uid, ssh_server.root.stat().st_gid)
    return folder


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, line: Relay, bases: dict[str, Path]) -> Place:
    """The first database was delivered, the second in part."""
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, bases, port=line.port)
    made.change(transfer=TransferSettings(retry_for=0))
    content = bases["Grosse"].read_bytes()
    bases["Grosse"].unlink()
    assert made.run("run", "--yes").code == 3
    bases["Grosse"].write_bytes(content)
    line.cut_after = SIZE // 2
    assert made.run("resume").code == 12
    line.cut_after = None
    assert [item.delivered for item in control.Follower(made.job()).state.databases] == [True, False]
    return made


def _parts(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.part"))


def test_each_database_is_told_to_be_where_it_is(
    place: Place, ssh_server: SshServer, line: Relay, bases: dict[str, Path], second: Path
) -> None:
    place.configure(ssh_server, bases, port=line.port, directory="/depot/bis")
    resumed = place.run("resume", "--json")
    assert resumed.code == 0
    told = resumed.finished["databases"]
    assert [item["directory"] for item in told] == ["/depot", "/depot/bis"]
    assert [item["sharebox"] for item in told] == [ssh_server.host] * 2
    assert len(archives(ssh_server.root)) == len(archives(second)) == 1
    report = place.run("report").out
    small, big = report.split("1. Petite")[1].split("2. Grosse")
    assert f"Destination : {ssh_server.host}, dossier /depot\n" in small
    assert f"Destination : {ssh_server.host}, dossier /depot/bis\n" in big


def test_what_lies_in_the_former_folder_is_told_and_removed(
    place: Place, ssh_server: SshServer, line: Relay, bases: dict[str, Path], second: Path
) -> None:
    (part,) = _parts(ssh_server.root)
    place.configure(ssh_server, bases, port=line.port, directory="/depot/bis")
    resumed = place.run("resume")
    assert resumed.code == 0
    job = place.job()
    warning = f"(Grosse) a pu rester sur {ssh_server.host}, dossier /depot (compte {ssh_server.username})"
    assert resumed.out.count(warning) == 2, "at its beginning, and at its end"
    assert f"tui-transfer purge {job.id}" in resumed.out
    assert warning in place.run("report").out
    assert _parts(ssh_server.root) == [part]
    there = [*archives(ssh_server.root), *archives(second)]
    purged = place.run("purge", "--yes")
    assert purged.code == 0, purged.err
    assert f"{part} supprimé de Sharebox" in purged.out
    assert _parts(ssh_server.root) == []
    assert [*archives(ssh_server.root), *archives(second)] == there
    assert not job.folder.exists()


def test_going_back_goes_on_with_what_lies_there(
    place: Place, ssh_server: SshServer, line: Relay, bases: dict[str, Path], second: Path
) -> None:
    place.configure(ssh_server, bases, port=line.port, directory="/depot/bis")
    line.cut_after = SIZE // 4
    assert place.run("resume").code == 12
    line.cut_after = None
    place.configure(ssh_server, bases, port=line.port)
    resumed = place.run("resume")
    assert resumed.code == 0
    state = control.Follower(place.job()).state
    assert state.databases[1].resumed_from > SIZE // 3
    assert "dossier /depot/bis" in resumed.out
    assert _parts(ssh_server.root) == []
    assert len(_parts(second)) == 1
    assert place.run("purge", "--yes").code == 0
    assert _parts(second) == []


def test_what_cannot_be_reached_keeps_its_job_and_no_other_place_from_being_cleaned(
    place: Place, ssh_server: SshServer, line: Relay, bases: dict[str, Path], second: Path
) -> None:
    job = place.job()
    place.configure(ssh_server, bases, port=line.port, directory="/depot/bis")
    line.cut_after = SIZE // 4
    assert place.run("resume").code == 12
    line.cut_after = None
    assert len(_parts(ssh_server.root)) == len(_parts(second)) == 1
    ssh_server.root.chmod(0o500)  # nothing can be removed from there
    purged = place.run("purge", "--yes")
    assert purged.code == 9
    assert f"{ssh_server.host}, dossier /depot, compte {ssh_server.username} : pas nettoyé" in purged.err
    assert f"{job.id} : conservé" in purged.err
    assert _parts(second) == []
    assert len(_parts(ssh_server.root)) == 1
    ssh_server.root.chmod(0o755)
    assert place.run("purge", "--yes").code == 0
    assert _parts(ssh_server.root) == []


def test_the_password_of_one_account_is_shown_to_no_other(
    place: Place, ssh_server: SshServer, bases: dict[str, Path], account: Account
) -> None:
    """Who cleans at another account is asked for its password."""
    tried = len(ssh_server.authentication_requests())
    with openssh(account, chroot=True) as other:
        place.configure(other, bases)
        assert place.run("resume").code == 0
        purged = place.run("purge", "--yes")
        assert purged.code == 7
        assert "pas nettoyé" in purged.err
        requests = ssh_server.authentication_requests()[tried:]
        assert not [line for line in requests if "method password" in line]
        with at_terminal(place, "purge", "--yes") as person:
            where = f"{ssh_server.username} sur {ssh_server.host}, dossier /depot"
            person.answers(f"Mot de passe Sharebox de {where}", ssh_server.password)
            person.sees_it_end(0)
    assert _parts(ssh_server.root) == []
    assert len(archives(ssh_server.root)) == 1


def test_a_folder_that_nothing_was_sent_to_is_not_spoken_of(
    tmp_path: Path, ssh_server: SshServer, bases: dict[str, Path]
) -> None:
    place = place_for(tmp_path / "home", ssh_server.password)
    place.configure(ssh_server, bases, directory="/depot/absent")
    assert place.run("run", "--yes").code == 9
    place.configure(ssh_server, bases)
    resumed = place.run("resume")
    assert resumed.code == 0
    assert "absent" not in resumed.out + place.run("report").out


def test_an_account_that_is_no_more_can_be_left_as_it_is(
    place: Place, ssh_server: SshServer, line: Relay, bases: dict[str, Path], second: Path
) -> None:
    place.configure(ssh_server, bases, directory="/depot/bis")
    assert place.run("resume").code == 0
    line.close()
    assert place.run("purge", "--yes").code != 0
    assert place.job().folder.exists()
    assert place.run("purge", "--yes", "--local").code == 0
    assert control.list_jobs(place.home) == []
