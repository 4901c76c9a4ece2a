"""A database is damaged: it stays, unless a person wants it to go as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.content import Content

from tui_transfer.report.integrity import describe_integrity
from tui_transfer.tui.answers import Answer
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.letters import lettered
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType
    from textual.widget import Widget

    from tui_transfer.job.state import JobState


class DamagedDialog(Dialog[Answer | None]):
    """Names what SQLite found; « Oui » goes on, « Non », which has the focus, leaves it as it is."""

    SHOWS_CONTACT = True
    AUTO_FOCUS = "#action-no"
    BINDINGS: ClassVar[list[BindingType]] = [
        lettered("yes", "Oui"),
        lettered("no", "Non", also="escape"),
    ]
    HELP = (
        "SQLite a relu la base et y a trouvé des erreurs : un disque, une copie ou une coupure de courant "
        "l’ont abîmée. Une sauvegarde saine vaut mieux. « Oui » la transfère telle qu’elle est, et le "
        "rapport le dira."
    )

    def __init__(self, state: JobState) -> None:
        super().__init__("Transférer une base endommagée ?", kind="warning")
        self._state = state

    def body(self) -> Iterable[Widget]:
        """What was found, and what would be better."""
        for item in self._state.databases:
            if item.awaits_waiver:
                yield paragraph(
                    Content.assemble((f"! {item.name}", "$warning"), f" : {describe_integrity(item)}.")
                )
        yield paragraph(
            "Elle n’a pas été remise. Le mieux est de fermer Impact emploi, de remettre en place une "
            "sauvegarde saine, puis de lancer un nouveau transfert."
        )
        yield paragraph("« Oui » la transfère telle qu’elle est. Le rapport dira que vous l’avez décidé.")

    def buttons(self) -> Iterable[Action]:
        """« Oui » and « Non »."""
        yield Action("yes")
        yield Action("no", primary=True)

    def action_yes(self) -> None:
        """It goes as it is."""
        self.dismiss(Answer(damage=True))

    def action_no(self) -> None:
        """It stays."""
        self.dismiss(None)
