"""The whole program where what it delivers is taken, lied about or damaged: what it says is what is there."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.place import LIMIT, Place, Result, archives, arrived, extract, place_for
from tests.servers.faulty import FaultyServer, faulty_server
from tests.servers.processes import wait_until
from tests.servers.relay import Relay, relay
from tui_transfer.settings.config import TransferSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.openssh import SshServer

SIZE = 3_000_000
REMOVED_AT = 2_000_000


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A database that does not shrink."""
    path = tmp_path / "bases" / "paie.dat"
    path.parent.mkdir()
    path.write_bytes(os.urandom(SIZE))
    return path


@pytest.fixture
def faulty(tmp_path: Path) -> Iterator[FaultyServer]:
    with faulty_server(tmp_path / "depot") as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, base: Path, faulty: FaultyServer) -> Place:
    """A home that delivers to the faulty server."""
    made = place_for(tmp_path / "home", faulty.password)
    made.configure(faulty, {"Paie": base})
    return made


def is_archive(name: str) -> bool:
    return name.endswith(".7z")


def is_manifest(name: str) -> bool:
    return name.endswith(".manifest.json")


def anything(name: str) -> bool:
    return True


def run(place: Place) -> Result:
    return place.run("run", "--yes", "--json")


def archive_is_kept(place: Place) -> bool:
    return (place.job().spool / "0" / "archive.part").stat().st_size > SIZE


def database(result: Result) -> dict[str, Any]:
    (only,) = result.finished["databases"]
    assert isinstance(only, dict)
    return only


def count(result: Result, kind: str) -> int:
    return sum(event["type"] == kind for event in result.events)


def assert_delivered(root: Path, base: Path, into: Path) -> None:
    """Exactly an archive, which holds the base, and what lies beside it, its manifest telling of it."""
    (archive,) = archives(root)
    assert {path.name for path in root.iterdir()} == arrived(archive.name)
    assert (extract(archive, into) / base.name).read_bytes() == base.read_bytes()
    assert json.loads((root / f"{archive.name}.manifest.json").read_text())["archive"]["name"] == archive.name


class TestRemovedByAnOutsider:
    """The partial file is removed while it is being sent: the server goes on accepting all of it."""

    @pytest.fixture
    def line(self, ssh_server: SshServer) -> Iterator[Relay]:
        with relay(ssh_server.port) as made:
            made.rate = 1_500_000
            yield made

    @pytest.fixture
    def place(self, tmp_path: Path, base: Path, ssh_server: SshServer, line: Relay) -> Place:
        made = place_for(tmp_path / "home", ssh_server.password)
        made.configure(ssh_server, {"Paie": base}, port=line.port)
        return made

    @staticmethod
    def remove(server: SshServer) -> None:
        """Waits until enough was sent, and removes it."""

        def parts() -> list[Path]:
            return [path for path in server.root.glob("*.7z.part") if path.stat().st_size >= REMOVED_AT]

        wait_until(lambda: bool(parts()), seconds=60, what="2 MB of the partial file")
        parts()[0].unlink()

    def test_once(self, place: Place, ssh_server: SshServer, line: Relay, base: Path, tmp_path: Path) -> None:
        with place.started("run", "--yes", "--json") as command:
            self.remove(ssh_server)
            line.rate = None
            out, err = command.communicate(timeout=LIMIT)
        result = Result(command.returncode, out, err)
        assert result.code == 0, result.err
        assert database(result)["verified"] == "read-back"
        assert count(result, "delivery.lost") == 1
        assert_delivered(ssh_server.root, base, tmp_path / "out")

    def test_again_and_again(
        self, place: Place, ssh_server: SshServer, line: Relay, base: Path, tmp_path: Path
    ) -> None:
        with place.started("run", "--yes", "--json") as command:
            self.remove(ssh_server)
            self.remove(ssh_server)
            out, err = command.communicate(timeout=LIMIT)
        result = Result(command.returncode, out, err)
        assert (result.code, result.finished["problem"]) == (19, "delivery-lost")
        assert not database(result)["delivered"]
        assert "administrateur de Sharebox" in result.finished["message"]
        assert list(ssh_server.root.iterdir()) == []
        assert archive_is_kept(place)
        line.rate = None
        assert place.run("resume").code == 0
        assert_delivered(ssh_server.root, base, tmp_path / "out")


class TestRenamesThatLie:
    def test_acknowledged_and_not_done(
        self, place: Place, faulty: FaultyServer, base: Path, tmp_path: Path
    ) -> None:
        faulty.faults.lie_at_rename = is_archive
        result = run(place)
        assert (result.code, result.finished["problem"]) == (9, "sharebox-refused")
        assert [path.suffix for path in faulty.root.iterdir()] == [".part"]
        assert archive_is_kept(place)
        faulty.faults.lie_at_rename = lambda name: False
        assert place.run("resume").code == 0
        assert_delivered(faulty.root, base, tmp_path / "out")

    def test_done_and_called_a_failure(
        self, place: Place, faulty: FaultyServer, base: Path, tmp_path: Path
    ) -> None:
        faulty.faults.deny_rename = anything
        result = run(place)
        assert result.code == 0, result.err
        assert_delivered(faulty.root, base, tmp_path / "out")

    def test_a_manifest_that_vanishes(
        self, place: Place, faulty: FaultyServer, base: Path, tmp_path: Path
    ) -> None:
        faulty.faults.take_away_at_rename = is_manifest
        result = run(place)
        assert (result.code, result.finished["problem"]) == (19, "delivery-lost")
        assert not database(result)["delivered"]
        assert archive_is_kept(place)
        faulty.faults.take_away_at_rename = lambda name: False
        assert place.run("resume").code == 0
        assert_delivered(faulty.root, base, tmp_path / "out")

    def test_an_archive_that_vanishes(self, place: Place, faulty: FaultyServer) -> None:
        faulty.faults.take_away_at_rename = is_archive
        result = run(place)
        assert result.code == 19
        assert sum(is_archive(name) for name in faulty.faults.taken) == 2, "it is sent once more, and no more"
        assert archive_is_kept(place)


def at_close(server: FaultyServer) -> None:
    server.faults.take_away_at_close = True
    server.faults.drop_at_close = _once(lambda name: is_archive(name.removesuffix(".part")))


def at_rename(server: FaultyServer) -> None:
    server.faults.take_away_at_rename = anything
    server.faults.drop_at_rename = _once(is_archive)


def _once(matches: Callable[[str], bool]) -> Callable[[str], bool]:
    """True for the first name that matches."""
    seen: list[str] = []

    def is_first(name: str) -> bool:
        if matches(name):
            seen.append(name)
        return len(seen) == 1 and matches(name)

    return is_first


class TestOddAnswers:
    """What a server says of its files or folders is late, or not so; what it does is right."""

    def test_sizes_that_come_late(self, place: Place, faulty: FaultyServer) -> None:
        late: dict[str, int] = {}

        def is_late(name: str) -> bool:
            late[name] = late.get(name, 0) - 1
            return late[name] >= 0

        faulty.faults.on_close = lambda name: late.update({name: 2})
        faulty.faults.tell_late = is_late
        result = run(place)
        assert result.code == 0, result.finished
        assert database(result)["verified"] == "read-back"

    def test_a_folder_that_is_said_to_be_missing(self, place: Place, faulty: FaultyServer) -> None:
        faulty.faults.hide_folder = True
        result = run(place)
        assert result.code == 0, result.err


class TestFilesAreIngested:
    """The server takes away what it is given, and the connection breaks at the answer."""

    @pytest.mark.parametrize("take", [at_close, at_rename])
    @pytest.mark.parametrize("retry_for", [30, 0])
    def test_delivered_once_and_not_verifiable(
        self, place: Place, faulty: FaultyServer, take: Callable[[FaultyServer], None], retry_for: int
    ) -> None:
        """By the same worker, or by the next one, who knows what the first was about to do."""
        take(faulty)
        place.change(transfer=TransferSettings(retry_for=retry_for))
        result = run(place)
        if not retry_for:
            assert result.code == 12
            result = place.run("resume", "--json")
        assert result.code == 13, result.err
        assert database(result)["verified"] == "none"
        sent = [name for name in faulty.faults.taken if not name.startswith("tui-transfer-")]
        assert sum(is_archive(name.removesuffix(".part")) for name in sent) == 1
        assert count(result, "sharebox.trial") == 1
        assert archive_is_kept(place), "it may be the only copy"

    def test_what_is_not_whole_is_not_delivered(self, place: Place, faulty: FaultyServer, base: Path) -> None:
        """It is closed by a cut, too, and taken away."""
        faulty.faults.take_away_at_close = True
        with relay(faulty.port) as line:
            line.cuts = [SIZE // 2]
            place.configure(faulty, {"Paie": base}, port=line.port)
            result = run(place)
        assert result.code == 13, result.err
        offsets = [event["offset"] for event in result.events if event["type"] == "upload.started"]
        # The server may notice the cut before the next connection, and take what was there, or after it.
        assert len(offsets) == 2, "what was there at the cut was not all of it"
