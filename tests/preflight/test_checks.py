"""What the program sees by itself, with real files and real processes; and what a transfer goes without."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
import pytest

from tests.archive.foxpro import container, salaries
from tests.job.examples import START, settings
from tests.programs import require
from tests.servers.processes import wait_until
from tui_transfer.archive.companions import Selection
from tui_transfer.job import control
from tui_transfer.job.events import ArchiveSealed, Delivered
from tui_transfer.job.journal import Journal
from tui_transfer.job.spec import make_spec
from tui_transfer.preflight import checks
from tui_transfer.preflight.checks import Check, Verdict
from tui_transfer.preflight.statements import STATEMENTS, Group, Ticks
from tui_transfer.preflight.unmet import find_unmet
from tui_transfer.settings.config import Home, ShareboxSettings
from tui_transfer.system import account


@contextmanager
def held_open(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another program has the file open."""
    process = subprocess.Popen([require("tail"), "-f", str(path)], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: any(file.path == str(path) for file in psutil.Process(process.pid).open_files()))
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    folder = tmp_path / "home"
    return Home(folder / "config.toml", folder)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.fdb"
    path.write_bytes(b"x" * 1000)
    return path


def check(
    key: str, databases: list[checks.Database], home: Home, selected: checks.Selections | None = None
) -> Check:
    found = checks.check_databases(databases, selected or {}, home)
    return next(one for one in found if one.key == key)


def test_a_database_in_order_passes_every_check(base: Path, home: Home) -> None:
    found = checks.check_all([("Base", base)], {}, home, None)
    assert [item.key for item in found] == ["readable", "health", "names", "companions", "open", "space"]
    assert {item.verdict for item in found} == {Verdict.OK}


def test_an_open_database_is_named_with_the_program_and_so_is_a_folder_with_an_open_file(
    base: Path, home: Home
) -> None:
    with held_open(base) as process:
        found = check("open", [("Autre", home.data / "x"), ("Base", base), ("Dossier", base.parent)], home)
    program = f"tail (processus {process.pid})"
    assert found.verdict is Verdict.WARNING
    assert found.finding == f"« Base » est ouverte dans {program}. « Dossier » est ouverte dans {program}."
    assert found.explanation == f"{found.finding} Fermez-y la base, ou quittez ce programme."
    assert check("open", [("Base", base)], home).verdict is Verdict.OK


@pytest.mark.linux
def test_the_programs_own_worker_does_not_count(base: Path, home: Home) -> None:
    script = "import sys; file = open(sys.argv[2]); print(flush=True); sys.stdin.read()"
    python = require("python3")
    for module, verdict in (("tui_transfer.worker", Verdict.OK), ("autre.worker", Verdict.WARNING)):
        command = [python, "-c", script, module, str(base)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            found = check("open", [("Base", base)], home)
            process.communicate()
            assert found.verdict is verdict


def test_a_lock_file_is_named_with_its_database(base: Path, home: Home) -> None:
    lock = base.with_name("base.fdb.lck")
    lock.touch()
    assert check("companions", [("Base", base)], home).verdict is Verdict.OK, "an empty one is a left-over"
    lock.write_text("1")
    found = check("companions", [("Base", base)], home)
    assert found.verdict is Verdict.WARNING
    assert "base.fdb.lck à côté de « Base »" in found.finding
    assert str(base.parent) not in found.finding


def access_lock(*users: tuple[bytes, bytes]) -> bytes:
    return b"".join(station.ljust(32, b"\0") + user.ljust(32, b"\0") for station, user in users)


@pytest.mark.parametrize(
    ("database", "lock", "content", "told"),
    [
        ("paie.mdb", "paie.ldb", 2 * access_lock((b"COMPTA-1", b"Admin"), (b"ACCUEIL", b"Zo\xe9")),
         "paie.ldb (poste COMPTA-1, utilisateur Admin, poste ACCUEIL, utilisateur Zoé)"),
        ("Paie.accdb", "PAIE.laccdb", access_lock((b"PC-1\0reste", b"\x1b[2J")), "PAIE.laccdb (poste PC-1"),
        ("paie.mv.db", "paie.lock.db", b"#FileLock\n#Mon\nmethod=file\nserver=192.168.1.7\\:9092\nid=1\n",
         "paie.lock.db (poste 192.168.1.7:9092)"),
        ("paie.odb", ".~lock.paie.odb#", "Zoé Martin,zoe,compta-2,29.11.2026 10:00,file:///home/zoe;".encode(),
         ".~lock.paie.odb# (poste compta-2, utilisateur Zoé Martin)"),
        ("base.db", "PDOXUSRS.LCK", b"\1\2", "PDOXUSRS.LCK à côté"),
        ("paie.script", "paie.lck", b"HSQLLOCK", "paie.lck à côté"),
        ("paie.mdb", "paie.mdb.ldb", b"x", None),
        ("paie.mdb", "paie.laccdb", b"x", None),
    ],
)  # fmt: skip
def test_a_lock_names_whom_it_knows(
    home: Home, tmp_path: Path, database: str, lock: str, content: bytes, told: str | None
) -> None:
    path = tmp_path / database
    path.write_bytes(b"x")
    (tmp_path / lock).write_bytes(content)
    found = check("companions", [("Base", path)], home)
    assert found.verdict is (Verdict.WARNING if told else Verdict.OK)
    assert (told or "") in found.finding
    assert "\x1b" not in found.finding


def test_a_lock_in_a_folder_of_tables_is_found_too(home: Home, tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    for name in ("paie.db", "PDOXUSRS.LCK", "notes.lck"):
        (tables / name).write_text("x")
    found = check("companions", [("Base", tables)], home)
    assert found.finding == "Fichiers d’une base ouverte : PDOXUSRS.LCK à côté de « Base »."


@pytest.mark.parametrize("kind", ["file", "folder", "empty files", "main file"])
def test_what_holds_no_data_is_told(home: Home, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "PAIE.FIC"
    wanted = "ce fichier est vide (0 octet)"
    if kind == "file":
        path.touch()
    elif kind == "main file":
        path.touch()
        path.with_suffix(".mmo").write_text("memos")
        wanted = "PAIE.FIC est vide (0 octet)"
    else:
        path.mkdir()
        wanted = "ce dossier ne contient aucun fichier"
        if kind == "empty files":
            (path / "a").touch()
            wanted = "ce dossier ne contient que des fichiers vides"
    assert check("health", [("Paie", path)], home).finding == f"« Paie » : {wanted}."
    assert f"« Paie » : {wanted}." in find_unmet(home, [("Paie", path)], {}).findings
    (path / "b" if path.is_dir() else path).write_text("x")
    assert check("health", [("Paie", path)], home).verdict is Verdict.OK


def test_a_base_that_shrank_since_its_last_delivery_is_told(home: Home, tmp_path: Path) -> None:
    base, other = tmp_path / "base.fdb", tmp_path / "autre.fdb"
    for path, size in ((base, 499), (other, 100)):
        path.write_bytes(bytes(size))
    deliver(home, base, 5000)  # the last one counts
    deliver(home, base, 1000)
    deliver(home, other, 1000, delivered=False)
    found = check("health", [("Base", base), ("Autre", other)], home)
    assert found.finding == (
        "« Base » ne pèse que 499\xa0o ; elle en pesait 1,0\xa0Ko à sa dernière remise, le 2\xa0mars 2026."
    )
    base.write_bytes(bytes(500))
    assert check("health", [("Base", base)], home).verdict is Verdict.OK


def deliver(home: Home, base: Path, size: int, *, delivered: bool = True) -> None:
    """A job that is over."""
    job = control.create(home, make_spec(settings(), [("Base", base)], START))
    with Journal(job.journal) as journal:
        journal.append(
            ArchiveSealed(at=START, database=0, size=9, sha256="0" * 64, source_size=size, files=1)
        )
        if delivered:
            journal.append(Delivered(at=START, database=0, path="a.7z", verified="read-back"))


def test_each_doubled_name_is_given(base: Path, home: Home) -> None:
    names = ("Paie", "PAIE", "Base", "base", "Base", "Seule")
    found = check("names", [(name, base) for name in names], home)
    assert found.verdict is Verdict.FAILED
    assert found.explanation == (
        "Le nom « PAIE » est porté par 2\xa0bases : renommez-en. "
        "Le nom « Base » est porté par 3\xa0bases : renommez-en."
    )


def test_the_room_that_is_missing_is_given(base: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = 1000 + 64_000_000
    usage = shutil.disk_usage(base.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=needed))
    assert check("space", [("Base", base)], home).verdict is Verdict.OK
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=needed - 12_300_000))
    found = check("space", [("Base", base)], home)
    assert found.verdict is Verdict.FAILED
    assert f"Il manque 12,3\xa0Mo sur le disque de {home.data}" in found.explanation


def test_a_missing_database_is_named_and_the_others_are_still_checked(base: Path, home: Home) -> None:
    gone = base.with_name("partie.fdb")
    found = check("readable", [("Base", base), ("Partie", gone)], home)
    assert found.verdict is Verdict.FAILED
    assert str(gone) in found.explanation
    assert check("space", [("Base", base), ("Partie", gone)], home).verdict is Verdict.OK


# --- What is sent, and nothing else, is looked at ---

WITHOUT = {"Paie": Selection(without=("Paie.MMO",))}


@pytest.fixture
def hfsql(tmp_path: Path) -> Path:
    for name in ("PAIE.FIC", "Paie.MMO", "PAIE.odt"):
        (tmp_path / name).write_bytes(bytes(2000))
    return tmp_path / "PAIE.FIC"


def test_a_companion_that_is_sent_is_open_somewhere(hfsql: Path, home: Home) -> None:
    with held_open(hfsql.with_name("Paie.MMO")) as process:
        found = check("open", [("Paie", hfsql)], home)
        assert found.finding == f"« Paie » est ouverte dans tail (processus {process.pid})."
        assert check("open", [("Paie", hfsql)], home, WITHOUT).verdict is Verdict.OK
        assert find_unmet(home, [("Paie", hfsql)], {}).findings == (found.finding,)
        assert find_unmet(home, [("Paie", hfsql)], WITHOUT).findings == ()


def test_a_file_that_a_person_added_is_locked(hfsql: Path, home: Home) -> None:
    hfsql.with_name(".~lock.PAIE.odt#").write_text("Camille,camille,poste-3,02.03.2022 14:05,file:///;")
    with_notes = {"Paie": Selection(also=("PAIE.odt",))}
    assert check("companions", [("Paie", hfsql)], home).verdict is Verdict.OK
    found = check("companions", [("Paie", hfsql)], home, with_notes)
    assert ".~lock.PAIE.odt# (poste poste-3, utilisateur Camille) à côté de « Paie »" in found.finding
    hfsql.with_name("Paie.MMO.lck").write_text("1")
    assert "Paie.MMO.lck" in check("companions", [("Paie", hfsql)], home).finding
    assert check("companions", [("Paie", hfsql)], home, WITHOUT).verdict is Verdict.OK


def test_a_lock_is_told_once_whatever_leads_to_its_folder(hfsql: Path, home: Home, tmp_path: Path) -> None:
    hfsql.with_name("PAIE.FIC.lck").write_text("1")
    (tmp_path / "ailleurs").symlink_to(hfsql.parent)
    found = check("companions", [("Paie", tmp_path / "ailleurs" / "PAIE.FIC")], home)
    assert found.finding == "Fichiers d’une base ouverte : PAIE.FIC.lck à côté de « Paie »."


def test_a_table_of_a_container_is_locked(tmp_path: Path, home: Home) -> None:
    base = container(tmp_path / "paie.dbc", ["salaires"])
    salaries(tmp_path / "salaires.dbf", b"paie.dbc")
    (tmp_path / ".~lock.salaires.dbf#").write_text("Camille,camille,poste-3,,;")
    assert "salaires.dbf#" in check("companions", [("Paie", base)], home).finding


@pytest.mark.linux
def test_what_stays_here_is_no_obstacle_and_has_no_weight(hfsql: Path, home: Home) -> None:
    deliver(home, hfsql, 4000)
    assert check("health", [("Paie", hfsql)], home).verdict is Verdict.OK
    hfsql.write_bytes(bytes(1500))
    assert "ne pèse que 1,5" in check("health", [("Paie", hfsql)], home, WITHOUT).finding
    hfsql.with_name("Paie.MMO").unlink()
    hfsql.with_name("Paie.MMO").symlink_to("nulle part")
    assert check("readable", [("Paie", hfsql)], home).verdict is Verdict.FAILED
    assert check("readable", [("Paie", hfsql)], home, WITHOUT).verdict is Verdict.OK


# --- Going on without ---


def test_what_another_window_ticked_stays_ticked(home: Home) -> None:
    ours, theirs = Ticks(home), Ticks(home)
    theirs.set_ticked(STATEMENTS[0].key, True)
    ours.set_ticked(STATEMENTS[1].key, True)
    assert set(Ticks(home).keys) == set(ours.keys) == {item.key for item in STATEMENTS[:2]}


def test_what_is_ticked_days_before_is_not_missing(base: Path, home: Home) -> None:
    for statement in STATEMENTS[1:]:
        Ticks(home).set_ticked(statement.key, True)
    unmet = find_unmet(home, [("Base", base)], {})
    assert unmet.lines == [f"1\xa0prérequis n’est pas coché : {STATEMENTS[0].short}."]
    Ticks(home).set_ticked(STATEMENTS[0].key, True)
    unmet = find_unmet(home, [("Base", base)], {})
    assert not unmet
    assert unmet.waive(asked=True) is None


def test_a_waiver_holds_who_and_what_was_seen(base: Path, home: Home) -> None:
    with held_open(base) as process:
        unmet = find_unmet(home, [("Base", base)], {})
    finding = f"« Base » est ouverte dans tail (processus {process.pid})."
    assert unmet.lines[0].startswith("10\xa0prérequis ne sont pas cochés : noms de dossiers uniques, ")
    assert unmet.lines[1:] == [finding]
    waiver = unmet.waive(asked=False)
    assert waiver is not None
    assert (waiver.by, waiver.asked, waiver.findings) == (account.current().name, False, (finding,))


def test_every_statement_of_the_fact_sheet_has_a_line_of_help() -> None:
    assert [sum(item.group is group for item in STATEMENTS) for group in Group] == [7, 3]
    assert len({item.short for item in STATEMENTS} | {item.text for item in STATEMENTS}) == 20
    for item in STATEMENTS:
        assert 20 < len(item.help) <= 110
        assert len(item.short) <= 42


@pytest.mark.linux
def test_a_key_that_others_may_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "ma clé"
    file.write_text("secret")
    given = ShareboxSettings(host="sharebox.example.org", username="exemple", key_file=str(file))
    home = Home(tmp_path / "config.toml", tmp_path / "data")
    for mode, verdict in ((0o600, Verdict.OK), (0o640, Verdict.WARNING), (0o604, Verdict.WARNING)):
        file.chmod(mode)
        (found,) = checks.check_key(given, home)
        near = msgspec.structs.replace(given, key_file=file.name)
        assert checks.check_key(near, home) == [found], "a relative path starts at the settings"
        assert found.verdict is verdict
        assert (f"chmod 600 '{file}'" in found.explanation) == (verdict is Verdict.WARNING)
    absent = msgspec.structs.replace(given, key_file=str(tmp_path / "absent"))
    assert checks.check_key(absent, home)[0].verdict is Verdict.OK
    for key_file in (None, "agent"):
        assert checks.check_key(msgspec.structs.replace(given, key_file=key_file), home) == []
