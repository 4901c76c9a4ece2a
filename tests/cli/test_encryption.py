"""Archives with a passphrase: it opens them, nothing else does, and it is kept nowhere."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.place import LIMIT, Place, archives, blocks_packed, place_for
from tests.cli.terminal import at_terminal
from tests.programs import require
from tests.servers.openssh import SshServer
from tests.servers.processes import wait_until
from tests.servers.relay import relay
from tui_transfer.archive.blocks import BLOCK_SIZE
from tui_transfer.archive.encryption import ArchiveKey, new_salt
from tui_transfer.archive.passphrase import SEPARATOR, WORDS, words
from tui_transfer.archive.true_names import NAME
from tui_transfer.job import control
from tui_transfer.job.events import ArchiveLocked, ArchiveSealed
from tui_transfer.job.journal import Journal
from tui_transfer.job.remains import spool_contents
from tui_transfer.job.spec import make_spec
from tui_transfer.settings import config
from tui_transfer.settings.config import TransferSettings
from tui_transfer.settings.variables import ARCHIVE_PASSWORD_VARIABLE

PASSPHRASE = "canari-tulipe-marbre-volcan-sirop-été"
NUMBER = "1850578006084-CANARI"
FILE = "salaries-canari.txt"
RENAMED = "primes: canari.txt"
"""Some systems cannot restore that name."""
GIVEN = {ARCHIVE_PASSWORD_VARIABLE: PASSPHRASE}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    base = tmp_path / "bases" / "Dossier"
    base.mkdir(parents=True)
    (base / FILE).write_text(f"{NUMBER}\n" * 1000)
    (base / RENAMED).touch()
    return base


@pytest.fixture
def payroll(tmp_path: Path) -> Path:
    database = tmp_path / "paie.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE salarie (numero TEXT)")
        connection.executemany("INSERT INTO salarie VALUES (?)", [(NUMBER,)] * 1000)
        connection.execute("INSERT INTO salarie VALUES (?)", (os.urandom(3 * BLOCK_SIZE),))
        connection.commit()
    return database


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer) -> Place:
    return place_for(tmp_path / "home", ssh_server.password)


def configure(place: Place, server: SshServer, base: Path, **transfer: object) -> None:
    place.configure(server, {"Base": base})
    place.change(transfer=TransferSettings(encrypt=True, **transfer))  # type: ignore[arg-type]


def opened(server: SshServer, into: Path, passphrase: str) -> Path:
    """What arrived, unpacked by the official 7-Zip."""
    (archive,) = archives(server.root)
    command = [require("7zz"), "x", f"-p{passphrase}", f"-o{into}", str(archive)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Everything is Ok" in done.stdout, done.stdout + done.stderr
    return into


def files_with(secret: str, *folders: Path) -> list[Path]:
    """The files below folders that hold a text, or have it in their names."""
    found = [path for folder in folders for path in folder.rglob("*")]
    return [
        path
        for path in found
        if secret in path.name or (path.is_file() and secret.encode() in path.read_bytes())
    ]


@pytest.mark.parametrize("compression", ["auto", 0])
def test_a_given_passphrase_opens_what_arrives_and_is_in_no_file(
    place: Place, ssh_server: SshServer, folder: Path, tmp_path: Path, compression: object
) -> None:
    configure(place, ssh_server, folder, compression=compression)
    done = place.run("run", "--yes", "--json", **GIVEN)
    assert done.code == 0, done.err
    assert done.finished["databases"][0]["verified"] in ("server-hash", "read-back")
    arrived = opened(ssh_server, tmp_path / "x", PASSPHRASE) / "Dossier" / FILE
    assert arrived.read_text() == (folder / FILE).read_text()

    report, draft, bundle = place.run("report"), tmp_path / "message.eml", tmp_path / "bundle"
    assert place.run("report", "--eml", str(draft)).code == 0
    assert place.run("support-bundle", "--yes", f"{bundle}.zip", **GIVEN).code == 0
    subprocess.run([require("7zz"), "x", f"-o{bundle}", f"{bundle}.zip"], capture_output=True, check=True)
    written = [place.folder, ssh_server.root, bundle]
    for secret in (PASSPHRASE, NUMBER, FILE, RENAMED):
        assert files_with(secret, *written) == []
        assert secret not in done.out + report.out + draft.read_text()
    for secret in (PASSPHRASE, NUMBER, FILE):
        assert secret not in done.err
    assert "7-Zip" in report.out
    assert PASSPHRASE.split("-")[1] not in done.out + done.err + report.out


def test_the_manifest_names_no_file_and_compares_no_content(
    place: Place, ssh_server: SshServer, folder: Path
) -> None:
    place.configure(ssh_server, {"Base": folder})
    assert place.run("run", "--yes").code == 0, "in clear: the content is known"
    clear = {*ssh_server.root.iterdir()}
    configure(place, ssh_server, folder)
    assert place.run("run", "--yes", **GIVEN).code == 0
    (file,) = {*ssh_server.root.glob("*.manifest.json")} - clear
    manifest = json.loads(file.read_text())
    assert (manifest["encrypted"], manifest["files"]) == ("7zAES", [])
    assert manifest["archive"]["size"] == file.with_name(manifest["archive"]["name"]).stat().st_size
    assert "content" not in manifest
    assert "same_content" not in manifest["supersedes"], "unknown is not different"


def test_the_names_that_are_stored_otherwise_are_in_the_archive_and_counted_beside_it(
    place: Place, ssh_server: SshServer, folder: Path, tmp_path: Path
) -> None:
    configure(place, ssh_server, folder)
    done = place.run("run", "--yes", **GIVEN)
    assert done.code == 0, done.err
    (file,) = ssh_server.root.glob("*.manifest.json")
    assert json.loads(file.read_text())["true_names"] == 1
    said = "Nom d’origine : dans l’archive, le fichier noms-d-origine.json"
    for told in (done.out, place.run("report").out):
        assert said in told.replace("\xa0", " ")
    (entry,) = json.loads((opened(ssh_server, tmp_path / "x", PASSPHRASE) / NAME).read_text())["names"]
    assert entry["name"] == f"Dossier/{RENAMED}"
    assert (tmp_path / "x" / entry["stored_as"]).is_file()


def test_without_a_passphrase_and_without_a_person_nothing_is_begun(
    place: Place, ssh_server: SshServer, folder: Path
) -> None:
    configure(place, ssh_server, folder)
    refused = place.run("run", "--yes", "--json")
    assert refused.code == 18
    assert refused.finished["status"] == "blocked"
    assert refused.finished["job"] is None
    assert ARCHIVE_PASSWORD_VARIABLE in place.run("run", "--yes").err
    assert control.list_jobs(place.home) == []
    assert archives(ssh_server.root) == []


def test_a_person_is_shown_the_one_that_is_made_once_and_it_is_kept_nowhere(
    place: Place, ssh_server: SshServer, folder: Path, tmp_path: Path
) -> None:
    configure(place, ssh_server, folder)
    with at_terminal(place, "run") as person:
        person.answers("Transférer 1.base", "oui")
        person.answers("archives est-elle notée", "oui")
        said = person.sees_it_end(0)
    made = re.findall(rf"^ +((?:[a-z]+{SEPARATOR}){{{WORDS - 1}}}[a-z]+)\r?$", said, re.MULTILINE)
    assert len(made) == 1
    assert set(made[0].split(SEPARATOR)) <= set(words())
    assert said.count(made[0]) == 1
    assert "par téléphone" in " ".join(said.split())
    assert (opened(ssh_server, tmp_path / "x", made[0]) / "Dossier" / FILE).exists()
    assert files_with(made[0], place.folder, ssh_server.root) == []


def test_who_has_not_noted_it_begins_nothing(place: Place, ssh_server: SshServer, folder: Path) -> None:
    configure(place, ssh_server, folder)
    with at_terminal(place, "run") as person:
        person.answers("Transférer 1.base", "oui")
        person.answers("archives est-elle notée", "non")
        person.sees_it_end(2)
    assert control.list_jobs(place.home) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("treize signes", "n’a que 13 caractères, et il en faut au moins 14"),
        ("ÿ", "n’a que 1 caractère,"),
        ("quatorze signe ", "des espaces à ses bords"),
        ("quatorze\tsignes", "que personne ne peut voir"),
        (os.fsdecode("été à la claire fontaine".encode("latin-1")), "n’est pas du texte en UTF-8"),
    ],
)
def test_a_given_passphrase_that_protects_nothing_begins_nothing(
    place: Place, ssh_server: SshServer, folder: Path, given: str, said: str
) -> None:
    configure(place, ssh_server, folder)
    refused = place.run("run", "--yes", "--json", **{ARCHIVE_PASSWORD_VARIABLE: given})
    assert (refused.code, refused.finished["problem"]) == (2, "secret-unfit")
    assert said in refused.finished["message"].replace("\xa0", " ")
    assert given not in refused.out + refused.err
    assert control.list_jobs(place.home) == []
    with at_terminal(place, "run", **{ARCHIVE_PASSWORD_VARIABLE: given}) as person:
        person.sees_it_end(2)  # without being asked anything


def test_one_that_began_before_with_a_short_one_goes_on_with_it(
    place: Place, ssh_server: SshServer, folder: Path
) -> None:
    configure(place, ssh_server, folder)
    settings = config.load(place.home.config_file)
    spec = make_spec(settings, [("Base", folder)], datetime.now(UTC))
    job = control.create(place.home, spec)
    key = ArchiveKey.derive("courte", new_salt())
    with Journal(job.journal) as journal:
        journal.append(ArchiveLocked(at=datetime.now(UTC), salt=key.salt.hex(), check=key.check))
    assert place.run("resume", "--json", **{ARCHIVE_PASSWORD_VARIABLE: "courte"}).code == 0


@pytest.mark.parametrize("given", ["é€ à la claire", "quatorze signes, et plus", "clé 😀 de la paie"])
def test_any_text_that_is_long_enough_opens_what_arrives(
    place: Place, ssh_server: SshServer, folder: Path, tmp_path: Path, given: str
) -> None:
    configure(place, ssh_server, folder)
    done = place.run("run", "--yes", **{ARCHIVE_PASSWORD_VARIABLE: given})
    assert done.code == 0, done.err
    assert (opened(ssh_server, tmp_path / "x", given) / "Dossier" / FILE).is_file()


def test_an_interrupted_one_asks_again_notices_another_and_packs_no_block_twice(
    place: Place, ssh_server: SshServer, payroll: Path, tmp_path: Path
) -> None:
    configure(place, ssh_server, payroll, compression=9)
    given = Place(place.folder, place.secrets | GIVEN)
    with given.started("run", "--yes", "--json") as command:
        wait_until(lambda: blocks_packed(place) >= 6, seconds=120, what="blocks packed")
        pid = control.Follower(place.job()).state.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        command.communicate(timeout=LIMIT)
    assert spool_contents(place.job()).snapshot > 0, "killed, it could not remove it"

    asked = place.run("resume", "--json")
    assert asked.code == 18
    assert asked.finished["problem"] == "archive-passphrase-needed"
    assert spool_contents(place.job()).snapshot == 0, "a blocked job keeps no copy in clear"
    another = place.run("resume", "--json", **{ARCHIVE_PASSWORD_VARIABLE: "une autre"})
    assert another.code == 18
    assert another.finished["problem"] == "archive-passphrase-wrong"

    with at_terminal(place, "resume") as person:
        person.answers("Phrase secrète des archives", PASSPHRASE)
        said = person.sees_it_end(0)
    assert PASSPHRASE not in said
    events = control.Follower(place.job(), unread=True).poll()
    (sealed,) = (event for event in events if isinstance(event, ArchiveSealed))
    assert sealed.reused >= 6
    assert (
        opened(ssh_server, tmp_path / "x", PASSPHRASE) / payroll.name
    ).read_bytes() == payroll.read_bytes()
    assert files_with(PASSPHRASE, place.folder) == []


def test_what_is_packed_is_sent_without_it(place: Place, ssh_server: SshServer, tmp_path: Path) -> None:
    noise = tmp_path / "bruit.bin"
    noise.write_bytes(os.urandom(2_000_000))
    with relay(ssh_server.port) as line:
        line.rate = 100_000
        place.configure(ssh_server, {"Base": noise}, port=line.port)
        place.change(transfer=TransferSettings(encrypt=True))
        with Place(place.folder, place.secrets | GIVEN).started("run", "--yes", "--json") as command:
            wait_until(
                lambda: (
                    bool(control.list_jobs(place.home))
                    and control.Follower(place.job()).state.databases[0].sealed
                ),
                seconds=60,
                what="a whole archive",
            )
            control.stop(place.job())
            command.communicate(timeout=LIMIT)
        assert command.returncode == 12
        line.rate = None
        resumed = place.run("resume")
    assert resumed.code == 0, resumed.err
    assert (opened(ssh_server, tmp_path / "x", PASSPHRASE) / noise.name).read_bytes() == noise.read_bytes()
