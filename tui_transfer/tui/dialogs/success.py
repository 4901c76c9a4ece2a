"""Step 5c: « OK », and what was verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from tui_transfer import french
from tui_transfer.job.state import VERIFIED
from tui_transfer.report.message import conclusion, describe_verification
from tui_transfer.tui.dialogs.dialog import Dialog, list_databases, paragraph
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.job.state import DatabaseState, JobState
    from tui_transfer.tui.practice import Practice


class SuccessDialog(Dialog[None]):
    """Never says more than was verified."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("o,escape", "close", "OK", show=False)]

    def __init__(self, state: JobState, practice: Practice | None = None) -> None:
        verified = state.all_verified
        title = "Transfert terminé et vérifié" if verified else "Transfert terminé, non vérifiable"
        super().__init__(title, kind="success" if verified else "warning")
        self._state = state
        self._practice = practice

    def body(self) -> Iterable[Widget]:
        """The conclusion, each database, what comes next."""
        databases = self._state.databases
        yield paragraph(conclusion(self._state))
        for how in dict.fromkeys((item.verified, item.read_meanwhile) for item in databases):
            yield paragraph(f"Vérification : {describe_verification(*how)}.")
        yield paragraph(list_databases([_row(item) for item in databases]))
        if self._practice is not None:
            arrived = f" : les archives sont arrivées dans {self._practice.folder}"
            yield paragraph(Content.assemble(("Démonstration", "bold"), arrived), "warning")
        yield paragraph("Il reste à prévenir l'équipe : le message est prêt.")

    def buttons(self) -> Iterable[Action]:
        """« OK »."""
        yield Action("close", primary=True)

    def action_close(self) -> None:
        """Goes on to the report."""
        self.dismiss()


def _row(item: DatabaseState) -> tuple[str, str, str, str]:
    sign, style = ("✓", "$success") if item.verified in VERIFIED else ("!", "$warning")
    return sign, style, item.name, french.size(item.packed)
