"""Steps 0, 4 and 5: prerequisites, the list of databases, the confirmation."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from textual.widgets import Input

from tests.preflight.test_checks import held_open
from tests.tui import stage
from tests.tui.conftest import flat, rounds, until
from tests.tui.scenes import settle
from tests.tui.stage import MEGA
from tui_transfer.archive.source import SourceKind, Summary
from tui_transfer.job import control
from tui_transfer.job.spec import PrerequisiteTick, make_spec
from tui_transfer.preflight import checks
from tui_transfer.preflight.checks import Check, Verdict
from tui_transfer.preflight.statements import STATEMENTS, Ticks
from tui_transfer.preflight.unmet import find_unmet
from tui_transfer.settings import config
from tui_transfer.system import account, platform
from tui_transfer.tui import paths
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.add_database import AddDatabaseDialog
from tui_transfer.tui.dialogs.confirm import ConfirmDialog
from tui_transfer.tui.screens import prerequisites
from tui_transfer.tui.screens.databases import DatabasesPage
from tui_transfer.tui.screens.transfer import TransferPage

if TYPE_CHECKING:
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.tui.conftest import Workers
    from tests.tui.stage import Stage


@pytest.fixture
def app(staged: Stage) -> CentreApp:
    return CentreApp(staged.home)


async def type_text(pilot: Pilot[Any], text: str) -> None:
    names = {" ": "space", "_": "underscore"}
    await pilot.press(*(names.get(letter, letter) for letter in text))


async def fill(pilot: Pilot[Any], text: str) -> None:
    """Replaces the field's text at once, as pasting does, and validates it."""
    assert isinstance(pilot.app.focused, Input)
    pilot.app.focused.value = text
    await pilot.press("enter")


async def open_list(pilot: Pilot[Any]) -> None:
    await pilot.press("m", "t")
    await settle(pilot)


async def ask(pilot: Pilot[Any]) -> None:
    """« Transférer », until the question is there."""
    await pilot.press("t")
    await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))


@pytest.mark.parametrize(
    ("renamed", "said"),
    [
        (1, "1 nom change, que Windows ou macOS ne rendrait pas ; le vrai part avec elle."),
        (20_000, "20 000 noms changent, que Windows ou macOS ne rendrait pas ; les vrais partent avec elle."),
    ],
)
async def test_names_that_change_hide_nothing_of_the_question(
    app: CentreApp, tmp_path: Path, renamed: int, said: str
) -> None:
    look = Summary(SourceKind.FOLDER, MEGA, 0.0, 3, renamed=renamed)
    looks = {f"Base {number}": replace(look, renamed=0) for number in range(2)} | {"Base 2": look}
    unmet = find_unmet(config.Home(tmp_path / "config.toml", tmp_path), [], {})
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(ConfirmDialog(looks, stage.settings().sharebox, unmet))
        await settle(pilot)
        text = flat(app)
        assert f"Dans l’archive seulement, {said}" in text
        assert "3 bases, 3,0 Mo avant compression." in text
        assert "dossier /depot." in text


async def test_the_active_database_is_ticked_with_kind_size_and_state(app: CentreApp) -> None:
    async with app.run_test() as pilot:
        await open_list(pilot)
        text = flat(app)
        assert "[✓] Base active Base SQLite 84,0 Ko" in text
        assert "[ ] Archives Dossier 2,0 Ko" in text
        assert "1 base cochée, 84,0 Ko" in text


async def test_space_ticks_and_unticks(app: CentreApp) -> None:
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("down", "space")
        assert "2 bases cochées, 86,0 Ko" in flat(app)
        await pilot.press("space")
        assert "1 base cochée" in flat(app)


async def test_a_database_is_added_by_typing_with_completion(
    app: CentreApp, staged: Stage, databases: list[Path]
) -> None:
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("a")
        await type_text(pilot, "pa")
        await pilot.press("tab")
        assert app.screen.query_one("#path", Input).value == str(databases[2])
        await pilot.press("enter")
        assert app.screen.query_one("#name", Input).value == "Paie"
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, DatabasesPage)
        assert "[✓] Paie Fichier 37,0 Ko" in flat(app)
    saved = config.load(staged.home.config_file).databases[-1]
    assert (saved.name, saved.path) == ("Paie", str(databases[2]))


async def test_a_database_is_chosen_in_the_folders_without_typing(
    app: CentreApp, staged: Stage, databases: list[Path]
) -> None:
    (databases[0].parent / "comptes").mkdir()
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("a", "down")
        await pilot.press("down", "enter")  # archives, then comptes
        await pilot.press("home", "enter")  # the folder itself
        await pilot.press("enter")
        assert isinstance(app.screen, DatabasesPage)
    assert config.load(staged.home.config_file).databases[-1].path == str(databases[0].parent / "comptes")


async def test_nothing_of_a_path_is_lost_however_fast_it_comes(app: CentreApp, databases: list[Path]) -> None:
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("a")
        field = app.screen.query_one("#path", Input)
        second_slash = Input.Changed(field, f"{field.value}/")
        field.value += str(databases[2])
        await settle(pilot)
        field.post_message(second_slash)  # it is looked at when all the rest has come
        await settle(pilot)
        assert field.value == str(databases[2])


async def test_duplicates_nested_missing_and_taken_names_are_refused(
    app: CentreApp, staged: Stage, databases: list[Path]
) -> None:
    before = config.load(staged.home.config_file)
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("a")
        for path, refusal in (
            (databases[0], "Déjà dans la liste : « Base active »."),
            (databases[1] / "2020.dat", "Elle est à l’intérieur de « Archives »."),
            (databases[0].parent, "Elle contient « Base active »"),
            (databases[0].with_name("rien"), "Rien n’existe à cet emplacement."),
        ):
            await fill(pilot, str(path))
            assert refusal in flat(app)
        await fill(pilot, str(databases[2]))
        await fill(pilot, "ARCHIVES")
        assert "Ce nom est déjà pris." in flat(app)
        await pilot.press("escape")
    assert config.load(staged.home.config_file) == before


async def test_what_another_window_added_meanwhile_stays(
    app: CentreApp, staged: Stage, databases: list[Path]
) -> None:
    file = staged.home.config_file
    async with app.run_test() as pilot:
        await open_list(pilot)
        now = config.load(file)
        theirs = msgspec.structs.replace(
            now.databases[0], name="La leur", path=str(databases[0].parent / "b")
        )
        (databases[0].parent / "b").write_bytes(b"x" * 5_000)
        config.save(file, msgspec.structs.replace(now, databases=(*now.databases, theirs)))
        await pilot.press("a")
        await fill(pilot, str(databases[2]))
        await fill(pilot, "La nôtre")
        await until(pilot, lambda: "[ ] La leur Fichier 5,0 Ko" in flat(app))
        assert "[✓] La nôtre Fichier 37,0 Ko" in flat(app)
        await pilot.press("delete", "o")
    assert [base.name for base in config.load(file).databases] == ["Base active", "Archives", "La leur"]


async def test_letters_are_letters_in_a_field(app: CentreApp) -> None:
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("a")
        await type_text(pilot, "aqsl?")
        assert isinstance(app.screen, AddDatabaseDialog)
        assert app.screen.query_one("#path", Input).value.endswith("/aqsl?")


async def test_removing_asks_and_touches_no_file(
    app: CentreApp, staged: Stage, databases: list[Path]
) -> None:
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("delete")
        assert "Aucun fichier n’est supprimé" in flat(app)
        await pilot.press("n")
        assert len(config.load(staged.home.config_file).databases) == 2
        await pilot.press("delete", "o")
    assert [item.name for item in config.load(staged.home.config_file).databases] == ["Archives"]
    assert databases[0].stat().st_size > 0


async def test_nothing_ticked_is_refused(app: CentreApp) -> None:
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("space", "t")
        assert "Cochez au moins une base" in flat(app)


async def test_a_missing_database_is_named_and_refused(app: CentreApp, databases: list[Path]) -> None:
    databases[0].unlink()
    async with app.run_test() as pilot:
        await open_list(pilot)
        assert "✗ absente" in flat(app)
        await pilot.press("t")
        assert "« Base active » : la base est introuvable" in flat(app)


async def test_a_missing_database_keeps_no_other_from_going(
    app: CentreApp, staged: Stage, databases: list[Path]
) -> None:
    staged.tick(len(STATEMENTS))
    databases[0].unlink()
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("down", "space")
        await ask(pilot)
        assert "✗ Base active la base est introuvable • Archives" in flat(app)
        assert "La base marquée ✗ ne pourra pas partir ; l’autre partira." in flat(app)
        await pilot.press("enter")  # « Non » has the focus
        assert control.list_jobs(staged.home) == []
        await ask(pilot)
        await pilot.press("o")
        await settle(pilot)
    (job,) = control.list_jobs(staged.home)
    assert [item.name for item in job.spec.databases] == ["Base active", "Archives"]


async def test_non_changes_nothing(app: CentreApp, staged: Stage, workers: Workers) -> None:
    async with app.run_test() as pilot:
        await open_list(pilot)
        await ask(pilot)
        assert "84,0 Ko avant compression" in flat(app)
        assert "Destination : sharebox.example.org, dossier /depot." in flat(app)
        assert "10 prérequis ne sont pas cochés : noms de dossiers uniques, " in flat(app)
        await pilot.press("enter")  # « Non » has the focus
        assert isinstance(app.screen, DatabasesPage)
    assert control.list_jobs(staged.home) == []
    assert workers.jobs == []


async def test_oui_creates_the_job_and_starts_it(
    app: CentreApp, staged: Stage, workers: Workers, databases: list[Path]
) -> None:
    staged.tick(4)
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("down", "space")
        await ask(pilot)
        await pilot.press("o")
        await settle(pilot)
        assert isinstance(app.screen, TransferPage) or app.screen_stack[-2].__class__ is TransferPage
    (job,) = control.list_jobs(staged.home)
    assert [started.id for started in workers.jobs] == [job.id]
    assert [(item.name, item.path) for item in job.spec.databases] == [
        ("Base active", str(databases[0])),
        ("Archives", str(databases[1])),
    ]
    assert [tick.by for tick in job.spec.prerequisites] == ["camille"] * 4
    assert job.spec.waiver is not None
    assert (job.spec.waiver.by, job.spec.waiver.asked) == (account.current().name, True)


async def test_with_all_prerequisites_ticked_oui_has_the_focus_and_nothing_is_waived(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    staged.tick(len(STATEMENTS))
    async with app.run_test() as pilot:
        await open_list(pilot)
        await ask(pilot)
        assert "Confirmer le transfert ?" in flat(app)
        assert "prérequis" not in flat(app)
        await pilot.press("enter")
        await settle(pilot)
    (job,) = control.list_jobs(staged.home)
    assert job.spec.waiver is None


async def test_a_database_open_elsewhere_is_named_and_going_on_is_kept_for_the_report(
    app: CentreApp, staged: Stage, workers: Workers, databases: list[Path]
) -> None:
    staged.tick(len(STATEMENTS))
    with held_open(databases[0]) as process:
        async with app.run_test() as pilot:
            await open_list(pilot)
            await ask(pilot)
            text = flat(app)
            assert "Transférer sans ces prérequis ?" in text
            assert f"« Base active » est ouverte dans tail (processus {process.pid})." in text
            await pilot.press("o")
            await settle(pilot)
    (job,) = control.list_jobs(staged.home)
    assert job.spec.waiver is not None
    assert job.spec.waiver.findings == (f"« Base active » est ouverte dans tail (processus {process.pid}).",)


async def test_the_question_leads_to_the_prerequisites_and_back(app: CentreApp, workers: Workers) -> None:
    async with app.run_test() as pilot:
        await open_list(pilot)
        await ask(pilot)
        await pilot.press("p")
        await settle(pilot)
        assert "[ ] Chaque dossier de « Production »" in flat(app)
        await pilot.press("space", "escape")
        await ask(pilot)
        assert "9 prérequis ne sont pas cochés" in flat(app)
    assert workers.jobs == []


async def test_a_transfer_begun_in_another_window_meanwhile_is_respected(
    app: CentreApp, staged: Stage, workers: Workers
) -> None:
    async with app.run_test() as pilot:
        await open_list(pilot)
        await ask(pilot)
        staged.job(stage.midway(), running=True)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, TransferPage))
    assert workers.jobs == [], "it is followed"


async def test_prerequisites_are_ticked_explained_and_remembered(
    app: CentreApp, staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Check("space", "Place libre", Verdict.FAILED, "Libérez 3 Go.")]
    monkeypatch.setattr(prerequisites, "check_all", lambda *_: found)
    async with app.run_test(size=(100, 36)) as pilot:
        await pilot.press("p")
        await settle(pilot)
        assert "✗ bloquant Place libre" in flat(app)
        assert "si deux dossiers ont le même nom" in flat(app)
        await pilot.press("space")
        assert "[✓] Chaque dossier" in flat(app)
        assert "Coché par" in flat(app)
        await pilot.press("home")
        assert "Libérez 3 Go." in flat(app)
        await pilot.press("space")
        assert "appuyez sur J" in flat(app)
    assert list(Ticks(staged.home).keys) == ["unique-names"]


async def test_what_is_in_the_way_is_on_top_and_what_was_of_yesterday_is_to_be_ticked_again(
    app: CentreApp, staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        Check("names", "Noms uniques", Verdict.OK, ""),
        Check("open", "Bases fermées", Verdict.WARNING, "Fermez-la."),
        Check("space", "Place libre", Verdict.FAILED, "Libérez 3 Go."),
    ]
    monkeypatch.setattr(prerequisites, "check_all", lambda *_: found)
    yesterday = datetime.now(UTC) - timedelta(hours=25)
    made = [PrerequisiteTick(key=item.key, by="camille", at=yesterday) for item in STATEMENTS]
    (staged.home.data / "prerequisites.json").write_bytes(msgspec.json.encode(made))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p")
        await settle(pilot)
        text = flat(app)
        assert "7 sur 10 points cochés, 1 bloquant, 1 à voir" in text
        assert text.index("✗ bloquant Place libre") < text.index("! à voir Bases fermées")
        assert text.index("! à voir Bases fermées") < text.index("[✓] Chaque dossier")
        await pilot.press(*["down"] * 7)
        assert "[ ] L’antivirus est désactivé (coche expirée)" in flat(app)
        assert "La coche de camille" in flat(app)
        await pilot.press("space")
        assert "[✓] L’antivirus est désactivé" in flat(app)
        assert "Cette coche vaut 24 heures." in flat(app)
    assert "antivirus" in Ticks(staged.home).keys


async def test_the_cursor_stays_where_it_is_when_the_checks_arrive(
    app: CentreApp, staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = threading.Event()

    def slow_checks(*_: object) -> list[Check]:
        arrived.wait(60)
        return [Check("space", "Place libre", Verdict.OK, ""), Check("names", "Noms", Verdict.OK, "")]

    monkeypatch.setattr(prerequisites, "check_all", slow_checks)
    async with app.run_test(size=(100, 36)) as pilot:
        await pilot.press("p", "down", "down")
        arrived.set()
        await settle(pilot)
        assert "✓ conforme Noms" in flat(app)
        await pilot.press("space")
    assert list(Ticks(staged.home).keys) == ["backup"]


def without_network(
    databases: list[checks.Database], selected: checks.Selections, home: config.Home, _: object
) -> list[Check]:
    return checks.check_databases(databases, selected, home)


async def test_the_checks_that_need_no_network_are_the_real_ones(
    app: CentreApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prerequisites, "check_all", without_network)
    async with app.run_test(size=(100, 36)) as pilot:
        await pilot.press("p")
        await settle(pilot)
        assert "✓ conforme Bases présentes et lisibles" in flat(app)


async def test_the_checks_look_at_the_files_that_the_list_keeps(
    staged: Stage, databases: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    memos = databases[2].with_name("paie.fdb.delta")
    memos.symlink_to("nulle part")
    item = config.DatabaseSettings(name="Paie", path=str(databases[2]), active=True)
    monkeypatch.setattr(prerequisites, "check_all", without_network)
    for kept, told in (
        (item, "✗ bloquant"),
        (msgspec.structs.replace(item, without=(memos.name,)), "✓ conforme"),
    ):
        settings = config.load(staged.home.config_file)
        config.save(staged.home.config_file, msgspec.structs.replace(settings, databases=(kept,)))
        async with CentreApp(staged.home).run_test(size=(100, 36)) as pilot:
            await pilot.press("p")
            await settle(pilot)
            assert f"{told} Bases présentes et lisibles" in flat(pilot.app)


async def test_the_databases_are_looked_at_again_by_themselves(
    app: CentreApp, databases: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prerequisites, "check_all", without_network)
    monkeypatch.setattr(prerequisites, "_PAUSE", 0.05)
    async with app.run_test(size=(100, 36)) as pilot:
        await pilot.press("p", "end", "up")
        await until(pilot, lambda: "✓ conforme Bases fermées" in flat(app))
        with held_open(databases[0]):
            await until(pilot, lambda: "! à voir Bases fermées" in flat(app))
            assert "« Base active » est ouverte dans tail" in flat(app)
        await until(pilot, lambda: "✓ conforme Bases fermées" in flat(app))


async def test_looking_again_draws_nothing_when_nothing_changed_and_rests_behind_another_screen(
    app: CentreApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []

    def look(_: object, __: object, ___: object, sharebox: object) -> list[Check]:
        looks.append(sharebox)
        return [Check("open", "Bases fermées", Verdict.OK, "Rien.")]

    monkeypatch.setattr(prerequisites, "check_all", look)
    monkeypatch.setattr(prerequisites, "_PAUSE", 0.05)
    async with app.run_test(size=(100, 36)) as pilot:
        await pilot.press("p")
        await until(pilot, lambda: len(looks) > 3)
        drawn: list[object] = []
        seen = len(looks)
        with monkeypatch.context() as context:
            context.setattr(app, "_display", lambda screen, renderable: drawn.append(renderable))
            await until(pilot, lambda: len(looks) > seen + 3)
        assert drawn == []
        assert looks.count(None) == len(looks) - 1, "the Sharebox was asked without being asked to"
        await pilot.press("question_mark")
        await settle(pilot)
        seen = len(looks)
        await rounds(pilot, 0.05)
        assert len(looks) == seen


def test_completion_stops_where_names_part(tmp_path: Path) -> None:
    for name in ("paie-2021", "paie-2022", ".paie"):
        (tmp_path / name).touch()
    typed = f"{tmp_path}/PA"
    matches = paths.find_matches(typed)
    assert [match.name for match in matches] == ["paie-2021", "paie-2022"]
    assert paths.complete(typed, matches) == f"{tmp_path}/paie-202"
    assert paths.complete(typed, matches[:1]) == f"{tmp_path}/paie-2021"
    assert paths.complete(typed, []) == typed


@pytest.fixture
def drives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drives as Windows has them."""
    monkeypatch.setattr(platform, "ON_WINDOWS", True)
    monkeypatch.setattr(paths, "drives", lambda: ["C:/", "D:/"])


@pytest.mark.usefixtures("drives")
def test_above_all_folders_are_the_drives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dossier").mkdir()

    def listed(typed: str) -> list[tuple[str, str]]:
        return [(match.name, match.path) for match in paths.find_matches(typed)]

    of_c, of_d, folder = ("C:", "C:/"), ("D:", "D:/"), ("dossier", "dossier/")
    assert listed("") == [of_c, of_d, folder]
    assert listed("d") == [of_d, folder]
    assert listed("D:") == listed("d:") == [of_d]
    assert listed("Q:") == []
    assert not {of_c, of_d} & {*listed("D:/"), *listed("D:\\"), *listed("D:/x")}
    assert paths.complete("d:", paths.find_matches("d:")) == "D:/"
    assert paths.ends_in_folder("D:\\")
    assert not paths.ends_in_folder("D:")


@pytest.mark.usefixtures("drives")
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("C:/bases/D:\\Paie\\base.mdb", "D:\\Paie\\base.mdb"),
        ("C:/bases/d:/", "d:/"),
        ("C:/bases/\\\\serveur\\paie", "\\\\serveur\\paie"),
        ("C:/bases///serveur/paie", "//serveur/paie"),
        ("\\\\serveur\\paie\\", "\\\\serveur\\paie\\"),
        ("//serveur/paie", "//serveur/paie"),
        ("C:\\bases\\paie", "C:\\bases\\paie"),
        ("C:/bases/~/paie", "~/paie"),
    ],
)
def test_so_is_one_of_windows(typed: str, meant: str) -> None:
    assert paths.restarted(typed) == meant


def test_a_proposed_name_is_free(tmp_path: Path) -> None:
    assert paths.propose_name(tmp_path / "paie_2021.fdb", {"paie 2021"}) == "Paie 2021 (2)"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/srv/bases/", "/srv/bases/"),
        ("/srv/bases//mnt/usb", "/mnt/usb"),
        ("/srv/bases/~/paie.db", "~/paie.db"),
        ("//mnt", "//mnt"),
        ("~/a~b", "~/a~b"),
        ("", ""),
    ],
)
def test_a_whole_path_typed_after_the_folder_is_the_path_that_is_meant(typed: str, meant: str) -> None:
    assert paths.restarted(typed) == meant


async def test_an_empty_folder_is_not_ticked_and_says_so(app: CentreApp, databases: list[Path]) -> None:
    base = databases[0]
    base.unlink()
    base.mkdir()
    async with app.run_test() as pilot:
        await open_list(pilot)
        text = flat(app)
        assert "[ ] Base active Dossier 0 o" in text
        assert "! vide" in text
        assert "Non cochée : ce dossier ne contient aucun fichier." in text
        await pilot.press("space")
        await ask(pilot)
        assert "« Base active » : ce dossier ne contient aucun fichier." in flat(app)


async def test_the_files_of_a_base_are_named_in_the_list_and_in_the_question(
    app: CentreApp, databases: list[Path]
) -> None:
    base = databases[0]
    base.write_bytes(b"chiffre" * 1000)
    base.with_name(f"{base.name}-wal").write_bytes(b"journal")
    base.with_suffix(".txt").write_text("notes")
    async with app.run_test() as pilot:
        await open_list(pilot)
        text = flat(app)
        assert f"Fichiers : {base.name}, {base.name}-wal (SQLite chiffrée)" in text
        assert f"Fichier de même nom, laissé ici : {base.stem}.txt" in text
        await ask(pilot)
        text = flat(app)
        assert f"Base active : {base.name}, {base.name}-wal (SQLite chiffrée)" in text
        assert f"Base active, fichier de même nom, laissé ici : {base.stem}.txt" in text


async def test_who_names_one_file_is_shown_the_others(
    app: CentreApp, staged: Stage, databases: list[Path]
) -> None:
    folder = databases[0].parent / "tables"
    folder.mkdir()
    for name in ("PAIE.DBF", "paie.fpt", "paie.cdx", "paie.txt", "autre.dbf"):
        (folder / name).write_bytes(name.encode() * 100)
    async with app.run_test() as pilot:
        await open_list(pilot)
        await pilot.press("a")
        await fill(pilot, str(folder / "PAIE.DBF"))
        text = flat(app)
        assert "[✓] paie.cdx [✓] paie.fpt [ ] paie.txt (même nom)" in text
        assert "autre.dbf" not in text
        await pilot.press("space", "down", "down", "space", "tab")
        assert "[ ] paie.cdx [✓] paie.fpt [✓] paie.txt" in flat(app)
        await fill(pilot, "Tables")
        await settle(pilot)
        text = flat(app)
        assert "Fichiers : PAIE.DBF, paie.fpt, paie.txt (dBase ou FoxPro)" in text
        assert "laissé ici : paie.cdx" in text
    saved = config.load(staged.home.config_file)
    assert (saved.databases[-1].also, saved.databases[-1].without) == (("paie.txt",), ("paie.cdx",))
    spec = make_spec(saved, [("Tables", folder / "PAIE.DBF")], stage.NOW)
    assert (spec.databases[0].also, spec.databases[0].without) == (("paie.txt",), ("paie.cdx",))
