"""Quitting during a transfer: what becomes of it?"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui_transfer.tui.screens.dialog import Dialog, paragraph
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget


class Leaving(Enum):
    """What was chosen."""

    BACKGROUND = "background"
    INTERRUPT = "interrupt"
    STAY = "stay"


class LeavingDialog(Dialog[Leaving]):
    """Three ways, the safest first."""

    CSS_PATH = "leaving.tcss"
    AUTO_FOCUS = "#action-background"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "background", "Continuer en arrière-plan", show=False),
        Binding("i", "interrupt", "Interrompre (reprise possible)", show=False),
        Binding("r,escape", "stay", "Rester", show=False),
    ]

    def __init__(self) -> None:
        super().__init__("Un transfert est en cours")

    def body(self) -> Iterable[Widget]:
        """What each way means."""
        yield paragraph(
            "En arrière-plan, le transfert se poursuit même si vous fermez ce terminal ; rouvrez le centre "
            "de maintenance pour le suivre. Interrompu, il reprendra là où il s'est arrêté."
        )

    def buttons(self) -> Iterable[Action]:
        """One below the other."""
        yield Action("background", primary=True)
        yield Action("interrupt")
        yield Action("stay")

    def action_background(self) -> None:
        """Closes the program only."""
        self.dismiss(Leaving.BACKGROUND)

    def action_interrupt(self) -> None:
        """Ends the worker."""
        self.dismiss(Leaving.INTERRUPT)

    def action_stay(self) -> None:
        """Changes nothing."""
        self.dismiss(Leaving.STAY)
