"""Who hands over, and whom they ask: in names, files, messages and failures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.place import Place, archives, place_for
from tests.servers.openssh import SshServer
from tui_transfer.settings.config import Manager

WRONG_KEY = "73282932000075"
CONTACT = "Service Impact emploi, 01 23 45 67 89"


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer) -> Place:
    base = tmp_path / "base.bin"
    base.write_bytes(b"x" * 1000)
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, {"Base": base})
    made.change(manager=Manager(name="Association Exemple", id=WRONG_KEY, contact=CONTACT))
    return made


def test_the_number_comes_first_everywhere_and_a_wrong_key_is_only_told(
    place: Place, ssh_server: SshServer
) -> None:
    result = place.run("run", "--yes", "--json")
    assert result.code == 0, result.err
    assert "sa clé est fausse" in result.err
    (archive,) = archives(ssh_server.root)
    assert archive.name.startswith(f"{WRONG_KEY}_association-exemple_base_")
    manifest = json.loads(Path(f"{archive}.manifest.json").read_bytes())
    assert (manifest["manager_id"], manifest["contact"]) == (WRONG_KEY, CONTACT)
    for event in result.events:
        told = (event["format"], event["job"], event["manager"], event["manager_id"])
        assert told == (1, place.job().id, "Association Exemple", WRONG_KEY), event
    assert f"Objet : {WRONG_KEY} – Service Impact" in place.run("report").out
    assert "sa clé est fausse" in place.run("check").out


def test_every_failure_names_whom_to_ask(place: Place) -> None:
    for command in (["run", "--yes", "Inconnue"], ["resume"], ["report", "inconnu"]):
        result = place.run(*command)
        assert result.code != 0
        assert result.err.rstrip().endswith(f"Pour de l’aide : {CONTACT}"), command
