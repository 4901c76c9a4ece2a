"""Where the focus is, for the terminal's own cursor: screen readers and magnifiers follow that.

Textual draws everything itself and hides the cursor. Here it stands at the caret of a field, the line of a
list, the mark of a button, as a bar, which hides nothing of what is drawn there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.geometry import Offset
from textual.widgets import DataTable, Input

from tui_transfer.tui.widgets.lists import EndedList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.widget import Widget

SHOW: Final = "\x1b[?25h"
_BAR: Final = "\x1b[6 q"
_AS_IT_WAS: Final = "\x1b[0 q"


def shape(environment: Mapping[str, str]) -> str:
    """Makes the cursor a bar. The Linux console, whose cursor is a line, would print a part of this."""
    return "" if environment.get("TERM") == "linux" else _BAR


def shape_back(environment: Mapping[str, str]) -> str:
    """Gives the cursor the shape that the person has chosen."""
    return "" if environment.get("TERM") == "linux" else _AS_IT_WAS


def place_of(widget: Widget) -> Offset:
    """The cell of the screen at which to begin to read `widget`."""
    if isinstance(widget, Input):
        return widget.cursor_screen_offset
    inside = widget.content_region
    line = _line(widget) - round(widget.scroll_offset.y)
    return inside.offset + Offset(0, min(max(0, line), max(0, inside.height - 1)))


def _line(widget: Widget) -> int:
    """The line that counts, from the top of all that the widget has to show."""
    if isinstance(widget, DataTable):
        return widget.cursor_row + (widget.header_height if widget.show_header else 0)
    if isinstance(widget, EndedList):
        return widget.line_of_highlight
    return round(widget.scroll_offset.y)
