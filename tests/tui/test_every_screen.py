"""What holds on every screen: keys shown and reachable, French, sizes, themes, pictures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from textual.color import Color
from textual.widgets import Input

from tests.tui import make_screenshots
from tests.tui.conftest import flat, shown
from tests.tui.patience import until
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
    from collections.abc import Callable
    from pathlib import Path

    from textual.app import App
    from textual.pilot import Pilot
    from textual.theme import Theme

BY_NAME = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])

ENGLISH = re.compile(
    r"\b(the|and|press|quit|close|cancel|select|search|palette|must|between|invalid|space|enter|esc|del"
    r"|ctrl\+|focus|yes|submit|error|loading|page up|page down|back|help|copy|screen)\b",
    re.IGNORECASE,
)


@BY_NAME
@SIZES
def test_pictures(
    scene: Scene, size: tuple[int, int], tmp_path: Path, snap_compare: Callable[..., bool]
) -> None:
    with open_scene(scene, tmp_path) as (app, drive):
        pictures: list[str] = []

        async def drive_and_keep(pilot: Pilot[Any]) -> None:
            await drive(pilot)
            pictures.append(make_screenshots.take(app))

        assert snap_compare(app, terminal_size=size, run_before=drive_and_keep)
    if size == make_screenshots.SIZE:
        kept = (make_screenshots.FOLDER / f"{scene.name}.svg").read_text("utf-8")
        assert kept == pictures[0], "run python -m tests.tui.make_screenshots"


@BY_NAME
async def test_at_80_by_24(scene: Scene, tmp_path: Path) -> None:
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(80, 24)) as pilot:
            await drive(pilot)
            assert ENGLISH.findall(flat(app)) == []
            buttons_are_whole_and_lettered(app)
            the_bar_has_few_keys_and_help(app)
            await help_opens_from_everywhere(pilot)
            if app.screen.query("TooSmall"):  # a text alone fits everywhere
                await too_small_a_window_says_so_and_loses_nothing(pilot)
            await every_button_is_reached_by_tab(pilot)


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


async def too_small_a_window_says_so_and_loses_nothing(pilot: Pilot[Any]) -> None:
    before = shown(pilot.app)
    for width, height in ((59, 24), (80, 19)):
        await pilot.resize_terminal(width, height)
        await pilot.pause()
        assert "60 colonnes et 20 lignes" in flat(pilot.app)
        assert "▸" not in shown(pilot.app)
    await pilot.resize_terminal(80, 24)
    await until(pilot, lambda: shown(pilot.app) == before)


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
            assert _contrast(ink, ground) >= 4.5, (ink, ground)
    assert _contrast(variables["on-primary"], theme.primary) >= 4.5
    assert _contrast(variables["block-cursor-foreground"], variables["selection"]) >= 4.5


def _contrast(ink: str, ground: str) -> float:
    def luminance(text: str) -> float:
        parts = [part / 255 for part in Color.parse(text).rgb]
        r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_no_screenshot_is_left_over() -> None:
    wanted = {f"{scene.name}.svg" for scene in SCENES}
    assert {path.name for path in make_screenshots.FOLDER.iterdir()} == wanted
