"""Step 5c: « OK », and what was verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from tui_transfer import french
from tui_transfer.job.state import VERIFIED
from tui_transfer.report import conclusion, describe_verification
from tui_transfer.tui.screens.dialog import Dialog, paragraph
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.job.state import DatabaseState, JobState


class SuccessDialog(Dialog[None]):
    """Never says more than was verified."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("o,escape", "close", "OK", show=False)]

    def __init__(self, state: JobState) -> None:
        verified = state.all_verified
        title = "Transfert terminé et vérifié" if verified else "Transfert terminé, non vérifiable"
        super().__init__(title, kind="success" if verified else "warning")
        self._state = state

    def body(self) -> Iterable[Widget]:
        """The conclusion, each database, what comes next."""
        databases = self._state.databases
        yield paragraph(conclusion(self._state))
        yield paragraph(Content("\n").join([_line(item) for item in databases]))
        for how in dict.fromkeys(item.verified for item in databases):
            yield paragraph(f"Vérification : {describe_verification(how).removeprefix('oui, ')}.")
        yield paragraph("Il reste à prévenir l'équipe : le message est prêt.", "muted")

    def buttons(self) -> Iterable[Action]:
        """« OK »."""
        yield Action("close", primary=True)

    def action_close(self) -> None:
        """Goes on to the report."""
        self.dismiss()


def _line(item: DatabaseState) -> Content:
    sign, style = ("✓", "$success") if item.verified in VERIFIED else ("!", "$warning")
    return Content.assemble((f"  {sign} ", style), (item.name, "bold"), f"   {french.size(item.packed)}")
