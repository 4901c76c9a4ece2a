"""Quitting while a report is still to be sent: without it nobody at the Urssaf knows of the transfer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui_transfer.report.reminders import describe_unsent
from tui_transfer.tui.answers import Reminded
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.job.control import Follower


class UnsentDialog(Dialog[Reminded | None]):
    """Shows it, ticks that it was sent, or leaves all the same."""

    AUTO_FOCUS = "#action-report"
    HELP = (
        "Le rapport est le message qui annonce le transfert à l’équipe Impact emploi association. S’il est "
        "déjà envoyé, V le coche et il n’est plus rappelé."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("report", "Voir le rapport"),
        lettered("report_sent", "Rapport envoyé"),
        lettered("leave", "Quitter quand même"),
        Binding("escape", "stay", "Rester", show=False),
    ]

    def __init__(self, follower: Follower) -> None:
        super().__init__("Le rapport n’est pas encore envoyé", kind="warning")
        self._follower = follower

    def body(self) -> Iterable[Widget]:
        """Which one, and why it matters."""
        yield paragraph(describe_unsent(self._follower))
        yield paragraph(
            "Sans ce message, l’équipe Impact emploi association ne sait pas que vos données sont arrivées."
        )

    def buttons(self) -> Iterable[Action]:
        """What one most likely wants first."""
        yield Action("report", primary=True)
        yield Action("report_sent")
        yield Action("leave")

    def action_report(self) -> None:
        """Goes to it."""
        self.dismiss(Reminded.SHOW)

    def action_report_sent(self) -> None:
        """Ticks it."""
        self.dismiss(Reminded.SENT)

    def action_leave(self) -> None:
        """Leaves it for another time; the menu reminds of it."""
        self.dismiss(Reminded.LEAVE)

    def action_stay(self) -> None:
        """Changes nothing."""
        self.dismiss(None)
