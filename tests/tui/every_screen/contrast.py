"""Contrast of what is really drawn, on every screen and in each theme (WCAG 1.4.3 and 1.4.11, EN 301 549).

Text has 4.5 to 1 against its ground, greyed buttons too; borders, signs, gauges, and the ground of what is
selected or focused against the one beside it, 3 to 1.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.color import ColorType
from textual.geometry import Offset, Region
from textual.screen import ModalScreen
from textual.widgets import DataTable, OptionList

from tests.tui.scenes import settle
from tui_transfer.tui import focus_place
from tui_transfer.tui.theme import THEMES
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from rich.style import Style
    from textual.app import App
    from textual.pilot import Pilot
    from textual.widget import Widget

TEXT, SIGN = 4.5, 3.0
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Cell:
    """A sign on the screen, its colour and that of its ground."""

    char: str
    ink: Rgb
    ground: Rgb


def contrast(one: Rgb, other: Rgb) -> float:
    def luminance(colour: Rgb) -> float:
        parts = [part / 255 for part in colour]
        r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


async def all_that_is_drawn_stands_out(pilot: Pilot[Any]) -> None:
    app, before = pilot.app, pilot.app.theme
    wrong: list[str] = []
    for name, theme in THEMES.items():
        app.theme = theme.name
        await settle(pilot)
        cells = cells_of(app)
        wrong += [f"{name}: {fault}" for fault in (*_faint(app, cells), *_unmarked(app, cells))]
    app.theme = before
    await settle(pilot)
    assert wrong == []


def cells_of(app: App[Any]) -> dict[Offset, Cell]:
    cells = {}
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        x = 0
        for text, style, control in strip:
            if control or style is None:
                continue
            ink, ground = _colours(style)
            for char in text:
                cells[Offset(x, y)] = Cell(char, ink, ground)
                x += 1 + (unicodedata.east_asian_width(char) in "WF")
    return cells


def _colours(style: Style) -> tuple[Rgb, Rgb]:
    ink, ground = (
        (255, 255, 255)
        if colour is None or colour.type is ColorType.DEFAULT
        else tuple(colour.get_truecolor())
        for colour in (style.color, style.bgcolor)
    )
    if style.reverse:
        ink, ground = ground, ink
    if style.dim:
        ink = tuple((a + b) // 2 for a, b in zip(ink, ground, strict=True))
    return ink, ground  # type: ignore[return-value]


def _looked_at(app: App[Any]) -> Region:
    """A modal darkens what is below it, which is not there to be read."""
    screen = app.screen
    return screen.query_one("#dialog").region if isinstance(screen, ModalScreen) else screen.region


def _faint(app: App[Any], cells: dict[Offset, Cell]) -> Iterator[str]:
    region = _looked_at(app)
    found: dict[tuple[Rgb, Rgb, float], str] = {}
    for place, cell in cells.items():
        if cell.char.isspace() or not region.contains_point(place):
            continue
        least = TEXT if unicodedata.category(cell.char)[0] in "LNP" else SIGN
        if contrast(cell.ink, cell.ground) < least:
            found[cell.ink, cell.ground, least] = found.get((cell.ink, cell.ground, least), "") + cell.char
    for (ink, ground, least), text in found.items():
        yield f"{text[:40]!r} {_told(ink)} on {_told(ground)}: {contrast(ink, ground):.1f} < {least}"


def _told(colour: Rgb) -> str:
    return f"#{bytes(colour).hex()}"


def _unmarked(app: App[Any], cells: dict[Offset, Cell]) -> Iterator[str]:
    """What is selected, and what has the focus, has a ground of its own."""
    for widget in app.screen.query("*"):
        if not widget.display or not widget.region.overlaps(app.screen.region):
            continue
        grounds = _marked_and_beside(widget, cells)
        if grounds is None:
            continue
        mark, beside = grounds
        # A list that does not have the focus may keep to itself where it is, but not half show it.
        if contrast(mark, beside) < SIGN and (widget.has_focus or mark != beside):
            yield f"{widget} {_told(mark)} beside {_told(beside)}: {contrast(mark, beside):.1f}"


def _marked_and_beside(widget: Widget, cells: dict[Offset, Cell]) -> tuple[Rgb, Rgb] | None:
    if isinstance(widget, (OptionList, DataTable)):
        place, inside = focus_place.place_of(widget), widget.content_region
        rows = [Offset(inside.x, y) for y in range(inside.y, inside.bottom)]
        has_mark = widget.highlighted is not None if isinstance(widget, OptionList) else widget.row_count
        others = [row for row in rows if cells[row].ground != cells[place].ground]
        is_plain = isinstance(widget, DataTable) and widget.cursor_type == "none"
        if not has_mark or is_plain or not (widget.focusable and inside):
            return None
        return cells[place].ground, cells[others[0]].ground if others else _around(widget, cells)
    if isinstance(widget, Action) and widget.has_focus:
        return cells[widget.region.offset].ground, _around(widget, cells)
    return None


def _around(widget: Widget, cells: dict[Offset, Cell]) -> Rgb:
    """The ground before it: margins and borders are drawn on that."""
    return cells[widget.region.offset - Offset(1, 0)].ground
