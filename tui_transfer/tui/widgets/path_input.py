"""A field for a path."""

from __future__ import annotations

from pathlib import Path, PurePath, PureWindowsPath
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui_transfer.tui.pasted import refusal, several, understood
from tui_transfer.tui.paths import complete, find_matches, restarted
from tui_transfer.tui.widgets.field import ENTER_GOES_ON, QuietInput

if TYPE_CHECKING:
    from textual import events


class PathInput(QuietInput):
    """A field for a path, whose Tab completes as long as there is something to complete."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Compléter", show=False),
        Binding("down", "browse", "Parcourir", show=False),
    ]

    TAKES_SEVERAL: ClassVar[bool] = True
    """Whether more than one path may be meant."""

    class Several(Message):
        """More than one path was pasted."""

        def __init__(self, paths: tuple[str, ...]) -> None:
            super().__init__()
            self.paths = paths

    def _on_paste(self, event: events.Paste) -> None:
        """A whole path that is pasted is the one that is meant, whatever stood in the field before."""
        lines = several(event.text)
        if not lines:
            return
        event.stop()
        event.prevent_default()
        if len(lines) > 1 and self.TAKES_SEVERAL:
            self.post_message(self.Several(tuple(lines)))
            return
        path = lines[0] if refusal(lines[0]) else understood(lines[0])
        if _is_whole(path):
            self.value = path
            self.cursor_position = len(path)
        else:
            self.replace(path, *self.selection)

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
        for entries in self.screen.query("#entries"):
            self.screen.set_focus(entries)


class KeyFileInput(PathInput):
    """A field for a path, where an empty one is right and nothing is listed below."""

    BINDINGS: ClassVar[list[BindingType]] = [ENTER_GOES_ON]

    TAKES_SEVERAL = False

    def action_complete(self) -> None:
        """Completes a whole path; a relative one would begin at the configuration, and not here."""
        if Path(self.value.strip()).expanduser().is_absolute():
            super().action_complete()
        else:
            self.screen.focus_next()

    def action_browse(self) -> None:
        """Goes on to the next field."""
        self.screen.focus_next()


def _is_whole(path: str) -> bool:
    """Whether it does not begin where the field's text ends; also one of Windows, to be told what it is."""
    return PurePath(path).is_absolute() or PureWindowsPath(path).is_absolute() or path[:1] in "~\"'"
