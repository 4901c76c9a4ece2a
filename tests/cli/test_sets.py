"""Databases of several files, from the command line to what arrives."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.cli.place import Place, archives, content, extract, place_for
from tests.programs import require
from tests.servers.openssh import SshServer
from tui_transfer.settings import config


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


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """An SQLite base of which a page was zeroed."""
    path = tmp_path / "abimee.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE paie (nom TEXT, net REAL)")
        connection.executemany("INSERT INTO paie VALUES (?, ?)", ((f"nom {i}", i) for i in range(20_000)))
        connection.commit()
    with path.open("rb+") as file:
        file.seek(5 * 4096)
        file.write(bytes(4096))
    return path


def test_a_damaged_base_goes_only_once_somebody_said_so(
    place: Place, ssh_server: SshServer, damaged: Path, hfsql: Path, tmp_path: Path
) -> None:
    result = place.run("run", "--yes", str(damaged), str(hfsql / "PAIE.FIC"))
    assert result.code == 3
    assert "abimee : base endommagée : " in result.out
    assert "La base est endommagée." in result.err
    (other,) = archives(ssh_server.root)
    assert "_paie" in other.name, "the others go"

    again = place.run("resume")
    assert again.code == 3, "nobody said that it goes"
    assert archives(ssh_server.root) == [other]

    agreed = place.run("resume", "--yes", "--json")
    assert agreed.code == 0, agreed.err
    assert agreed.finished["databases"][0]["integrity"] == "damaged"
    (archive,) = set(archives(ssh_server.root)) - {other}
    assert content(extract(archive, tmp_path / "out")) == {damaged.name: damaged.read_bytes()}
    report = place.run("report").out
    assert "Contrôle : base endommagée : " in report
    assert "transférée telle quelle, sur décision de" in report
    assert "d’avance" in report


def test_a_sound_base_is_said_to_be(place: Place, tmp_path: Path) -> None:
    base = tmp_path / "saine.db"
    with closing(sqlite3.connect(base)) as connection:
        connection.execute("CREATE TABLE paie (nom TEXT)")
    result = place.run("run", "--yes", str(base))
    assert result.code == 0, result.err
    assert "saine : intégrité contrôlée par SQLite, rien à signaler." in result.out


def test_what_a_person_chose_beside_a_base_is_what_goes(
    place: Place, ssh_server: SshServer, hfsql: Path, tmp_path: Path
) -> None:
    now = config.load(place.home.config_file)
    chosen = msgspec.structs.replace(now.databases[0], also=("PAIE.txt",), without=("paie.ndx",))
    config.save(place.home.config_file, msgspec.structs.replace(now, databases=(chosen,)))
    result = place.run("run", "--yes", "--all")
    assert result.code == 0, result.err
    assert "Fichiers : PAIE.FIC, PAIE.txt, Paie.MMO (HFSQL)." in result.out
    assert "Fichier de même nom, laissé ici : paie.ndx." in result.out
    (archive,) = archives(ssh_server.root)
    wanted = content(hfsql)
    del wanted["paie.ndx"]
    assert content(extract(archive, tmp_path / "out")) == wanted


def test_another_base_of_the_same_name_is_not_the_one_of_the_settings(
    place: Place, ssh_server: SshServer, hfsql: Path, tmp_path: Path
) -> None:
    now = config.load(place.home.config_file)
    chosen = msgspec.structs.replace(now.databases[0], name="autre", also=("PAIE.txt",))
    config.save(place.home.config_file, msgspec.structs.replace(now, databases=(chosen,)))
    other = tmp_path / "ailleurs" / "autre.dat"
    other.parent.mkdir()
    other.write_text("une autre")
    result = place.run("run", "--yes", str(other), "--json")
    assert result.code == 0, result.err
    assert [item["name"] for item in result.finished["databases"]] == ["autre (ailleurs)"]
