"""Every screen by keyboard alone: plain keys, Tab in the order of reading, sizes that change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from textual.containers import VerticalScroll

from tests.tui.conftest import flat, shown
from tests.tui.patience import rest, until
from tui_transfer.tui.keys import own_bindings
from tui_transfer.tui.widgets.actions import TEXT, Action, ActionRow
from tui_transfer.tui.widgets.tick_list import TickList

if TYPE_CHECKING:
    from textual.app import App
    from textual.pilot import Pilot
    from textual.widget import Widget

PLAIN = re.compile(
    r"[a-z0-9]|enter|escape|space|tab|shift\+tab|up|down|left|right|home|end|pageup|pagedown"
    r"|question_mark|colon|delete|f3"
)
"""What a keyboard of any country types without AltGr, and no terminal or multiplexer keeps for itself."""


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


async def too_small_a_window_says_so_and_loses_nothing(pilot: Pilot[Any]) -> None:
    before = _Look(pilot)
    for size in ((59, 24), (80, 19)):
        await _resize(pilot, size)
        assert "60 colonnes et 20 lignes" in flat(pilot.app)
        assert "▸" not in shown(pilot.app)
    await before.comes_back()


async def other_sizes_are_filled_and_left_as_they_were(pilot: Pilot[Any]) -> None:
    before = _Look(pilot)
    for size in ((60, 20), (200, 50)):
        await _resize(pilot, size)
        text = shown(pilot.app)
        for button in pilot.app.screen.query(Action):
            if button.display and isinstance(button.parent, ActionRow):
                assert re.search(rf"\S+  {re.escape(button.label)} ", text), (size, button.label, text)
    await before.comes_back()


class _Look:
    """What is seen at 80 by 24; what is scrolled may come back scrolled otherwise, the focus in sight."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self._pilot = pilot
        self._seen = shown(pilot.app)
        screen = pilot.app.screen
        self._scrolls = bool(screen.query(TickList)) or any(
            widget.max_scroll_y for widget in screen.query(VerticalScroll)
        )

    async def comes_back(self) -> None:
        app = self._pilot.app
        await _resize(self._pilot, (80, 24))
        if not self._scrolls:
            await until(self._pilot, lambda: shown(app) == self._seen)
        elif focused := app.screen.focused:
            assert app.screen.region.contains_region(focused.region), focused


async def what_does_not_fit_can_be_read(pilot: Pilot[Any]) -> None:
    """A dialog whose text is cut off in the smallest window shows its end: by pages from everywhere, with an
    arrow where there are only buttons.
    """
    await _resize(pilot, (60, 20))
    for text in pilot.app.screen.query(f"#{TEXT}"):
        only_buttons = all(isinstance(widget, Action) for widget in pilot.app.screen.focus_chain)
        for key in ("pagedown", "down") if only_buttons else ("pagedown",):
            text.scroll_home(animate=False, immediate=True)
            for _ in range(text.max_scroll_y):
                await pilot.press(key)
            await pilot.pause()
            assert text.scroll_offset.y == text.max_scroll_y, key
    await _resize(pilot, (80, 24))


async def _resize(pilot: Pilot[Any], size: tuple[int, int]) -> None:
    await pilot.resize_terminal(*size)
    for _ in range(3):
        await rest(pilot)
