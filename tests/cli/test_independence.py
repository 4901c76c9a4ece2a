"""A database that fails lets the others go; what concerns all ends the transfer at once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.cli.place import Place, Result, archives, extract, place_for
from tests.servers.openssh import SshServer
from tests.servers.processes import wait_until
from tests.servers.relay import relay
from tui_transfer.job import control
from tui_transfer.job import events as ev
from tui_transfer.job.journal import JournalReader

SIZE = 300_000


@pytest.fixture
def bases(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / f"{name.lower()}.dat" for name in ("Une", "Deux", "Trois")}
    for path in paths.values():
        path.write_bytes(os.urandom(SIZE))
    return paths


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, bases: dict[str, Path]) -> Place:
    place = place_for(tmp_path / "home", ssh_server.password)
    place.configure(ssh_server, bases)
    return place


def _delivered(server: SshServer, bases: dict[str, Path], names: set[str], out: Path) -> None:
    """Exactly these arrived, and are what was sent."""
    arrived = {
        file.name: file.read_bytes()
        for archive in archives(server.root)
        for file in extract(archive, out).iterdir()
    }
    assert arrived == {bases[name].name: bases[name].read_bytes() for name in names}


def _problems(result: Result) -> list[str | None]:
    return [database["problem"] for database in result.finished["databases"]]


def test_one_that_is_missing_lets_the_others_go(
    place: Place, ssh_server: SshServer, bases: dict[str, Path], tmp_path: Path
) -> None:
    content = bases["Une"].read_bytes()
    bases["Une"].unlink()
    result = place.run("run", "--all", "--yes", "--json")
    assert result.code == result.finished["exit_code"] == 3
    assert _problems(result) == ["database-missing", None, None]
    _delivered(ssh_server, bases, {"Deux", "Trois"}, tmp_path / "first")
    report = place.run("report").out
    assert "Le transfert n’est pas terminé : 2 bases de données sont remises sur 3." in report.replace(
        "\xa0", " "
    )
    assert f"Une : La base est introuvable. Rien n’existe à l’emplacement {bases['Une']}." in report

    bases["Une"].write_bytes(content)
    assert place.run("resume").code == 0
    _delivered(ssh_server, bases, {"Une", "Deux", "Trois"}, tmp_path / "then")


def test_where_none_is_there_nothing_is_begun(place: Place, bases: dict[str, Path]) -> None:
    for path in bases.values():
        path.unlink()
    result = place.run("run", "--all", "--yes", "--json")
    assert (result.code, result.finished["problem"]) == (3, "database-missing")
    assert result.finished["job"] is None


def test_one_that_changes_while_it_is_read_lets_the_others_go(
    place: Place, ssh_server: SshServer, bases: dict[str, Path], tmp_path: Path
) -> None:
    ended = threading.Event()

    def write() -> None:
        with bases["Deux"].open("ab", buffering=0) as file:
            while not ended.wait(0.001):
                file.write(b"!")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        result = place.run("run", "--all", "--yes", "--json")
    finally:
        ended.set()
        writer.join()
    assert result.code == 4
    assert _problems(result) == [None, "database-changed", None]
    _delivered(ssh_server, bases, {"Une", "Trois"}, tmp_path / "out")


def test_the_exit_code_is_that_of_the_first_in_the_list(
    place: Place, ssh_server: SshServer, bases: dict[str, Path], tmp_path: Path
) -> None:
    """The third fails before the second, which cannot be written to the Sharebox, has its turn there."""
    bases["Trois"].unlink()
    with relay(ssh_server.port) as line:
        line.rate = 200_000
        place.configure(ssh_server, bases, port=line.port)
        with place.started("run", "--all", "--yes", "--json") as command:
            wait_until(lambda: bool(control.list_jobs(place.home)), seconds=60, what="the job")
            Path(ssh_server.root, f"{place.job().spec.databases[1].archive}.part").mkdir()
            out, err = command.communicate(timeout=120)
    result = Result(command.returncode, out, err)
    problems = _problems(result)
    assert problems[0] is None
    assert problems[1] == "name-taken"
    assert problems[2] == "database-missing"
    assert result.code == result.finished["exit_code"] == 9
    assert result.finished["problem"] == problems[1]
    _delivered(ssh_server, bases, {"Une"}, tmp_path / "out")


def test_what_concerns_all_ends_the_transfer_before_any_is_tried(
    place: Place, ssh_server: SshServer, bases: dict[str, Path]
) -> None:
    place.configure(ssh_server, bases, key="SHA256:" + "A" * 43)
    result = place.run("run", "--all", "--yes", "--json")
    assert result.code == 8
    assert _problems(result) == [None, None, None]
    events = JournalReader(place.job().journal).read()
    (blocked,) = [event for event in events if isinstance(event, ev.JobBlocked)]
    assert blocked.database is None
