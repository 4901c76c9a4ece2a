"""The way, always visible: the four steps on the menu, what was done, what is left, and the end of it all."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from textual.events import Paste

from tests.tui import stage
from tests.tui.conftest import flat, until
from tests.tui.scenes import SCENES, open_scene, settle
from tests.tui.stage import Stage, settings
from tui_transfer.archive.source import summarize
from tui_transfer.errors import Problem, TransferError
from tui_transfer.job import reading, report_mark
from tui_transfer.job.events import ArchiveSealed, ArchiveStarted
from tui_transfer.preflight.statements import STATEMENTS
from tui_transfer.settings import config
from tui_transfer.settings.config import Home
from tui_transfer.tui import app as centre_app
from tui_transfer.tui.announce import Announcer
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.confirm import ConfirmDialog
from tui_transfer.tui.dialogs.import_config import ImportDialog
from tui_transfer.tui.dialogs.unsent import UnsentDialog
from tui_transfer.tui.overview import JobsRead, overview
from tui_transfer.tui.screens.finished import FinishedPage
from tui_transfer.tui.screens.home import HomePage
from tui_transfer.tui.screens.maintain import MaintainPage
from tui_transfer.tui.screens.prerequisites import PrerequisitesPage
from tui_transfer.tui.screens.report import ReportPage
from tui_transfer.tui.screens.settings import SettingsPage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from tests.tui.conftest import Workers

INTERRUPTED = stage.blocked("interrupted", reason="Interrompu")
ALL = len(STATEMENTS)


@pytest.mark.parametrize("key", ["1", "ampersand", "2", "é", "3", "quotation_mark", "4", "apostrophe"])
async def test_each_step_is_one_key_away(staged: Stage, key: str) -> None:
    leads = {"1": SettingsPage, "2": PrerequisitesPage, "3": MaintainPage, "4": HomePage}
    same = {"ampersand": "1", "é": "2", "quotation_mark": "3", "apostrophe": "4"}
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press(key)
        await settle(pilot)
        assert isinstance(app.screen, leads[same.get(key, key)])


async def test_the_way_tells_the_next_step_and_enter_takes_it(staged: Stage, workers: Workers) -> None:
    staged.tick(7)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert "1 Réglages ✓ · ▸ 2 Prérequis 7 sur 10 · 3 Transférer · 4 Rapport" in flat(app)
        await pilot.press("enter")
        assert isinstance(app.screen, PrerequisitesPage)
        staged.tick(ALL)
        await pilot.press("escape")
        await settle(pilot)
        assert "2 Prérequis ✓ · ▸ 3 Transférer" in flat(app)
        await pilot.press("enter")
        assert isinstance(app.screen, MaintainPage)
        await pilot.press("escape")
        job = staged.job(stage.midway(), running=True)
        await pilot.press("p", "escape")
        await settle(pilot)
        assert re.search(r"▸ 3 Transférer \d+ %", flat(app))
        await pilot.press("enter")
        assert app.screen.query("ProgressTable")
        await pilot.press("escape")
        stage.append(job, INTERRUPTED)
        staged.end()
        await pilot.press("p", "escape")
        await settle(pilot)
        assert "▸ 3 Transférer à reprendre" in flat(app).replace("Transférer !", "Transférer à reprendre")


@pytest.mark.parametrize("width", [60, 76, 80, 120, 200])
def test_the_way_fits_into_every_window(staged: Stage, width: int) -> None:
    staged.job([*stage.midway(), INTERRUPTED])
    staged.job(stage.all_delivered(), created_at=stage.NOW - timedelta(days=1))
    seen = overview(staged.home, None, None, stage.NOW.date())
    seen = seen.with_jobs(JobsRead.of(reading.Jobs(staged.home).look()))
    way = seen.way(width - 4)
    assert way.cell_length <= width - 4
    assert "▸ 1 Réglages" in way.plain


# --- It knows what was done ---


async def test_what_is_not_finished_is_on_the_menu_whatever_came_later(
    staged: Stage, workers: Workers
) -> None:
    """U12: a later success hid it."""
    begun = staged.job([*stage.midway(), INTERRUPTED], created_at=stage.NOW - timedelta(days=1))
    staged.job(stage.all_delivered())
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert "R Reprendre le transfert" in flat(app)
        assert "E Rapport à envoyer" in flat(app)
        assert "À reprendre le transfert du 1 mars" in flat(app).replace("1er mars", "1 mars")
        await pilot.press("r")
        await settle(pilot)
        assert [started.id for started in workers.jobs] == [begun.id]


def delivered_active(staged: Stage) -> None:
    """The active base of the settings was handed over as it is."""
    chosen = config.load(staged.home.config_file).databases[0]
    look = summarize(config.resolve(chosen.path, staged.home.config_file))
    events = [
        replace(item, stamps=look.stamps, size=look.size)
        if isinstance(item, ArchiveStarted)
        else replace(item, source_size=look.size)
        if isinstance(item, ArchiveSealed)
        else item
        for item in stage.delivered_alone()
    ]
    staged.job(events, names=[chosen.name], paths=[chosen.path])


async def test_delivered_and_unchanged_is_said_and_after_the_report_it_is_finished(
    staged: Stage, databases: list[Path]
) -> None:
    delivered_active(staged)
    app = CentreApp(staged.home)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert "déjà remise le 2 mars 2022 à 14 h 05, inchangée depuis" in flat(app)
        assert "3 Transférer ✓ · ▸ 4 Rapport à envoyer" in flat(app)
        await pilot.press("enter")
        assert isinstance(app.screen, ReportPage)
        assert "[ ] Rapport envoyé" in flat(app)
        await pilot.press("v")
        await settle(pilot)
        assert isinstance(app.screen, FinishedPage)
        for said in ("C’est fini", "Antivirus", "Réactivez-le", "Vous pouvez le rouvrir"):
            assert said in flat(app)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, HomePage)
        assert "3 Transférer ✓ · 4 Rapport ✓" in flat(app)
        assert "C’est fini tout est remis, et le rapport est envoyé." in flat(app)
        databases[0].write_bytes(databases[0].read_bytes() + b"x")
        await pilot.press("p", "escape")
        await settle(pilot)
        assert "a changé depuis la dernière remise" in flat(app)
        assert "C’est fini" not in flat(app)


async def test_what_was_handed_over_is_marked_in_the_list_and_goes_again_only_on_purpose(
    staged: Stage, databases: list[Path]
) -> None:
    """U2: it was sent again one minute later without a word."""
    delivered_active(staged)
    staged.tick(ALL)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("m", "t")
        await settle(pilot)
        assert "= remise" in flat(app)
        assert "Déjà remise le 2 mars 2022 à 14 h 05, inchangée depuis." in flat(app)
        await pilot.press("t")
        await settle(pilot)
        assert isinstance(app.screen, ConfirmDialog)
        assert "Transférer de nouveau ?" in flat(app)
        assert "Base active : déjà remise le 2 mars 2022 à 14 h 05, inchangée depuis." in flat(app)
        await pilot.press("enter")
        await settle(pilot)
        assert len(list(staged.home.jobs.iterdir())) == 1, "« Non » was not what Enter answers"
        databases[0].write_bytes(databases[0].read_bytes() + b"x")
        await pilot.press("t")
        await settle(pilot)
        assert isinstance(app.screen, ConfirmDialog)
        assert "Confirmer le transfert ?" in flat(app)
        assert app.focused is app.screen.query_one("#action-yes")


async def test_the_tick_of_the_report_can_be_taken_back(staged: Stage) -> None:
    job = staged.job(stage.all_delivered())
    report_mark.mark_sent(job)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("e")
        await settle(pilot)
        assert isinstance(app.screen, FinishedPage)
        await pilot.press("v")
        await settle(pilot)
        assert isinstance(app.screen, ReportPage)
        assert "[ ] Rapport envoyé" in flat(app)
        assert report_mark.sent(job) is None


@pytest.mark.parametrize(
    ("key", "page"), [("e", ReportPage), ("v", FinishedPage), ("escape", HomePage), ("q", None)]
)
async def test_leaving_reminds_once_of_a_report_that_is_not_sent(
    staged: Stage, key: str, page: type | None
) -> None:
    """U9."""
    staged.job(stage.all_delivered())
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("q")
        await settle(pilot)
        assert isinstance(app.screen, UnsentDialog)
        await pilot.press(key)
        if page is not None:
            await settle(pilot)
            assert isinstance(app.screen, page)
            await pilot.press("q")
    assert app.return_code == 0


async def test_of_many_jobs_the_menu_is_there_before_they_are_read(
    staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """U28: nothing is read before the screen answers."""
    staged.job([*stage.midway(), INTERRUPTED])
    monkeypatch.setattr(reading.Jobs.look_if_quick, "__defaults__", (0,))
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await settle(pilot)
        await until(pilot, lambda: "À reprendre" in flat(app))
        await pilot.press("h", "escape")
        await settle(pilot)
        assert "À reprendre" in flat(app)


# --- The first start ---


async def test_the_first_start_begins_with_what_is_missing(tmp_path: Path) -> None:
    """U13."""
    app = CentreApp(Home(tmp_path / "config.toml", tmp_path))
    async with app.run_test() as pilot:
        await settle(pilot)
        assert "▸ 1 Réglages à remplir" in flat(app)
        for entry in ("U Configuration reçue", "G Réglages", "D S’exercer"):
            assert entry in flat(app)
        await pilot.press("d")
    assert app.wants_practice
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fails", [False, True])
def test_the_demonstration_is_another_program_after_which_the_centre_is_opened_again(
    staged: Stage, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    opened: list[CentreApp] = []

    def run(make: Callable[[Announcer], CentreApp], *, mouse: bool) -> int:
        opened.append(make(Announcer(None, {})))
        opened[-1].wants_practice = len(opened) == 1
        return 0

    def practise() -> None:
        if fails:
            raise TransferError(Problem.DISK_FULL, path=staged.home.data, reason="plus de place")

    monkeypatch.setattr(centre_app, "run_on_terminal", run)
    assert centre_app.run_app(staged.home, practise=practise) == 0
    first, second = opened
    assert first.session is not second.session
    assert second.session.home == staged.home
    said = "n’a pas pu commencer" if fails else "est terminée"
    assert said in second.notice


async def test_maintenir_tells_of_what_is_not_finished_whatever_came_later(staged: Stage) -> None:
    staged.job([*stage.midway(), INTERRUPTED], created_at=stage.NOW - timedelta(days=1))
    staged.job(stage.all_delivered())
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("m")
        assert "Le transfert du 1er mars 2022 à 14 h 05 n’est pas terminé." in flat(app)


@pytest.mark.parametrize(
    "name", ["centre", "centre-beaucoup", "centre-premiere-fois", "centre-demonstration"]
)
@pytest.mark.parametrize("size", [(120, 30), (120, 36), (200, 50)], ids=str)
async def test_a_wide_window_shows_as_much_as_it_has_room_for_and_no_frame_around_nothing(
    tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    scene = next(scene for scene in SCENES if scene.name == name)
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=size) as pilot:
            await drive(pilot)
            state, steps = app.screen.query_one("#state"), app.screen.query_one("#steps")
            rows = [row for row in state.query(".state-row") if row.display]
            last = max(row.region.bottom for row in rows)
            assert state.region.bottom <= app.screen.query_one("#notice").region.y
            if (name, size[1]) != ("centre-beaucoup", 30):  # the least that there is to say is too much
                assert last < state.region.bottom
            assert state.region.bottom - 1 - last <= 6
            assert state.region.bottom == app.screen.query_one("#left").region.bottom
            text = flat(app)
            is_much = name == "centre-beaucoup"
            enough = {"centre-beaucoup": 50, "centre-premiere-fois": 30}.get(name, 36)
            assert ("· antivirus désactivé" in text) is (size[1] >= enough)
            assert ("réussi 16/01/2022" in text) is (is_much and size[1] > 36)
            assert ("Les quatre étapes" in text) is (size[1] > 36 and not is_much)
            if steps.display:
                assert "4 Rapport Le message qui annonce le transfert" in text
                assert steps.region.bottom <= app.screen.query_one("#notice").region.y


async def paste(pilot: Pilot[Any], text: str) -> None:
    pilot.app.post_message(Paste(text))
    await settle(pilot)


async def test_a_received_configuration_is_shown_and_then_taken_as_it_is(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path / "home" / "config.toml", tmp_path / "home")
    received = "# de l’Urssaf\n" + config.render(settings())
    file = tmp_path / "config.toml"
    file.write_text(received, "utf-8")
    app = CentreApp(home)
    async with app.run_test(size=(100, 36)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        assert isinstance(app.screen, ImportDialog)
        assert "Échap Annuler" in flat(app)
        assert "N Non" not in flat(app), "a letter that would be typed into the field"
        app.screen.query_one("#path").value = str(file)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await settle(pilot)
        for said in ("Association Exemple", "sharebox.example.org", "accueil@example.org", "Base active"):
            assert said in flat(app)
        assert not home.config_file.exists()
        await pilot.press("o")
        await settle(pilot)
        assert isinstance(app.screen, HomePage)
        assert "1 Réglages ✓" in flat(app)
        assert home.config_file.read_text("utf-8") == received


async def test_what_is_pasted_is_told_of_with_all_that_is_wrong(staged: Stage) -> None:
    before = staged.home.config_file.read_bytes()
    app = CentreApp(staged.home)
    async with app.run_test(size=(100, 36)) as pilot:
        await settle(pilot)
        await pilot.press("u")
        await paste(pilot, "[manager]\nname = 3\n[sharebox]\nhost = 'h'\nport = 'x'\nmot = 1\n")
        for key in ("manager.name", "sharebox.port", "sharebox.mot", "sharebox.username"):
            assert key in flat(app)
        await paste(pilot, config.render(settings(manager=config.Manager(name="Autre"))))
        assert "Remplacer vos réglages par ceux-ci ?" in flat(app)
        await pilot.press("n")
        assert staged.home.config_file.read_bytes() == before
        await pilot.press("u")
        await paste(pilot, config.render(settings(manager=config.Manager(name="Autre"))))
        await pilot.press("o")
        await settle(pilot)
        assert "Autre" in flat(app)
        (kept,) = staged.home.data.glob("config.toml.old*")
        assert kept.read_bytes() == before
