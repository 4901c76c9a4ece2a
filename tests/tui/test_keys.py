"""Every key answers: capitals, the digits of a French keyboard, keys that do nothing, ends of lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyte
import pytest
from textual.widgets import Input, OptionList

from tests.tui import stage
from tests.tui.conftest import flat
from tests.tui.pretended import open_terminal, read_for, read_until, read_until_quiet
from tests.tui.scenes import SCENES, Scene, open_scene, settle
from tests.tui.stage import Stage
from tests.tui.test_letters import classes
from tui_transfer.preflight.statements import Ticks
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.screens.databases import DatabasesPage
from tui_transfer.tui.screens.home import HomePage
from tui_transfer.tui.screens.prerequisites import PrerequisitesPage
from tui_transfer.tui.screens.report import ReportPage
from tui_transfer.tui.screens.settings import SettingsPage
from tui_transfer.tui.widgets.lists import EndedList
from tui_transfer.tui.widgets.tick_table import TickTable

if TYPE_CHECKING:
    from pathlib import Path


BACK_TO_THE_LIST = ("m", "t")


def _scene(name: str) -> Scene:
    return next(scene for scene in SCENES if scene.name == name)


# ── Capitals and digits ───────────────────────────────────────


async def test_a_capital_in_a_field_is_text(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("G")
        assert isinstance(app.screen, SettingsPage)
        await pilot.press("end", "S", "é", "&")
        assert app.screen.query_one("#manager-name", Input).value == "Association ExempleSé&"


@pytest.mark.parametrize("key", ["1", "ampersand"])
async def test_the_row_of_digits_counts_without_shift_too(staged: Stage, key: str) -> None:
    staged.job(stage.all_delivered())
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("e")
        assert isinstance(app.screen, ReportPage)
        await pilot.press(key)
        await settle(pilot)
        assert "Destinataires" in flat(app)


# ── What does nothing says so ─────────────────────────────────


async def test_a_greyed_letter_says_that_it_cannot_be_done_now(tmp_path: Path) -> None:
    with open_scene(_scene("maintenir-grise"), tmp_path) as (app, drive):
        async with app.run_test(size=(80, 24)) as pilot:
            await drive(pilot)
            await pilot.press("T")
            assert "T : pas possible pour l’instant." in flat(app)


async def test_escape_on_the_first_screen_says_how_to_leave(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("escape")
        assert "C’est le premier écran : Q pour quitter." in flat(app)


# ── Enter takes nothing back ──────────────────────────────────


async def test_enter_on_the_list_leaves_the_ticks_and_goes_on_to_the_button(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press(*BACK_TO_THE_LIST)
        await settle(pilot)
        assert isinstance(app.screen, DatabasesPage)
        assert "[✓] Base active" in flat(app)
        await pilot.press("enter")
        assert "[✓] Base active" in flat(app)
        assert app.focused is app.screen.query_one("#action-transfer")
        app.screen.set_focus(app.screen.query_one(TickTable))
        await pilot.press("down", "enter")
        assert "[✓] Archives" in flat(app), "what was not ticked is ticked, never the other way round"
        app.screen.set_focus(app.screen.query_one(TickTable))
        await pilot.press("space")
        assert "[ ] Archives" in flat(app)


async def test_enter_on_a_prerequisite_ticks_and_never_unticks(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        await pilot.press("p")
        await settle(pilot)
        assert isinstance(app.screen, PrerequisitesPage)
        await pilot.press("enter", "up", "enter", "up")
        assert len(Ticks(staged.home).all) == 1
        await pilot.press("space")
        assert len(Ticks(staged.home).all) == 0


# ── Lists have ends, and all their keys ───────────────────────


async def test_the_menu_ends_at_its_ends(staged: Stage) -> None:
    app = CentreApp(staged.home)
    async with app.run_test() as pilot:
        menu = app.screen.query_one("#menu", OptionList)
        await pilot.press("home", "up", "up")
        assert menu.highlighted == 0
        await pilot.press("end", "down")
        assert menu.highlighted == menu.option_count - 1
        assert isinstance(app.screen, HomePage)
        assert app.focused is menu


def test_no_list_goes_round() -> None:
    """Every list of the program is one that ends."""
    assert all(issubclass(kind, EndedList) for kind in classes() if issubclass(kind, OptionList))


# ── On a terminal ─────────────────────────────────────────────

ALTGR = "@#{[\\€"


def test_characters_of_altgr_arrive_where_a_terminal_speaks_kittys_protocol(staged: Stage) -> None:
    """The test is such a terminal: it sends « Alt and à » for « @ » as long as the program asks for it."""
    terminal = open_terminal(staged)
    try:
        drawn = read_until(terminal, b"Maintenir")
        read_until_quiet(terminal, 0.5)
        terminal.send("g")
        drawn += read_until(terminal, "Fichier de clé".encode())
        drawn += read_for(terminal, 1.0)
        asked = re.findall(rb"\x1b\[([>=<])(\d*)(?:;\d)?u", drawn)
        assert asked, "it says which it wants"
        assert _flags(asked) == 0, asked
        terminal.send(ALTGR)
        drawn += read_until(terminal, ALTGR[-1].encode())
        drawn += read_for(terminal, 0.5)
    finally:
        terminal.close(force=True)
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(drawn.decode("utf-8", "replace"))
    assert ALTGR in "\n".join(screen.display)


def _flags(asked: list[tuple[bytes, bytes]]) -> int:
    """What is asked for in the end: pushed, set or popped."""
    stack = [0]
    for how, number in asked:
        if how == b">":
            stack.append(int(number or b"0"))
        elif how == b"=":
            stack[-1] = int(number)
        elif len(stack) > 1:
            stack.pop()
    return stack[-1]


def test_escape_and_a_letter_in_one_packet_are_both_heard(staged: Stage) -> None:
    terminal = open_terminal(staged)
    try:
        read_until(terminal, b"Maintenir")
        terminal.send("p")
        read_until(terminal, b"coch")
        read_until_quiet(terminal, 0.5)
        terminal.send("\x1b")
        read_until(terminal, "Où vous en êtes".encode())
        read_until_quiet(terminal, 0.5)
        terminal.send("\x1bO")  # Escape, and a capital that may begin a sequence
        read_until(terminal, b"La touche O")
    finally:
        terminal.close(force=True)
