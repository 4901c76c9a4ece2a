"""What earlier versions left is read as it was meant, and what they began is brought to its end."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from tests.cli.place import Place, Result, content, extract, place_for
from tests.samples.bases import FOLDER, SQLITE, STAGE, TEXT, installed
from tests.servers.account import Account
from tests.servers.openssh import SshServer

FROZEN = Path(__file__).with_name("20658a2")
_DEMO = STAGE / "tui-transfer-demo-gw2aeetg" / "bases"

DELIVERED: Mapping[str, tuple[int, str, str, str]] = {
    "server-hash": (0, "réussi", "server-hash", "par l’empreinte que Sharebox a calculée"),
    "read-back": (0, "réussi", "read-back", "par relecture complète"),
    "two-databases": (0, "réussi", "read-back", "par relecture complète"),
    "unverifiable": (13, "remis, non vérifiable", "size-only", "ne laisse contrôler que la taille"),
}
"""Exit code, state in the list, verification of every database, and what the report says of that."""
UNFINISHED: Mapping[str, str] = {
    "unknown-key": "bloqué",
    "refused": "bloqué",
    "not-renamed": "bloqué",
    "connection-lost": "interrompu",
    "killed": "interrompu",
    "stopped": "interrompu",
    "created": "interrompu",
}
"""State in the list."""
REFUSED: Mapping[str, str] = {}
"""Unfinished samples that the program of today does not go on with, and words with which it says why."""

SETTINGS: Mapping[str, dict[str, Any]] = {
    "reglages-minimaux": {
        "manager": {"name": "Association Exemple"},
        "sharebox": {"host": "sharebox.example.org", "username": "exemple"},
    },
    "reglages-complets": {
        "manager": {"name": "Association d'Été"},
        "sharebox": {
            "host": "depot.example.org",
            "port": 2222,
            "username": "été",
            "directory": "/arrivée",
            "key_file": "~/clé",
        },
        "proxy": {"host": "proxy.example.org", "port": 8080, "username": "gestionnaire"},
        "databases": [
            {"name": "Paie", "path": str(SQLITE)},
            {"name": "Bulletins 2021", "path": str(FOLDER)},
        ],
        "transfer": {
            "opens_on": date(2022, 3, 2),
            "closes_on": date(2099, 12, 31),
            "retry_for": 5,
            "compression": 7,
        },
        "report": {"recipients": ["a@example.org", "b@example.org"]},
        "display": {"theme": "contrast", "notify": False},
    },
    "demonstration": {
        "manager": {"name": "Association Démonstration"},
        "sharebox": {
            "host": "127.0.0.1",
            "port": 56991,
            "username": "demonstration",
            "directory": "/depot",
        },
        "databases": [
            {"name": "Base active", "path": f"{_DEMO}/impact-emploi.db", "active": True},
            {"name": "Archives 2020", "path": f"{_DEMO}/Archives 2020 – réel"},
            {"name": "Ancienne base", "path": f"{_DEMO}/ANCIENNE.fdb"},
        ],
        "transfer": {"opens_on": date(2022, 3, 2)},
        "report": {"recipients": ["destinataire@demo.invalid", "copie@demo.invalid"]},
    },
    "cle-acceptee": {
        "manager": {"name": "Association d'Été"},
        "sharebox": {
            "host": "127.0.0.1",
            "port": 20191,
            "username": "exemple",
            "directory": "/depot",
            "host_key": "SHA256:nS+LXbo5xxrBGvdWRltiZbp0fcTHTlcRrXm2HDnGIho",
        },
        "databases": [
            {"name": "Bulletins", "path": str(FOLDER), "active": True},
        ],
        "report": {"recipients": ["destinataire@demo.invalid"]},
    },
}


@dataclass(frozen=True)
class Sample:
    """A copy of a frozen home, to run commands in."""

    place: Place
    folder: Path
    """Of the one job."""
    spec: dict[str, Any]
    """Its `job.json`."""

    @property
    def job(self) -> str:
        return self.folder.name

    def spool(self) -> dict[str, bytes | None]:
        return content(self.folder / "spool")

    def resume(self) -> Result:
        return self.place.run("resume", self.job, "--json")

    def listed(self, *arguments: str) -> str:
        """Its line in the list of jobs."""
        result = self.place.run("jobs", *arguments)
        assert result.code == 0, result.err
        (line,) = (line for line in result.out.splitlines() if line.startswith(self.job))
        return line


def copied(name: str, folder: Path, password: str = "") -> Sample:
    place = place_for(folder / "home", password)
    shutil.copytree(FROZEN / "transfers" / name / "home", place.folder)
    (job,) = (entry for entry in place.home.jobs.iterdir() if entry.is_dir())
    return Sample(place, job, json.loads((job / "job.json").read_bytes()))


@pytest.fixture(params=DELIVERED)
def delivered(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Sample]:
    """Its Sharebox is gone by now."""
    return request.param, copied(request.param, tmp_path)


@pytest.fixture
def bases() -> Iterator[None]:
    with installed(FROZEN):
        yield


def brought_back(name: str, folder: Path, server: SshServer, account: Account) -> Sample:
    """A sample whose Sharebox is found again, with what was left there, at another address."""
    sample = copied(name, folder, server.password)
    settings_file = sample.place.folder / "config.toml"
    settings = tomllib.loads(settings_file.read_text("utf-8"))
    settings["sharebox"] |= {
        "host": server.host,
        "port": server.port,
        "username": server.username,
        "directory": server.directory,
        "host_key": server.fingerprint,
    }
    settings_file.write_bytes(tomli_w.dumps(settings).encode())
    left_there = FROZEN / "transfers" / name / "sharebox"
    for path in left_there.iterdir() if left_there.exists() else ():
        os.chown(shutil.copy(path, server.root), account.uid, account.gid)
    return sample


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_mean_what_they_meant(name: str, tmp_path: Path) -> None:
    place = place_for(tmp_path / "home", "")
    place.folder.mkdir()
    shutil.copyfile(FROZEN / "settings" / f"{name}.toml", place.folder / "config.toml")
    shown = place.run("config", "show")
    assert shown.code == 0, shown.err
    understood = tomllib.loads(shown.out)
    assert understood | SETTINGS[name] == understood


def test_no_sample_is_forgotten() -> None:
    assert {file.stem for file in (FROZEN / "settings").iterdir()} == set(SETTINGS)
    assert {path.name for path in (FROZEN / "transfers").iterdir()} == {*DELIVERED, *UNFINISHED}


def test_what_was_delivered_is_still_told(delivered: tuple[str, Sample]) -> None:
    name, sample = delivered
    code, state, verified, words = DELIVERED[name]
    assert state in sample.listed()
    assert "sans défaut visible" in sample.listed("--verify")
    report = sample.place.run("report", sample.job)
    assert report.code == 0, report.err
    for database in sample.spec["databases"]:
        assert database["archive"] in report.out
    told = [line for line in report.out.splitlines() if line.startswith("Vérification :") and words in line]
    assert len(told) == len(sample.spec["databases"])
    finished = sample.resume().finished
    assert finished["exit_code"] == code
    assert {item["verified"] for item in finished["databases"]} == {verified}
    assert len(finished["databases"]) == len(sample.spec["databases"])


@pytest.mark.parametrize(("name", "state"), UNFINISHED.items())
@pytest.mark.usefixtures("bases")
def test_what_was_begun_is_brought_to_its_end(
    name: str, state: str, tmp_path: Path, ssh_server: SshServer, account: Account
) -> None:
    sample = brought_back(name, tmp_path, ssh_server, account)
    assert state in sample.listed()
    assert "sans défaut visible" in sample.listed("--verify")
    report = sample.place.run("report", sample.job)
    assert report.code == 0, report.err
    assert "faite, par" not in report.out, "nothing was verified yet"
    spool = sample.spool()
    result = sample.resume()
    if name in REFUSED:
        assert_refused(result, REFUSED[name])
        assert sample.spool() == spool
        return
    assert result.code == 0, result.err
    assert [item["verified"] for item in result.finished["databases"]] == ["read-back"] * len(
        sample.spec["databases"]
    )
    assert_delivered(sample, ssh_server.root, tmp_path)
    assert "réussi" in sample.listed()
    assert "sans défaut visible" in sample.listed("--verify")


@pytest.mark.parametrize("name", ["killed", "stopped"])
def test_without_its_base_what_was_begun_is_refused_and_kept(
    name: str, tmp_path: Path, ssh_server: SshServer, account: Account
) -> None:
    with installed(FROZEN):
        sample = brought_back(name, tmp_path, ssh_server, account)
        for base in (TEXT, SQLITE):
            base.unlink()
        spool = sample.spool()
        result = sample.resume()
    assert_refused(result, "introuvable")
    # A copy of the base in clear, from which nothing can be packed any more, goes; so does an archive that
    # nothing was written to yet.
    kept = {name: content for name, content in spool.items() if content and "snapshot" not in name}
    assert kept.items() <= sample.spool().items()


@pytest.mark.parametrize("name", ["connection-lost", "not-renamed"])
@pytest.mark.usefixtures("bases")
def test_an_archive_without_a_hash_of_its_manifest_is_packed_again_and_that_is_told(
    name: str, tmp_path: Path, ssh_server: SshServer, account: Account
) -> None:
    """What 20658a2 made whole cannot be shown to be as it was written: it is not believed."""
    sample = brought_back(name, tmp_path, ssh_server, account)
    result = sample.resume()
    kinds = [event["type"] for event in result.events]
    assert "spool.damaged" in kinds
    assert "archive.kept" not in kinds
    assert result.code == 0


def assert_refused(result: Result, words: str) -> None:
    """In French, saying why."""
    finished = result.finished
    assert finished["status"] == "blocked"
    assert result.code == finished["exit_code"] != 1
    assert words in finished["message"]


def assert_delivered(sample: Sample, root: Path, scratch: Path) -> None:
    """Every archive opens and holds its database; nothing unfinished is left on the Sharebox."""
    databases = sample.spec["databases"]
    assert not list(root.glob("*.part"))
    assert len(list(root.glob("*.7z"))) == len(databases)
    for number, database in enumerate(databases):
        assert (root / f"{database['archive']}.manifest.json").exists()
        base = Path(database["path"])
        arrived = extract(root / database["archive"], scratch / f"out{number}") / base.name
        assert held(arrived) == held(base)


def held(base: Path) -> object:
    """What a database holds: the rows of an SQLite one, files with their names and bytes of others."""
    if base.suffix == ".db":
        with closing(sqlite3.connect(base)) as connection:
            return connection.execute("SELECT * FROM paie").fetchall()
    return content(base) if base.is_dir() else base.read_bytes()
