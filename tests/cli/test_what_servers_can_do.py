"""Servers that cannot do all that OpenSSH does: `check` says so, and `run` and `resume` do as it says."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cli.place import Place, archives, arrived, place_for
from tests.servers.faulty import PASSWORD, FaultyServer, faulty_server
from tests.servers.proftpd import proftpd
from tests.servers.relay import relay
from tui_transfer.settings.config import TransferSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.servers.relay import Relay

SIZE = 3_000_000


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "base.db").write_bytes(os.urandom(SIZE))
    return place_for(tmp_path / "home", PASSWORD)


@pytest.fixture
def server(tmp_path: Path, place: Place) -> Iterator[FaultyServer]:
    with faulty_server(tmp_path / "depot") as server:
        point(place, server)
        yield server


def point(place: Place, server: Any, **sharebox: Any) -> None:
    place.configure(server, {"Base active": place.folder.parent / "base.db"}, **sharebox)
    place.change(transfer=TransferSettings(retry_for=0))


def known(place: Place) -> dict[str, Any]:
    (file,) = place.home.servers.iterdir()
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def whole(server: FaultyServer) -> bool:
    """Whether the archive is there, and what lies beside it, and nothing else."""
    (archive,) = archives(server.root)
    return {path.name for path in server.root.iterdir()} == arrived(archive.name)


@contextmanager
def cut_on_the_way(place: Place, server: FaultyServer, **sharebox: Any) -> Iterator[Relay]:
    """A transfer was cut once half of the archive had arrived; the line works again."""
    with relay(server.port) as line:
        point(place, server, port=line.port, **sharebox)
        line.cut_after = SIZE // 2
        assert place.run("run", "--yes").code == 12
        line.cut_after = None
        yield line


class TestForwardOnly:
    @pytest.fixture(autouse=True)
    def forward_only(self, server: FaultyServer) -> None:
        server.faults.forward_only = True

    def test_it_is_sent_forward_once_it_is_packed(self, place: Place, server: FaultyServer) -> None:
        result = place.run("run", "--yes", "--json")
        assert result.code == 0, result.err
        assert whole(server)
        kinds = [event["type"] for event in result.events]
        assert kinds.index("archive.sealed") < kinds.index("upload.started")
        assert known(place)["abilities"]["writes_back"] is False

    def test_a_cut_delivery_goes_on_where_files_may_grow(self, place: Place, server: FaultyServer) -> None:
        with cut_on_the_way(place, server):
            assert "Reprendre un envoi coupé : oui" in place.run("check").out.replace("; r", "; R")
            result = place.run("resume", "--json")
        assert (result.code, whole(server)) == (0, True), result.err
        started = [event["offset"] for event in result.events if event["type"] == "upload.started"]
        assert started[0] > SIZE // 4

    def test_and_begins_again_where_not(self, place: Place, server: FaultyServer) -> None:
        server.faults.keeps_as_is = True
        with cut_on_the_way(place, server):
            assert "coupé : non, il recommence du début" in place.run("check").out
            result = place.run("resume", "--json")
        assert (result.code, whole(server)) == (0, True), result.err
        started = [event["offset"] for event in result.events if event["type"] == "upload.started"]
        assert started[0] == 0

    def test_check_says_so(self, place: Place, server: FaultyServer) -> None:
        told = place.run("check").out
        assert "Écrire : seulement à la suite" in told
        assert list(server.root.iterdir()) == []


class TestKept:
    def test_it_is_found_out_once(self, place: Place, server: FaultyServer) -> None:
        assert place.run("check").code == 0
        before = known(place)
        closed: list[str] = []
        server.faults.on_close = closed.append
        assert place.run("run", "--yes").code == 0
        assert known(place) == before
        assert not [name for name in closed if name.startswith("tui-transfer-")]

    def test_it_is_found_out_anew_after_a_week(self, place: Place, server: FaultyServer) -> None:
        assert place.run("run", "--yes").code == 0
        (file,) = place.home.servers.iterdir()
        old = known(place) | {"found_out": "2020-01-01T00:00:00+00:00"}
        file.write_text(json.dumps(old))
        assert place.run("run", "--yes").code == 0
        assert known(place)["found_out"] > old["found_out"]

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 9}', "\0\xff"])
    def test_what_cannot_be_read_is_found_out_anew(
        self, place: Place, server: FaultyServer, content: str
    ) -> None:
        assert place.run("run", "--yes").code == 0
        (file,) = place.home.servers.iterdir()
        file.write_bytes(content.encode("latin-1"))
        assert place.run("run", "--yes").code == 0
        assert known(place)["found_out"]

    def test_a_server_that_was_changed_is_found_out_anew(self, place: Place, server: FaultyServer) -> None:
        assert place.run("run", "--yes").code == 0
        assert known(place)["abilities"]["writes_back"] is True
        server.faults.forward_only = True
        result = place.run("run", "--yes")
        assert result.code == 0, result.err
        assert known(place)["abilities"]["writes_back"] is False
        server.faults.break_reading = True
        assert place.run("run", "--yes").code != 0
        assert "par relecture" not in place.run("check").out

    def test_what_is_refused_is_refused_once_it_was_tried_anew(
        self, place: Place, server: FaultyServer
    ) -> None:
        """No retry without end."""
        assert place.run("run", "--yes").code == 0
        server.faults.refuse = {"rename"}
        assert place.run("run", "--yes").code == 9


class TestQuestionsThatCostTheConnection:
    def test_a_second_session(self, place: Place, server: FaultyServer) -> None:
        """It is asked once in a week, and no retry is needed for it."""
        server.faults.drop_at_second_session = server.faults.offers_sha256 = True
        for _ in range(2):
            result = place.run("run", "--yes", "--json")
            assert result.code == 0, result.err
            assert not [event for event in result.events if event["type"] == "sharebox.waiting"]
        assert known(place)["abilities"]["takes_two_sessions"] is False
        assert server.faults.passwords == 3

    def test_a_command_and_a_second_session(self, place: Place, server: FaultyServer) -> None:
        """The channel of the command is the second of its connection."""
        server.faults.drop_at_second_session = True
        result = place.run("run", "--yes", "--json")
        assert result.code == 0, result.err
        assert server.faults.passwords == 3
        abilities = known(place)["abilities"]
        assert not abilities["takes_two_sessions"]
        assert not abilities["runs_commands"]

    def test_that_began_to_since(self, place: Place, server: FaultyServer) -> None:
        assert place.run("run", "--yes").code == 0
        server.faults.drop_at_exec = True
        result = place.run("run", "--yes", "--json")
        assert result.code == 0, result.err

    def test_check_tells_what_else_was_seen(self, place: Place, server: FaultyServer) -> None:
        server.faults.drop_at_second_session = server.faults.offers_sha256 = True
        told = place.run("check").out
        assert "par l’empreinte" in told
        assert "pendant la vérification d’une autre : non" in told
        assert list(server.root.iterdir()) == []


class TestNames:
    def test_only_those_of_archives(self, place: Place, server: FaultyServer) -> None:
        server.faults.takes = lambda name: name.endswith(".7z")
        refused = place.run("run", "--yes")
        assert refused.code == 9
        assert "temporary_names = false" in refused.err
        point(place, server, temporary_names=False)
        result = place.run("run", "--yes", "--json")
        assert result.code == 0, result.err
        (archive,) = server.root.iterdir()
        assert archive.name.endswith(".7z")
        (item,) = result.finished["databases"]
        assert (item["verified"], bool(item["manifest_refused"])) == ("read-back", True)
        assert "Manifeste refusé par Sharebox" in place.run("report").out
        assert "seul un envoi dira" in place.run("check").out

    def test_a_manifest_that_is_refused_its_name_leaves_nothing(
        self, place: Place, server: FaultyServer
    ) -> None:
        server.faults.takes = lambda name: not name.endswith(".json")
        result = place.run("run", "--yes", "--json")
        assert result.code == 0, result.err
        assert result.finished["databases"][0]["manifest_refused"]
        (archive,) = archives(server.root)
        assert {path.name for path in server.root.iterdir()} == {
            name for name in arrived(archive.name) if not name.endswith(".json")
        }

    def test_a_manifest_that_is_refused_once_is_sent_anew(self, place: Place, server: FaultyServer) -> None:
        refused: list[str] = []

        def once(name: str) -> bool:
            if not name.endswith(".json") or refused:
                return True
            refused.append(name)
            return False

        server.faults.takes = once
        result = place.run("run", "--yes", "--json")
        assert (result.code, len(refused), whole(server)) == (0, 1, True), result.err
        assert not result.finished["databases"][0]["manifest_refused"]

    def test_what_was_begun_with_others_goes_on(self, place: Place, server: FaultyServer) -> None:
        server.faults.takes = lambda name: name.endswith(".7z")
        assert place.run("run", "--yes").code == 9
        point(place, server, temporary_names=False)
        assert place.run("resume").code == 0
        assert len(archives(server.root)) == 1

    def test_only_those_of_archives_and_partial_files(self, place: Place, server: FaultyServer) -> None:
        server.faults.takes = lambda name: name.endswith((".7z", ".7z.part"))
        told = place.run("check").out
        assert "[OK] Capacités" in told
        result = place.run("run", "--yes")
        assert result.code == 0, result.err

    def test_a_cut_delivery_goes_on_under_its_own_name(self, place: Place, server: FaultyServer) -> None:
        with cut_on_the_way(place, server, temporary_names=False):
            (cut,) = server.root.iterdir()
            assert cut.name.endswith(".7z")
            assert cut.read_bytes()[:6] != b"7z\xbc\xaf\x27\x1c", "no archive yet"
            result = place.run("resume", "--json")
        assert (result.code, whole(server)) == (0, True), result.err
        started = [event["offset"] for event in result.events if event["type"] == "upload.started"]
        assert started[0] > SIZE // 4

    def test_a_foreign_file_is_not_touched(self, place: Place, server: FaultyServer) -> None:
        with cut_on_the_way(place, server, temporary_names=False):
            (cut,) = server.root.iterdir()
            cut.write_bytes(b"7z" + os.urandom(SIZE * 2))
            result = place.run("resume")
            assert result.code == 0, result.err

    def test_a_lost_delivery_is_sent_once_more_then_a_person_is_asked(
        self, place: Place, server: FaultyServer
    ) -> None:
        point(place, server, temporary_names=False)
        server.faults.takes = lambda name: not name.endswith(".json")
        lost: list[str] = []

        def take(name: str) -> None:
            if name.endswith(".7z"):
                (server.root / name).unlink()
                lost.append(name)

        server.faults.on_close = take
        assert place.run("run", "--yes").code == 19
        assert len(lost) == 2

    def test_nothing_is_left_by_purge(self, place: Place, server: FaultyServer) -> None:
        with cut_on_the_way(place, server, temporary_names=False):
            job = place.job().spec.id
            assert place.run("purge", job, "--yes").code == 0
        assert list(server.root.iterdir()) == []


def test_a_job_stays_while_what_the_server_says_it_removed_is_still_there(
    place: Place, server: FaultyServer
) -> None:
    with cut_on_the_way(place, server):
        job = place.job().spec.id
        server.faults.lie_at_remove = True
        refused = place.run("purge", job, "--yes")
        assert refused.code == 9
        assert "le fichier est toujours là" in refused.err
        server.faults.lie_at_remove = False
        assert place.run("purge", job, "--yes").code == 0
    assert list(server.root.iterdir()) == []


def test_proftpd_that_takes_archives_alone(tmp_path: Path, place: Place) -> None:
    with proftpd(options=[r'PathAllowFilter "\.7z$"']) as server:
        point(place_for(place.folder, server.password), server, temporary_names=False)
        result = place_for(place.folder, server.password).run("run", "--yes", "--json")
        assert result.code == 0, result.err
        assert len(archives(server.root)) == 1
