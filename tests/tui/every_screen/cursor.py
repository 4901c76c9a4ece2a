"""The terminal's cursor follows the focus: screen readers and magnifiers look there, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.geometry import Offset
from textual.widgets import DataTable, Input, OptionList

from tests.tui.every_screen.contrast import cells_of
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from textual.pilot import Pilot
    from textual.widget import Widget


async def the_cursor_is_where_the_focus_is(pilot: Pilot[Any]) -> None:
    """What is drawn there shows it: the mark of a button, the ground of a line."""
    app = pilot.app
    for _ in range(len(app.screen.focus_chain) or 1):
        focused, place = app.screen.focused, app.cursor_position
        if focused is None or not focused.display:  # an empty list is not there
            assert not app.screen.focus_chain
            return
        assert focused.region.contains_point(place)
        cells = cells_of(app)
        if isinstance(focused, Action):
            line = "".join(cells[place + Offset(x, 0)].char for x in range(3))
            assert line.strip().startswith("▸")
        elif isinstance(focused, Input):
            assert place == focused.cursor_screen_offset
        elif (mark := _mark_of(focused)) is not None:
            assert cells[place].ground == mark
            await pilot.press("up" if place.y > focused.content_region.y + 2 else "down")
            if app.screen.focused is focused:
                assert cells_of(app)[app.cursor_position].ground == mark
        app.screen.focus_next()
        await pilot.pause()


def _mark_of(widget: Widget) -> tuple[int, int, int] | None:
    """The ground of the line that is selected, in a widget that has lines."""
    if isinstance(widget, OptionList):
        return widget.get_component_styles("option-list--option-highlighted").background.rgb
    if isinstance(widget, DataTable) and widget.cursor_type == "row":
        return widget.get_component_styles("datatable--cursor").background.rgb
    return None
