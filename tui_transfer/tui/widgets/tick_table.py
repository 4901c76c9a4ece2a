"""Tables: one that is drawn cell by cell, and one whose rows can be ticked."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Self, TypeVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.message import Message
from textual.widgets import DataTable

from tui_transfer.tui import wording
from tui_transfer.tui.widgets.actions import FIELD
from tui_transfer.tui.widgets.lists import leave_upwards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.geometry import Region
    from textual.widgets.data_table import CursorType

T = TypeVar("T")
TICKED = "[✓]"
UNTICKED = "[ ]"


GAP: Final = 2
"""Columns left empty between cells."""


class FrugalTable(DataTable[Text]):
    """A table that sends only the rows that changed, and little for each.

    `DataTable.update_cell` refreshes the whole table: 3,7 KB at 80×24 over the SSH connection. Textual
    sends a line from its widget's left edge up to what changed, so one row is refreshed at once rather
    than cell by cell, and the table pads no cell on its own: each padding would be coloured anew.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # Without these they would go to the first and last column.
        Binding("home", "scroll_top", "Première ligne", show=False),
        Binding("end", "scroll_bottom", "Dernière ligne", show=False),
    ]

    def __init__(self, *, id: str, classes: str = "", cursor: CursorType = "row") -> None:
        self._quiet = False
        super().__init__(id=id, classes=classes, cursor_type=cursor, cell_padding=0)

    def action_cursor_down(self) -> None:
        """Goes down; from the last row on to the buttons."""
        if self.cursor_row >= self.row_count - 1:
            self.screen.focus_next()
        else:
            super().action_cursor_down()

    def action_cursor_up(self) -> None:
        """Goes up; from the first row on to what is above."""
        if self.cursor_row <= 0:
            leave_upwards(self)
        else:
            super().action_cursor_up()

    def set_columns(self, columns: Sequence[tuple[str | Text, int]]) -> None:
        """Begins anew with `columns`, labels and widths."""
        self.clear(columns=True)
        for position, (label, width) in enumerate(columns, start=1):
            self.add_column(label, width=width + (GAP if position < len(columns) else 0))

    def under_cursor(self, items: Sequence[T]) -> T | None:
        """Which of the items that the rows stand for is highlighted; the cursor of no rows may be at -1."""
        return items[self.cursor_row] if 0 <= self.cursor_row < len(items) else None

    def set_row(self, row: int, cells: Sequence[Text]) -> None:
        """Changes a row, if it differs."""
        changed = [
            (Coordinate(row, column), cell)
            for column, cell in enumerate(cells)
            if self.get_cell_at(Coordinate(row, column)) != cell
        ]
        self._quiet = True
        try:
            for coordinate, cell in changed:
                self.update_cell_at(coordinate, cell)
        finally:
            self._quiet = False
        if changed:
            self.refresh_row(row)

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Leaves out the refresh of everything that `update_cell_at` asks for."""
        if self._quiet and not regions and not layout and not recompose:
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class TickTable(FrugalTable):
    """A table whose first column is a tick box."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", "Cocher", show=False),
    ]

    class Ticked(Message):
        """Space on a row. Enter is `RowSelected`: it says that one goes on, and takes nothing back."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes=f"panel {FIELD}")

    def action_tick(self) -> None:
        """Says that the row was chosen."""
        if self.row_count:
            self.post_message(self.Ticked(self.cursor_row))


def tick_box(ticked: bool) -> Text:
    """A tick box that needs no colour."""
    return Text(TICKED if ticked else UNTICKED, style="bold" if ticked else "")


def cut_off(text: str, width: int) -> Text:
    """A sentence, as far as it goes."""
    sentence = Text(text, no_wrap=True)
    sentence.truncate(width, overflow="ellipsis")
    return sentence


def clipped(text: str, width: int) -> Text:
    """Text that says with « … » that it does not fit."""
    clipped = Text(wording.shorten(text, width), no_wrap=True)
    clipped.truncate(width, overflow="ellipsis")
    return clipped


def right(text: str, width: int) -> Text:
    """Text for a column of figures that is `width` wide."""
    return Text(text.rjust(width), no_wrap=True)
