"""A text alone on the screen, from the first column, to be selected with the terminal's own means."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult


class PlainPage(Screen[None]):
    """No frame and no colour, so that nothing else is selected with the text."""

    CSS_PATH = "plain.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,x,q", "close", "Retour", tooltip="Revenir au message"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._plain = text

    def compose(self) -> ComposeResult:
        """The text, and one line that says how to get back."""
        with VerticalScroll():
            yield Static(self._plain, markup=False)
        yield Static(
            "Sélectionnez avec votre terminal (Maj maintenue à la souris, ou le mode copie de tmux).  "
            "↑ ↓ défiler  Échap retour",
            id="plain-hint",
        )

    def action_close(self) -> None:
        """Goes back."""
        self.dismiss()
