"""The first contact with a server: is it the one that the Urssaf told about?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from tui_transfer.tui.answers import Answer
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.widgets.actions import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.errors import TransferError
    from tui_transfer.tui.practice import Practice


class HostKeyDialog(Dialog[Answer | None]):
    """Gives the fingerprint that was accepted, or None."""

    CSS_PATH = "host_key.tcss"
    AUTO_FOCUS = "#action-refuse"
    HELP = (
        "L'empreinte identifie le serveur. Si c'est celle que l'Urssaf vous a donnée, acceptez : elle sera "
        "retenue, et la question ne reviendra pas. Sinon refusez : rien n'est envoyé, et le transfert attend."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "accept", "Accepter", show=False),
        Binding("r,escape", "refuse", "Refuser", show=False),
    ]

    def __init__(self, failure: TransferError, practice: Practice | None = None) -> None:
        super().__init__(failure.title)
        self._failure = failure
        self._practice = practice

    def body(self) -> Iterable[Widget]:
        """The fingerprint, in large, and what to compare it with."""
        details = self._failure.details
        host, kind = details.get("host", "Le serveur"), details.get("key_type", "")
        yield paragraph(f"{host} présente une clé {kind} dont l'empreinte est :")
        yield paragraph(Content.styled(details.get("fingerprint", ""), "bold"), "fingerprint")
        yield paragraph(self._failure.advice)
        if self._practice is not None:
            text = f" : l'empreinte attendue est\n{self._practice.fingerprint}"
            yield paragraph(Content.assemble(("Démonstration", "bold"), text), "warning")

    def buttons(self) -> Iterable[Action]:
        """« Accepter » and « Refuser »."""
        yield Action("accept", primary=True)
        yield Action("refuse")

    def action_accept(self) -> None:
        """Goes on, and pins the key."""
        self.dismiss(Answer(host_key=self._failure.details["fingerprint"]))

    def action_refuse(self) -> None:
        """Nothing is sent."""
        self.dismiss(None)
