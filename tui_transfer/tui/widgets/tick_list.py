"""A list of long sentences to tick, in titled groups."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets.option_list import Option

from tui_transfer.french import typeset
from tui_transfer.tui.widgets.actions import FIELD
from tui_transfer.tui.widgets.lists import EndedList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.widgets import OptionList

_INDENT = 2


@dataclass(frozen=True)
class Row:
    """A line: `sign` before `text`; a title where there is no key."""

    key: str | None
    sign: str
    text: str
    style: str = ""
    """Of the sign."""


class TickList(EndedList):
    """Shows `Row`s, wrapped with a hanging indent; says when one is ticked, entered or highlighted.

    Space ticks and unticks. Enter says that one goes on, and never takes back what was done.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "tick", "Cocher", show=False)]
    LEADS_ON = True

    class Ticked(Message):
        """Space on a row."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Entered(Message):
        """Enter on a row."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Highlighted(Message):
        """Another row has the cursor."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes=f"panel {FIELD}", markup=False)
        self._rows: list[Row] = []

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Shows other rows; the cursor stays on its row. Where only texts differ, only these are drawn."""
        old, self._rows = self._rows, list(rows)
        if [row.key for row in old] != [row.key for row in rows]:
            self._fill()
            return
        for index, (before, after) in enumerate(zip(old, rows, strict=True)):
            if before != after:
                self.replace_option_prompt_at_index(index, self._prompt(after))

    def on_resize(self, event: events.Resize) -> None:
        """Wraps again."""
        for index, row in enumerate(self._rows):
            self.replace_option_prompt_at_index(index, self._prompt(row))

    def action_tick(self) -> None:
        """Says which row."""
        option = self.highlighted_option
        if option is not None and option.id is not None:
            self.post_message(self.Ticked(option.id))

    def _fill(self) -> None:
        here = self.highlighted_option
        self.clear_options()
        self.add_options(
            Option(self._prompt(row), id=row.key, disabled=row.key is None) for row in self._rows
        )
        keys = [row.key for row in self._rows]
        if here is not None and here.id in keys:
            self.highlighted = keys.index(here.id)
        else:
            self.action_first()

    def _prompt(self, row: Row) -> Content:
        width = max(20, self.scrollable_content_region.width - 2)
        if row.key is None:
            # Where there is room, groups stand apart.
            apart = "\n" if self.screen.has_class("-tall") and row is not self._rows[0] else ""
            return Content.styled(apart + row.text, "bold $muted")
        hang = len(row.sign) + 1 + _INDENT
        lines = textwrap.wrap(typeset(row.text), width - hang)
        text = ("\n" + " " * hang).join(lines)
        return Content.assemble(" " * _INDENT, (row.sign, row.style), " ", text)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Says which row."""
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Entered(event.option_id))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Says which row."""
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Highlighted(event.option_id))
