"""A field for a password, which can be looked at while one is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.binding import Binding

from tui_transfer.tui.widgets.field import QuietInput

if TYPE_CHECKING:
    from textual import events

REVEAL: Final = Binding(
    "f3", "reveal", "Montrer", show=False, tooltip="Montrer ou cacher le mot de passe, tant qu’on y est"
)
"""For dialogs that hold such a field: the key works wherever the focus is."""
HOW_TO_REVEAL: Final = "F3 montre ce qui est saisi, ou le cache."


class SecretInput(QuietInput):
    """Shows dots; or what was typed, once asked for, until it is left. Nothing of it is ever copied."""

    def __init__(self, value: str = "", *, id: str) -> None:
        super().__init__(value, id=id, password=True)

    def turn(self) -> None:
        """Shows what is hidden, hides what is shown."""
        self.password = not self.password

    def conceal(self) -> None:
        """Hides it."""
        self.password = True

    def on_blur(self, event: events.Blur) -> None:
        """Nobody is in it any more: perhaps nobody is at the screen."""
        self.conceal()

    def on_paste(self, event: events.Paste) -> None:
        """A mail's line ends are no part of a password; Textual would take the first line, were it empty."""
        event.text = event.text.strip("\r\n")

    def action_copy(self) -> None:
        """A clipboard keeps what it is given, and shows it to every program."""

    def action_cut(self) -> None:
        """Only removes."""
        self.delete_selection()
