"""Tables: one that is drawn cell by cell, and one whose rows can be ticked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.message import Message
from textual.widgets import DataTable

from tui_transfer.tui.widgets.actions import FIELD

if TYPE_CHECKING:
    from textual.geometry import Region
    from textual.widgets.data_table import CursorType

TICKED = "[✓]"
UNTICKED = "[ ]"


class FrugalTable(DataTable[Text]):
    """A table that sends only the cells that changed.

    `DataTable.update_cell` refreshes the whole table: 3,7 KB at 80×24 over the SSH connection, where a
    cell takes about a hundred bytes.
    """

    def __init__(self, *, id: str, classes: str = "", cursor: CursorType = "row") -> None:
        self._one_cell = False
        super().__init__(id=id, classes=classes, cursor_type=cursor)

    def set_cell(self, row: int, column: int, value: Text) -> None:
        """Changes a cell, if it differs."""
        coordinate = Coordinate(row, column)
        if self.get_cell_at(coordinate) == value:
            return
        self._one_cell = True
        try:
            self.update_cell_at(coordinate, value)
        finally:
            self._one_cell = False
        self.refresh_coordinate(coordinate)

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Leaves out the refresh of everything that `update_cell_at` asks for."""
        if self._one_cell and not regions and not layout and not recompose:
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class TickTable(FrugalTable):
    """A table whose first column is a tick box."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "tick", "Cocher", show=False),
    ]

    class Ticked(Message):
        """Space or Enter on a row."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes=f"panel {FIELD}")

    def action_tick(self) -> None:
        """Says that the row was chosen."""
        if self.row_count:
            self.post_message(self.Ticked(self.cursor_row))

    def action_cursor_down(self) -> None:
        """Goes down; from the last row on to the buttons."""
        if self.cursor_row >= self.row_count - 1:
            self.screen.focus_next()
        else:
            super().action_cursor_down()


def tick_box(ticked: bool) -> Text:
    """A tick box that needs no colour."""
    return Text(TICKED if ticked else UNTICKED, style="bold" if ticked else "")


def right(text: str, **options: Any) -> Text:
    """Text for a column of figures."""
    return Text(text, justify="right", no_wrap=True, **options)
