"""`check`: the prerequisites, then the connection stage by stage, with an exit code that scripts can use."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.place import Place, place_for
from tests.servers.openssh import SshServer
from tests.servers.processes import free_port
from tests.servers.squid import PASSWORD as PROXY_PASSWORD
from tests.servers.squid import USERNAME as PROXY_USERNAME
from tests.servers.squid import squid
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.settings.config import ProxySettings
from tui_transfer.settings.variables import PROXY_PASSWORD_VARIABLE, SFTP_PASSWORD_VARIABLE


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer) -> Place:
    database = tmp_path / "base.db"
    database.write_bytes(b"x" * 1000)
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, {"Base active": database})
    return made


def test_all_is_well(place: Place, ssh_server: SshServer) -> None:
    Ticks(place.home).set_ticked("backup", True)
    result = place.run("check")
    assert (result.code, result.err) == (0, "")
    assert "Transfert possible : oui" in result.out
    assert "[OK] Bases présentes et lisibles : 1\xa0base." in result.out
    assert "[coché] Les données sont sauvegardées" in result.out
    assert result.out.count("[à cocher]") == len(STATEMENTS) - 1
    stages = ("Nom", "Route directe", "Clé du serveur", "Identification", "Dossier", "Place", "Capacités")
    lines = result.out.splitlines()
    assert [line.split(" (")[0].split(" : ")[0] for line in lines[-7:]] == [f"[OK] {name}" for name in stages]
    assert ssh_server.password not in result.out
    assert list(ssh_server.root.iterdir()) == []


def test_a_prerequisite_that_is_not_met_comes_first(place: Place, tmp_path: Path) -> None:
    (tmp_path / "base.db").unlink()
    result = place.run("check", **{SFTP_PASSWORD_VARIABLE: "faux-mot"})
    assert result.code == 3
    assert "[bloquant] Bases présentes et lisibles" in result.out
    assert "[bloquant] Identification" in result.out, "the rest is told all the same"


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"port": free_port()}, 5, "[bloquant] Route directe"),
        ({"key": "SHA256:" + "A" * 43}, 8, "[bloquant] Clé du serveur"),
        ({"key": None}, 0, "[à voir] Clé du serveur"),
        ({"username": "personne"}, 7, "[bloquant] Identification"),
        ({"directory": "/ailleurs"}, 9, "[bloquant] Dossier"),
    ],
)
def test_the_exit_code_is_that_of_the_first_stage_that_blocks(
    place: Place, ssh_server: SshServer, tmp_path: Path, change: dict[str, Any], code: int, said: str
) -> None:
    place.configure(ssh_server, {"Base active": tmp_path / "base.db"}, **change)
    result = place.run("check")
    assert (result.code, said in result.out) == (code, True), result.out
    assert re.search(r"^À faire : \w", result.out, re.MULTILINE)


def test_without_a_password_it_stops_and_says_how_to_give_one(place: Place, ssh_server: SshServer) -> None:
    result = place.run("check", **{SFTP_PASSWORD_VARIABLE: ""})
    assert result.code == 0
    assert "[pas essayé] Identification : Sans mot de passe" in result.out
    assert SFTP_PASSWORD_VARIABLE in result.out
    assert all("method none" in line for line in ssh_server.authentication_requests())


def test_the_configured_proxy_is_gone_through(place: Place, ssh_server: SshServer, tmp_path: Path) -> None:
    outside = free_port()
    with squid(allowed_ports=[outside], asks=["basic"], behind=(outside, ssh_server.port)) as proxy:
        place.configure(ssh_server, {"Base active": tmp_path / "base.db"}, port=outside)
        place.change(proxy=ProxySettings(host=proxy.host, port=proxy.port, username=PROXY_USERNAME))
        result = place.run("check", **{PROXY_PASSWORD_VARIABLE: PROXY_PASSWORD})
        refused = place.run("check", **{PROXY_PASSWORD_VARIABLE: "faux-mot"})
    assert result.code == 0, result.out
    assert "[à voir] Route directe" in result.out
    warned = result.out.index("le mot de passe passe en clair jusqu’au proxy")
    assert warned < result.out.index("[OK] Proxy")
    assert "[OK] Capacités" in result.out
    assert PROXY_PASSWORD not in result.out
    assert refused.code == 6
    assert "[bloquant] Proxy" in refused.out
    assert "faux-mot" not in refused.out


def test_all_of_it_as_json(place: Place, ssh_server: SshServer) -> None:
    result = place.run("check", "--json")
    assert (result.code, result.err) == (0, "")
    told = json.loads(result.out)
    assert (told["type"], told["format"], told["exit_code"], told["closed"]) == ("check.finished", 1, 0, None)
    assert {item["key"]: item["verdict"] for item in told["prerequisites"]}["readable"] == "ok"
    assert [item["ticked"] for item in told["statements"]] == [False] * len(STATEMENTS)
    assert [item["stage"] for item in told["connection"]] == [
        "name", "route", "host_key", "login", "folder", "room", "capabilities"
    ]  # fmt: skip
    assert {item["outcome"] for item in told["connection"]} == {"ok"}
    abilities = told["abilities"]
    assert (abilities["resumes"], abilities["verified"], abilities["writes_back"]) == (
        True,
        "read-back",
        True,
    )
    assert ssh_server.password not in result.out


def test_as_json_what_stands_in_the_way_has_its_name(place: Place, tmp_path: Path) -> None:
    result = place.run("check", "--json", **{SFTP_PASSWORD_VARIABLE: "faux-mot"})
    told = json.loads(result.out)
    assert result.code == told["exit_code"] == 7
    stages = {item["stage"]: item for item in told["connection"]}
    assert stages["login"]["outcome"] == "blocking"
    assert stages["login"]["problem"] == "credentials-refused"
    assert stages["capabilities"]["outcome"] == "not_tried"
    assert told["abilities"] is None
    (tmp_path / "base.db").unlink()
    assert place.run("check", "--json").code == 3


def test_as_json_settings_that_cannot_be_read_are_told(place: Place) -> None:
    place.home.config_file.write_text("[sharebox]\nport = 99999\n")
    result = place.run("check", "--json")
    told = json.loads(result.out)
    assert result.code == told["exit_code"] == 2
    assert told["problem"] == "configuration-invalid"
