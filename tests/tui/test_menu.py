"""Steps 1 to 3bis: the first screen, the menu and its arrow, the button and why it is greyed."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.tui import stage
from tests.tui.conftest import flat, until
from tests.tui.scenes import settle
from tests.tui.stage import Stage, settings
from tui_transfer.job import control
from tui_transfer.preflight.statements import STATEMENTS
from tui_transfer.settings import config
from tui_transfer.settings.config import Home, TransferSettings
from tui_transfer.system import volumes
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.leaving import LeavingDialog
from tui_transfer.tui.screens.databases import DatabasesPage
from tui_transfer.tui.screens.maintain import MaintainPage
from tui_transfer.tui.screens.prerequisites import PrerequisitesPage
from tui_transfer.tui.screens.report import ReportPage
from tui_transfer.tui.screens.transfer import TransferPage
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.conftest import Workers

_HEAVY = """
import asyncio, sys
from pathlib import Path
from tui_transfer.settings.config import Home
from tui_transfer.tui.app import CentreApp

async def main():
    app = CentreApp(Home(Path("none/config.toml"), Path("none")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.screen.query("#menu"), "the first screen is not there"
        print(*(name for name in ("paramiko", "py7zr", "cryptography", "psutil") if name in sys.modules))

asyncio.run(main())
"""


def test_the_first_screen_loads_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HEAVY], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("key", ["enter", "right", "m"])
async def test_maintenir_opens_by_enter_by_the_arrow_and_by_its_letter(staged: Stage, key: str) -> None:
    staged.tick(len(STATEMENTS))
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press(key)
        assert isinstance(app.screen, MaintainPage)


async def test_the_description_follows_the_menu(staged: Stage) -> None:
    staged.tick(len(STATEMENTS))
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        assert "Rien n’est envoyé sans votre accord" in flat(app)
        await pilot.press("down")
        assert "Vous cochez ce qui est fait" in flat(app)
        await pilot.press("enter")
        assert isinstance(app.screen, PrerequisitesPage)


async def test_what_cannot_be_promised_of_the_home_is_said_once_it_is_known(
    staged: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = threading.Event()
    monkeypatch.setattr(volumes, "kind_of", lambda _: known.wait(60) and volumes.Kind.NETWORK)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        assert "lecteur réseau" not in flat(app), "the first screen waited for it"
        known.set()
        await until(pilot, lambda: "Le dossier de travail est sur un lecteur réseau" in flat(app))


async def test_the_button_of_step_3_opens_the_list(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("m", "enter")
        assert isinstance(app.screen, DatabasesPage)


async def test_before_the_go_the_button_is_greyed_with_its_reason(staged: Stage) -> None:
    app = CentreApp(staged.home, today=lambda: date(2022, 2, 20))
    async with app.run_test() as pilot:
        await pilot.press("m")
        assert app.screen.query_one("#action-transfer", Action).disabled
        assert "Le GO n’est pas encore donné" in flat(app)
        assert "Les transferts ouvrent le 2 mars 2022." in flat(app)
        assert "Attendez cette date" in flat(app)
        await pilot.press("t")
        assert isinstance(app.screen, MaintainPage), "the letter of a greyed button did something"


async def test_relire_reads_the_configuration_again(staged: Stage) -> None:
    app = CentreApp(staged.home, today=lambda: date(2022, 2, 20))
    async with app.run_test() as pilot:
        await pilot.press("m")
        opened = settings(transfer=TransferSettings(opens_on=date(2022, 2, 1)))
        config.save(staged.home.config_file, opened)
        await pilot.press("j")
        button = app.screen.query_one("#action-transfer", Action)
        assert not button.disabled
        assert app.screen.focused is button


async def test_without_configuration_it_says_which_file_is_missing(tmp_path: Path) -> None:
    app = CentreApp(Home(tmp_path / "config.toml", tmp_path))
    async with app.run_test(size=(200, 40)) as pilot:
        await pilot.press("m")
        assert "Aucune configuration n’est installée" in flat(app)
        assert str(tmp_path / "config.toml") in flat(app)


async def test_a_wrong_configuration_names_the_key(tmp_path: Path) -> None:
    with Stage(tmp_path) as staged:
        staged.home.config_file.write_text("[manager]\nname = 3\n", "utf-8")
        app = CentreApp(staged.home)
        async with app.run_test(size=(100, 40)) as pilot:
            await pilot.press("m")
            assert "« Gestionnaire », « Nom »" in flat(app)
            assert "manager.name" not in flat(app)


async def test_a_running_transfer_is_shown_and_joined_with_one_key(staged: Stage, workers: Workers) -> None:
    staged.job(stage.midway(), running=True)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "En cours" in flat(app)
        await pilot.press("t")
        assert isinstance(app.screen, TransferPage)
    assert workers.jobs == [], "joining must not start a worker"


async def test_a_running_transfer_greys_the_button_and_can_be_followed_from_there(
    staged: Stage, workers: Workers
) -> None:
    staged.job(stage.midway(), running=True)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("m")
        assert "Un transfert est déjà en cours" in flat(app)
        await pilot.press("t")
        assert isinstance(app.screen, TransferPage)


async def test_a_blocked_transfer_is_resumed_from_the_first_screen(staged: Stage, workers: Workers) -> None:
    job = staged.job([*stage.midway(), stage.blocked("interrupted", reason="Interrompu")])
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "À reprendre" in flat(app)
        await pilot.press("r")
        await pilot.pause()
        assert [started.id for started in workers.jobs] == [job.id]


async def test_what_the_last_transfer_calls_for_is_chosen(staged: Stage, workers: Workers) -> None:
    job = staged.job(stage.midway(), running=True)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        assert isinstance(app.screen, TransferPage)
        await pilot.press("escape")
        stage.append(job, stage.blocked("interrupted", reason="Interrompu"))
        staged.end()
        await pilot.press("p", "escape")
        assert "R Reprendre le transfert" in flat(app), "« Suivre » was left in the menu"
        assert "Il continuera là où il s’est arrêté" in flat(app)
        await pilot.press("enter")
        await pilot.pause()
        assert [started.id for started in workers.jobs] == [job.id]


async def test_resuming_tries_before_it_asks(staged: Stage, workers: Workers) -> None:
    """Whatever kept it from the Sharebox may be over: a network mended, a host put right in « Réglages »."""
    failure = stage.blocked("sharebox-unreachable", host="sharebox.example.org", port=22, reason="délai")
    job = staged.job([stage.started(), failure])
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: [started.id for started in workers.jobs] == [job.id])


async def test_maintenir_says_that_the_last_transfer_is_not_finished(staged: Stage) -> None:
    staged.job([*stage.midway(), stage.blocked("interrupted", reason="Interrompu")])
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("m")
        assert "Le transfert du 2 mars 2022 à 14 h 05 n’est pas terminé." in flat(app)


@pytest.mark.parametrize("keys", [(), ("m",), ("p",)], ids=["menu", "maintenir", "prérequis"])
async def test_quitting_asks_wherever_one_is_while_a_transfer_goes_on(
    staged: Stage, workers: Workers, keys: tuple[str, ...]
) -> None:
    job = staged.job(stage.midway(), running=True)
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press(*keys, "q")
        assert isinstance(app.screen, LeavingDialog)
        await pilot.press("i", "o")  # interrupting is a decision of its own
        await settle(pilot)
        assert [stopped.id for stopped in workers.stopped] == [job.id]
        assert "Interruption demandée" in flat(app)
        await pilot.press("q", "q")
    assert app.return_code == 0


async def test_the_report_of_the_last_transfer_is_one_key_away(staged: Stage) -> None:
    staged.job(stage.all_delivered())
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "arrivée et contenu vérifiés" in flat(app)
        await pilot.press("e")
        assert isinstance(app.screen, ReportPage)


async def test_quitter_ends_the_program(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("q")
    assert app.return_code == 0


# --- Two windows, and a disk that goes away ---


async def test_the_transfer_that_another_window_began_is_joined(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.pause()
        job = staged.job(stage.midway(), running=True)
        await pilot.press("t")
        await settle(pilot)
        assert isinstance(app.screen, TransferPage)
        assert app.screen.job.id == job.id


async def test_no_message_is_made_of_a_job_that_another_window_removed(staged: Stage) -> None:
    job = staged.job(stage.all_delivered())
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.pause()
        control.remove(job)
        await pilot.press("e")
        await settle(pilot)
        assert "Le rapport sera prêt" in flat(app)
        app.push_screen(ReportPage(job))
        await settle(pilot)
        assert "ce fichier a disparu" in flat(app)
        assert "pas encore remise" not in flat(app)
        await pilot.press("s", "3", "w")
        await settle(pilot)
        assert isinstance(app.screen, ReportPage)
        assert not staged.home.reports.exists()


async def test_jobs_that_cannot_be_listed_are_told_of_and_one_can_still_leave(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.pause()
        staged.home.jobs.write_text("A disk that fails answers no better.")
        await pilot.press("m")
        await settle(pilot)
        assert "n’est pas un dossier" in flat(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "Illisible" in flat(app)
        await pilot.press("q")
    assert app.return_code == 0


async def test_every_word_of_every_statement_is_on_the_screen(staged: Stage) -> None:
    """The list is longer than the screen: its scrollbar must not push words off it."""
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("p")
        await settle(pilot)
        for statement in STATEMENTS:
            words = re.sub(r"[^\w«»’()/:,. -]", " ", flat(app)).split()
            assert statement.text in " ".join(words)
            await pilot.press("down")
            await pilot.pause()


async def test_what_is_found_is_explained_to_its_end(tmp_path: Path) -> None:
    """The panel has no cursor: what does not fit in it could not be read."""
    paths = [f"/srv/impact/un dossier partagé/association {number}/base active.db" for number in (1, 2)]
    with Stage(tmp_path, settings(("Une", "Deux"), paths, active=2)) as staged:
        app = CentreApp(staged.home)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await pilot.press("p")
            await until(pilot, lambda: "bloquant Bases présentes" in flat(app))
            await pilot.press("home")
            for _ in range(9):
                if "partagé/association" in flat(app):
                    break
                await pilot.press("down")
                await pilot.pause()
            panel = app.screen.query_one("#help")
            assert panel.max_scroll_y == 0
            assert flat(app).count("Rien n’existe à l’emplacement") == 2
            assert flat(app).count("déplacée ou renommée") == 1
