"""What lies beside an archive: put there after it, in its order, and saying what is so."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.place import Place, place_for
from tests.servers.openssh import SshServer
from tui_transfer.job import events as ev
from tui_transfer.job.journal import JournalReader

NAMES = ("Paie", "Charges")


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer) -> Place:
    folder = tmp_path / "paie"
    folder.mkdir()
    (folder / "janvier.txt").write_bytes(b"2022")
    charges = tmp_path / "charges.db"
    charges.write_bytes(b"x" * 5_000)
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, dict(zip(NAMES, (folder, charges), strict=True)))
    return made


def _manifests(server: SshServer) -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_bytes()) for path in server.root.glob("*.manifest.json")]
    return {manifest["database"]: manifest for manifest in found}


def test_they_arrive_in_their_order_after_the_archive(place: Place, ssh_server: SshServer) -> None:
    assert place.run("run", "--yes", "--all").code == 0
    arrived: dict[int, list[str]] = {0: [], 1: []}
    for event in JournalReader(place.job().journal).read():
        if isinstance(event, ev.ArrivalSeen):
            arrived[event.database].append(event.file.split(".", 1)[1])
    assert list(arrived.values()) == [["7z", "7z.sha256", "7z.manifest.json", "7z.manifest.json.sig"]] * 2


def test_a_manifest_tells_of_its_archive_and_of_its_sisters(place: Place, ssh_server: SshServer) -> None:
    finished = place.run("run", "--yes", "--all", "--json").finished
    manifests = _manifests(ssh_server)
    assert set(manifests) == set(NAMES)
    for number, (name, item) in enumerate(zip(NAMES, finished["databases"], strict=True), start=1):
        told, data = manifests[name], (ssh_server.root / item["archive"]).read_bytes()
        assert told["format"] == 2
        assert told["archive"] == {
            "name": item["archive"],
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        assert told["kind"] == {"Paie": "folder", "Charges": "file"}[name]
        assert told["position"] == {"number": number, "of": 2}
        (sister,) = told["sisters"]
        assert sister == {
            "database": NAMES[2 - number],
            "archive": manifests[sister["database"]]["archive"]["name"],
        }
        assert told["verified"] == item["verified"] == "read-back"
