"""What holds on every screen: keys shown and reachable, French, sizes, themes, pictures."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.color import Color

from tests.tui import make_screenshots, stage
from tests.tui.conftest import flat, shown
from tests.tui.scenes import SCENES, Scene, open_scene
from tui_transfer.tui.keys import own_bindings
from tui_transfer.tui.theme import DARK, LIGHT
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.bars import MOST_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

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
    if not scene.pictured:
        pytest.skip("it shows a path of this machine")
    with open_scene(scene, tmp_path) as (app, drive):
        assert snap_compare(app, terminal_size=size, run_before=drive)


@BY_NAME
async def test_at_80_by_24_every_button_is_whole_has_its_letter_and_can_be_reached(
    scene: Scene, tmp_path: Path
) -> None:
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(80, 24)) as pilot:
            await drive(pilot)
            text = shown(app)
            buttons = [button for button in app.screen.query(Action) if button.display]
            for button in buttons:
                assert re.search(rf"\S+  {re.escape(button.label)} ", text), button.label
                assert button.region in app.screen.region
            letters = [binding.key.split(",")[0] for binding in own_bindings(type(app.screen))]
            assert len(letters) == len(set(letters))
            wanted = {button.action for button in buttons if not button.disabled}
            reached = set()
            for _ in app.screen.focus_chain:
                await pilot.press("tab")
                if isinstance(app.screen.focused, Action):
                    reached.add(app.screen.focused.action)
            assert wanted <= reached or app.screen.query("#path"), wanted - reached


@BY_NAME
async def test_no_english_and_few_keys_in_the_bar(scene: Scene, tmp_path: Path) -> None:
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(120, 40)) as pilot:
            await drive(pilot)
            assert ENGLISH.findall(flat(app)) == []
            if bar := app.screen.query("#keys"):
                assert "? Aide" in str(bar.first().render())
                keys = [binding for binding in own_bindings(type(app.screen)) if binding.show]
                assert len(keys) <= MOST_KEYS


@BY_NAME
async def test_under_60_by_20_one_message_and_it_comes_back(scene: Scene, tmp_path: Path) -> None:
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(80, 24)) as pilot:
            await drive(pilot)
            before = shown(app)
            if not app.screen.query("TooSmall"):
                pytest.skip("a text alone fits everywhere")
            for width, height in ((59, 24), (80, 19)):
                await pilot.resize_terminal(width, height)
                await pilot.pause()
                assert "60 colonnes et 20 lignes" in flat(app)
            await pilot.resize_terminal(80, 24)
            await pilot.pause()
            assert shown(app) == before


async def test_help_lists_the_keys_of_the_screen_in_french(tmp_path: Path) -> None:
    scene = next(scene for scene in SCENES if scene.name == "bases")
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(100, 40)) as pilot:
            await drive(pilot)
            await pilot.press("question_mark")
            text = flat(app)
            for line in ("Espace Cocher ou décocher", "S ou Suppr Retirer la base", "Échap Revenir"):
                assert line in text
            await pilot.press("escape")
            assert "Cochez les bases" in flat(app)


async def test_ctrl_c_says_how_to_quit_and_l_changes_the_theme(tmp_path: Path) -> None:
    with open_scene(SCENES[0], tmp_path) as (app, drive):
        async with app.run_test() as pilot:
            await drive(pilot)
            await pilot.press("ctrl+c")
            assert "Pour quitter, appuyez sur Q." in flat(app)
            await pilot.press("l")
            assert app.theme == LIGHT.name
            await pilot.press("l")
            assert app.theme == DARK.name


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_texts_stand_out_from_their_ground(theme: Theme) -> None:
    """WCAG AA: 4.5 to 1 for text, on each ground it is put on."""
    variables = theme.variables
    for ground in (theme.background, theme.surface, theme.panel):
        for ink in (theme.foreground, theme.primary, theme.success, theme.warning, theme.error, variables["muted"]):
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


@pytest.mark.parametrize("scene", make_screenshots.chosen(), ids=lambda scene: scene.name)
async def test_the_screenshots_are_those_of_today(scene: Scene) -> None:
    file = make_screenshots.FOLDER / f"{scene.name}.svg"
    assert file.read_text("utf-8") == await make_screenshots.picture(scene), (
        "run python -m tests.tui.make_screenshots"
    )


def test_no_screenshot_is_left_over() -> None:
    wanted = {f"{scene.name}.svg" for scene in make_screenshots.chosen()}
    assert {path.name for path in make_screenshots.FOLDER.iterdir()} == wanted
