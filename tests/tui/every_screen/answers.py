"""Every key answers: what does nothing says so, lists have ends, a capital counts as its small letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import events
from textual.widgets import DataTable

from tests.tui.conftest import flat, shown
from tests.tui.scenes import settle

if TYPE_CHECKING:
    from textual.pilot import Pilot


async def what_does_nothing_says_so_and_which_keys_there_are(pilot: Pilot[Any]) -> None:
    app, before, screen = pilot.app, shown(pilot.app), pilot.app.screen
    await pilot.press("f9")
    assert app.screen is screen
    text = flat(app)
    assert "La touche F9 ne fait rien ici." in text
    assert "aide" in text.lower()
    app.post_message(events.Key("unknown_key", None))
    await settle(pilot)
    assert "Cette touche ne fait rien ici." in flat(app)
    # The next key that does something takes it back, and nothing was lost meanwhile.
    await pilot.press("tab", "shift+tab")
    assert "ne fait rien" not in flat(app)
    if not screen.query("TickList, PathInput, SecretInput"):
        assert shown(app) == before


async def home_end_and_pages_move_in_every_list(pilot: Pilot[Any]) -> None:
    for widget in pilot.app.screen.query("OptionList, DataTable"):
        if not (widget.focusable and widget.display) or (
            isinstance(widget, DataTable) and widget.cursor_type == "none"
        ):
            continue
        pilot.app.screen.set_focus(widget)
        places = await _places(pilot, widget)
        if places["end"] != places["home"]:
            assert places["pagedown"] > places["home"], widget
            assert places["pageup"] < places["end"], widget
        assert places["up"] == places["home"], widget


async def a_capital_does_what_its_small_letter_does(pilot: Pilot[Any]) -> None:
    """Every letter of every screen: the screen itself knows which of them count now. None is really done."""
    app, screen = pilot.app, pilot.app.screen
    done: list[str] = []

    async def keep(action: str, *_: object) -> bool:
        allowed = bool(screen.check_action(action, ()))
        done.extend([action] * allowed)
        return allowed

    app.run_action = keep  # type: ignore[assignment,method-assign]
    for letter, bound in screen.active_bindings.items():
        if len(letter) == 1 and letter.isalpha() and bound.enabled:
            done.clear()
            await pilot.press(letter.upper())
            assert len(done) == 1, (letter, done)


async def _places(pilot: Pilot[Any], widget: Any) -> dict[str, int]:
    """Where each key leads to, from the other end."""
    places = {}
    for key in ("home", "pagedown", "end", "pageup", "home", "up"):
        await pilot.press(key)
        places[key] = widget.cursor_row if isinstance(widget, DataTable) else widget.highlighted or 0
        pilot.app.screen.set_focus(widget)
    return places
