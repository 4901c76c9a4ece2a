"""Step 5c: « OK », and what was verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.content import Content

from tui_transfer import french
from tui_transfer.job.state import VERIFIED
from tui_transfer.report.message import conclusion, describe_verification
from tui_transfer.report.receipts import describe_receipt
from tui_transfer.tui.dialogs.dialog import Dialog, list_databases, paragraph
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType
    from textual.widget import Widget

    from tui_transfer.job.state import DatabaseState, JobState
    from tui_transfer.report.receipts import ReceiptFiles
    from tui_transfer.tui.practice import Practice


_MOST_LINES: Final = 3
"""Of databases: so many that all is in sight on 24 lines."""


class SuccessDialog(Dialog[None]):
    """Never says more than was verified."""

    BINDINGS: ClassVar[list[BindingType]] = [lettered("ok", "OK", also="escape")]

    def __init__(self, state: JobState, receipt: ReceiptFiles, practice: Practice | None = None) -> None:
        verified = state.all_verified
        title = "Transfert terminé et vérifié" if verified else "Transfert terminé, non vérifiable"
        super().__init__(title, kind="success" if verified else "warning")
        self._state = state
        self._receipt = receipt
        self._practice = practice

    def body(self) -> Iterable[Widget]:
        """What was done and what comes next, each database, the proofs."""
        databases = self._state.databases
        yield paragraph(f"{conclusion(self._state)} Il reste à prévenir l’équipe : le message est prêt.")
        most = _MOST_LINES if len(databases) <= _MOST_LINES else _MOST_LINES - 1
        yield paragraph(list_databases([_row(item) for item in databases], most))
        ways = dict.fromkeys((item.verified, item.read_meanwhile) for item in databases)
        proofs = [f"Vérification : {describe_verification(*how)}." for how in ways]
        if self._practice is not None:  # the receipt goes when the demonstration ends
            arrived = f" : les archives sont arrivées dans {self._practice.folder}"
            yield paragraph(Content.assemble(("Démonstration", "bold"), arrived), "warning")
        else:
            proofs.append(describe_receipt(self._receipt, "tui-transfer receipt"))
        yield paragraph("\n".join(proofs))

    def buttons(self) -> Iterable[Action]:
        """« OK »."""
        yield Action("ok", primary=True)

    def action_ok(self) -> None:
        """Goes on to the report."""
        self.dismiss()


def _row(item: DatabaseState) -> tuple[str, str, str, str]:
    sign, style = ("✓", "$success") if item.verified in VERIFIED else ("!", "$warning")
    return sign, style, item.name, french.size(item.packed)
