"""Quitting during a transfer: what becomes of it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui_transfer.tui.answers import Leaving
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget


class LeavingDialog(Dialog[Leaving]):
    """Three ways, the safest first."""

    CSS_PATH = "leaving.tcss"
    AUTO_FOCUS = "#action-background"
    HELP = "Dans tous les cas rien n’est perdu : ce qui est déjà envoyé ne l’est pas une seconde fois."
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("background", "Quitter, le transfert continue"),
        lettered("interrupt", "Interrompre (reprise possible)"),
        Binding("escape", "stay", "Rester", show=False),
    ]

    def __init__(self) -> None:
        super().__init__("Un transfert est en cours")

    def body(self) -> Iterable[Widget]:
        """What each way means."""
        yield paragraph(
            "En arrière-plan, le transfert se poursuit même si vous fermez ce terminal ; rouvrez le centre "
            "de maintenance pour le suivre. Interrompu, il pourra être repris là où il s’est arrêté."
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


class EndDemoDialog(Dialog[Leaving]):
    """A demonstration has no background: its Sharebox and its transfer end with the program."""

    AUTO_FOCUS = "#action-stay"
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("end", "Quitter la démonstration"),
        Binding("escape", "stay", "Rester", show=False),
    ]

    def __init__(self) -> None:
        super().__init__("Un transfert d’essai est en cours")

    def body(self) -> Iterable[Widget]:
        """What ends, and what a real transfer would do."""
        yield paragraph(
            "Quitter termine la démonstration : le transfert d’essai s’arrête, et tout ce qu’elle a créé est "
            "effacé."
        )
        yield paragraph("Un vrai transfert, lui, pourrait continuer en arrière-plan.", "muted")

    def buttons(self) -> Iterable[Action]:
        """« Quitter la démonstration » and « Rester »."""
        yield Action("end")
        yield Action("stay", primary=True)

    def action_end(self) -> None:
        """Closes the program, and with it the demonstration."""
        self.dismiss(Leaving.BACKGROUND)

    def action_stay(self) -> None:
        """Changes nothing."""
        self.dismiss(Leaving.STAY)
