"""Every screen by keyboard alone: plain keys, Tab in the order of reading, sizes that change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.tui.conftest import shown
from tests.tui.scenes import SCENES, Scene, open_scene
from tui_transfer.tui.keys import own_bindings
from tui_transfer.tui.widgets.actions import TEXT, Action, ActionRow

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import App
    from textual.pilot import Pilot
    from textual.widget import Widget

PLAIN = re.compile(
    r"[a-z0-9]|enter|escape|space|tab|shift\+tab|up|down|left|right|home|end|pageup|pagedown"
    r"|question_mark|colon|delete|f3"
)
"""What a keyboard of any country types without AltGr, and no terminal or multiplexer keeps for itself."""


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_by_keyboard_alone(scene: Scene, tmp_path: Path) -> None:
    with open_scene(scene, tmp_path) as (app, drive):
        async with app.run_test(size=(80, 24)) as pilot:
            await drive(pilot)
            each_action_has_a_plain_key(app)
            tab_follows_the_order_of_reading(app)
            await other_sizes_are_filled_and_left_as_they_were(pilot)
            await what_does_not_fit_can_be_read(pilot)


def each_action_has_a_plain_key(app: App[Any]) -> None:
    bindings = own_bindings(type(app.screen))
    for action in {binding.action for binding in bindings if binding.description}:
        keys = [
            key.strip() for binding in bindings if binding.action == action for key in binding.key.split(",")
        ]
        assert any(PLAIN.fullmatch(key) for key in keys), (action, keys)


def tab_follows_the_order_of_reading(app: App[Any]) -> None:
    """From top to bottom and from left to right, the buttons last; what is scrolled away has its place."""
    chain: list[Widget] = list(app.screen.focus_chain)
    assert not chain or app.screen.focused in chain
    places = [
        (any(isinstance(parent, ActionRow) for parent in widget.ancestors), widget.region.y, widget.region.x)
        for widget in chain
    ]
    assert places == sorted(places), chain


async def other_sizes_are_filled_and_left_as_they_were(pilot: Pilot[Any]) -> None:
    before = shown(pilot.app)
    scrolled = any(widget.scroll_offset.y for widget in pilot.app.screen.query("VerticalScroll"))
    for size in ((60, 20), (200, 50), (80, 24)):
        await pilot.resize_terminal(*size)
        for _ in range(3):
            await pilot.pause()
        text = shown(pilot.app)
        for button in pilot.app.screen.query(Action):
            if button.display and isinstance(button.parent, ActionRow):
                assert re.search(rf"\S+  {re.escape(button.label)} ", text), (size, button.label, text)
    if not scrolled and not pilot.app.screen.query("TickList"):  # which stays scrolled to what is highlighted
        assert shown(pilot.app) == before
    elif focused := pilot.app.screen.focused:
        assert pilot.app.screen.region.contains_region(focused.region), focused


async def what_does_not_fit_can_be_read(pilot: Pilot[Any]) -> None:
    """A dialog whose text is cut off in the smallest window shows its end: by pages from everywhere, with an
    arrow where there are only buttons.
    """
    await pilot.resize_terminal(60, 20)
    for _ in range(3):
        await pilot.pause()
    for text in pilot.app.screen.query(f"#{TEXT}"):
        only_buttons = all(isinstance(widget, Action) for widget in pilot.app.screen.focus_chain)
        for key in ("pagedown", "down") if only_buttons else ("pagedown",):
            text.scroll_home(animate=False, immediate=True)
            for _ in range(text.max_scroll_y):
                await pilot.press(key)
            await pilot.pause()
            assert text.scroll_offset.y == text.max_scroll_y, key
