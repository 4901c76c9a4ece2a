"""The table of a transfer: Progression, C and T, one row a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from tui_transfer import french
from tui_transfer.job.state import Step
from tui_transfer.tui import wording
from tui_transfer.tui.widgets.actions import FIELD
from tui_transfer.tui.widgets.gauge import FULL, gauge
from tui_transfer.tui.widgets.tick_table import GAP, FrugalTable, clipped, right

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_transfer.job.state import DatabaseState

_STEP_WIDTH: Final = 9
_SIZE_WIDTH: Final = 7
_PERCENT_WIDTH: Final = 6
_FIXED_WIDTH: Final = 2 * _STEP_WIDTH + 2 * _SIZE_WIDTH + 5 * GAP
_SCROLLBAR: Final = 1
_GAUGE: Final = 13
_WIDE_GAUGE: Final = 30
_LEAST_NAME: Final = 10


class ProgressTable(FrugalTable):
    """Shows `DatabaseState`s; names and gauges take what room there is."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes=FIELD, cursor="none")
        self._name_width, self._gauge_width = _LEAST_NAME, _GAUGE
        self._active = -1

    def lay_out(
        self, room: int, databases: Sequence[DatabaseState], shares: Sequence[float], *, running: bool
    ) -> None:
        """Begins anew in `room` columns: at the start, and when window or theme change.

        `shares` is what is done of each database, from 0 to 1.
        """
        room -= _SCROLLBAR + _FIXED_WIDTH
        longest = max(len(item.name) for item in databases)
        self._gauge_width = min(_WIDE_GAUGE, max(_GAUGE, room - max(longest, _LEAST_NAME)))
        self._name_width = max(_LEAST_NAME, room - self._gauge_width)
        self.set_columns(
            [
                ("Base", self._name_width),
                ("Progression", self._gauge_width),
                ("C", _STEP_WIDTH),
                ("T", _STEP_WIDTH),
                (right("Taille", _SIZE_WIDTH), _SIZE_WIDTH),
                (right("Envoyé", _SIZE_WIDTH), _SIZE_WIDTH),
            ]
        )
        for item, share in zip(databases, shares, strict=True):
            self.add_row(*self._cells(item, share, running=running))
        self._active = -1

    def show(self, databases: Sequence[DatabaseState], shares: Sequence[float], *, running: bool) -> None:
        """Brings the rows that changed to the screen."""
        for row, (item, share) in enumerate(zip(databases, shares, strict=True)):
            self.set_row(row, self._cells(item, share, running=running))
        self._follow(databases)

    def _follow(self, databases: Sequence[DatabaseState]) -> None:
        """Scrolls to the database that is being sent, once for each: the person may look elsewhere."""
        at_work = (
            row for row, item in enumerate(databases) if item.transfer in {Step.RUNNING, Step.VERIFYING}
        )
        active = next(at_work, self._active)
        if active != self._active:
            self._active = active
            self.scroll_to(y=active - 1, animate=False)

    def _cells(self, item: DatabaseState, share: float, *, running: bool) -> list[Text]:
        return [
            clipped(item.name, self._name_width),
            self._bar(share),
            self._step(*wording.compression_cell(item, running=running)),
            self._step(*wording.transfer_cell(item, running=running)),
            right("–" if item.size is None else french.size(item.size), _SIZE_WIDTH),
            right(french.size(item.acknowledged), _SIZE_WIDTH),
        ]

    def _bar(self, fraction: float) -> Text:
        bar = gauge(fraction, self._gauge_width - _PERCENT_WIDTH).plain
        filled = bar.count(FULL)
        theme = self.app.theme_variables
        return Text.assemble(
            (bar[:filled], theme["primary"]),
            (bar[filled:], theme["muted"]),
            french.percent(fraction).rjust(_PERCENT_WIDTH),
        )

    def _step(self, text: str, style: str) -> Text:
        """Filled up to the next cell, so that the line changes colour less often."""
        return Text(text.ljust(_STEP_WIDTH + GAP), style=self.app.theme_variables[style.removeprefix("$")])
