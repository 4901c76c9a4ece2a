"""The first contact with a server: is it the one that the Urssaf told about?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from tui_transfer.preflight.fingerprint import LEAST_SIGNS, Presented, Verdict, compare
from tui_transfer.tui.answers import Answer
from tui_transfer.tui.dialogs.dialog import Dialog, paragraph
from tui_transfer.tui.widgets.actions import Action
from tui_transfer.tui.widgets.field import Field, PastedInput
from tui_transfer.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from tui_transfer.errors import TransferError
    from tui_transfer.tui.practice import Practice

_HOW: Final = (
    "Comparez-la avec celle que l’Urssaf vous a communiquée. Pour accepter, tapez les "
    f"{LEAST_SIGNS} derniers signes de l’empreinte reçue, ou collez-la entière."
)


class HostKeyDialog(Dialog[Answer | None]):
    """Gives the fingerprint, once what was typed shows that it was compared, or None."""

    SHOWS_CONTACT = True
    CSS_PATH = "host_key.tcss"
    AUTO_FOCUS = "#received"
    HELP = (
        "L’empreinte identifie le serveur. Comparez-la avec celle que l’Urssaf vous a donnée : ses derniers "
        "signes, ou toute l’empreinte reçue, montrent que c’est fait. Elle sera retenue, et la question ne "
        "reviendra pas. Si elle diffère, refusez : rien n’est envoyé, et le transfert attend."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "accept", "Accepter", show=False),
        Binding("escape", "refuse", "Refuser", show=False),
    ]

    def __init__(self, failure: TransferError, practice: Practice | None = None) -> None:
        super().__init__(failure.title)
        self._failure = failure
        self._practice = practice

    def body(self) -> Iterable[Widget]:
        """The fingerprint, in large, what to compare it with, and where to show that this was done."""
        details = self._failure.details
        host, kind = details.get("host", "le serveur"), details.get("key_type", "")
        yield paragraph(f"Empreinte de la clé {kind} que présente {host} :")
        yield paragraph(Content.styled(self._presented, "bold"), "fingerprint")
        if self._practice is not None:
            text = f" : l’empreinte attendue est\n{self._practice.fingerprint}"
            yield paragraph(Content.assemble(("Démonstration", "bold"), text), "warning")
        yield Prose(_HOW, id="how", classes="paragraph")
        yield Field("Empreinte reçue", PastedInput(id="received"))

    def buttons(self) -> Iterable[Action]:
        """« Accepter » and « Refuser »."""
        yield Action("accept", primary=True)
        yield Action("refuse")

    @property
    def _presented(self) -> str:
        return self._failure.details.get("fingerprint", "")

    @on(Input.Changed)
    def _edited(self) -> None:
        self.query_one("#how", Prose).update(_HOW)

    @on(Input.Submitted)
    def action_accept(self) -> None:
        """Goes on, and pins the key, if it was compared."""
        received = self.query_one("#received", PastedInput)
        comparison = compare(Presented.of(self._failure.details), received.text)
        if comparison.verdict is Verdict.EQUAL:
            self.dismiss(Answer(host_key=self._presented))
            return
        self.query_one("#how", Prose).update(Content.styled(f"✗ {comparison.explanation}", "$error"))
        self.set_focus(received)

    def action_refuse(self) -> None:
        """Nothing is sent."""
        self.dismiss(None)
