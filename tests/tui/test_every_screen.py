"""What holds on every screen: keys shown and reachable, French, sizes, themes, pictures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from textual.color import Color
from textual.widgets import Input

from tests.tui import make_screenshots
from tests.tui.conftest import flat, shown
from tests.tui.every_screen.answers import (
    a_capital_does_what_its_small_letter_does,
    home_end_and_pages_move_in_every_list,
    what_does_nothing_says_so_and_which_keys_there_are,
)
from tests.tui.every_screen.contrast import SIGN, TEXT, all_that_is_drawn_stands_out, contrast
from tests.tui.every_screen.cursor import the_cursor_is_where_the_focus_is
from tests.tui.every_screen.keyboard import (
    each_action_has_a_plain_key,
    other_sizes_are_filled_and_left_as_they_were,
    tab_follows_the_order_of_reading,
    too_small_a_window_says_so_and_loses_nothing,
    what_does_not_fit_can_be_read,
)
from tests.tui.every_screen.wholeness import every_text_is_seen_to_its_end
from tests.tui.scenes import SCENES, Scene, open_scene, settle
from tui_transfer.tui.app import CentreApp
from tui_transfer.tui.dialogs.help import HelpDialog
from tui_transfer.tui.keys import own_bindings
from tui_transfer.tui.screens.prerequisites import PrerequisitesPage
from tui_transfer.tui.theme import CONTRAST, DARK, LIGHT
from tui_transfer.tui.widgets.actions import Action, find_binding
from tui_transfer.tui.widgets.bars import MOST_KEYS
from tui_transfer.tui.widgets.path_input import PathInput

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import App
    from textual.pilot import Pilot
    from textual.theme import Theme

BY_NAME = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)

ENGLISH = re.compile(
    r"\b(the|and|press|quit|close|cancel|select|search|palette|must|between|invalid|space|enter|esc|del"
    r"|ctrl\+|focus|yes|submit|error|loading|page up|page down|back|help|copy|screen)\b",
    re.IGNORECASE,
)


@BY_NAME
async def test_the_screenshots_are_true(scene: Scene, tmp_path: Path) -> None:
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(120, 36)) as pilot:
            await drive(pilot)
            make_screenshots.is_as_kept(app, scene)


@BY_NAME
async def test_at_80_by_24(scene: Scene, tmp_path: Path) -> None:
    """All that is asked of each screen, in one run of the program, as to make one costs more than a look.

    Each check leaves the screen as it found it but for the focus; the last takes its actions away.
    """
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(80, 24)) as pilot:
            await drive(pilot)
            make_screenshots.is_as_kept(app, scene)
            every_text_is_seen_to_its_end(app.screen)
            assert ENGLISH.findall(flat(app)) == []
            buttons_are_whole_and_lettered(app)
            the_bar_has_few_keys_and_help(app)
            await help_opens_from_everywhere(pilot)
            each_action_has_a_plain_key(app)
            tab_follows_the_order_of_reading(app)
            if app.screen.query("TooSmall"):  # a text alone fits everywhere
                await too_small_a_window_says_so_and_loses_nothing(pilot)
            await other_sizes_are_filled_and_left_as_they_were(pilot)
            await what_does_not_fit_can_be_read(pilot)
            await all_that_is_drawn_stands_out(pilot)
            await the_cursor_is_where_the_focus_is(pilot)
            await every_button_is_reached_by_tab(pilot)
            await what_does_nothing_says_so_and_which_keys_there_are(pilot)
            await home_end_and_pages_move_in_every_list(pilot)
            await a_capital_does_what_its_small_letter_does(pilot)


def buttons_are_whole_and_lettered(app: App[Any]) -> None:
    text = shown(app)
    for button in app.screen.query(Action):
        if button.display:
            assert re.search(rf"\S+  {re.escape(button.label)} ", text), button.label
            assert app.screen.region.contains_region(button.region)
    keys = [find_binding(app.screen, button.action).key.split(",")[0]
            for button in app.screen.query(Action) if button.display and not button.disabled]  # fmt: skip
    assert len(keys) == len(set(keys))


def the_bar_has_few_keys_and_help(app: App[Any]) -> None:
    if bar := app.screen.query("#keys"):
        key = "F1" if isinstance(app.screen.focused, Input) else "?"
        assert f"{key} Aide" in str(bar.first().render())
        assert len([binding for binding in own_bindings(type(app.screen)) if binding.show]) <= MOST_KEYS


async def help_opens_from_everywhere(pilot: Pilot[Any]) -> None:
    """A field takes « ? » as a letter: there F1 opens it, and the frame of the dialog says so."""
    screen = pilot.app.screen
    if isinstance(screen, HelpDialog):
        return
    key, shown_key = ("f1", "F1") if isinstance(screen.focused, Input) else ("question_mark", "?")
    assert f"{shown_key} aide" in flat(pilot.app).lower().replace("f1", "F1")
    await pilot.press(key)
    assert isinstance(pilot.app.screen, HelpDialog)
    assert ENGLISH.findall(flat(pilot.app)) == []
    await pilot.press("escape")
    assert pilot.app.screen is screen


async def every_button_is_reached_by_tab(pilot: Pilot[Any]) -> None:
    if pilot.app.screen.query(PathInput):
        return  # its Tab completes; arrows and Enter lead on, which test_databases does
    buttons = [button for button in pilot.app.screen.query(Action) if button.display and not button.disabled]
    reached = set()
    for _ in pilot.app.screen.focus_chain:
        reached.add(pilot.app.screen.focused)
        await pilot.press("tab")
    assert set(buttons) <= reached


async def test_help_lists_the_keys_of_the_screen_in_french(tmp_path: Path) -> None:
    scene = next(scene for scene in SCENES if scene.name == "bases")
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(100, 40)) as pilot:
            await drive(pilot)
            await pilot.press("question_mark")
            text = flat(app)
            for line in ("Espace Cocher ou décocher", "Suppr Retirer la base", "Échap Revenir"):
                assert line in text
            await pilot.press("escape")
            assert "Cochez les bases" in flat(app)


async def test_ctrl_c_says_how_to_quit(tmp_path: Path) -> None:
    with open_scene(SCENES[0], tmp_path) as (app, drive):
        async with app.run_test() as pilot:
            await drive(pilot)
            await pilot.press("ctrl+c")
            assert "Pour quitter, appuyez sur Q." in flat(app)


async def test_l_goes_through_the_themes_and_the_last_is_remembered(tmp_path: Path) -> None:
    with open_scene(SCENES[0], tmp_path) as (app, drive):
        async with app.run_test() as pilot:
            await drive(pilot)
            assert app.theme == DARK.name
            for theme, name in ((LIGHT, "clair"), (CONTRAST, "contraste élevé"), (DARK, "sombre")):
                await pilot.press("l")
                assert app.theme == theme.name
                assert f"Thème {name}." in flat(app)
            await pilot.press("l")
        assert CentreApp(app.session.home).theme == LIGHT.name


async def test_the_palette_finds_a_command_and_does_it(tmp_path: Path) -> None:
    with open_scene(SCENES[0], tmp_path) as (app, drive):
        async with app.run_test() as pilot:
            await drive(pilot)
            await pilot.press("ctrl+p", *"prerequis")
            assert "Cocher et contrôler les prérequis" in flat(app)
            assert "Transférer des bases" not in flat(app)
            await pilot.press("enter")
            await settle(pilot)
            assert isinstance(app.screen, PrerequisitesPage)
            await pilot.press("ctrl+p", *"zzz")
            assert "Aucune commande de ce nom ici." in flat(app)
            await pilot.press("enter", "escape")
            assert isinstance(app.screen, PrerequisitesPage)


@pytest.mark.parametrize("theme", [DARK, LIGHT, CONTRAST], ids=lambda theme: theme.name)
def test_texts_stand_out_from_their_ground(theme: Theme) -> None:
    """WCAG AA: 4.5 to 1 for text, on each ground it is put on."""
    variables = theme.variables
    for ground in (theme.background, theme.surface, theme.panel):
        for ink in (
            theme.foreground,
            theme.primary,
            theme.success,
            theme.warning,
            theme.error,
            variables["muted"],
        ):
            assert ink is not None
            assert ground is not None
            assert _contrast(ink, ground) >= TEXT, (ink, ground)
    assert _contrast(variables["on-primary"], theme.primary) >= TEXT
    assert _contrast(variables["block-cursor-foreground"], variables["selection"]) >= TEXT


@pytest.mark.parametrize("theme", [DARK, LIGHT, CONTRAST], ids=lambda theme: theme.name)
def test_the_thumb_of_a_scrollbar_stands_out_from_its_track(theme: Theme) -> None:
    assert _contrast(theme.variables["scrollbar"], theme.variables["scrollbar-background"]) >= SIGN


def _contrast(one: str, other: str) -> float:
    return contrast(Color.parse(one).rgb, Color.parse(other).rgb)


def test_no_picture_is_left_over() -> None:
    wanted = {f"{scene.name}.svg" for scene in SCENES}
    for folder in make_screenshots.FOLDERS.values():
        assert {path.name for path in folder.iterdir()} == wanted
