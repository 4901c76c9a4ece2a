"""The rows of the list of databases: which columns there are, and what stands in them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

from tui_transfer import french
from tui_transfer.errors import Problem, TransferError
from tui_transfer.system.files import printable
from tui_transfer.tui import wording
from tui_transfer.tui.widgets.columns import Column, Layout, lay_out
from tui_transfer.tui.widgets.tick_table import GAP, clipped, right, tick_box

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tui_transfer.archive.source import Summary

LEAST_NAME: Final = 10
_TICK, _KIND, _SIZE, _DATE, _STATE, _PLACE = "", "Type", "Taille", "Modifiée le", "État", "Emplacement"
_PLACE_WIDTH: Final = 24
_COLUMNS: Final = (
    Column(_TICK, 3),
    Column(_KIND, 11, rank=2),
    Column(_SIZE, 7),
    Column(_DATE, 16, rank=3),
    Column(_STATE, 11),
    Column(_PLACE, _PLACE_WIDTH, rank=4),
)
"""That of the names comes second; what gives way first: where it is, when it was changed, what it is."""
_SHORT_DATE: Final = Column(_DATE, 11, rank=3)
_WORDS: Final = {
    Problem.DATABASE_MISSING: "absente",
    Problem.DATABASE_UNREADABLE: "illisible",
    Problem.DATABASE_LOCKED: "occupée",
}


@dataclass(frozen=True)
class Entry:
    """A database as the list shows it.

    Attributes:
        name: what it is called.
        path: where it is.
        ticked: whether it is to go.
        active: whether it is ticked beforehand.
        look: what is known of it; None while it is looked at.
        is_empty: whether it holds no data.
        is_done: whether it was handed over, and nobody wrote to it since.
    """

    name: str
    path: Path
    ticked: bool
    active: bool
    look: Summary | TransferError | None
    is_empty: bool
    is_done: bool = False


@dataclass(frozen=True)
class Rows:
    """How the rows of one list are laid out."""

    layout: Layout

    @classmethod
    def fitting(cls, names: Sequence[str], room: int) -> Rows:
        """For these names, in so many columns of the window."""
        longest = max(map(cell_len, names), default=LEAST_NAME)
        layout = lay_out(_COLUMNS, room, longest, GAP, LEAST_NAME)
        if not any(column.label == _DATE for column in layout.columns):  # without the time, it may fit
            columns = [_SHORT_DATE if column.label == _DATE else column for column in _COLUMNS]
            layout = lay_out(columns, room, longest, GAP, LEAST_NAME)
        spare = room - layout.name - sum(column.width + GAP for column in layout.columns)
        columns = [
            Column(column.label, column.width + max(0, spare)) if column.label == _PLACE else column
            for column in layout.columns
        ]
        return cls(Layout(tuple(columns), layout.name))

    @property
    def heads(self) -> list[tuple[str | Text, int]]:
        """Labels and widths, as `FrugalTable.set_columns` takes them."""
        heads: list[tuple[str | Text, int]] = [
            (right(column.label, column.width) if column.label == _SIZE else column.label, column.width)
            for column in self.layout.columns
        ]
        return [heads[0], ("Nom", self.layout.name), *heads[1:]]

    def cells(self, entry: Entry) -> list[Text]:
        """The row of a database."""
        cells = [self._cell(column, entry) for column in self.layout.columns]
        return [cells[0], clipped(entry.name, self.layout.name), *cells[1:]]

    def _cell(self, column: Column, entry: Entry) -> Text:
        look = entry.look
        if column.label == _TICK:
            return tick_box(entry.ticked)
        if column.label == _STATE:
            return Text(_state(entry), no_wrap=True)
        if column.label == _PLACE:
            return Text(wording.shorten(printable(entry.path), column.width), no_wrap=True)
        unknown = "…" if look is None else "–"
        if look is None or isinstance(look, TransferError):
            return right(unknown, column.width) if column.label == _SIZE else Text(unknown)
        if column.label == _KIND:
            return Text(wording.KINDS[look.kind])
        if column.label == _SIZE:
            return right(french.size(look.size), column.width)
        date = french.short_moment(french.instant(look.modified))
        return Text(date if column.width >= len(date) else date.split()[0])


def _state(entry: Entry) -> str:
    """A word with its sign; the line below the table says it in full."""
    if entry.look is None:
        return "…"
    if isinstance(entry.look, TransferError):
        return f"✗ {_WORDS.get(entry.look.problem, 'refusée')}"
    if entry.is_done and not entry.is_empty:
        return "= remise"
    return "! vide" if entry.is_empty else "✓ active" if entry.active else "✓ prête"
