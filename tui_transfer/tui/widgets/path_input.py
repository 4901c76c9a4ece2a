"""A field for a path."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui_transfer.tui.paths import complete, find_matches, restarted
from tui_transfer.tui.widgets.field import QuietInput


class PathInput(QuietInput):
    """A field for a path, whose Tab completes as long as there is something to complete."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Compléter", show=False),
        Binding("down", "browse", "Parcourir", show=False),
    ]

    def action_complete(self) -> None:
        """Completes what was typed, or goes on to the next field."""
        typed = restarted(self.value)
        completed = complete(typed, find_matches(typed))
        if completed == typed:
            self.screen.focus_next()
            return
        self.value = completed
        self.cursor_position = len(completed)

    def action_browse(self) -> None:
        """Goes down into the list of folders."""
        self.screen.set_focus(self.screen.query_one("#entries"))


class KeyFileInput(PathInput):
    """A field for a path, where an empty one is right and nothing is listed below."""

    def action_complete(self) -> None:
        """Completes a whole path; a relative one would begin at the configuration, and not here."""
        if Path(self.value.strip()).expanduser().is_absolute():
            super().action_complete()
        else:
            self.screen.focus_next()

    def action_browse(self) -> None:
        """Goes on to the next field."""
        self.screen.focus_next()
