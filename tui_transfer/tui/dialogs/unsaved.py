"""Leaving a form whose changes are not saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui_transfer.tui.answers import Unsaved
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget


class UnsavedDialog(Dialog[Unsaved]):
    """Three ways; the first loses nothing."""

    AUTO_FOCUS = "#action-save"
    HELP = "« Enregistrer » garde vos changements et quitte l’écran ; « Ne pas enregistrer » les oublie."
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("save", "Enregistrer"),
        lettered("drop", "Ne pas enregistrer"),
        Binding("escape", "stay", "Rester", show=False),
    ]

    def __init__(self) -> None:
        super().__init__("Vos changements ne sont pas enregistrés")

    def body(self) -> Iterable[Widget]:
        """What is asked."""
        yield paragraph("Voulez-vous les enregistrer avant de quitter les réglages ?")

    def buttons(self) -> Iterable[Action]:
        """One for each way."""
        yield Action("save", primary=True)
        yield Action("drop")
        yield Action("stay")

    def action_save(self) -> None:
        """Keeps the changes."""
        self.dismiss(Unsaved.SAVE)

    def action_drop(self) -> None:
        """Forgets the changes."""
        self.dismiss(Unsaved.DROP)

    def action_stay(self) -> None:
        """Changes nothing."""
        self.dismiss(Unsaved.STAY)
