"""« Guide » on screen: chosen, read and left by keyboard, in a narrow window and in a wide one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.tui.conftest import flat, until
from tests.tui.stage import Stage
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.screens.guide import GuidePage
from tui_transfer.tui.screens.home import HomePage


async def test_a_page_is_opened_turned_and_left(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f")
        assert isinstance(app.screen, GuidePage)
        assert "10 La vérification" in flat(app)
        assert "Ce programme remet" not in flat(app)
        await pilot.press("enter")
        assert "1. Avant de commencer" in flat(app)
        assert "Ce programme remet vos bases" in flat(app)
        await pilot.press("right")
        assert "2. Premier démarrage" in flat(app)
        await pilot.press("left", "left")
        assert "C’est la première page." in flat(app)
        await pilot.press("escape")
        assert "10 La vérification" in flat(app)
        await pilot.press("escape")
        assert isinstance(app.screen, HomePage)


def _shows(app: CentreApp, text: str) -> bool:
    return text in flat(app)


async def test_every_page_can_be_read_to_its_end(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f", "enter")
        for end in (
            "« tui-transfer demo ».",
            "quand vous fermez le programme.",
            "le rapport le dira.",
            "l’ajouter de nouveau.",
            "le bouton OK.",
            "bloquer un compte.",
            "d’autre chose.",
            "par des numéros.",
            "Colonne T.",
            "tui_transfer/report.",
        ):
            await pilot.press("end")
            await until(pilot, partial(_shows, app, end))
            await pilot.press("right")
        assert "C’est la dernière page." in flat(app)


@pytest.mark.parametrize("width", [120, 200])
async def test_a_wide_window_shows_both(staged: Stage, width: int) -> None:
    app = CentreApp(staged.home)
    async with app.run_test(size=(width, 36)) as pilot:
        await pilot.press("f", "down")
        await until(pilot, lambda: "2. Premier démarrage" in flat(app))
        assert "10 La vérification" in flat(app)
        await pilot.press("enter", "right")
        await until(pilot, lambda: "3. Les prérequis" in flat(app))
        await pilot.press("escape", "escape")
        assert isinstance(app.screen, HomePage)


async def test_it_opens_where_nothing_is_set_up(tmp_path: Path) -> None:
    with Stage(tmp_path / "empty") as empty:
        app = CentreApp(empty.home)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("f", "enter")
            assert "Ce qu’il vous faut" in flat(app)
