"""« It knows what was done »: what was handed over, what is not finished, whether the report was sent."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.cli.place import Place, archives, place_for
from tests.servers.openssh import SshServer
from tui_transfer.job.events import ArchiveStarted
from tui_transfer.job.journal import Journal, JournalReader
from tui_transfer.settings import config

WRONG = {"TUI_TRANSFER_SFTP_PASSWORD": "incorrect"}
UNCHANGED = "inchangée depuis"
CHANGED = "modifiée depuis"


@pytest.fixture
def bases(tmp_path: Path) -> dict[str, Path]:
    made = {"Fichier": tmp_path / "paie.bin", "Dossier": tmp_path / "dossiers", "SQLite": tmp_path / "b.db"}
    made["Fichier"].write_bytes(os.urandom(2_000))
    made["Dossier"].mkdir()
    for name in ("un", "deux"):
        (made["Dossier"] / name).write_bytes(os.urandom(1_000))
    with closing(sqlite3.connect(made["SQLite"])) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE salaires (montant)")
        base.commit()
    return made


@pytest.fixture
def place(tmp_path: Path, ssh_server: SshServer, bases: dict[str, Path]) -> Place:
    made = place_for(tmp_path / "home", ssh_server.password)
    made.configure(ssh_server, bases)
    return made


def told(place: Place, *wanted: str) -> dict[str, str]:
    """What a run that is not agreed to says of each base, by its name."""
    err = place.run("run", *wanted, typed="").err
    lines = [line.partition(" : ") for line in err.splitlines() if "remise le" in line]
    return {name: sentence for name, _, sentence in lines}


def test_what_was_handed_over_and_is_as_it_was_is_told_with_its_date(
    place: Place, ssh_server: SshServer, bases: dict[str, Path]
) -> None:
    assert told(place) == {}
    assert place.run("run", "--yes").code == 0
    year = str(place.job().spec.created_at.year)
    before = told(place)
    assert sorted(before) == sorted(bases)
    for name, sentence in before.items():
        assert sentence.startswith("déjà remise le "), name
        assert year in sentence
        assert sentence.endswith(f"{UNCHANGED}."), name
    again = place.run("run", "--yes", "Fichier", "--json")
    assert again.code == 0, "it is told, and does not keep anybody from it"
    assert UNCHANGED in again.err
    assert len(archives(ssh_server.root)) == 4


def _same_size_and_time(folder: Path) -> None:
    """The newest of its files and the sum of its sizes are what they were."""
    one, two = folder / "un", folder / "deux"
    info = one.stat()
    two.write_bytes(os.urandom(1_000))
    os.utime(two, ns=(info.st_atime_ns, info.st_mtime_ns - 1_000_000_000))


def _write(path: Path) -> None:
    with closing(sqlite3.connect(path)) as base:
        base.execute("INSERT INTO salaires VALUES (1)")
        base.commit()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("Fichier", lambda path: path.write_bytes(path.read_bytes())),
        ("Dossier", lambda path: (path / "trois").write_bytes(b"")),
        ("Dossier", lambda path: (path / "un").rename(path / "zéro")),
        ("Dossier", _same_size_and_time),
        ("SQLite", _write),
    ],
    ids=["written again", "one more file", "renamed", "an older file of the same size", "SQLite"],
)
def test_what_was_written_to_since_is_told_as_changed(
    place: Place, bases: dict[str, Path], name: str, change: object
) -> None:
    assert place.run("run", "--yes", name).code == 0
    assert told(place, name)[name].endswith(f"{UNCHANGED}.")
    change(bases[name])  # type: ignore[operator]
    assert told(place, name)[name].endswith(f"{CHANGED}.")


def test_what_merely_comes_and_goes_in_a_folder_is_no_change(place: Place, bases: dict[str, Path]) -> None:
    assert place.run("run", "--yes", "Dossier").code == 0
    lock = bases["Dossier"] / "ouverte"
    lock.touch()
    lock.unlink()
    assert told(place, "Dossier")["Dossier"].endswith(f"{UNCHANGED}.")


def test_what_went_to_another_account_was_not_handed_over_here(
    place: Place, ssh_server: SshServer, bases: dict[str, Path]
) -> None:
    assert place.run("run", "--yes", "Fichier").code == 0
    place.configure(ssh_server, bases, directory="/ailleurs")
    assert told(place, "Fichier") == {}


def test_a_transfer_of_before_the_stamps_tells_when_and_no_more(place: Place) -> None:
    """Of an earlier version: its journal has no stamps."""
    assert place.run("run", "--yes", "Fichier").code == 0
    journal = place.job().journal
    events = list(JournalReader(journal).read())
    journal.unlink()
    with Journal(journal) as written:
        for event in events:
            written.append(replace(event, stamps="") if isinstance(event, ArchiveStarted) else event)
    sentence = told(place, "Fichier")["Fichier"]
    assert sentence.startswith("remise le ")
    assert UNCHANGED not in sentence
    assert CHANGED not in sentence


def test_jobs_reminds_of_what_is_not_finished_and_of_the_report(place: Place) -> None:
    assert place.run("run", "--yes", "Fichier", **WRONG).code == 7
    unfinished = place.job()
    assert place.run("run", "--yes", "Dossier").code == 0
    done = place.job()
    listed = place.run("jobs")
    assert "À reprendre : le transfert du" in listed.err
    assert f"tui-transfer resume {unfinished.id}" in listed.err
    assert f"tui-transfer report {done.id} --sent" in listed.err
    assert json.loads(place.run("jobs", "--json").out.splitlines()[0])["report_sent_at"] is None

    ticked = place.run("report", done.id, "--sent")
    assert ticked.code == 0
    assert "Rapport envoyé, coché le" in ticked.out
    assert "Antivirus. Réactivez-le" in ticked.out
    assert str(config.receipts_beside(place.home.jobs) / done.id) in ticked.out
    assert "--sent" not in place.run("jobs").err
    assert json.loads(place.run("jobs", "--json").out.splitlines()[0])["report_sent_at"]
    receipt = place.home.receipts / done.id / f"recu-{done.id}.json"
    assert place.run("receipt", "--check", str(receipt)).code == 0, "the receipt holds, ticked or not"

    assert "Rapport à envoyer" in place.run("report", done.id, "--not-sent").out
    assert "--sent" in place.run("jobs").err
    assert place.run("report", done.id, "--sent", "--eml", "x.eml").code == 2


# --- A configuration that was received ---


def test_a_received_configuration_is_shown_and_the_former_kept(place: Place, tmp_path: Path) -> None:
    former = place.home.config_file.read_bytes()
    received = tmp_path / "config.toml"
    received.write_bytes(b"# re\xc3\xa7u\n" + former.replace("Association d'Été".encode(), b"Autre"))
    refused = place.run("config", "import", str(received))
    assert refused.code != 0, "nobody agreed"
    assert "Association : Autre" in refused.err
    assert place.home.config_file.read_bytes() == former
    taken = place.run("config", "import", str(received), "--yes")
    assert taken.code == 0, taken.err
    assert place.home.config_file.read_bytes() == received.read_bytes(), "as it was received"
    (kept,) = place.home.config_file.parent.glob("config.toml.old*")
    assert kept.read_bytes() == former
    assert str(kept) in taken.out


def test_all_that_is_wrong_is_told_at_once_and_nothing_changes(place: Place) -> None:
    former = place.home.config_file.read_bytes()
    told = place.run("config", "import", "-", "--yes", typed="[manager]\nname = 3\n[sharebox]\nport = 'x'\n")
    assert told.code == 2
    for key in ("manager.name", "sharebox.port", "sharebox.host", "sharebox.username"):
        assert key in told.err
    assert "Rien n’est changé." in told.err
    assert place.home.config_file.read_bytes() == former
    assert place.run("config", "import", "/nulle/part", "--yes").code != 0
