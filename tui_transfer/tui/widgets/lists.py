"""A list that ends where it ends: its arrows do not go round to the other side."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widgets import OptionList

if TYPE_CHECKING:
    from textual import events
    from textual.widget import Widget


class EndedList(OptionList):
    """At its ends arrows stay, or lead on to what is above and below, where a subclass says so."""

    LEADS_ON: ClassVar[bool] = False
    """Whether arrows leave it at its ends."""

    def on_resize(self, event: events.Resize) -> None:
        """Keeps the highlighted option in sight: a list that had room for all of them is at its top."""
        self.call_after_refresh(self.scroll_to_highlight)

    def action_cursor_up(self) -> None:
        """Goes up; from the first line on to what is above."""
        if self.highlighted is not None and self.highlighted > self._first:
            super().action_cursor_up()
        elif self.LEADS_ON:
            leave_upwards(self)

    def action_cursor_down(self) -> None:
        """Goes down; from the last line on to what is below."""
        if self.highlighted is None or self.highlighted < self._last:
            super().action_cursor_down()
        elif self.LEADS_ON:
            self.screen.focus_next()

    def render_line(self, y: int) -> Strip:
        """Draws the highlighted option in one ink: colours of signs are made for another ground."""
        strip, line = super().render_line(y), self.scroll_offset.y + y
        if not line < len(self._lines) or self._lines[line][0] != self.highlighted:
            return strip
        style = self.get_visual_style("option-list--option", "option-list--option-highlighted").rich_style
        one_ink = Segment.apply_style(strip, post_style=Style(color=style.color))
        return Strip(one_ink, strip.cell_length)

    @property
    def line_of_highlight(self) -> int:
        """The first line of the highlighted option, from the top of all lines. No public name tells."""
        return self._index_to_line.get(self.highlighted or 0, 0)

    @property
    def _first(self) -> int:
        return next((index for index, option in enumerate(self.options) if not option.disabled), 0)

    @property
    def _last(self) -> int:
        return (
            self.option_count
            - 1
            - next((index for index, option in enumerate(reversed(self.options)) if not option.disabled), 0)
        )


def leave_upwards(widget: Widget) -> None:
    """To what comes before in the order of the focus; the first stays where it is."""
    if widget.screen.focus_chain[:1] != [widget]:
        widget.screen.focus_previous()
