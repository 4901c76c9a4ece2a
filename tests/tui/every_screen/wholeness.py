"""At 80 by 24 no text is cut off: what does not fit wraps, and what then does not fit can be scrolled to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.containers import VerticalScroll
from textual.geometry import Region, Size
from textual.widget import Widget
from textual.widgets import Label, Static

from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from textual.screen import Screen

SMALLEST = Size(80, 24)


def texts(screen: Screen[Any]) -> list[Widget]:
    return [
        widget
        for widget in screen.query("*")
        if isinstance(widget, Prose | Static | Label | Action)
        and all(above.display for above in widget.ancestors_with_self if hasattr(above, "display"))
    ]


def cut(widget: Widget, screen: Screen[Any]) -> str:
    """What is wrong with how much of a text there is to see; empty where nothing is."""
    size = widget.content_size
    if isinstance(widget, Static | Label) and not str(widget.content):
        return ""
    height = widget.get_content_height(screen.size, screen.size, max(1, size.width))
    if height > size.height:
        return f"{height} lines in {size.height}"
    is_one_line = isinstance(widget, Action) or widget.styles.text_wrap == "nowrap"
    width = widget.get_content_width(screen.size, screen.size) if is_one_line else 0
    if width > size.width:
        return f"{width} columns in {size.width}"
    place = widget.virtual_region_with_margin if height else Region()
    for above in widget.ancestors:
        if above is screen or not isinstance(above, Widget):
            break
        scrolls = isinstance(above, VerticalScroll) and above.styles.overflow_y in {"auto", "scroll"}
        if scrolls:
            return "" if place.bottom <= above.virtual_size.height else f"scrolls to {above.virtual_size}"
        if place.bottom > above.size.height + above.gutter.height:
            return f"ends at {place.bottom} of {above!r} with {above.size.height}"
        place = place.translate(above.virtual_region.offset)
    return ""


def every_text_is_seen_to_its_end(screen: Screen[Any]) -> None:
    assert screen.size == SMALLEST
    assert {f"{widget!r}": problem for widget in texts(screen) if (problem := cut(widget, screen))} == {}
