"""Databases of several files, from the command line to what arrives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.place import Place, archives, content, extract, place_for
from tests.programs import require
from tests.servers.openssh import SshServer


@pytest.fixture
def hfsql(tmp_path: Path) -> Path:
    folder = tmp_path / "hfsql"
    folder.mkdir()
    for name in ("PAIE.FIC", "paie.ndx", "Paie.MMO", "PAIE.txt"):
        (folder / name).write_bytes(name.encode() * 1000)
    return folder


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, hfsql: Path) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, {"Paie": hfsql / "Paie.MMO"})
    return made


def test_naming_any_file_or_all_of_them_sends_one_whole_base(
    place: Place, ssh_server: SshServer, hfsql: Path, tmp_path: Path
) -> None:
    named = [str(hfsql / name) for name in ("paie.ndx", "PAIE.FIC", "Paie.MMO")]
    result = place.run("run", "--yes", *named)
    assert result.code == 0, result.err
    assert "Fichiers : PAIE.FIC, Paie.MMO, paie.ndx (HFSQL)." in result.out
    assert "Fichier de même nom, laissé ici : PAIE.txt." in result.out
    (archive,) = archives(ssh_server.root)
    require("7zz")
    wanted = content(hfsql)
    del wanted["PAIE.txt"]
    assert content(extract(archive, tmp_path / "out")) == wanted
    manifest = json.loads(archive.with_name(f"{archive.name}.manifest.json").read_bytes())
    assert [file["name"] for file in manifest["files"]] == ["PAIE.FIC", "Paie.MMO", "paie.ndx"]
    report = place.run("report").out
    assert "Fichiers : PAIE.FIC, Paie.MMO, paie.ndx (HFSQL)" in report
    assert "Fichier de même nom, laissé ici : PAIE.txt" in report
    (database,) = json.loads(place.run("jobs", "--json").out.splitlines()[-1])["databases"]
    assert (database["kind"], database["format"]) == ("set", "HFSQL")
    assert (database["names"], database["left_out"]) == (["PAIE.FIC", "Paie.MMO", "paie.ndx"], ["PAIE.txt"])


def test_a_base_of_which_a_file_with_data_cannot_go_does_not_go(
    place: Place, ssh_server: SshServer, hfsql: Path
) -> None:
    (hfsql / "Paie.MMO").unlink()
    (hfsql / "Paie.MMO").symlink_to("nulle part")
    result = place.run("run", "--yes", str(hfsql / "PAIE.FIC"))
    assert result.code == 3
    assert "Paie.MMO fait partie de la base" in result.err
    assert archives(ssh_server.root) == []
