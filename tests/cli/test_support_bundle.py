"""`support-bundle`: what helps is in it, and nothing that tells of anybody."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
import zipfile
from contextlib import closing
from pathlib import Path

import pexpect
import pytest

from tests.cli.place import COMMAND, Place, place_for
from tests.servers.openssh import SshServer
from tui_transfer import __version__
from tui_transfer.job.control import load
from tui_transfer.job.events import JobBlocked, WorkerStarted
from tui_transfer.job.journal import Journal
from tui_transfer.report.redaction import Redactor
from tui_transfer.settings.config import Manager, ProxySettings
from tui_transfer.settings.variables import KEY_PASSPHRASE_VARIABLE, PROXY_PASSWORD_VARIABLE

# As they stand in names of files and folders, in messages of servers, in errors of libraries.
PERSON = ("Dupont", "Élodie", "dupont", "elodie")
NUMBER = ("1850578006084", "1 85 05 78 006 084", "85 05")
NAMES = (*PERSON, *NUMBER, "Tourterelles", "tourterelles", "passerelle-nord", "proxycompte", "xyz-depot")
SECRETS = {PROXY_PASSWORD_VARIABLE: "canari-proxy", KEY_PASSPHRASE_VARIABLE: "canari-phrase"}
CONTENT = "contenu confidentiel d’une base"


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer) -> Place:
    folder = tmp_path / "Élodie Dupont" / "Tourterelles 1850578006084"
    folder.mkdir(parents=True)
    (folder / "Bulletins Dupont Élodie 1 85 05 78 006 084 36.txt").write_text(CONTENT * 100)
    database = folder.parent / "paie Dupont.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE salarie (nom TEXT)")
        connection.execute("INSERT INTO salarie VALUES (?)", (CONTENT,))
        connection.commit()
    made = place_for(tmp_path / "home", ssh_server.password)
    made.secrets.update(SECRETS)
    made.configure(ssh_server, {"Paie de Mme Dupont": database, "Les Tourterelles": folder})
    made.change(
        manager=Manager(name="Association Les Tourterelles"),
        proxy=ProxySettings(host="passerelle-nord.exemple.org", username="proxycompte"),
    )
    return made


def _bundle(place: Place, *arguments: str) -> dict[str, str]:
    file = place.folder.parent / "aide.zip"
    result = place.run("support-bundle", "--yes", *arguments, str(file))
    assert result.code == 0, result.err
    assert str(file) in result.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        entries = {name: archive.read(name).decode() for name in archive.namelist()}
    for name in entries:
        assert name in result.out, "all that is in it is shown"
    return entries


def _blocked(place: Place) -> None:
    """A failure whose details and log hold what a server, a library or a file's name may bring."""
    job = place.job()
    at = job.spec.created_at
    details = {
        "path": str(place.folder.parent / "Élodie Dupont" / "paie Dupont.db"),
        "reason": "demande refusée (« sftp-7.tourterelles.example: xyz-depot denied to dupont »)",
    }
    with Journal(job.journal) as journal:
        journal.append(WorkerStarted(at=at, pid=1, program="1.0.0"))
        journal.append(JobBlocked(at=at, problem="sharebox-refused", details=details, database=0))
    job.log.write_text(
        "2026-03-02 09:00:00,123 ERROR tui_transfer.worker unexpected\n"
        "Traceback (most recent call last):\n"
        '  File "/home/dupont/venv/lib/python3.11/site-packages/py7zr/py7zr.py", line 1205, in write\n'
        "    raise ValueError(tourterelles)\n"
        "FileNotFoundError: [Errno 2] No such file: '/home/dupont/Élodie 1850578006084.txt'\n"
    )


def test_nothing_in_it_tells_of_anybody(place: Place, ssh_server: SshServer) -> None:
    assert place.run("run", "--yes").code == 0
    _blocked(place)
    entries = _bundle(place, "--check")
    everything = "\n".join([*entries, *entries.values()])
    for name in (*NAMES, ssh_server.username, ssh_server.password, *SECRETS.values(), CONTENT, "127.0.0.1"):
        assert name not in everything, name
    assert str(place.folder) not in everything
    assert not [name for name in entries if re.search(r"7z|spool|archive|sqlite", name)]


def test_what_helps_is_in_it(place: Place) -> None:
    assert place.run("run", "--yes").code == 0
    _blocked(place)
    entries = _bundle(place, "--check")
    folder = f"transferts/{place.job().id}"
    of_job = {f"{folder}/{part}" for part in ("job.json", "journal.jsonl", "worker.log")}
    parts = {"LISEZ-MOI.txt", "versions.txt", "config.toml", "controles.txt", "transferts.txt"}
    assert set(entries) == parts | of_job
    for said in (f"tui-transfer : {__version__}", "Python : 3.", "paramiko : ", "Système : "):
        assert said in entries["versions.txt"]
    assert re.search(r"^port = \d+$", entries["config.toml"], re.MULTILINE)
    assert 'host_key = "SHA256:' in entries["config.toml"]
    assert "[OK] Bases présentes et lisibles" in entries["controles.txt"]
    assert re.search(r"\[OK\] Capacités \(\d+\xa0ms\)", entries["controles.txt"])
    assert f"{place.job().id} : bloqué, journal sans défaut visible" in entries["transferts.txt"]

    events = [json.loads(line)["event"] for line in entries[f"{folder}/journal.jsonl"].splitlines()]
    assert events[-1]["problem"] == "sharebox-refused"
    assert events[-1]["details"]["reason"].startswith("demande refusée (« sftp-#")
    sealed = next(event for event in events if event["type"] == "archive.sealed")
    assert re.fullmatch("[0-9a-f]{64}", sealed["sha256"])
    assert sealed["size"] > 100
    databases = json.loads(entries[f"{folder}/job.json"])["databases"]
    shared = set(re.findall(r"#\d+", databases[0]["path"])) & set(re.findall(r"#\d+", databases[1]["path"]))
    assert shared, "the same word is the same number"

    log = entries[f"{folder}/worker.log"]
    assert "2026-03-02 09:00:00,123 ERROR tui_transfer.worker unexpected" in log
    assert 'File "py7zr/py7zr.py", line 1205, in write' in log
    assert "FileNotFoundError: [Errno 2] No such file" in log


def test_damaged_jobs_and_settings_are_what_one_wants_to_see(place: Place) -> None:
    assert place.run("run", "--yes").code == 0
    job = place.job()
    job.journal.write_bytes(job.journal.read_bytes()[:-40] + b"Dupont \xff\n")
    job.spec_file.write_text('{"manager": "Dupont')
    (place.home.jobs / "Dupont").mkdir()
    (place.home.jobs / "Dupont" / "journal.jsonl").write_text("Dupont\n")
    place.home.config_file.write_text('[manager]\nname = "Dupont"\npassword = "canari"\n')
    entries = _bundle(place)
    everything = "\n".join([*entries, *entries.values()])
    assert "Dupont" not in everything
    assert "canari" not in everything
    assert "journal-invalid" in entries["transferts.txt"]
    assert entries["config.toml"].startswith("# ")
    assert f"transferts/{job.id}/journal.jsonl" in entries


def test_the_vocabulary_holds_no_name() -> None:
    """The commonest surnames and first names of France, as people write them."""
    names = (
        "Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy "
        "Roux David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller "
        "Mercier Blanc Guerin Boyer Garnier Chevalier Francois Legrand Gauthier Garcia Perrin Robin Clement "
        "Marie Jean Pierre Michel André Philippe Nathalie Isabelle Alain Patrick Jacques Catherine Monique "
        "Rose Claire Camille Anne Sophie Julien Nicolas Tomczyk Lemaire Marchand Charpentier Boucher Berger"
    )
    left = [name for name in names.split() if "#" not in Redactor().text(name)]
    assert left == []


def test_it_asks_and_makes_nothing_without_a_yes(place: Place) -> None:
    file = place.folder.parent / "aide.zip"
    refused = place.run("support-bundle", str(file))
    assert refused.code == 2
    assert "--yes" in refused.err
    assert not file.exists()
    for answer, made in (("non", False), ("oui", True)):
        terminal = pexpect.spawn(
            COMMAND[0],
            [*COMMAND[1:], "support-bundle", str(file)],
            env=place.environment(),
            timeout=60,
            encoding="utf-8",
        )
        terminal.expect("versions.txt")
        terminal.expect("remplacés par des")
        terminal.expect("Créer ce fichier")
        terminal.sendline(answer)
        terminal.expect(pexpect.EOF)
        terminal.wait()
        assert file.exists() is made
        assert (terminal.exitstatus == 0) is made


def test_without_a_name_it_is_made_where_one_is(place: Place, tmp_path: Path) -> None:
    here = tmp_path / "ici"
    here.mkdir()
    result = place.run("support-bundle", "--yes", through=["env", "-C", str(here)])
    assert result.code == 0, result.err
    (made,) = here.iterdir()
    assert re.fullmatch(r"tui-transfer-aide-\d{8}-\d{6}\.zip", made.name)
    assert made.name in result.out


def test_a_place_that_takes_no_file_is_explained(place: Place) -> None:
    result = place.run("support-bundle", "--yes", "/proc/aide.zip")
    assert result.code == 10
    assert "/proc/aide.zip" in result.err


def test_a_job_is_as_it_was(place: Place) -> None:
    assert place.run("run", "--yes").code == 0
    job = place.job()
    before = {path: path.read_bytes() for path in job.folder.rglob("*") if path.is_file()}
    _bundle(place)
    assert {path: path.read_bytes() for path in job.folder.rglob("*") if path.is_file()} == before
    assert load(job.folder).spec == job.spec
